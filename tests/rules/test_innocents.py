"""Innocents of generated cases: nobody frozen, nobody stopped who holds no victim's money, nobody high but by reasons."""

from pathlib import Path

import pytest

from benchmarks.innocents import KINDS, measured


@pytest.mark.parametrize("seed", [21, 22])
def test_innocents_are_kept_out(seed: int, tmp_path: Path) -> None:
    table = measured(seed, 800, tmp_path)
    assert table.index.tolist() == list(KINDS)
    assert (table["accounts"] > 0).all()
    assert table["frozen"].sum() == 0
    assert table["unheld"].sum() == 0
    assert table["high"].sum() == 0
    assert table.loc["victims", "stopped"] == table.loc["own accounts", "stopped"] == 0

"""Whatever is done to a valid file, every other line lands and every line is accounted for."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import open_ledger
from ledger.ingest import IngestResult, ingest
from tests.ledger.folders import BANK, bank

ROWS = 12
LINES = bank(ROWS).splitlines()
CELLS = st.one_of(
    st.text(alphabet=st.characters(exclude_characters="\n\r", codec="utf-8"), max_size=12),
    st.sampled_from(
        ['"', '""', "", " ", ",", "1E3", "6.22E+18", "-5", "(null)", "NaN", "2025-03-01", "=1+1", "\t", "\0", "''", 'a"b']
    ),
)


def _landed(content: bytes, check: Callable[[IngestResult, list[str]], None]) -> None:
    """Ingest one file of those bytes; the ingest itself asserts that no line is lost."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "bank.csv"
        path.write_bytes(content)
        result = ingest(Path(home) / "ledger", [path])
        ids = list(open_ledger(Path(home) / "ledger").transfers("transfer")["transfer"]) if result.batch else []
        check(result, ids)


@settings(max_examples=60, deadline=None)
@given(row=st.integers(1, ROWS), column=st.integers(0, 4), cell=CELLS)
def test_one_spoilt_cell_costs_at_most_its_own_line(row: int, column: int, cell: str) -> None:
    lines = list(LINES)
    cells = lines[row].split(",")
    own = cells[0]
    cells[column] = cell
    lines[row] = ",".join(cells)

    def check(result: IngestResult, ids: list[str]) -> None:
        others = {f"T{n}" for n in range(ROWS)} - {own}
        assert others <= set(ids) | _lost_to_the_same_id(result)
        assert len(ids) in (ROWS, ROWS - 1)
        errors = [problem for problem in result.problems if problem.severity == "error"]
        repeats = sum(source.already_there for source in result.sources)
        assert len(ids) + len(errors) + repeats == ROWS

    _landed(("\n".join(lines) + "\n").encode(), check)


def _lost_to_the_same_id(result: IngestResult) -> set[str]:
    """A spoilt id may happen to be another row's."""
    return {p.message.split("'")[1] for p in result.problems if p.code == "LDG-duplicate-other-content"}


@settings(max_examples=30, deadline=None)
@given(cut=st.integers(0, len("\n".join(LINES))))
def test_a_cut_file_keeps_every_whole_line(cut: int) -> None:
    content = "\n".join(LINES)[:cut]
    whole = max(0, content.count("\n") - 1)

    def check(result: IngestResult, ids: list[str]) -> None:
        assert ids[:whole] == [f"T{n}" for n in range(whole)]
        assert len(ids) <= whole + 1

    _landed(content.encode(), check)


@settings(max_examples=40, deadline=None)
@given(noise=st.binary(min_size=1, max_size=60), row=st.integers(1, ROWS))
def test_noise_between_lines_costs_no_other_line(noise: bytes, row: int) -> None:
    lines = [line.encode() for line in LINES]
    lines.insert(row, noise.replace(b"\n", b" ").replace(b"\r", b" "))

    def check(result: IngestResult, ids: list[str]) -> None:
        assert set(ids) == {f"T{n}" for n in range(ROWS)}

    _landed(b"\n".join(lines) + b"\n", check)


@settings(max_examples=30, deadline=None)
@given(noise=st.binary(max_size=300))
def test_random_bytes_are_a_problem_and_never_a_crash(noise: bytes) -> None:
    def check(result: IngestResult, ids: list[str]) -> None:
        assert ids == []
        assert result.problems

    _landed(noise, check)


@settings(max_examples=10, deadline=None)
@given(dropped=st.sampled_from(BANK.split(",")))
def test_a_dropped_column_is_told_and_nothing_lands(dropped: str) -> None:
    at = BANK.split(",").index(dropped)
    lines = [",".join(cell for n, cell in enumerate(line.split(",")) if n != at) for line in LINES]

    def check(result: IngestResult, ids: list[str]) -> None:
        assert ids == []
        assert [problem.code for problem in result.problems] == ["LDG-unknown-header"]

    _landed("\n".join(lines).encode(), check)

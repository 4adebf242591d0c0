"""What a desk with labels gets: AMLGentex as records and a ledger, `liushui calibrate` and `liushui rank --whole` over it."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from api import pipeline
from api.parameters import parameters_from
from benchmarks.detection.stretches import Flags, Floats, Table, truth_of
from ledger.ingest import ingest
from ledger.store.opening import open_ledger
from rules.likeness import recent_figures
from rules.weights import load_weights

FIRST_DAY = pd.Timestamp("2025-01-01", tz="Asia/Shanghai")


@dataclass(frozen=True)
class Answer:
    """What the product says of the accounts of a stretch.

    score: of `liushui rank`, 0 where an account is not listed. chance: likeness alone, before it becomes whole points.
    figures: of every dealing of the stretch, its ends by the table's codes.
    """

    score: Floats
    chance: Floats
    figures: pd.DataFrame


def account(code: int) -> str:
    """The id of an account."""
    return f"A{code:05d}"


def ledger_in(table: Table, folder: Path) -> Path:
    """Write the records and ingest them; transfers of nothing are refused as any ledger refuses them."""
    day = [(FIRST_DAY + pd.Timedelta(days=one)).isoformat() for one in range(int(table.day.max()) + 1)]
    columns = (table.source.tolist(), table.target.tolist(), table.day.tolist(), table.fen.tolist())
    rows = (
        (f"T{at}", day[when], account(source), account(target), f"{fen // 100}.{fen % 100:02d}")
        for at, (source, target, when, fen) in enumerate(zip(*columns, strict=True))
    )
    write(folder / "bank.csv", ("transfer", "time", "source", "target", "amount"), rows)
    ingest(folder / "ledger", [folder / "bank.csv"])
    return folder / "ledger"


def end_of(day: int) -> str:
    """The last second before a day begins."""
    return (FIRST_DAY + pd.Timedelta(days=day) - pd.Timedelta(seconds=1)).isoformat()


def answer(
    table: Table, ledger: Path, learned: Sequence[tuple[int, int]], asked: tuple[int, int], transfers: bool = True
) -> Answer:
    """Calibrate on earlier stretches by what is known when the one asked for begins, and rank the accounts of that one.

    transfers: the desk has labels of transfers too, not of accounts alone.
    """
    assert all(end <= asked[0] for _, end in learned), "nothing is learned from the stretch that is scored"
    folder = ledger.parent / f"{asked[0]}-{transfers}"
    folder.mkdir()
    known = table.before(asked[0])
    cases = [case(known, ledger, stretch, folder, transfers) for stretch in learned]
    pipeline.calibrate_ledgers(cases, folder, True, lambda *_: None)
    opened = open_ledger(ledger)
    parameters = parameters_from({"as_of": end_of(asked[1])})
    choices = pipeline.Choices(weights=folder / "weights.toml", whole=True)
    result = pipeline.judge_trace(opened, pipeline.trace_ledger(opened, parameters), choices=choices).result
    code = opened.accounts["account"].astype(str).str[1:].astype("int64").to_numpy()
    score, chance = np.zeros(table.accounts), np.zeros(table.accounts)
    score[code[result.frame["account_code"]]] = result.frame["score"]
    made, model = recent_figures(result.scope), load_weights(folder / "weights.toml").dealings
    if model is not None:
        chance[code] = model.of_accounts(made)
    figures = made.table.assign(source=code[made.table["source"]], target=code[made.table["target"]])
    return Answer(score, chance, figures)


def case(
    known: Table, ledger: Path, stretch: tuple[int, int], folder: Path, transfers: bool
) -> tuple[Path, Path, Path | None, str]:
    """One case for `liushui calibrate`: the ledger until the end of a stretch, and its labels as files."""
    truth = truth_of(known, *stretch)
    labels, named = folder / f"accounts-{stretch[0]}.csv", folder / f"transfers-{stretch[0]}.csv"
    ranked = np.flatnonzero(truth.ranked)
    write(labels, ("account", "label"), ((account(one), int(truth.positive[one])) for one in ranked.tolist()))
    launders: Flags = (known.attempt >= 0) & (known.day < stretch[1])
    write(named, ("transfer", "label"), ((f"T{at}", 1) for at in np.flatnonzero(launders).tolist()))
    return ledger, labels, named if transfers else None, end_of(stretch[1])


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)

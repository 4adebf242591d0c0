"""Accounts of AMLGentex ranked, with a split by time: `python -m benchmarks.detection accounts --python OTHER_PYTHON`.

Days 0–107 train, 108–143 validate, 144–179 test. Features, models and thresholds are chosen on the validation days. All see the
same transfers and labels: the product as a desk runs it (`liushui calibrate`, then `liushui rank --whole --weights`), gradient
boosting on snapml's graph features, and single patterns. Likeness and boosting score an account alike: the chance that one of
its transfers is laundering, as if they were independent. No label of an account itself is a feature.
"""

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.detection.desk import answer, ledger_in
from benchmarks.detection.metrics import average_precision, best_threshold, quality
from benchmarks.detection.stretches import TEST, TRAIN, VALIDATE, Floats, Numbers, Table, Truth, table_of, truth_of

HEADER = (
    "| days | accounts | ranking | positive | ranked | precision | recall | F1 | average precision | precision at 100 |\n"
    "|---|---|---|---:|---:|---:|---:|---:|---:|---:|"
)
KINDS = (
    "| typology | members | found | recall | average precision | boosting: found | boosting: average precision |\n"
    "|---|---:|---:|---:|---:|---:|---:|"
)
SINGLE = ("fan_in", "fan_out", "cycle", "scatter_gather", "bipartite", "stack", "commission", "both_day")
OWN, SCORE, FEWER = "liushui, likeness", "liushui, score", "liushui, score, labels of accounts only"
BOOSTING = "boosting on snapml features"
FIRST = (OWN, SCORE, FEWER, BOOSTING)


def account_scores(source: Numbers, target: Numbers, chance: Floats, accounts: int) -> Floats:
    """Chance that at least one transfer of each account is laundering, were they independent."""
    against = -np.log1p(-np.clip(chance, 0, 1 - 1e-9))
    both = np.bincount(source, against, accounts) + np.bincount(target, against, accounts)
    return np.asarray(1 - np.exp(-both), dtype=np.float64)


def single_scores(later: pd.DataFrame, accounts: int) -> dict[str, Floats]:
    """The largest size of each pattern an account has a transfer in."""
    found = {}
    for name in SINGLE:
        most = np.zeros(accounts)
        for end in ("source", "target"):
            np.maximum.at(most, later[end].to_numpy(), later[name].to_numpy())
        found[name] = most
    return found


def boosting_scores(table: Table, python: Path, stretches: tuple[tuple[int, int], ...]) -> list[Floats]:
    """Scores of every stretch by the contender, which learns from the labels before it."""
    with tempfile.TemporaryDirectory(prefix="liushui-detection-") as folder:
        paths = Path(folder) / "graph.npz", Path(folder) / "answer.npz"
        labels = {
            f"label_{begin}": np.where(table.day < begin, (table.attempt >= 0).astype(np.int64), -1) for begin, _ in stretches
        }
        columns = {"source": table.source, "target": table.target, "day": table.day, "fen": table.fen}
        np.savez(paths[0], **columns, **labels)  # type: ignore[arg-type]
        script = Path(__file__).with_name("boosting.py")
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        subprocess.run([python, script, *paths], check=True, env=environment)
        replied = np.load(paths[1])
        told = []
        for begin, end in stretches:
            rows = (table.day >= begin) & (table.day < end)
            chance = replied[f"label_{begin}"][rows]
            told.append(account_scores(table.source[rows], table.target[rows], chance, table.accounts))
    return told


def report(folder: Path, python: Path | None) -> str:
    """Both tables: all rankings on validation and test days, and the typologies on the test days."""
    table = table_of(folder)
    truths = truth_of(table.before(VALIDATE[1]), *VALIDATE), truth_of(table, *TEST)
    scores: tuple[dict[str, Floats], dict[str, Floats]] = ({}, {})
    with tempfile.TemporaryDirectory(prefix="liushui-detection-") as own:
        ledger = ledger_in(table, Path(own))
        for place, (learned, asked) in enumerate(((TRAIN, VALIDATE), ((*TRAIN, VALIDATE), TEST))):
            both = answer(table, ledger, learned, asked)
            fewer = answer(table, ledger, learned, asked, transfers=False)
            scores[place].update({OWN: both.chance, SCORE: both.score, FEWER: fewer.score})
            scores[place].update(single_scores(both.figures, table.accounts))
    if python is not None:
        scores[0][BOOSTING], scores[1][BOOSTING] = boosting_scores(table, python, (VALIDATE, TEST))
    limits = {
        name: best_threshold(score[truths[0].ranked], truths[0].positive[truths[0].ranked]) for name, score in scores[0].items()
    }
    lines = [HEADER]
    for days, truth, rankings in zip(("validate", "test"), truths, scores, strict=True):
        for who, chosen in (("all", truth.ranked), ("not in an alert before", truth.ranked & ~truth.known)):
            for name in sorted(rankings, key=lambda name: (name in SINGLE, FIRST.index(name) if name in FIRST else 0, name)):
                told = quality(rankings[name][chosen], truth.positive[chosen], limits[name])
                lines.append(f"| {days} | {who} | {name} | {told.cells()} |")
    return "\n".join([*lines, "", *kinds(truths[1], scores[1], limits), ""])


def kinds(truth: Truth, scores: dict[str, Floats], limits: dict[str, float]) -> list[str]:
    """Per typology: members named, and the average precision against ordinary accounts only."""
    lines = [KINDS]
    for kind, members in truth.of_kind.items():
        wanted = members & truth.ranked
        cells = [f"{int(wanted.sum())}"]
        for name in (OWN, BOOSTING):
            if name not in scores:
                cells += ["–", "–"]
                continue
            score, chosen = scores[name], truth.ranked & (wanted | ~truth.positive)
            named = int((score[wanted] >= limits[name]).sum())
            average = average_precision(score[chosen], wanted[chosen])
            cells += [f"{named}", *([f"{named / max(wanted.sum(), 1):.2f}"] if name == OWN else []), f"{average:.3f}"]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return lines

"""Accounts of AMLGentex ranked, with a split by time: `python -m benchmarks.detection accounts --python OTHER_PYTHON`.

Days 0–107 train, 108–143 validate, 144–179 test. Features, models and thresholds are chosen on the validation days. Three
rankings see the same transfers and labels: a logistic regression on liushui's patterns, gradient boosting on snapml's graph
features, and single patterns. An account's score is the chance that one of its transfers is laundering, as if they were
independent. No label of an account itself is a feature.
"""

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.detection.features import DAY_US, Flags, Floats, Numbers, figures
from benchmarks.detection.metrics import average_precision, best_threshold, quality
from benchmarks.detection.typologies import gentex

TRAIN, VALIDATE, TEST = ((36, 72), (72, 108)), (108, 144), (144, 180)
"""Stretches of days. The first 36 days are history only: without it every relation looks new."""
HEADER = (
    "| days | accounts | ranking | positive | ranked | precision | recall | F1 | average precision | precision at 100 |\n"
    "|---|---|---|---:|---:|---:|---:|---:|---:|---:|"
)
KINDS = (
    "| typology | members | found | recall | average precision | boosting: found | boosting: average precision |\n"
    "|---|---:|---:|---:|---:|---:|---:|"
)
SINGLE = ("fan_in", "fan_out", "cycle", "scatter_gather", "bipartite", "stack", "commission", "both_day")
OWN, BOOSTING = "liushui, logistic regression", "boosting on snapml features"


@dataclass(frozen=True)
class Table:
    """Transfers in time order; attempt: -1 is ordinary."""

    source: Numbers
    target: Numbers
    day: Numbers
    fen: Numbers
    attempt: Numbers
    typology: "pd.Series[str]"
    accounts: int

    def before(self, end: int) -> "Table":
        """What is known at the end of a day: nothing later, neither transfers nor labels."""
        keep = self.day < end
        columns = (values[keep] for values in (self.source, self.target, self.day, self.fen, self.attempt))
        return Table(*columns, self.typology, self.accounts)

    def touched(self, rows: Flags) -> Flags:
        """Accounts at either end of some transfers."""
        flags = np.zeros(self.accounts, dtype=np.bool_)
        flags[self.source[rows]] = True
        flags[self.target[rows]] = True
        return flags


@dataclass(frozen=True)
class Truth:
    """Per account: ranked (active in the stretch and of clear label), positive, known (in an alert before the stretch)."""

    ranked: Flags
    positive: Flags
    known: Flags
    of_kind: dict[str, Flags]


def table_of(folder: Path) -> Table:
    """AMLGentex in time order."""
    data = gentex(folder)
    edges = data.edges
    attempt = data.attempt[edges.row]
    return Table(edges.source, edges.target, edges.time_us // DAY_US, edges.fen, attempt, data.typology, edges.accounts)


def truth_of(table: Table, begin: int, end: int) -> Truth:
    """Positive: at an end of a laundering transfer of the stretch whose alert has at least half of its transfers there.

    Accounts that only alerts lying mostly elsewhere touch in the stretch are neither positive nor negative: not ranked.
    """
    inside = (table.day >= begin) & (table.day < end)
    launders = table.attempt >= 0
    whole = pd.Series(table.attempt[launders]).value_counts()
    part = pd.Series(table.attempt[launders & inside]).value_counts()
    mostly = part.index[2 * part >= whole.reindex(part.index)].to_numpy()
    counted = inside & np.isin(table.attempt, mostly)
    positive = table.touched(counted)
    unclear = table.touched(inside & launders) & ~positive
    known = table.touched(launders & (table.day < begin))
    of_kind = {}
    for kind in sorted(set(table.typology)):
        alerts = table.typology.index[table.typology == kind].to_numpy()
        of_kind[kind] = table.touched(counted & np.isin(table.attempt, alerts))
    return Truth(table.touched(inside) & ~unclear, positive, known, of_kind)


def account_scores(source: Numbers, target: Numbers, chance: Floats, accounts: int) -> Floats:
    """Chance that at least one transfer of each account is laundering, were they independent."""
    against = -np.log1p(-np.clip(chance, 0, 1 - 1e-9))
    both = np.bincount(source, against, accounts) + np.bincount(target, against, accounts)
    return np.asarray(1 - np.exp(-both), dtype=np.float64)


def described(table: Table, begin: int, end: int) -> pd.DataFrame:
    """Figures of the transfers of a stretch, from nothing later than its end."""
    seen = table.before(end)
    return figures(seen.source, seen.target, seen.day, seen.fen, begin, end)


def own_scores(table: Table, learned: tuple[tuple[int, int], ...], asked: tuple[int, int]) -> tuple[Floats, pd.DataFrame]:
    """Learn from some stretches, score the accounts of a later one."""
    from statsmodels.discrete.discrete_model import Logit

    assert all(end <= asked[0] for _, end in learned), "nothing is learned from the stretch that is scored"
    parts = [described(table, *stretch) for stretch in learned]
    known = pd.concat(parts, ignore_index=True)
    label = (table.attempt[known["row"]] >= 0).astype(np.float64)
    names = [name for name in known.columns if name not in ("row", "source", "target")]
    centre, width = known[names].mean(), known[names].std().replace(0, 1)
    fitted = Logit(label, design(known[names], centre, width)).fit(method="newton", maxiter=100, disp=0)
    later = described(table, *asked)
    chance = np.asarray(fitted.predict(design(later[names], centre, width)))
    ends = (later["source"].to_numpy(), later["target"].to_numpy())
    return account_scores(*ends, chance, table.accounts), later


def design(part: pd.DataFrame, centre: "pd.Series[float]", width: "pd.Series[float]") -> Floats:
    """Standardised figures behind a constant."""
    values = ((part - centre) / width).to_numpy(dtype=np.float64)
    return np.column_stack([np.ones(len(values)), values])


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
        answer = np.load(paths[1])
        told = []
        for begin, end in stretches:
            rows = (table.day >= begin) & (table.day < end)
            chance = answer[f"label_{begin}"][rows]
            told.append(account_scores(table.source[rows], table.target[rows], chance, table.accounts))
    return told


def report(folder: Path, python: Path | None) -> str:
    """Both tables: all rankings on validation and test days, and the typologies on the test days."""
    table = table_of(folder)
    truths = truth_of(table.before(VALIDATE[1]), *VALIDATE), truth_of(table, *TEST)
    scores: tuple[dict[str, Floats], dict[str, Floats]] = ({}, {})
    for place, (learned, asked) in enumerate(((TRAIN, VALIDATE), ((*TRAIN, VALIDATE), TEST))):
        scores[place][OWN], later = own_scores(table, learned, asked)
        singles = single_scores(later, table.accounts)
        scores[place].update(singles)
    if python is not None:
        scores[0][BOOSTING], scores[1][BOOSTING] = boosting_scores(table, python, (VALIDATE, TEST))
    limits = {
        name: best_threshold(score[truths[0].ranked], truths[0].positive[truths[0].ranked]) for name, score in scores[0].items()
    }
    lines = [HEADER]
    for days, truth, rankings in zip(("validate", "test"), truths, scores, strict=True):
        for who, chosen in (("all", truth.ranked), ("not in an alert before", truth.ranked & ~truth.known)):
            for name in sorted(rankings, key=lambda name: (name in SINGLE, name != OWN, name)):
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

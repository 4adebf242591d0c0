"""AMLGentex in stretches of days: what is known at the end of one, and who launders in it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.detection.data import gentex
from rules.wording import DAY_US

TRAIN, VALIDATE, TEST = ((36, 72), (72, 108)), (108, 144), (144, 180)
"""Stretches of days. The first 36 days are history only: without it every relation looks new."""

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


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

"""What the pattern finders, the relations and the money say about every transfer of a stretch of time, as columns of figures.

Only transfers before the end of the stretch are looked at, and no label. A transfer between accounts that deal with each other
again is ordinary; the figures are of those made `once`.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.patterns import (
    Edges,
    Instances,
    Round,
    bipartites,
    commissioned,
    cycles,
    edges_of,
    fan_ins,
    fan_outs,
    joined,
    once,
    scatter_gathers,
    settlements,
    stacks,
    strangers,
)

DAY_US = 86_400_000_000
WINDOW_US = 28 * DAY_US
"""Longest extent of an instance."""
BEFORE = 28
"""Days before the stretch that are searched too, so that an instance that began there is seen whole."""
LINK_US = 7 * DAY_US
MOST_TRANSFERS = 500
MOST_KEPT_BP = 9_900
"""A share above this is no commission: an account that passes all on by chance has one."""
EXACT_BP = 1
"""Settlements this near to the share kept by commission count as exact, basis points."""

LEAST_HEAP = 4
"""A share is a commission where so many times as many settlements have it as have the usual share."""

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def figures(source: Numbers, target: Numbers, day: Numbers, fen: Numbers, begin: int, end: int) -> pd.DataFrame:
    """One row per transfer made once with begin ≤ day < end: its row, its ends, and the figures (docs/detection.md).

    Raises: nothing; a search given up lowers figures and is told by the finders' own benchmark.
    """
    seen = np.flatnonzero(day < end)
    edges = edges_of(source[seen], target[seen], day[seen] * DAY_US, fen[seen], seen)
    late = edges.time_us >= (begin - BEFORE) * DAY_US
    few = edges.only(once(edges) & late)
    columns = {"row": few.row, "source": few.source, "target": few.target}
    columns |= same_day(few) | fans(few) | shapes(few) | money(few) | usual(edges, few, begin)
    columns["cycle"] = spread(cycles(strange := edges.only(strangers(edges, WINDOW_US) & late), Round(WINDOW_US)), strange, few)
    table = pd.DataFrame(columns)
    return table[few.time_us >= begin * DAY_US].reset_index(drop=True)


def same_day(few: Edges) -> dict[str, Floats]:
    """Further transfers of the payer and to the payee on the same day."""
    told = {}
    for name, end in (("source_day", few.source), ("target_day", few.target)):
        _, inverse, count = np.unique(end * 100_000 + few.time_us // DAY_US, return_inverse=True, return_counts=True)
        told[name] = np.log(count[inverse].astype(np.float64))
    told["both_day"] = np.minimum(told["source_day"], told["target_day"])
    return told


def fans(few: Edges) -> dict[str, Floats]:
    """Size of the fan a transfer belongs to at each end, and at how many instants."""
    return {"fan_in": spread(fan_ins(few, WINDOW_US, 2), few, few), "fan_out": spread(fan_outs(few, WINDOW_US, 2), few, few)}


def shapes(few: Edges) -> dict[str, Floats]:
    """Size of the largest instance of each closed shape that holds the transfer."""
    gathers = joined(scatter_gathers(few, WINDOW_US, 2), len(few), MOST_TRANSFERS)
    return {
        "scatter_gather": spread(gathers, few, few),
        "bipartite": spread(bipartites(few, WINDOW_US), few, few),
        "stack": spread(stacks(few, WINDOW_US, 8_000, 10_000), few, few),
        "commission": spread(commissioned(few, WINDOW_US, LINK_US)[0], few, few),
    }


def money(few: Edges) -> dict[str, Floats]:
    """Settlements at the share that stands out: how many transfers the shortest exact one has, for credits and debits."""
    found = settlements(few, WINDOW_US, high_bp=MOST_KEPT_BP)
    told = {"settled_in": np.zeros(len(few)), "settled_out": np.zeros(len(few))}
    counts = np.bincount(found.share_bp, minlength=10_000)
    heaped = np.convolve(counts, np.ones(2 * EXACT_BP + 1), "same")
    peak = int(np.argmax(heaped))
    if heaped[peak] < LEAST_HEAP * max(np.median(heaped[5_000:MOST_KEPT_BP]), 1):
        return told
    exact = np.abs(found.share_bp - peak) <= EXACT_BP
    size = np.diff(found.instances.start)
    for edge, owner in zip(found.instances.edge, found.instances.owner(), strict=True):
        if exact[owner]:
            name = "settled_in" if few.target[edge] == found.middle[owner] else "settled_out"
            told[name][edge] = max(told[name][edge], 1 / (size[owner] - 1))
    return told


def usual(edges: Edges, few: Edges, begin: int) -> dict[str, Floats]:
    """What the two accounts do otherwise: transfers made once, and all others, since the stretch began; relation in between."""
    recent = edges.only(edges.time_us >= begin * DAY_US)
    again = recent.only(~once(recent))
    strange = few.only(few.time_us >= begin * DAY_US)
    told = {}
    for name, part in (("again", again), ("once", strange)):
        out, into = (np.bincount(end, minlength=edges.accounts) for end in (part.source, part.target))
        told |= {
            f"source_{name}_out": np.log1p(out[few.source]),
            f"source_{name}_in": np.log1p(into[few.source]),
            f"target_{name}_out": np.log1p(out[few.target]),
            f"target_{name}_in": np.log1p(into[few.target]),
        }
    known = np.unique(edges.source * edges.accounts + edges.target)
    told["reverse"] = np.isin(few.target * edges.accounts + few.source, known).astype(np.float64)
    return told


def spread(found: Instances, searched: Edges, few: Edges) -> Floats:
    """Logarithm of the number of transfers of the largest instance that holds each transfer; 0 where none does."""
    size = np.zeros(int(max(searched.row.max(initial=0), few.row.max(initial=0))) + 1)
    np.maximum.at(size, searched.row[found.edge], np.diff(found.start)[found.owner()])
    return np.log1p(size[few.row])

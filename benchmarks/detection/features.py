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
    }


def money(few: Edges) -> dict[str, Floats]:
    """Settlements at the share kept by commission: size of the group, how short the shortest one is, by credits and debits."""
    found = commissioned(few, WINDOW_US, LINK_US)
    told = {"commission": spread(found.groups, few, few), "settled_in": np.zeros(len(few)), "settled_out": np.zeros(len(few))}
    made, edge, owner = found.settlements, found.settlements.instances.edge, found.settlements.instances.owner()
    closeness = 1 / (np.diff(made.instances.start)[owner] - 1)
    comes_in = few.target[edge] == made.middle[owner]
    np.maximum.at(told["settled_in"], edge[comes_in], closeness[comes_in])
    np.maximum.at(told["settled_out"], edge[~comes_in], closeness[~comes_in])
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

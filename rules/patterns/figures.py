"""What the pattern finders, the relations and the money say about every dealing of a stretch of time, as columns of figures.

Nothing later than the last transfer given is looked at, and no label. Accounts that deal with each other again are ordinary;
figures are of dealings between two accounts that deal within one day only.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.calendar import local_day
from rules.patterns.bipartite import bipartites
from rules.patterns.cycle import Round, cycles
from rules.patterns.edges import Edges, Instances
from rules.patterns.fan import fan_ins, fan_outs
from rules.patterns.grouping import joined
from rules.patterns.relations import strangers
from rules.patterns.scatter_gather import scatter_gathers
from rules.patterns.settlement import Settlements, commissioned
from rules.patterns.stack import stacks
from rules.wording import DAY_US

WINDOW_US = 28 * DAY_US
"""Longest extent of an instance, and how much before the stretch is searched too. Grade P."""
STRANGE_US = DAY_US
"""Accounts that deal with each other for longer know each other. Grade P: the best of five tried, docs/detection.md."""
LINK_US = 7 * DAY_US
"""Between accounts that work for one commission. Grade P."""
MOST_TRANSFERS = 500
"""A larger scatter-gather is ordinary traffic that hangs together: given up and counted. Grade P."""
MOST_STEPS = 20_000
"""Edges looked at per first transfer of a cycle: among strangers there are few ways home. Given up and counted. Grade P."""
LEAST_SHARE_BP, MOST_SHARE_BP = 8_000, 10_000
"""Passed on within a stack. Grade P."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """One column: the logarithm of 1 + a number, or, of a settlement, one over the number.

    words: what is counted. sign: 1 where more of it never speaks for anybody, 0 where it may.
    """

    name: str
    words: str
    sign: int = 0

    def told(self, value: float, usual: float) -> str:
        """The number behind a value, in words, and behind the usual one where a mean of it says something."""
        if self.name.startswith("settled"):
            return f"{round(1 / value) if value > 0 else 0} {self.words}"
        return f"{round(np.expm1(value))} {self.words} (usual {np.expm1(usual):.1f})"


FIGURES = (
    Figure("source_day", "other such payments of the payer that day", 1),
    Figure("target_day", "other such payments to the payee that day", 1),
    Figure("both_day", "other such payments at both ends that day", 1),
    Figure("fan_in", "transfers in a fan-in", 1),
    Figure("fan_out", "transfers in a fan-out", 1),
    Figure("scatter_gather", "transfers in a scatter-gather", 1),
    Figure("bipartite", "transfers in a bipartite block", 1),
    Figure("stack", "transfers in a stack", 1),
    Figure("cycle", "transfers in a cycle", 1),
    Figure("commission", "transfers in a group that works for one commission", 1),
    Figure("settled_in", "other transfers that settle this credit at the commission", 1),
    Figure("settled_out", "other transfers that settle this debit at the commission", 1),
    Figure("source_again_out", "payments of the payer to accounts it knows"),
    Figure("source_again_in", "payments to the payer by accounts it knows"),
    Figure("target_again_out", "payments of the payee to accounts it knows"),
    Figure("target_again_in", "payments to the payee by accounts it knows"),
    Figure("source_strange_out", "payments of the payer to strangers"),
    Figure("source_strange_in", "payments to the payer by strangers"),
    Figure("target_strange_out", "payments of the payee to strangers"),
    Figure("target_strange_in", "payments to the payee by strangers"),
)
NAMES = tuple(figure.name for figure in FIGURES)


@dataclass(frozen=True)
class Figures:
    """table: row, source, target, time_us, fen of every dealing of the stretch between strangers, and a column per `FIGURES`.

    cut: searches given up at a work bound; they lower figures. accounts: codes are below this.
    """

    table: pd.DataFrame
    cut: int
    accounts: int


def figures(edges: Edges, begin_us: int, accounts: int) -> Figures:
    """The figures of every dealing from `begin_us` on. accounts: all codes are below this."""
    strange_to_each_other = strangers(edges, STRANGE_US)
    strange = edges.only(strange_to_each_other & (edges.time_us >= begin_us - WINDOW_US))
    work = commissioned(strange, WINDOW_US, LINK_US)
    found = shapes(strange) | {"commission": work.groups}
    told = same_day(strange) | {name: sizes(one, strange) for name, one in found.items()} | settled(work.settlements, strange)
    recent = edges.time_us >= begin_us
    told |= others("again", edges.only(recent & ~strange_to_each_other), strange)
    told |= others("strange", strange.only(strange.time_us >= begin_us), strange)
    plain = {name: getattr(strange, name) for name in ("row", "source", "target", "time_us", "fen")}
    table = pd.DataFrame(plain | {name: told[name] for name in NAMES})
    cut = sum(one.cut for one in found.values())
    return Figures(table[strange.time_us >= begin_us].reset_index(drop=True), cut, accounts)


def shapes(strange: Edges) -> dict[str, Instances]:
    """All instances of the shapes that are looked at."""
    return {
        "fan_in": fan_ins(strange, WINDOW_US, 2),
        "fan_out": fan_outs(strange, WINDOW_US, 2),
        "scatter_gather": joined(scatter_gathers(strange, WINDOW_US, 2), len(strange), MOST_TRANSFERS),
        "bipartite": bipartites(strange, WINDOW_US),
        "stack": stacks(strange, WINDOW_US, LEAST_SHARE_BP, MOST_SHARE_BP),
        "cycle": cycles(strange, Round(WINDOW_US, most_steps=MOST_STEPS)),
    }


def sizes(found: Instances, strange: Edges) -> Floats:
    """Of the largest instance that holds each dealing."""
    size = np.zeros(len(strange))
    np.maximum.at(size, found.edge, np.diff(found.start)[found.owner()])
    return np.log1p(size)


def same_day(strange: Edges) -> dict[str, Floats]:
    """Other dealings of the payer and with the payee on the same day, and the fewer of both."""
    told = {}
    day = local_day(strange.time_us)
    for name, end in (("source_day", strange.source), ("target_day", strange.target)):
        order = np.lexsort([day, end])
        begins = np.ones(len(order), dtype=np.bool_)
        begins[1:] = (np.diff(end[order]) != 0) | (np.diff(day[order]) != 0)
        group = np.cumsum(begins) - 1
        told[name] = np.zeros(len(order))
        told[name][order] = np.log(np.bincount(group)[group].astype(np.float64))
    return told | {"both_day": np.minimum(told["source_day"], told["target_day"])}


def settled(made: Settlements, strange: Edges) -> dict[str, Floats]:
    """How few other transfers settle each dealing at the share kept by commission: one over their number, 0 where none do."""
    edge, owner = made.instances.edge, made.instances.owner()
    closeness = 1 / (np.diff(made.instances.start)[owner] - 1)
    comes_in = strange.target[edge] == made.middle[owner]
    told = {}
    for name, side in (("settled_in", comes_in), ("settled_out", ~comes_in)):
        told[name] = np.zeros(len(strange))
        np.maximum.at(told[name], edge[side], closeness[side])
    return told


def others(name: str, part: Edges, strange: Edges) -> dict[str, Floats]:
    """How often both accounts of each dealing pay and are paid in a part of the transfers."""
    accounts = int(max(part.accounts, strange.accounts))
    out, into = (np.bincount(end, minlength=accounts) for end in (part.source, part.target))
    return {
        f"{side}_{name}_{way}": np.log1p(count[end])
        for side, end in (("source", strange.source), ("target", strange.target))
        for way, count in (("out", out), ("in", into))
    }

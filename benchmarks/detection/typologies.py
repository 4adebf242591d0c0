"""What the pattern finders recover, per typology: `python -m benchmarks.detection typologies`.

Two labelled data sets of the outside data: AMLGentex (5,000 accounts, 180 days, 140 alerts) and whole attempts of AMLworld set
into generated traffic. An attempt is found when one instance of its typology holds at least half of its transfers. An instance
is false when it finds no attempt of its typology, even if it is part of another one. Attempts of fewer than three transfers
(AMLworld) have no shape and are left out.

Settings are chosen among those of `searches.py`: the one that finds the most, on AMLGentex with at most `BUDGET` false
instances for each attempt found. Fans are a list, as long as that allows; elsewhere in time it is as long for each day. Each is
told thrice: chosen on all attempts, and reported on them; chosen on the first half of the time by transfers known then, and
reported on the second half; chosen on three quarters of the time and reported on the fourth, for each fourth.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.detection.data import Labelled, gentex, world
from benchmarks.detection.searches import Found, Search, gentex_searches, world_searches
from rules.wording import DAY_US

HEADER = (
    "| data | typology | attempts | without traffic | all: found | recall | false per found | later half: attempts | found | "
    "recall | false per found | by quarters: found | recall | false per found | chosen on all |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|"
)
BUDGET = 15.0
"""False instances per attempt found where settings are chosen, so that 20 is kept elsewhere."""
TYPOLOGIES = {
    "AMLGentex": ("fan_in", "fan_out", "cycle", "scatter_gather", "gather_scatter", "stack", "bipartite"),
    "AMLworld": ("FAN-IN", "FAN-OUT", "CYCLE", "RANDOM", "SCATTER-GATHER", "GATHER-SCATTER", "STACK", "BIPARTITE"),
}


@dataclass(frozen=True)
class Chosen:
    """A setting by its number, and how many instances a day are listed; infinity: all."""

    setting: int
    daily: float


@dataclass(frozen=True)
class Part:
    """A part of the time: which instants lie in it, how many days it has, and the attempts that end in it."""

    inside: Callable[[pd.Series], pd.Series]
    days: float
    wanted: set[int]

    def of(self, table: pd.DataFrame) -> pd.DataFrame:
        """Instances that find its attempts, and those that find none of any part and end in it."""
        mine = table["hits"].map(lambda hits: not self.wanted.isdisjoint(hits))
        return table[mine | (self.inside(table["end_us"]) & ~table["hits"].map(bool))]


def judged(data: Labelled, found: Found, typology: str) -> pd.DataFrame:
    """suspicion, end_us and hits (the attempts it finds, as a tuple) of every instance, the most suspicious first."""
    edges, instances = found.edges, found.instances
    owner, attempt = instances.owner(), data.attempt[edges.row[instances.edge]]
    wanted = data.typology.index[data.typology == typology]
    hits = pd.DataFrame({"instance": owner, "attempt": attempt})[np.isin(attempt, wanted)]
    hits = hits.value_counts().reset_index(name="transfers")
    hits = hits[2 * hits["transfers"] >= hits["attempt"].map(data.sizes())]
    by_instance = {int(str(at)): tuple(group["attempt"]) for at, group in hits.groupby("instance")}
    named = pd.Series([by_instance.get(at, ()) for at in range(len(instances))], dtype=object)
    end = np.zeros(len(instances), dtype=np.int64)
    np.maximum.at(end, owner, edges.time_us[instances.edge])
    table = pd.DataFrame({"suspicion": found.suspicion, "end_us": end, "hits": named})
    return table.sort_values("suspicion", ascending=False, kind="stable", ignore_index=True)


def counted(table: pd.DataFrame, wanted: set[int]) -> pd.DataFrame:
    """found (different attempts) and false, so far, after each instance of a judged table."""
    seen: set[int] = set()
    found, false, wrong = [], [], 0
    for hits in table["hits"]:
        mine = wanted.intersection(hits)
        seen |= mine
        wrong += not mine
        found.append(len(seen))
        false.append(wrong)
    return pd.DataFrame({"found": found, "false": false})


def choose(tables: Sequence[pd.DataFrame], ranked: bool, part: Part, budget: float) -> Chosen:
    """The setting that finds the most within the budget, and of equals, if they rank, the one with the fewest false before.

    Of what is equal then the first: settings stand from the most generous to the tightest, and what is tight on attempts
    that were seen is too tight for others.
    """
    best, chosen = (-1, 0), Chosen(0, np.inf)
    for number, table in enumerate(tables):
        sums = counted(part.of(table), part.wanted)
        inside = (sums if ranked else sums.tail(1)).query("found > 0 and false <= @budget * found")
        if inside.empty:
            continue
        most = int(inside["found"].max())
        worth = most, -int(inside.loc[inside["found"] == most, "false"].min()) if ranked else 0
        if worth > best:
            best, chosen = worth, Chosen(number, (inside.index[-1] + 1) / part.days if ranked else np.inf)
    return chosen


def reached(tables: Sequence[pd.DataFrame], chosen: Chosen, part: Part) -> "NDArray[np.int64]":
    """Attempts found and false instances among those listed."""
    table = part.of(tables[chosen.setting])
    sums = counted(table if chosen.daily == np.inf else table.head(round(chosen.daily * part.days)), part.wanted)
    return sums.iloc[-1].to_numpy() if len(sums) else np.zeros(2, dtype=np.int64)


def row(data: Labelled, typology: str, searches: Sequence[Search], budget: float) -> str:
    """One line of the table."""
    tables = [judged(data, search.find(data.edges), typology) for search in searches]
    ranked, whole, ends = searches[0].ranked, parts(data, typology, [0, np.inf])[0], data.ends(typology)
    every = choose(tables, ranked, whole, budget)
    middle = data.borders()[1]
    before, after = parts(data, typology, [0, middle, np.inf])
    early = data.only(data.edges.time_us < middle)
    then = choose([judged(early, search.find(early.edges), typology) for search in searches], ranked, before, budget)
    quarters = parts(data, typology, [0, *data.borders(), np.inf])
    sums = np.zeros(2, dtype=np.int64)
    for quarter in quarters:
        sums += reached(tables, choose(tables, ranked, without(quarter, whole), budget), quarter)
    told = [
        f"{len(ends)} | {without_traffic(data, typology, searches)}",
        cells(reached(tables, every, whole), len(ends)),
        f"{len(after.wanted)} | {cells(reached(tables, then, after), len(after.wanted))}",
        cells(sums, len(ends)),
        searches[every.setting].how,
    ]
    return f"| {data.name} | {typology} | {' | '.join(told)} |"


def parts(data: Labelled, typology: str, borders: Sequence[float]) -> list[Part]:
    """The parts between each two of these instants."""
    ends, time_us = data.ends(typology), data.edges.time_us
    made = []
    for begin, end in pairwise(borders):

        def inside(when: pd.Series, begin: float = begin, end: float = end) -> pd.Series:
            return (when >= begin) & (when < end)

        days = (min(end, int(time_us[-1]) + 1) - max(begin, int(time_us[0]))) / DAY_US
        made.append(Part(inside, days, set(ends.index[inside(ends)])))
    return made


def without(part: Part, whole: Part) -> Part:
    """All the time but one part."""
    return Part(lambda when: ~part.inside(when), whole.days - part.days, whole.wanted - part.wanted)


def without_traffic(data: Labelled, typology: str, searches: Sequence[Search]) -> int:
    """Attempts that any setting finds among transfers of attempts alone, however many instances are false: the ceiling."""
    quiet = data.only(data.attempt[data.edges.row] >= 0)
    tables = [judged(quiet, search.find(quiet.edges), typology) for search in searches]
    return len({attempt for table in tables for hits in table["hits"] for attempt in hits})


def cells(told: "NDArray[np.int64]", wanted: int) -> str:
    """Attempts found, the share of those there are, false instances per attempt found."""
    found, false = told.tolist()
    return f"{found} | {found / max(wanted, 1):.2f} | {false / max(found, 1):.1f}"


def report(folder: Path) -> str:
    """Search both data sets: the table."""
    lines = [HEADER]
    for data, searches, budget in ((gentex(folder), gentex_searches, BUDGET), (world(folder), world_searches, np.inf)):
        for typology in TYPOLOGIES[data.name]:
            lines.append(row(data, typology, searches(typology), float(budget)))
    return "\n".join(lines) + "\n"

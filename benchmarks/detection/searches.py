"""How each typology is searched for: all settings that are tried, the most generous first."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from benchmarks.detection.data import Floats
from rules.patterns import (
    Edges,
    Instances,
    Round,
    apart,
    bipartites,
    chains,
    commissioned,
    cycles,
    fan_ins,
    fan_outs,
    gather_scatters,
    instants,
    joined,
    once,
    passed_on,
    scatter_gathers,
    sparse,
    stacks,
    strangers,
)
from rules.scope import Flags
from rules.wording import DAY_US, HOUR_US

MOST_TRANSFERS = 500
"""Larger joined instances are given up."""
GENTEX_DAYS, WORLD_HOURS = (28, 21), (120, 96, 72, 48, 24)
"""Windows tried, the widest first."""
HABIT = 0.25
"""What an account's habit weighs beside the logarithm of the sum."""

Find = Callable[[Edges], Instances]


@dataclass(frozen=True)
class Found:
    """What a search gives: the edges it looked at, the instances, and how suspicious each is; alike where nothing tells."""

    edges: Edges
    instances: Instances
    suspicion: Floats


@dataclass(frozen=True)
class Search:
    """One setting. how: in words. ranked: it tells suspicious instances from others."""

    how: str
    find: Callable[[Edges], Found]
    ranked: bool = False


RELATIONS: dict[str, Callable[[Edges], Flags]] = {
    "once": once,
    "strangers 1 d": lambda edges: strangers(edges, DAY_US),
    "strangers 28 d": lambda edges: strangers(edges, 28 * DAY_US),
    "apart 60 d": lambda edges: apart(edges, DAY_US, 60 * DAY_US),
    "apart 90 d": lambda edges: apart(edges, DAY_US, 90 * DAY_US),
    "strangers 4 d": lambda edges: strangers(edges, 4 * DAY_US),
    "like amounts": lambda edges: passed_on(edges, 4 * DAY_US, 8_500, 11_500),
    "anybody": lambda edges: np.ones(len(edges), dtype=np.bool_),
}
"""Which transfers are worth searching; like amounts: an account passed on about as much."""
ORDERS = ("amount", "amount, against habit", "instants", "instants, against habit")
"""By what fans are listed: the sum, or on how many instants they lie; and whether payers are otherwise rather paid."""


def alike(edges: Edges, found: Instances) -> Found:
    """Instances of which none is more suspicious than another."""
    return Found(edges, found, np.zeros(len(found)))


def related(relation: str, how: str, find: Find) -> Search:
    """Search only among the accounts that are so related."""

    def search(edges: Edges) -> Found:
        few = edges.only(RELATIONS[relation](edges))
        return alike(few, find(few))

    return Search(f"{relation}, {how}", search)


def fans(incoming: bool, setting: tuple[str, int, int, str]) -> Search:
    """Fans among related accounts; setting: relation, window in days, most transfers of the centre at an instant, order."""
    relation, days, most, order = setting

    def search(edges: Edges) -> Found:
        known = ~RELATIONS[relation](edges)
        few = edges.only(~known)
        few = few.only(sparse(few, few.target if incoming else few.source, most))
        found = (fan_ins if incoming else fan_outs)(few, days * DAY_US, 3)
        fen = np.log1p(found.fen(few).astype(np.float64))
        worth = fen if order.startswith("amount") else np.log(instants(found, few)) + fen / 1_000
        return Found(few, found, worth + (HABIT * habit(edges.only(known), few, found) if "habit" in order else 0))

    return Search(f"{relation}, {days} d, ≥ 3, ≤ {most} at an instant, by {order}", search, ranked=True)


def habit(known: Edges, few: Edges, found: Instances) -> Floats:
    """How much more often the payers of an instance are paid by accounts they know than they pay them, as a mean logarithm."""
    paid, pays = (np.bincount(end, minlength=few.accounts) for end in (known.target, known.source))
    source = few.source[found.edge]
    odds = np.log1p(paid[source]) - np.log1p(pays[source])
    return np.bincount(found.owner(), odds, len(found)) / np.maximum(np.diff(found.start), 1)


def gathered(edges: Edges, window_us: int, least: int = 2) -> Instances:
    """Scatter-gathers that share a transfer as one."""
    return joined(scatter_gathers(edges, window_us, least), len(edges), MOST_TRANSFERS)


def gentex_searches(typology: str) -> list[Search]:
    """All settings tried on AMLGentex."""
    if typology in ("fan_in", "fan_out"):
        settings = product(("once", "strangers 1 d", "apart 60 d", "apart 90 d"), GENTEX_DAYS, (2, 1), ORDERS)
        return [fans(typology == "fan_in", setting) for setting in settings]
    tried = []
    for relation, days in product(("strangers 28 d", "once", "strangers 1 d"), GENTEX_DAYS):
        for how, find in gentex_shapes(typology, days * DAY_US).items():
            tried.append(related(relation, f"{days} d{how}", find))
    return tried


def gentex_shapes(typology: str, window_us: int) -> dict[str, Find]:
    """The finders of one typology, by what they say beside the window."""
    return {
        "cycle": {", in time order": lambda edges: cycles(edges, Round(window_us))},
        "scatter_gather": {", ≥ 2, joined": lambda edges: gathered(edges, window_us)},
        "gather_scatter": worked(window_us),
        "stack": worked(window_us),
        "bipartite": {"": lambda edges: bipartites(edges, window_us)},
    }[typology]


def worked(window_us: int) -> dict[str, Find]:
    """Groups by commission."""
    return {
        ", by commission, linked in 14 d": lambda edges: commissioned(edges, window_us, 14 * DAY_US).groups,
        ", by commission, linked in 7 d": lambda edges: commissioned(edges, window_us, 7 * DAY_US).groups,
    }


def world_searches(typology: str) -> list[Search]:
    """All settings tried on AMLworld."""
    return [
        related(relation, f"{hours} h{how}", find)
        for hours in WORLD_HOURS
        for (relation, how), find in world_shapes(typology, hours * HOUR_US).items()
    ]


def world_shapes(typology: str, window_us: int) -> dict[tuple[str, str], Find]:
    """The finders of one typology, by the relation and by what they say beside the window."""
    return {
        "FAN-IN": {("anybody", ", ≥ 3"): lambda edges: fan_ins(edges, window_us, 3)},
        "FAN-OUT": {("anybody", ", ≥ 3"): lambda edges: fan_outs(edges, window_us, 3)},
        "CYCLE": {
            ("like amounts", ", 3–11, any order"): lambda edges: cycles(edges, Round(window_us, 3, 11, False)),
            ("like amounts", ", 3–11, in time order"): lambda edges: cycles(edges, Round(window_us, 3, 11)),
        },
        "RANDOM": {
            ("anybody", " between hops, 0.7–1.4 of the amount, ≥ 3"): lambda edges: chains(edges, window_us, 3, 7_000, 14_000),
            ("anybody", " between hops, 0.9–1.1 of the amount, ≥ 3"): lambda edges: chains(edges, window_us, 3, 9_000, 11_000),
        },
        "SCATTER-GATHER": {("anybody", ", ≥ 2, joined"): lambda edges: gathered(edges, window_us)},
        "GATHER-SCATTER": {("anybody", " each way, ≥ 2"): lambda edges: gather_scatters(edges, window_us, 2, 2)},
        "STACK": {("strangers 4 d", ", 0.5–1.5 of the amount"): lambda edges: stacks(edges, window_us, 5_000, 15_000)},
        "BIPARTITE": {("anybody", ""): lambda edges: bipartites(edges, window_us)},
    }[typology]

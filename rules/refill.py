"""Empty accounts expected to be filled again: held money goes on as money of its account went before."""

import pandas as pd

from rules.coverage import lazy_greedy
from rules.lines import LEAST_LIEN_FEN
from rules.rule import FULL
from rules.scope import records
from tracing.result import Trace

STEPS = 3
"""How many payments ahead are looked at. Grade P."""
Way = tuple[tuple[int, ...], int]
"""Accounts one after the other, and how many fen take them."""
Routes = dict[int, list[tuple[int, int]]]
"""Per account: where traced money went from it, and how much in fen."""


def expected_refills(trace: Trace, ranked: pd.DataFrame, watched: list[int]) -> list[tuple[int, int]]:
    """Which of these accounts to watch first, with how many fen are expected there that pass none of those before it.

    A lien × (1 - chance that it is still there) leaves; it takes the ways traced money took out of its account, in the same
    proportion, `STEPS` payments far and not in pieces below `LEAST_LIEN_FEN`. Money on whose way two accounts lie counts once.

    Args:
        ranked: account_code, lien_fen, chance_bp. watched: account codes to choose an order of, all of them are in the answer.
    """
    routes = routes_of(trace)
    wanted = set(watched)
    fen: list[int] = []
    covers: dict[int, list[int]] = {code: [] for code in sorted(wanted)}
    for row in records(ranked[ranked["lien_fen"] > 0]):
        leaves = int(row.lien_fen) * (FULL - int(row.chance_bp)) // FULL
        for way, amount in ways_from(routes, int(row.account_code), leaves):
            met = sorted(wanted & set(way))
            for code in met:
                covers[code].append(len(fen))
            if met:
                fen.append(amount)
    return lazy_greedy(covers, fen)


def routes_of(trace: Trace) -> Routes:
    """Traced money per pair of accounts, the largest first."""
    sums = trace.traced[trace.traced["hop"] > 1].groupby(["source_code", "target_code"])["basis_fen"].sum().reset_index()
    sums = sums.sort_values(["source_code", "basis_fen", "target_code"], ascending=[True, False, True])
    found: Routes = {}
    for row in records(sums):
        found.setdefault(int(row.source_code), []).append((int(row.target_code), int(row.basis_fen)))
    return found


def ways_from(routes: Routes, start: int, fen: int) -> list[Way]:
    """The ways of up to `STEPS` payments out of an account, each with the fen expected to take it; no account twice."""
    open_ways: list[Way] = [((start,), fen)]
    done: list[Way] = []
    for _ in range(STEPS):
        further: list[Way] = []
        for way, amount in open_ways:
            onward = [(to, part) for to, part in routes.get(way[-1], ()) if to not in way]
            whole = sum(part for _, part in onward)
            going = [((*way, to), amount * part // whole) for to, part in onward]
            further += [(longer, share) for longer, share in going if share >= LEAST_LIEN_FEN]
            if not onward:
                done.append((way, amount))
        open_ways = further
    return [(way[1:], amount) for way, amount in (*done, *open_ways) if len(way) > 1]

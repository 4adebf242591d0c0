"""Money that comes home: within a day it is a loop, over more days or more accounts a cycle. No round is told by both rules."""

import numpy as np

from rules.calendar import local_day
from rules.patterns.cycle import Round, cycles
from rules.patterns.edges import Edges, Instances, edges_of
from rules.patterns.relations import passed_on
from rules.rule import FULL
from rules.scope import Flags, among

LEAST_ACCOUNTS, LOOP_ACCOUNTS, CYCLE_ACCOUNTS = 3, 6, 10
"""Accounts on a loop or cycle, and the most on each. Grade C; longer loops are cycles. Grade P."""
MOST_STEPS = 100_000
"""Payments looked at per first one of a loop, after which it is given up and counted. Grade P."""
PRUNINGS = 20


def loops(edges: Edges, least_leg_bp: int) -> tuple[Edges, Instances]:
    """Rounds of payments of one local day in ledger order, none below that part of another (basis points).

    Ledger order also holds within an instant: a statement that tells days only is in the order of its balances.

    Args:
        edges: of ledger rows, which are in time order.
    Returns:
        the payments that were searched, and the loops among them.
    """
    few, nodes = edges.only(may_close(edges)), np.zeros(0, dtype=np.int64)
    if len(few):
        day = local_day(few.time_us) * few.accounts
        nodes = np.unique(np.concatenate([day + few.source, day + few.target]), return_inverse=True)[1]
    source, target = nodes[: len(few)], nodes[len(few) :]
    by_day = edges_of(source, target, few.row, few.fen, few.row)  # one account of one day is a place of its own
    span = int(few.row[-1] - few.row[0]) if len(few) else 0
    like = passed_on(by_day, span, least_leg_bp, -(-FULL * FULL // least_leg_bp))
    by_day, few = by_day.only(like), few.only(like)
    found = cycles(by_day, Round(span, LEAST_ACCOUNTS, LOOP_ACCOUNTS, most_steps=MOST_STEPS))
    return few, found.only(even(few, found, least_leg_bp))


def may_close(edges: Edges) -> Flags:
    """Payments whose payer was paid and whose payee pays on the same day, again and again until nothing falls away."""
    day = local_day(edges.time_us) * edges.accounts
    start, stop = day + edges.source, day + edges.target
    left = np.arange(len(edges))
    for _ in range(PRUNINGS):
        alive = among(start[left], stop[left]) & among(stop[left], start[left])
        if alive.all():
            break
        left = left[alive]
    flags = np.zeros(len(edges), dtype=np.bool_)
    flags[left] = True
    return flags


def even(edges: Edges, found: Instances, least_leg_bp: int) -> Flags:
    """Rounds in which no payment is below that part of another."""
    if not len(found):
        return np.zeros(0, dtype=np.bool_)
    fen = edges.fen[found.edge]
    smallest, largest = (side.reduceat(fen, found.start[:-1]) for side in (np.minimum, np.maximum))
    return np.asarray(smallest * FULL >= largest * least_leg_bp, dtype=np.bool_)


def are_loops(edges: Edges, found: Instances) -> Flags:
    """Rounds that lie on one local day and have no more accounts than a loop."""
    if not len(found):
        return np.zeros(0, dtype=np.bool_)
    day = local_day(edges.time_us[found.edge])
    first, last = (side.reduceat(day, found.start[:-1]) for side in (np.minimum, np.maximum))
    return np.asarray((first == last) & (np.diff(found.start) <= LOOP_ACCOUNTS), dtype=np.bool_)

"""The order of legs of one instant, in compiled code."""

import heapq

import numpy as np
from numba import njit

from tracing.legs import Codes, Flags, Ints

LEDGER, CREDIT_FIRST, DEBIT_FIRST = 0, 1, 2
"""Codes of the tie orders."""


@njit(cache=True)
def tie_order(
    order: Codes,
    time: Ints,
    source: Codes,
    target: Codes,
    given: Ints,
    received: Ints,
    ends: Flags,
    opening: Ints,
    known: Flags,
    ties: int,
) -> Codes:
    """Order of the legs in which ties, legs of one instant, stand as the records demand and then as `ties` prefers.

    A debit the balance does not cover waits for a credit of that instant. `CREDIT_FIRST`: every debit waits for the credits of
    its slot. `DEBIT_FIRST`: a credit waits for the debits of its slot that the balance before the instant covers. Otherwise
    the legs keep their order. Balances begin at `opening`; those of slots whose opening is not known (0) are never let below
    0: what is missing was there before. Debits of one slot never overtake each other. A cycle of legs that wait for each other
    goes in the given order.
    """
    slots = len(opening)
    settled = np.empty(len(order), np.int32)
    balance = opening.copy()
    pending = np.zeros(slots, np.int64)  # credits of this instant still to come
    covered = np.zeros(slots, np.int64)  # debits of this instant still to come that the balance before it covers
    spent = np.zeros(slots, np.int64)
    head = np.full(slots, -1, np.int64)  # place of the first waiting debit of the slot
    tail = np.full(slots, -1, np.int64)
    after = np.empty(len(order), np.int32)
    kept = np.full(slots, -1, np.int64)  # place of a leg that waits for covered debits of the slot, and the next such leg
    next_kept = np.empty(len(order), np.int32)  # this and `after` are filled where somebody may wait: memory costs time
    is_covered = np.zeros(len(order), np.bool_)
    placed = np.zeros(len(order), np.bool_)
    ready = [np.int64(0)]
    ready.pop()
    filled, begin = 0, 0
    while begin < len(order):
        end = begin + 1
        while end < len(order) and time[order[end]] == time[order[begin]]:
            end += 1
        for place in range(begin, end):
            leg = order[place]
            s = source[leg]
            if s == target[leg]:
                continue
            if received[leg] > 0:
                pending[target[leg]] += 1
            if ties == DEBIT_FIRST and given[leg] > 0 and not ends[s] and spent[s] >= 0:
                spent[s] += given[leg]
                is_covered[place] = spent[s] <= balance[s]
                covered[s] += is_covered[place]
                if not is_covered[place]:
                    spent[s] = -1  # what comes behind an uncovered debit waits with it
        plain = ties == LEDGER  # and no slot both pays and is paid in this instant: nobody waits
        for place in range(begin, end):
            spent[source[order[place]]] = 0
            plain = plain and pending[source[order[place]]] == 0
        for place in range(begin, end if plain else begin):
            leg = order[place]
            s, t = source[leg], target[leg]
            settled[filled] = leg
            filled += 1
            if not ends[s]:
                balance[s] -= given[leg]
                if balance[s] < 0 and not known[s]:
                    balance[s] = 0
            balance[t] += received[leg]
            pending[t] = 0
        if plain:
            begin = end
            continue
        after[begin:end] = -1
        next_kept[begin:end] = -1
        for forced in range(2):
            for place in range(begin, end):
                if placed[place]:
                    continue
                leg = order[place]
                s, t = source[leg], target[leg]
                waits = (
                    given[leg] > 0
                    and not ends[s]
                    and (head[s] >= 0 or not may_go(s, t, given[leg], balance, pending, covered, ties))
                )
                if forced == 0 and waits:
                    if head[s] < 0:
                        head[s] = place
                    else:
                        after[tail[s]] = place
                    tail[s] = place
                    if covered[t] > 0:
                        next_kept[place], kept[t] = kept[t], place
                    continue
                heapq.heappush(ready, np.int64(place))
                while len(ready) > 0:
                    now = heapq.heappop(ready)
                    if placed[now]:
                        continue
                    leg = order[now]
                    s, t = source[leg], target[leg]
                    placed[now] = True
                    settled[filled] = leg
                    filled += 1
                    if head[s] == now:
                        head[s] = after[now]
                    if not ends[s]:
                        balance[s] -= given[leg]
                        if balance[s] < 0 and not known[s]:
                            balance[s] = 0
                    balance[t] += received[leg]
                    if s != t and received[leg] > 0:
                        pending[t] -= 1
                    covered[s] -= is_covered[now]
                    for slot in (s, t):
                        waiting = head[slot]
                        if waiting >= 0:
                            other = order[waiting]
                            if may_go(slot, target[other], given[other], balance, pending, covered, ties):
                                heapq.heappush(ready, waiting)
                    if covered[s] == 0:
                        one = kept[s]
                        kept[s] = -1
                        while one >= 0:
                            other = order[one]
                            first = head[source[other]] == one
                            if first and may_go(source[other], s, given[other], balance, pending, covered, ties):
                                heapq.heappush(ready, one)
                            one = next_kept[one]
        begin = end
    return settled


@njit(cache=True)
def may_go(source: int, target: int, fen: int, balance: Ints, pending: Ints, covered: Ints, ties: int) -> bool:
    """Whether the first waiting debit of a slot has nothing left to wait for."""
    if ties == CREDIT_FIRST:
        return bool(pending[source] == 0)
    paid = balance[source] >= fen or pending[source] == 0
    return bool(paid and (source == target or covered[target] == 0))

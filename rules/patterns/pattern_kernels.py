"""Compiled searches around one account or one pair: fans, gather-scatter, scatter-gather."""

import numpy as np
from numba import njit

from rules.patterns.cycle_kernels import first_above, room
from rules.scope import Flags, Ints


@njit(cache=True)
def fan_windows(start: Ints, edge: Ints, other: Ints, time: Ints, window: int, least: int, wanted: Flags) -> tuple[Ints, Ints]:
    """Per account the windows with the most different others, at least `least`, none sharing an edge with a better one.

    Args:
        start, edge: edges of each account in time order; other: the account at the far end of each edge.
    Returns:
        starts, edges.
    """
    accounts = len(start) - 1
    seen = np.zeros(accounts, np.int64)
    starts, edges = np.zeros(1024, np.int64), np.empty(4096, np.int64)
    found, used = 0, 0
    for account in range(accounts):
        begin, end = start[account], start[account + 1]
        size = end - begin
        if size < least or not wanted[account]:
            continue
        rank = np.empty(size, np.int64)
        ends = np.empty(size, np.int64)
        behind, different, fits = begin, 0, 0
        for left in range(begin, end):
            while behind < end and time[edge[behind]] <= time[edge[left]] + window:
                if seen[other[edge[behind]]] == 0:
                    different += 1
                seen[other[edge[behind]]] += 1
                behind += 1
            ends[left - begin] = behind - begin
            if different >= least:
                rank[fits] = (left - begin) - different * (size + 1)
                fits += 1
            seen[other[edge[left]]] -= 1
            if seen[other[edge[left]]] == 0:
                different -= 1
        if fits == 0:
            continue
        taken = np.zeros(size, np.bool_)
        for key in np.sort(rank[:fits]):
            left = key % (size + 1)
            last = ends[left] - 1
            if taken[left] or taken[last]:
                continue
            count = last - left + 1
            edges, starts = room(edges, used, count), room(starts, found + 1, 1)
            for k in range(left, last + 1):
                taken[k] = True
                edges[used] = edge[begin + k]
                used += 1
            found += 1
            starts[found] = used
    return starts[: found + 1], edges[:used]


@njit(cache=True)
def most_in_window(start: Ints, edge: Ints, other: Ints, time: Ints, window: int) -> Ints:
    """The most different others of each account within any window."""
    accounts = len(start) - 1
    seen = np.zeros(accounts, np.int64)
    most = np.zeros(accounts, np.int64)
    for account in range(accounts):
        behind, different = start[account], 0
        for left in range(start[account], start[account + 1]):
            while behind < start[account + 1] and time[edge[behind]] <= time[edge[left]] + window:
                if seen[other[edge[behind]]] == 0:
                    different += 1
                seen[other[edge[behind]]] += 1
                behind += 1
            most[account] = max(most[account], different)
            seen[other[edge[left]]] -= 1
            if seen[other[edge[left]]] == 0:
                different -= 1
    return most


@njit(cache=True)
def turns(
    out_start: Ints,
    out_edge: Ints,
    in_start: Ints,
    in_edge: Ints,
    source: Ints,
    target: Ints,
    time: Ints,
    window: int,
    least_in: int,
    least_out: int,
) -> tuple[Ints, Ints]:
    """Per account the instants with many payers within the window before and many payees within the window from then on.

    Best first by the smaller of both numbers, none sharing an edge with a better one.
    """
    accounts = len(out_start) - 1
    payers, payees = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
    starts, edges = np.zeros(1024, np.int64), np.empty(4096, np.int64)
    found, used = 0, 0
    for account in range(accounts):
        a, b = in_start[account], in_start[account + 1]
        c, d = out_start[account], out_start[account + 1]
        if b - a < least_in or d - c < least_out:
            continue
        size = d - c
        bounds = np.empty((size, 3), np.int64)
        rank = np.empty(size, np.int64)
        low, high, behind, ins, outs, fits = a, a, c, 0, 0, 0
        for at in range(c, d):
            instant = time[out_edge[at]]
            while high < b and time[in_edge[high]] < instant:
                x = source[in_edge[high]]
                ins += payers[x] == 0
                payers[x] += 1
                high += 1
            while low < high and time[in_edge[low]] < instant - window:
                x = source[in_edge[low]]
                payers[x] -= 1
                ins -= payers[x] == 0
                low += 1
            while behind < d and time[out_edge[behind]] <= instant + window:
                x = target[out_edge[behind]]
                outs += payees[x] == 0
                payees[x] += 1
                behind += 1
            bounds[at - c, 0], bounds[at - c, 1], bounds[at - c, 2] = low, high, behind
            if ins >= least_in and outs >= least_out:
                rank[fits] = (at - c) - min(ins, outs) * (size + 1)
                fits += 1
            x = target[out_edge[at]]
            payees[x] -= 1
            outs -= payees[x] == 0
        for p in range(low, high):
            payers[source[in_edge[p]]] = 0
        if fits == 0:
            continue
        taken_in, taken_out = np.zeros(b - a, np.bool_), np.zeros(size, np.bool_)
        for key in np.sort(rank[:fits]):
            at = key % (size + 1)
            low, high, behind = bounds[at, 0], bounds[at, 1], bounds[at, 2]
            if taken_out[at] or taken_out[behind - c - 1] or taken_in[low - a] or taken_in[high - a - 1]:
                continue
            count = high - low + behind - c - at
            edges, starts = room(edges, used, count), room(starts, found + 1, 1)
            for p in range(low, high):
                taken_in[p - a] = True
                edges[used] = in_edge[p]
                used += 1
            for p in range(c + at, behind):
                taken_out[p - c] = True
                edges[used] = out_edge[p]
                used += 1
            found += 1
            starts[found] = used
    return starts[: found + 1], edges[:used]


@njit(cache=True)
def two_steps(
    out_start: Ints,
    out_edge: Ints,
    target: Ints,
    time: Ints,
    window: int,
    least: int,
    scatters: Flags,
    gathers: Flags,
    most_steps: int,
) -> tuple[Ints, Ints, int]:
    """Scatter-gathers: per pair of accounts the windows with the most different middle accounts, at least `least`.

    Each middle account is paid before it pays on. Windows of one pair do not overlap, the best (then earliest) first.

    Args:
        scatters, gathers: accounts that can be an origin and a destination at all.
        most_steps: edges looked at per origin, after which it is given up.
    Returns:
        starts, edges, origins given up.
    """
    accounts = len(out_start) - 1
    count = np.zeros(accounts, np.int64)
    stamp = np.full(accounts, -1, np.int64)
    middle = np.full(accounts, -1, np.int64)
    mark = 0
    starts, edges = np.zeros(1024, np.int64), np.empty(4096, np.int64)
    found, used, cut = 0, 0, 0
    one, two = np.empty(1024, np.int64), np.empty(1024, np.int64)
    for origin in range(accounts):
        if not scatters[origin]:
            continue
        steps, size = 0, 0
        for write in range(2):
            for p in range(out_start[origin], out_start[origin + 1]):
                e = out_edge[p]
                m = target[e]
                for q in range(first_above(out_edge, out_start[m], out_start[m + 1], e), out_start[m + 1]):
                    f = out_edge[q]
                    if time[f] > time[e] + window or steps > most_steps:
                        break
                    steps += 1
                    d = target[f]
                    if d == origin or not gathers[d] or time[f] == time[e]:
                        continue
                    if write == 0:
                        if stamp[d] != origin:
                            stamp[d], count[d] = origin, 0
                        count[d] += 1
                    elif count[d] >= least:
                        one, two = room(one, size, 1), room(two, size, 1)
                        one[size], two[size] = e, f
                        size += 1
        if steps > most_steps:
            cut += 1
            continue
        if size < least:
            continue
        # By destination; the stable sort keeps the first legs in time order.
        order = np.argsort(target[two[:size]], kind="mergesort")
        begin = 0
        while begin < size:
            d = target[two[order[begin]]]
            end = begin
            while end < size and target[two[order[end]]] == d:
                end += 1
            free = np.ones(end - begin, np.bool_)
            while True:
                best, anchor = least - 1, -1
                for i in range(begin, end):
                    if not free[i - begin] or end - i <= best:
                        continue
                    mark += 1
                    different, until = 0, time[one[order[i]]] + window
                    for j in range(i, end):
                        steps += 1
                        if time[one[order[j]]] > until:
                            break
                        if free[j - begin] and time[two[order[j]]] <= until:
                            m = target[one[order[j]]]
                            if middle[m] != mark:
                                middle[m] = mark
                                different += 1
                    if different > best:
                        best, anchor = different, i
                    if steps > most_steps:
                        break
                if anchor < 0:
                    break
                opened, until = time[one[order[anchor]]], time[one[order[anchor]]] + window
                size_of = 0
                chosen = np.empty(2 * (end - begin), np.int64)
                for j in range(begin, end):
                    first, last = time[one[order[j]]], time[two[order[j]]]
                    if free[j - begin] and first >= opened and last <= until:
                        chosen[size_of], chosen[size_of + 1] = one[order[j]], two[order[j]]
                        size_of += 2
                    if first <= until and last >= opened:
                        free[j - begin] = False
                chosen = np.unique(chosen[:size_of])
                edges, starts = room(edges, used, len(chosen)), room(starts, found + 1, 1)
                edges[used : used + len(chosen)] = chosen
                used += len(chosen)
                found += 1
                starts[found] = used
                if steps > most_steps:
                    break
            begin = end
        if steps > most_steps:
            cut += 1
    return starts[: found + 1], edges[:used], cut

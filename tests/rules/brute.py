"""The patterns by trying everything: obviously right, for graphs of a dozen transfers."""

from itertools import combinations, pairwise, permutations

import numpy as np

from rules.patterns import Edges, edges_of

Edge = tuple[int, int, int, int]
"""source, target, time, fen."""


def random_edges(seed: int, size: int = 14, accounts: int = 5, instants: int = 20) -> tuple[Edges, list[Edge]]:
    """A small random graph with parallel transfers and equal times, and the same as a list in the order of its positions."""
    draw = np.random.default_rng(seed)
    columns = [draw.integers(0, accounts, size), draw.integers(0, accounts, size)]
    edges = edges_of(*columns, draw.integers(0, instants, size), draw.integers(1, 9, size) * 10)
    return edges, listed(edges)


def listed(edges: Edges) -> list[Edge]:
    return list(zip(*(values.tolist() for values in (edges.source, edges.target, edges.time_us, edges.fen)), strict=True))


def cycles_by_trying(edges: list[Edge], window: int, lengths: range, ordered: bool) -> list[tuple[int, ...]]:
    found = []
    for length in lengths:
        for chosen in permutations(range(len(edges)), length):
            path = [edges[e] for e in chosen]
            joined = all(path[k][1] == path[(k + 1) % length][0] for k in range(length))
            different = len({edge[0] for edge in path}) == length
            times = [edge[2] for edge in path]
            rising = all(a < b for a, b in pairwise(times))
            first = rising if ordered else chosen[0] == min(chosen)
            if joined and different and first and max(times) - times[0] <= window:
                found.append(chosen)
    return sorted(found)


def plain_cycles_by_trying(pairs: set[tuple[int, int]], accounts: int, lengths: range) -> list[list[int]]:
    found = []
    for length in lengths:
        for chosen in permutations(range(accounts), length):
            if chosen[0] == min(chosen) and all((chosen[k], chosen[(k + 1) % length]) in pairs for k in range(length)):
                found.append(list(chosen))
    return found


def best_disjoint(candidates: list[tuple[int, int, list[int]]]) -> list[list[int]]:
    """Candidates (worth, place, edges) taken best first, the earlier among equals, none sharing an edge with a better one."""
    taken: set[int] = set()
    chosen = []
    for _, _, members in sorted(candidates, key=lambda c: (-c[0], c[1])):
        if not taken & set(members):
            taken |= set(members)
            chosen.append(members)
    return chosen


def fan_ins_by_trying(edges: list[Edge], accounts: int, window: int, least: int) -> list[list[int]]:
    found = []
    for account in range(accounts):
        own = [e for e, edge in enumerate(edges) if edge[1] == account]
        candidates = []
        for place, first in enumerate(own):
            members = [e for e in own[place:] if edges[e][2] <= edges[first][2] + window]
            payers = len({edges[e][0] for e in members})
            if payers >= least:
                candidates.append((payers, place, members))
        found += best_disjoint(candidates)
    return found


def turns_by_trying(edges: list[Edge], accounts: int, window: int, least: int) -> list[list[int]]:
    found = []
    for account in range(accounts):
        out = [e for e, edge in enumerate(edges) if edge[0] == account]
        candidates = []
        for place, first in enumerate(out):
            instant = edges[first][2]
            before = [e for e, edge in enumerate(edges) if edge[1] == account and instant - window <= edge[2] < instant]
            after = [e for e in out[place:] if edges[e][2] <= instant + window]
            ins, outs = len({edges[e][0] for e in before}), len({edges[e][1] for e in after})
            if ins >= least and outs >= least:
                candidates.append((min(ins, outs), place, before + after))
        found += best_disjoint(candidates)
    return found


def two_steps_by_trying(edges: list[Edge], accounts: int, window: int, least: int) -> list[list[int]]:
    found = []
    for origin in range(accounts):
        for destination in range(accounts):
            free = [
                (e, f)
                for e, one in enumerate(edges)
                for f, two in enumerate(edges)
                if one[0] == origin != destination == two[1] and one[1] == two[0] and one[2] < two[2] <= one[2] + window
            ]
            while True:
                best, members = least - 1, []
                for e, _ in sorted(free):
                    inside = [(a, b) for a, b in free if a >= e and edges[b][2] <= edges[e][2] + window]
                    middles = len({edges[a][1] for a, _ in inside})
                    if middles > best:
                        best, members, opened = middles, inside, edges[e][2]
                if not members:
                    break
                anchored = [(a, b) for a, b in free if edges[a][2] >= opened and edges[b][2] <= opened + window]
                found.append(sorted({e for pair in anchored for e in pair}))
                free = [(a, b) for a, b in free if edges[a][2] > opened + window or edges[b][2] < opened]
    return found


def quads_by_trying(edges: list[Edge], window: int) -> list[list[int]]:
    blocks = []
    for four in combinations(range(len(edges)), 4):
        pairs = {(edges[e][0], edges[e][1]) for e in four}
        times = [edges[e][2] for e in four]
        square = len(pairs) == 4 and len({s for s, _ in pairs}) == 2 and len({t for _, t in pairs}) == 2
        if square and max(times) - min(times) <= window:
            blocks.append(set(four))
    return together(blocks)


def together(sets: list[set[int]]) -> list[list[int]]:
    """Sets that share a member as one, by smallest member."""
    groups: list[set[int]] = []
    for members in sets:
        touching = [group for group in groups if group & members]
        groups = [group for group in groups if not group & members] + [members.union(*touching)]
    return sorted(sorted(group) for group in groups)


def settlements_by_trying(edges: list[Edge], accounts: int, window: int, bounds: tuple[int, int]) -> set[tuple[int, ...]]:
    found = set()
    for account in range(accounts):
        ins = [e for e, edge in enumerate(edges) if edge[1] == account]
        outs = [e for e, edge in enumerate(edges) if edge[0] == account]
        for gather in runs(ins):
            for scatter in runs(outs):
                credit, debit = sum(edges[e][3] for e in gather), sum(edges[e][3] for e in scatter)
                later = edges[gather[-1]][2] < edges[scatter[0]][2]
                inside = edges[scatter[-1]][2] - edges[gather[0]][2] <= window
                if later and inside and credit * bounds[0] <= debit * 10_000 <= credit * bounds[1]:
                    found.add((*gather, *scatter))
    return found


def runs(values: list[int], most: int = 5) -> list[list[int]]:
    return [values[i:j] for i in range(len(values)) for j in range(i + 1, min(len(values), i + most) + 1)]


def chains_by_trying(edges: list[Edge], gap: int, least: int, bounds: tuple[int, int]) -> list[list[int]]:
    follower: dict[int, int] = {}
    for e, one in enumerate(edges):
        for f, two in enumerate(edges):
            fits = one[3] * bounds[0] <= two[3] * 10_000 <= one[3] * bounds[1]
            if (
                one[1] == two[0]
                and one[0] != two[1]
                and one[2] < two[2] <= one[2] + gap
                and fits
                and f not in follower.values()
            ):
                follower[e] = f
                break
    found = []
    for first in range(len(edges)):
        if first not in follower.values():
            chain = [first]
            while chain[-1] in follower:
                chain.append(follower[chain[-1]])
            found += [chain] if len(chain) >= least else []
    return found


def stacks_by_trying(edges: list[Edge], window: int, bounds: tuple[int, int]) -> list[list[int]]:
    pairs = [
        (e, f)
        for e, one in enumerate(edges)
        for f, two in enumerate(edges)
        if one[1] == two[0]
        and one[0] != two[1]
        and one[2] < two[2] <= one[2] + window
        and one[3] * bounds[0] <= two[3] * 10_000 <= one[3] * bounds[1]
    ]
    links = [{e, f} for e, f in pairs]
    for side, end in ((0, 0), (1, 1)):
        legs = sorted({pair[side] for pair in pairs})
        for account in {edges[e][end] for e in legs}:
            own = [e for e in legs if edges[e][end] == account]
            links += [{a, b} for a, b in pairwise(own) if edges[b][2] - edges[a][2] <= window]
    first_legs = {e for e, _ in pairs}
    return [group for group in together(links) if len({edges[e][1] for e in group if e in first_legs}) >= 2]

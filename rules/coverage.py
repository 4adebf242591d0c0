"""Which places to watch so that the most money passes one of them: weighted coverage of the ways money takes, each fen once."""

import heapq
from collections.abc import Mapping, Sequence

Covers = Mapping[int, Sequence[int]]
"""Per place the pieces of money whose way leads through it, by number, each once."""


def lazy_greedy(covers: Covers, fen: Sequence[int], limit: int | None = None) -> list[tuple[int, int]]:
    """Places in the order chosen, with the fen each adds to those before it; the smaller place first where gains are equal.

    A gain can only fall while others are chosen, so a gain computed earlier is an upper bound and most need no second look.
    Same answer as plain greedy; at least 1 - 1/e of the best choice of so many places.
    Source: Nemhauser, Wolsey and Fisher 1978; Minoux 1978.

    Args:
        fen: of each piece, not negative. limit: how many places at most; places that add nothing come last.
    """
    covered = [False] * len(fen)
    waiting = [(-sum(fen[piece] for piece in pieces), place) for place, pieces in covers.items()]
    heapq.heapify(waiting)
    chosen: list[tuple[int, int]] = []
    while waiting and (limit is None or len(chosen) < limit):
        bound, place = heapq.heappop(waiting)
        gain = sum(fen[piece] for piece in covers[place] if not covered[piece])
        if gain != -bound:
            heapq.heappush(waiting, (-gain, place))
            continue
        chosen.append((place, gain))
        for piece in covers[place]:
            covered[piece] = True
    return chosen


def covered_fen(covers: Covers, fen: Sequence[int], places: Sequence[int]) -> int:
    """How much money passes at least one of these places."""
    return sum(fen[piece] for piece in {piece for place in places for piece in covers[place]})

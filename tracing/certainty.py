"""How sure a way through inferred links is: the smallest probability of the links on it, for every piece of a trace forward.

The walks carry bits, no numbers. So the claims are followed again with only the less certain links marked: a piece that is
marked then went through one of them. As many times as the links on the way have probabilities, less one; a replay marks many at
once. The pieces are the same every time, for no mark changes where money goes.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tracing.exchanges import leaving
from tracing.flags import DOUBT
from tracing.follow import Followed, Pieces
from tracing.legs import INFERRED, Ints, Slots
from tracing.lots import LotAxis

FIRST_MARK = 2
"""The bits from here on are free where no walk counts trails behind its flags."""
MANY = 60
Again = Callable[[Slots], Followed]


def with_doubts(axis: LotAxis, followed: Followed, again: Again, *, many: bool) -> Followed:
    """The pieces with the doubt of their way behind their flags, see `tracing.flags`.

    Args:
        again: follows the same claims with other marks on the slots. many: whether its flags have room for many marks.
    """
    slots = axis.slots
    if slots.inferred is None or slots.doubt_bp is None:
        return followed
    leg, slot = leaving(axis)
    met = np.unique(slots.doubt_bp[slot[np.isin(leg, followed.carried.leg)]])
    if not len(met):
        return followed
    found = [np.where(part.flags & INFERRED > 0, met[0], 0) for part in parts_of(followed)]
    step = MANY if many else 1
    for begin in range(1, len(met), step):
        some = met[begin : begin + step]
        marked = parts_of(again(marked_slots(slots, some, many=many)))
        for doubt, part, same in zip(found, marked, parts_of(followed), strict=True):
            assert np.array_equal(part.leg, same.leg), "marks changed the way of money"
            for at, value in enumerate(some.tolist()):
                bit = 1 << (FIRST_MARK + at) if many else INFERRED
                np.maximum(doubt, np.where(part.flags & bit > 0, value, 0), out=doubt)
    whole = [replace(part, flags=part.flags | doubt << DOUBT) for part, doubt in zip(parts_of(followed), found, strict=True)]
    carried, rested, overdrawn, lost, *cut = whole
    limits = tuple((name, part) for (name, _), part in zip(followed.cut, cut, strict=True))
    return replace(followed, carried=carried, rested=rested, overdrawn=overdrawn, lost=lost, cut=limits)


def marked_slots(slots: Slots, doubts: Ints, *, many: bool) -> Slots:
    """The slots with those of links of at least each doubt marked: by the flag itself, or by a bit for each of the doubts."""
    assert slots.inferred is not None
    assert slots.doubt_bp is not None
    if not many:
        return replace(slots, inferred=slots.inferred & (slots.doubt_bp >= doubts[0]))
    marks = np.zeros(len(slots), dtype=np.int64)
    for at, doubt in enumerate(doubts.tolist()):
        marks |= (slots.inferred & (slots.doubt_bp >= doubt)).astype(np.int64) << (FIRST_MARK + at)
    return replace(slots, marks=marks)


def parts_of(followed: Followed) -> list[Pieces]:
    """All pieces, by what became of them."""
    return [followed.carried, followed.rested, followed.overdrawn, followed.lost, *(part for _, part in followed.cut)]

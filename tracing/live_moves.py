"""Legs of a live trace that come to stand between other slots, or are no more."""

from dataclasses import dataclass

import numpy as np

from tracing.legs import Codes, Ints
from tracing.live_arrays import LOWEST, LegArrays
from tracing.live_slots import LiveSlots

NONE = -1


@dataclass(frozen=True)
class Moves:
    """What becomes of legs: where they pay from and to, how much, when they count. over: legs that are no more.

    A leg that is not there yet is -1 and belongs to `row`, from `part_fen` of its amount on.
    """

    leg: Ints
    source: Codes
    target: Codes
    given_fen: Ints
    received_fen: Ints
    time_us: Ints
    row: Ints
    part_fen: Ints
    over: Ints


def move(slots: LiveSlots, moves: Moves) -> Ints:
    """Put legs where they belong now; all legs that stand elsewhere than before, those that are no more included."""
    there = moves.leg != NONE
    known = moves.leg[there]
    slots.remove(known.tolist())
    end_legs(slots, moves.over.tolist())
    for name in ("source", "target", "given_fen", "received_fen", "time_us"):
        getattr(slots.leg, name)[known] = getattr(moves, name)[there]
    slots.behind = slots.behind.beginning(known, moves.part_fen[there])
    new = with_numbers(slots, moves, ~there) if not there.all() else known[:0]
    slots.make_chains_longer(np.concatenate([moves.source, moves.target]))  # at once: a slot may get old legs and new ones
    slots.sort_in([*known.tolist(), *new.tolist()], [])
    return np.concatenate([known, new, moves.over])


def with_numbers(slots: LiveSlots, moves: Moves, new: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Ints:
    """Give new legs numbers and places in the arrays, not yet in the chains of their slots; the numbers."""
    row, part = moves.row[new], moves.part_fen[new]
    order = np.argsort(row, kind="stable")
    begin = slots.rows.reserve(row[order])
    count = len(row)
    assert begin == slots.legs
    nothing = np.full(count if len(slots.leg.source_balance) else 0, LOWEST)
    at = np.flatnonzero(new)[order]
    slots.put_legs(
        LegArrays(
            moves.time_us[at], slots.leg.moment_us[row[order]], moves.source[at], moves.target[at], moves.given_fen[at],
            moves.received_fen[at], np.zeros(count, np.int64), nothing, nothing,
        )
    )  # fmt: skip
    found = begin + np.arange(count)
    slots.behind = slots.behind.with_more(found, row[order], part[order])
    return found


def end_legs(slots: LiveSlots, legs: list[int]) -> None:
    """Take legs that count no more out of their slots."""
    if not legs:
        return
    slots.remove(legs)
    for name in ("given_fen", "received_fen"):
        getattr(slots.leg, name)[legs] = 0
    for name in ("time_us", "moment_us"):
        getattr(slots.leg, name)[legs] = LOWEST
    slots.behind = slots.behind.without(legs)

"""What a live trace keeps of every leg and slot: arrays with room behind their end, so that a record is added in place."""

from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from tracing.legs import Codes, Flags, Ints

LOWEST = np.iinfo(np.int64).min
LARGEST = np.iinfo(np.int64).max
Tails = NDArray[np.int8]
Array = TypeVar("Array", bound="np.ndarray[Any, Any]")


class LegArrays(NamedTuple):
    """Per leg. time_us: when it counts; moment_us: time of its transfer row. credit_start: where its credit begins.

    source_balance, target_balance: balances its record reports, NO_BALANCE where it reports none; empty when no record does.
    """

    time_us: Ints
    moment_us: Ints
    source: Codes
    target: Codes
    given_fen: Ints
    received_fen: Ints
    credit_start: Ints
    source_balance: Ints
    target_balance: Ints


class SlotArrays(NamedTuple):
    """Per slot. Its legs in trace order are `chain[chain_first : + chain_count]`, its debits the entries from entry_first on.

    origin: index into `tracing.openings.SOURCES` of an opening that no record states.
    Positions are the slot's own: credits end at credit_end, debits at debit_end, and only their difference means anything.
    laid: how many of its legs are laid out; changed_at: the first place whose leg is another than was laid out.
    tail_us, tail_place, tail_state: instant, place and bits (`PAYS`, `PAID`, `KNOTTED`) of its last legs.
    """

    account: Codes
    currency: Codes
    ends: Flags
    known: Flags
    identified: Flags
    origin: Tails
    declared_fen: Ints
    opening_fen: Ints
    is_stated: Flags
    stated_fen: Ints
    credited_fen: Ints
    debited_fen: Ints
    lowest_fen: Ints
    credit_end: Ints
    debit_end: Ints
    chain_first: Ints
    chain_count: Ints
    chain_room: Ints
    entry_first: Ints
    entry_count: Ints
    entry_room: Ints
    laid: Ints
    changed_at: Ints
    tail_us: Ints
    tail_place: Ints
    tail_state: Tails


class Arenas(NamedTuple):
    """What slots have stretches of: `chain`, and the entries `debit_start` and `debit_leg`. used: how much of both is taken.

    A stretch that is full moves to the end with half as much room again; what it leaves behind stays empty.
    """

    chain: Codes
    debit_start: Ints
    debit_leg: Codes
    used: Ints


def slot_arrays(parts: dict[str, Any], count: int, room: int) -> SlotArrays:
    """The first `count` slots with room for more. The numbers of one slot lie side by side: fewer cache lines per visit."""
    numbers = [name for name, values in parts.items() if values.dtype == np.int64]
    table = np.empty((room, len(numbers)), np.int64)
    for k, name in enumerate(numbers):
        table[:count, k] = parts[name][:count]
    made: dict[str, Any] = {name: table[:, k] for k, name in enumerate(numbers)}
    made |= {name: with_room(values, count, room) for name, values in parts.items() if name not in made}
    return SlotArrays(**made)


def with_room(values: Array, count: int, room: int) -> Array:
    """The first `count` values in an array of `room`; memory behind them is not touched."""
    made: Any = np.empty(room, values.dtype)
    made[:count] = values[:count]
    return cast(Array, made)


def room_for(count: int) -> int:
    """How long an array is made that is to hold `count` and to grow."""
    return count + count // 4 + 4096


def empty_slots(account: Codes, currency: Codes, ends: Flags, *, is_known: bool) -> SlotArrays:
    """Slots without a leg, which held nothing before."""
    count = len(account)
    none, no = np.zeros(count, np.int64), np.zeros(count, np.bool_)
    same: dict[str, Any] = dict.fromkeys(SlotArrays._fields, none) | {"account": account, "currency": currency, "ends": ends}
    same |= {
        "known": np.full(count, is_known) & ~ends,
        "identified": no,
        "is_stated": no,
        "tail_state": np.zeros(count, np.int8),
    }
    same |= {"origin": np.zeros(count, np.int8)}
    same |= {"stated_fen": np.full(count, LOWEST), "changed_at": np.full(count, LARGEST)}
    same |= {"tail_us": np.full(count, LOWEST), "tail_place": np.full(count, LARGEST)}
    return SlotArrays(**same)


def roomy(legs: LegArrays, count: int, room: int) -> LegArrays:
    """The first `count` legs in arrays of `room`; balances nobody reports stay away."""
    told = len(legs.source_balance) > 0
    made = [
        with_room(values, count, room) if told or "balance" not in name else values for name, values in legs._asdict().items()
    ]
    return LegArrays(*made)

"""The slots of a live trace: which legs each has, in which order, and where they lie. Records are added in place."""

import heapq
from dataclasses import dataclass, field

import numpy as np

from tracing.legs import Codes, Flags, Ints
from tracing.live_arrays import (
    LARGEST,
    LOWEST,
    Arenas,
    LegArrays,
    SlotArrays,
    empty_slots,
    room_for,
    roomy,
    slot_arrays,
    with_room,
)
from tracing.live_behind import LegsBehind
from tracing.live_rows import LiveRows


@dataclass
class LiveSlots:
    """Legs and slots in growing arrays. legs, slots: how many there are. stated: whether reported balances make openings.

    fees: which rows of the opened ledger are fees, None when none is; later_fees: which rows that came later are.
    """

    rows: LiveRows
    leg: LegArrays
    slot: SlotArrays
    arena: Arenas
    legs: int
    slots: int
    currencies: tuple[str, ...]
    behind: LegsBehind
    fees: Flags | None
    stated: bool
    ties: int
    pending: list[Ints] = field(default_factory=list)
    later_fees: set[int] = field(default_factory=set)

    def add_slots(self, account: Codes, currency: Codes, ends: Flags, *, known: bool) -> Ints:
        """Slots nobody has used yet; their numbers."""
        begin, count = self.slots, len(account)
        if begin + count > len(self.slot.ends):
            self.slot = slot_arrays(self.slot._asdict(), begin, room_for(begin + count))
        new = np.arange(begin, begin + count)
        for name, values in empty_slots(account, currency, ends, is_known=known)._asdict().items():
            getattr(self.slot, name)[new] = values
        self.slots += count
        return new

    def add_legs(self, new: LegArrays, place: Ints) -> None:
        """Legs in ledger order: into the chains of their slots, ties settled. place: of each in its own file."""
        from tracing.live_kernels import put_in_order

        begin = self.legs
        self.put_legs(new)
        tied, knots = put_in_order(self.leg, self.slot, self.arena, begin, self.legs, place)
        self.sort_in((begin + np.flatnonzero(tied)).tolist(), knots.tolist())

    def put_legs(self, new: LegArrays) -> None:
        """Legs behind all others, with room for them in the chains of their slots; they are in none yet."""
        end = self.legs + len(new.time_us)
        if len(new.source_balance) and not len(self.leg.source_balance):
            nothing = np.full(len(self.leg.time_us), LOWEST)
            self.leg = self.leg._replace(source_balance=nothing, target_balance=nothing.copy())
        if end > len(self.leg.time_us):
            self.leg = roomy(self.leg, self.legs, room_for(end))
        for values, added in zip(self.leg._asdict().values(), new, strict=True):
            if len(values):
                values[self.legs : end] = added
        self.make_chains_longer(np.concatenate([new.source, new.target]))
        self.legs = end

    def make_chains_longer(self, both: Codes) -> None:
        """Room in the arenas for one more leg in each of the slots; named twice, for two."""
        from tracing.live_kernels import make_chain_room

        slot, more = np.unique(both, return_counts=True)
        touched, more = slot.astype(np.int64), more.astype(np.int64)
        self.grow(touched, more)
        make_chain_room(self.slot, self.arena, touched, more)
        self.pending.append(touched)

    def grow(self, slot: Ints, more: Ints) -> None:
        """Room in the arenas for `more` legs in each of the slots, wherever their stretches have to move."""
        count = self.slot.chain_count[slot] + more
        full = count > self.slot.chain_room[slot]
        chain = int((2 * count[full] + 16).sum()) + int(self.arena.used[0])
        debits = np.where(self.slot.ends[slot], 0, 2 * count + 2)
        full = debits > self.slot.entry_room[slot]
        entry = int((2 * debits[full] + 16).sum()) + int(self.arena.used[1])
        if chain > len(self.arena.chain):
            self.arena = self.arena._replace(chain=with_room(self.arena.chain, int(self.arena.used[0]), room_for(chain)))
        if entry > len(self.arena.debit_start):
            used = int(self.arena.used[1])
            start = with_room(self.arena.debit_start, used, room_for(entry))
            self.arena = self.arena._replace(debit_start=start, debit_leg=with_room(self.arena.debit_leg, used, len(start)))

    def sort_in(self, tied: list[int], knots: list[list[int]]) -> None:
        """Put legs into instants that have others; instants whose ties may stand otherwise are settled again.

        Args:
            knots: slots that have another balance than before, with the next instant in which it matters.
        """
        from tracing.live_kernels import put_at, segment

        instants: dict[int, set[int]] = {}
        for slot, now in knots:
            instants.setdefault(now, set()).add(slot)
        for leg in tied:
            now = int(self.leg.time_us[leg])
            both = {int(self.leg.source[leg]), int(self.leg.target[leg])}
            for slot in sorted(both):
                put_at(self.slot, self.arena, slot, segment(self.leg, self.slot, self.arena, slot, now)[1], leg)
            instants.setdefault(now, set()).update(both)
        self.settle(instants)

    def remove(self, legs: list[int]) -> None:
        """Take legs out of their slots."""
        from tracing.live_kernels import take_out

        instants: dict[int, set[int]] = {}
        every: set[int] = set()
        for leg in legs:
            both = {int(self.leg.source[leg]), int(self.leg.target[leg])}
            for slot in both:
                take_out(self.leg, self.slot, self.arena, slot, leg)
            instants.setdefault(int(self.leg.time_us[leg]), set()).update(both)
            every |= both
        for slot in every:
            self.slot.tail_us[slot] = LOWEST
            if count := self.slot.chain_count[slot]:
                last = self.arena.chain[self.slot.chain_first[slot] + count - 1]
                self.slot.tail_us[slot] = self.leg.time_us[last]
            self.slot.tail_place[slot] = LARGEST
        self.settle(instants)

    def settle(self, instants: dict[int, set[int]]) -> None:
        """Put the legs of instants into the order ties demand, and those of later instants that depend on it.

        A slot whose order changed has another balance from there on, so every later instant in which it both pays and is paid
        is settled again too.
        """
        from tracing.live_kernels import next_knot

        due = sorted(instants)
        while due:
            now = heapq.heappop(due)
            for slot, behind in self.settle_instant(now, instants.pop(now)):
                knot = next_knot(self.leg, self.slot, self.arena, slot, behind)
                if knot < 0 or slot in instants.setdefault(knot, set()):
                    continue
                if not instants[knot]:
                    heapq.heappush(due, knot)
                instants[knot].add(slot)

    def settle_instant(self, now: int, slots: set[int]) -> list[tuple[int, int]]:
        """Settle the legs of one instant that hang together with the slots.

        Returns:
            slots whose order is not what was laid out, up to here at least, with the place behind the instant.
        """
        from tracing.live_kernels import KNOTTED

        parts = self.together(now, slots)
        legs = self.by_ledger_order({leg for _, members in parts.values() for leg in members})
        order, knotted = self.tied(legs, {slot: low for slot, (low, _) in parts.items()})
        found = []
        for slot, (low, members) in sorted(parts.items()):
            mine = [leg for leg in order if slot in (self.leg.source[leg], self.leg.target[leg])]
            other = next((k for k, (old, new) in enumerate(zip(members, mine, strict=True)) if old != new), None)
            high = low + len(mine)
            if other is not None:
                at = self.slot.chain_first[slot] + low
                self.arena.chain[at : at + len(mine)] = mine
                self.slot.changed_at[slot] = min(self.slot.changed_at[slot], low + other)
            if mine and high == self.slot.chain_count[slot]:
                self.slot.tail_us[slot], self.slot.tail_place[slot] = now, LARGEST
                self.slot.tail_state[slot] = self.bits(slot, mine) | (KNOTTED if knotted else 0)
            if self.slot.changed_at[slot] <= high:
                found.append((slot, high))
        self.pending.append(np.asarray([slot for slot, _ in found], np.int64))
        return found

    def together(self, now: int, slots: set[int]) -> dict[int, tuple[int, list[int]]]:
        """Every slot that hangs together with the given ones in an instant: place of its first leg then, and its legs."""
        from tracing.live_kernels import segment

        parts: dict[int, tuple[int, list[int]]] = {}
        open_slots = sorted(slots)
        while open_slots:
            slot = open_slots.pop()
            if slot in parts:
                continue
            low, high = segment(self.leg, self.slot, self.arena, slot, now)
            first = self.slot.chain_first[slot]
            members = self.arena.chain[first + low : first + high].tolist()
            parts[slot] = (low, members)
            for leg in members:
                open_slots += [int(self.leg.source[leg]), int(self.leg.target[leg])]
        return parts

    def by_ledger_order(self, legs: set[int]) -> list[int]:
        """Legs of one instant in ledger order, fees behind all others."""
        some = np.asarray(sorted(legs), np.int64)
        row = self.row(some)
        fee = np.asarray([self.is_fee(one) for one in row.tolist()], np.bool_)
        if not len(some) or some[-1] < self.rows.first_later:
            return [int(leg) for leg in some[np.lexsort([some, row, fee])]]
        return [leg for _, _, leg in sorted(zip(fee.tolist(), self.rows.keys(row), some.tolist(), strict=True))]

    def is_fee(self, row: int) -> bool:
        """Whether a row is a fee."""
        if row >= self.rows.first_later:
            return row in self.later_fees
        return self.fees is not None and bool(self.fees[row])

    def tied(self, legs: list[int], low: dict[int, int]) -> tuple[list[int], bool]:
        """Legs of one instant in the order ties demand, and whether that is more than ledger order. low: first place."""
        from tracing.live_kernels import balance_before
        from tracing.tie_kernels import tie_order

        source, target = self.leg.source[legs], self.leg.target[legs]
        both = [slot for slot in set(source.tolist()) & set(target.tolist()) if not self.slot.ends[slot]]
        if not both:
            return legs, False
        slot = np.unique(np.concatenate([source, target]))
        before = [balance_before(self.leg, self.slot, self.arena, int(one), low[int(one)]) for one in slot]
        local = (np.searchsorted(slot, source).astype(np.int32), np.searchsorted(slot, target).astype(np.int32))
        moved = (*local, self.leg.given_fen[legs], self.leg.received_fen[legs], self.slot.ends[slot])
        count = np.arange(len(legs), dtype=np.int32)
        order = tie_order(
            count, np.zeros(len(legs), np.int64), *moved, np.asarray(before, np.int64), self.slot.known[slot], self.ties
        )
        return [legs[k] for k in order.tolist()], True

    def bits(self, slot: int, legs: list[int]) -> int:
        """Whether the slot pays and is paid by the legs."""
        from tracing.live_kernels import PAID, PAYS

        pays, paid = self.leg.source[legs] == slot, self.leg.target[legs] == slot
        return int(PAYS * pays.any() + PAID * paid.any())

    def lay(self) -> tuple[Ints, "np.ndarray[tuple[int], np.dtype[np.int8]]"]:
        """Lay out what changed; the slots it changed in, and what of their money may lie elsewhere than before."""
        from tracing.live_lay_kernels import lay

        parts = [part for part in self.pending if len(part)]  # one part is ascending already
        touched = parts[0] if len(parts) == 1 else np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))
        self.pending.clear()
        self.grow(touched, np.zeros(len(touched), np.int64))
        return touched, np.asarray(lay(self.leg, self.slot, self.arena, touched, self.stated))

    def row(self, leg: Ints) -> Ints:
        """Row number of each leg."""
        return self.behind.row_of(leg)

    def leg_rows(self) -> Ints:
        """Row number of every leg."""
        found = np.arange(self.legs)
        found[self.behind.leg] = self.behind.row
        return found

    def is_private(self, slot: int, account: int, currency: int) -> bool:
        """Whether a slot is a private balance of a link at an account."""
        own = self.slot
        same = own.account[slot] == account and own.currency[slot] == currency
        return bool(same and own.identified[slot] and not own.ends[slot])

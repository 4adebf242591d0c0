"""The matched ledger of a live trace: rows in the chains of their slots, as a trace of the whole ledger would match them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.book import Ledger
from ledger.problems import LiushuiError
from tracing.identified import UNFIT
from tracing.legs import ALONE, Ints
from tracing.live_accounts import LiveAccounts
from tracing.live_arrays import LegArrays
from tracing.live_groups import COLUMNS, LiveGroups
from tracing.live_links import Arrival, codes_of, why_rebuild
from tracing.live_moves import end_legs, move
from tracing.live_opening import opened_slots
from tracing.live_relink import linked_again, small_ledger
from tracing.live_rows import LiveRows, mask_of, places, reported_balances, text
from tracing.live_slots import LiveSlots
from tracing.lots import exact_sum, laid_out, settled_legs
from tracing.result import Parameters
from tracing.settle import fees, traceable_legs

BEHIND = 1 << 32
"""Behind every place in a file."""
WARNED = (ALONE, UNFIT)
"""What a ledger's records are warned of; a count stands before each."""

Ties = tuple[set[str], set[str]]


@dataclass(frozen=True)
class Taken:
    """What an arrival changed: slots, with what of their money may lie elsewhere; legs that stand between other slots.

    group: the rows that were linked again.
    """

    touched: Ints
    changes: Any
    moved: Ints
    group: Ints


@dataclass
class LiveMatch:
    """idle: rows that moved nothing. warned: how many records there are of each of `WARNED`. moved_fen: all, both sides."""

    parameters: Parameters
    rows: LiveRows
    slots: LiveSlots
    people: LiveAccounts
    groups: LiveGroups
    idle: set[int]
    warned: dict[str, int]
    moved_fen: int = field(default=0)

    @classmethod
    def of(cls, ledger: Ledger, parameters: Parameters) -> "LiveMatch":
        """Match the whole ledger. Raises: LiushuiError TRC-too-much-money."""
        settled = settled_legs(ledger, None, parameters.opening, parameters.ties)
        axis = laid_out(settled)
        moved = exact_sum(settled.legs.given_fen) + exact_sum(settled.legs.received_fen)
        rows = LiveRows(ledger, len(axis.extra_row), ledger.accounts, ledger.reports)
        slots = opened_slots(ledger, rows, settled, axis, parameters)
        people = LiveAccounts.of(rows, slots, parameters)
        groups = LiveGroups.of(ledger, rows, people.ends)
        idle = set(axis.idle_row.tolist())
        return cls(parameters, rows, slots, people, groups, idle, warnings_counted(axis.warnings), moved)

    @property
    def warnings(self) -> tuple[str, ...]:
        """As in `Trace.warnings`."""
        return tuple(f"{count} {what}" for what, count in self.warned.items() if count)

    def check_total(self, rows: pa.Table) -> None:
        """Raises: LiushuiError TRC-too-much-money where the ledger with these rows would not fit one int64 axis."""
        received = pc.coalesce(rows["received_fen"], rows["amount_fen"])
        more = sum(exact_sum(np.asarray(column.to_numpy(), np.int64)) for column in (rows["amount_fen"], received))
        before = exact_sum(np.abs(self.slots.slot.opening_fen[: self.slots.slots]))
        if self.moved_fen + more + before >= 2**63:
            raise LiushuiError("TRC-too-much-money", "the ledger would move more fen in total than a trace can lay out")
        self.moved_fen += more

    def why_not(self, arrival: Arrival) -> str:
        """Why an arrival cannot be taken in place; empty when it can."""
        return why_rebuild(arrival, self.rows, self.slots, self.people, self.groups)

    def ties(self, arrival: Arrival) -> Ties:
        """The ids and numbers by which what arrives, or goes, hangs together with other records; it is noted with that."""
        if len(arrival.accounts) > len(self.rows.accounts):
            self.people.add(arrival.accounts)
        self.groups.note(arrival.rows, self.rows.count, self.people.ends)
        ids, numbers = self.groups.keys(arrival.rows, self.people.ends)
        if len(arrival.gone):
            of_gone = self.groups.keys(self.rows.fetch(arrival.gone, COLUMNS), self.people.ends)
            ids, numbers = ids | of_gone[0], numbers | of_gone[1]
        return ids, numbers

    def take(self, arrival: Arrival, ties: Ties) -> Taken | None:
        """Take an arrival in place; None where more hangs together by its ties than is looked at apart."""
        begin = self.rows.count
        self.rows.reports = arrival.reports
        self.put(arrival.rows)
        self.rows.gone |= set(arrival.gone.tolist())
        group = self.groups.together(*ties, self.people.ends)
        if group is None:
            return None
        self.retire(arrival.gone)
        moved = self.link(group, begin, arrival.gone) if any(ties) else group
        return Taken(*self.slots.lay(), moved, group)

    def retire(self, gone: Ints) -> None:
        """Take rows that count no more, and the legs behind them, out of their slots."""
        if not len(gone):
            return
        end_legs(self.slots, [*gone.tolist(), *self.slots.behind.of_rows(gone).values()])
        self.idle -= set(gone.tolist())

    def put(self, rows: pa.Table) -> None:
        """Put new rows into their slots, as if nothing tied them to others."""
        if not rows.num_rows:
            return
        begin = self.rows.add(rows)
        assert begin == self.slots.legs
        failed = mask_of(pc.equal(text(rows, "status"), "failed"))
        self.idle |= set((begin + np.flatnonzero(failed)).tolist())
        currency = codes_of(rows, self.slots.currencies)
        source, target = (self.people.slots_of(np.asarray(rows[name].to_numpy()), currency) for name in ("source", "target"))
        given = np.where(failed, 0, rows["amount_fen"].to_numpy())
        received = np.where(failed, 0, pc.coalesce(rows["received_fen"], rows["amount_fen"]).to_numpy())
        place, fee = places(rows).astype(np.int64), fees(rows)
        if fee is not None:  # behind the payments of their instant, and to where tracing ends
            place[fee] += BEHIND
            self.slots.later_fees |= set((begin + np.flatnonzero(fee)).tolist())
            apart = fee & (received > 0) & ~self.slots.slot.ends[target]
            target[apart] = self.people.fee_slots_of(np.asarray(rows["target"].to_numpy())[apart], currency[apart])
        time_us = np.asarray(rows["time"].cast(pa.int64()).to_numpy())
        balances = reported_balances(rows, known=bool(len(self.slots.leg.source_balance)))
        self.slots.add_legs(LegArrays(time_us, time_us, source, target, given, received, given * 0, *balances), place)

    def link(self, group: Ints, begin: int, gone: Ints) -> Ints:
        """Link the rows of a group again; the legs that stand between other slots than before, and those that are no more.

        Args:
            begin: the first row that is new. gone: rows that were in the group before.
        """
        before = warnings_counted(self.alone(np.concatenate([group[group < begin], gone])))
        if not len(group):
            self.count(before, {})
            return np.zeros(0, np.int64)
        moves, legs = linked_again(self.rows, self.slots, self.people, group)
        self.count(before, warnings_counted(legs.warnings))
        self.idle -= set(group.tolist())
        self.idle |= set(group[legs.idle_row].tolist())
        return move(self.slots, moves)

    def alone(self, numbers: Ints) -> tuple[str, ...]:
        """What some rows were warned of."""
        if not len(numbers):
            return ()
        order = sorted(range(len(numbers)), key=self.rows.keys(numbers).__getitem__)
        return traceable_legs(small_ledger(self.rows, numbers[order])[0]).warnings

    def count(self, before: dict[str, int], after: dict[str, int]) -> None:
        """Count warnings that rows bring now instead of those they brought."""
        self.warned = {what: self.warned[what] + after.get(what, 0) - before.get(what, 0) for what in WARNED}


def warnings_counted(warnings: tuple[str, ...]) -> dict[str, int]:
    """How many records each warning of the records speaks of."""
    found = dict.fromkeys(WARNED, 0)
    for text_of in warnings:
        count, _, what = text_of.partition(" ")
        assert what in found, f"a warning nobody counts: {text_of}"
        found[what] = int(count)
    return found

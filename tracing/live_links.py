"""What a live trace cannot add in place: records that make or change an identified link, or what an account is."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.book import Ledger
from ledger.records import TRANSFERS
from tracing.identified import VOUCHER_KINDS
from tracing.legs import Codes, Flags, Ints, ending_accounts
from tracing.live_accounts import LiveAccounts
from tracing.live_rows import LiveRows, mask_of, text
from tracing.live_slots import LiveSlots

COLUMNS = ("reference", "order", "kind", "operation", "source", "target")
MATTERS = ["account", "kind", "hub", "holder", "opening_fen"]


@dataclass(frozen=True)
class Arrival:
    """What one update brings: rows of `TRANSFERS` in ledger order, numbers of rows that count no more, and the frames now."""

    rows: pa.Table
    gone: Ints
    accounts: pd.DataFrame
    reports: pd.DataFrame
    whole: Callable[[], Ledger] | None = None


@dataclass
class LinkMarks:
    """What later records may tie themselves to.

    named: payments that a reversal names. reversing: how many rows name one. paid, onward: reference and order numbers of
    payments into hubs, and of payments out of them and purchases of vouchers: a link needs one of each.
    """

    named: set[str] = field(default_factory=set)
    paid: set[str] = field(default_factory=set)
    onward: set[str] = field(default_factory=set)

    def note(self, rows: pa.Table, ends: Flags) -> None:
        """Remember the numbers of rows; `ends`: per account whether tracing ends there."""
        paid, onward = sides(rows, ends)
        self.paid |= paid
        self.onward |= onward

    def why(self, rows: pa.Table, ends: Flags) -> str | None:
        """Why rows make or change an identified link; None when they do not."""
        if rows["reverses"].null_count < rows.num_rows:
            return "a transfer reverses another"
        if pc.any(pc.equal(text(rows, "status"), "reversed")).as_py():
            return "a transfer is marked reversed"
        if self.named and not self.named.isdisjoint(rows["transfer"].to_pylist()):
            return "a reversal names a transfer"
        paid, onward = sides(rows, ends)
        if not paid.isdisjoint(self.onward | onward) or not onward.isdisjoint(self.paid):
            return "an order or reference number ties payments together"
        return None


def marks_of(ledger: Ledger, ends: Flags) -> LinkMarks:
    """The marks of an opened ledger."""
    marks = LinkMarks()
    reverses = ledger.read(("reverses",))["reverses"]
    if reverses.null_count < len(reverses):
        marks.named = set(reverses.drop_null().to_pylist())
    if ends.any():
        marks.note(ledger.read(COLUMNS), ends)
    return marks


def sides(rows: pa.Table, ends: Flags) -> tuple[set[str], set[str]]:
    """Numbers under which rows pay into a hub, and under which they lead on from one or buy a voucher."""
    none: set[str] = set()
    if not ends.any() or all(rows[name].null_count == rows.num_rows for name in ("reference", "order")):
        return none, none
    number = pc.coalesce(rows["order"], rows["reference"])
    source, target = (np.asarray(rows[name].to_numpy(), np.int32) for name in ("source", "target"))
    kinds = pc.is_in(text(rows, "kind"), value_set=pa.array(VOUCHER_KINDS))
    bought = mask_of(pc.and_(kinds, pc.equal(text(rows, "operation"), "purchase")))
    return numbers_of(number, ends[target]), numbers_of(number, ends[source] | bought)


def numbers_of(number: pa.ChunkedArray, where: Flags) -> set[str]:
    """The numbers of some rows."""
    return set(number.filter(pa.array(where)).drop_null().to_pylist()) if where.any() else set()


def declared_anew(old: pd.DataFrame, new: pd.DataFrame) -> bool:
    """Whether an account that was there before is another one now: of another kind or holder, or with another opening."""
    return len(new) < len(old) or not new[MATTERS].iloc[: len(old)].reset_index(drop=True).equals(
        old[MATTERS].reset_index(drop=True)
    )


def currencies_of(rows: pa.Table) -> set[str]:
    """The currencies of rows."""
    return set(pc.unique(text(rows, "currency")).to_pylist())


def codes_of(rows: pa.Table, currencies: tuple[str, ...]) -> Codes:
    """The number of each row's currency."""
    found = pc.index_in(text(rows, "currency"), value_set=pa.array(currencies, pa.string()))
    return np.asarray(found.to_numpy(), np.int32)


def why_rebuild(arrival: Arrival, rows: LiveRows, slots: LiveSlots, people: LiveAccounts, marks: LinkMarks) -> str:
    """Why an arrival cannot be taken in place, so that the whole ledger has to be matched again; empty when it can."""
    new, known = arrival.accounts, people.ends
    if new is not rows.accounts and declared_anew(rows.accounts, new):
        return "an account was declared anew"
    ends = ending_accounts(replace(rows.base, accounts=new)) if len(new) > len(known) else known
    if ends[len(known) :].any() and not known.any():
        return "the first hub"
    if currencies_of(arrival.rows) - set(slots.currencies):
        return "a new currency"
    if len(slots.currencies) > 1:
        named = np.unique([arrival.rows[name].to_numpy() for name in ("source", "target")])
        if new["opening_fen"].iloc[named].notna().any():
            return "an account with a declared balance and several currencies"
    return marks.why(arrival.rows, ends) or why_not_retire(arrival.gone, rows, slots, marks.why, known) or ""


def why_not_retire(
    gone: Ints, rows: LiveRows, slots: LiveSlots, why: Callable[[pa.Table, Flags], str | None], ends: Flags
) -> str | None:
    """Why rows cannot be taken out in place. why: of rows that tie themselves to others."""
    if not len(gone):
        return None
    linked = slots.slot.identified & ~slots.slot.ends  # a fee ends where no other money is
    tied = np.isin(gone, slots.extra_row) | linked[slots.leg.source[gone]] | linked[slots.leg.target[gone]]
    if tied.any():
        return "a corrected transfer was part of an identified link"
    if len(slots.currencies) > 1:
        return "a correction in a ledger of several currencies"
    return why(rows.fetch(gone, TRANSFERS.names), ends)

"""Legs: what a tracing method may allocate.

A transfer moves money from a slot to a slot. A slot is one balance that commingles: an account in one currency, or the
private balance of an identified link (an order at a hub, a payment and its reversal), which no method may mix with the
rest. Leg k is transfer row k; a transfer of which only a part is identified has further legs behind the last row.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.book import Ledger
from ledger.records import HUB_KINDS, UNKNOWN_PREFIX

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Flags = NDArray[np.bool_]
ALONE = "transfers are marked reversed without a reversing record; traced as not having moved money"
"""A warning; how many stands before it."""
OVERDRAFT, INFERRED = 1, 2
"""Flags that money keeps from there on: it went through an overdraft; through an inferred link."""


@dataclass(frozen=True)
class Slots:
    """m balances. account: code of each; currency: index into `currencies`.

    ends: tracing ends here (hubs, accounts nobody named). identified: the private balance of a link, which no method shares.
    inferred: those of inferred links; None where there are none. doubt_bp: of each, 10,000 less the probability of its link.
    marks: bits to flag with instead, see `tracing.certainty`.
    """

    account: Codes
    currency: Codes
    currencies: tuple[str, ...]
    ends: Flags
    identified: Flags
    inferred: Flags | None = None
    doubt_bp: Ints | None = None
    marks: Ints | None = None

    def __len__(self) -> int:
        return len(self.account)

    @property
    def flags(self) -> Ints:
        """What money that leaves each slot is flagged with, a bit each."""
        if self.marks is not None:
            return self.marks
        none = np.zeros(len(self), dtype=np.int64)
        return none if self.inferred is None else none + INFERRED * self.inferred


@dataclass(frozen=True)
class Legs:
    """n legs over the slots; the first `rows` of them are the transfers themselves.

    given_fen leaves the source slot, received_fen reaches the target slot; both are 0 where nothing took place. time_us:
    when it counts. extra_row, extra_part_fen: transfer row of each leg behind the rows, and where in its amount it begins
    (the first part is the row's own leg). idle_row: rows that moved nothing. order: legs in trace order, None = as they are.
    apart: at holder level, the legs between accounts.
    """

    time_us: Ints
    source: Codes
    target: Codes
    given_fen: Ints
    received_fen: Ints
    slots: Slots
    extra_row: Ints
    extra_part_fen: Ints
    idle_row: Ints
    order: Codes | None = None
    warnings: tuple[str, ...] = ()
    apart: "Legs | None" = None

    @property
    def rows(self) -> int:
        """How many transfers there are."""
        return len(self.time_us) - len(self.extra_row)

    def row(self, leg: Ints) -> Ints:
        """Transfer row of each leg."""
        return rows_of(leg, self.rows, self.extra_row)


def rows_of(leg: Ints, rows: int, extra_row: Ints) -> Ints:
    """Transfer row of each leg when the legs behind the first `rows` belong to `extra_row`."""
    behind = leg >= rows
    if not behind.any():
        return leg
    found = leg.copy()
    found[behind] = extra_row[leg[behind] - rows]
    return found


def plain_legs(ledger: Ledger, table: pa.Table) -> Legs:
    """One leg per transfer of the table, before any identified link. A transfer that did not take place moves nothing."""
    idle, warnings = not_moved(ledger, table)
    columns = {name: np.asarray(table[name].to_numpy()) for name in ("source", "target", "amount_fen", "received_fen")}
    source, target, slots = slots_of(ledger, table, columns["source"], columns["target"])
    none = np.zeros(0, dtype=np.int64)
    return Legs(
        time_us=np.asarray(table["time"].cast(pa.int64()).to_numpy()),
        source=source,
        target=target,
        given_fen=np.where(idle, 0, columns["amount_fen"]) if idle.any() else columns["amount_fen"],
        received_fen=np.where(idle, 0, columns["received_fen"]) if idle.any() else columns["received_fen"],
        slots=slots,
        extra_row=none,
        extra_part_fen=none,
        idle_row=np.flatnonzero(idle),
        warnings=warnings,
    )


def not_moved(ledger: Ledger, table: pa.Table) -> tuple[Flags, tuple[str, ...]]:
    """Which transfers moved no money: failed ones, and those marked reversed of which no record says when it came back."""
    status = table["status"].cast(pa.string())
    failed = mask(pc.equal(status, "failed"))
    marked = np.flatnonzero(mask(pc.and_(pc.equal(status, "reversed"), pc.is_null(table["reverses"]))))
    if not len(marked):
        return failed, ()
    explained = set(table["reverses"].drop_null().to_pylist())
    ids = ledger.read(("transfer",))["transfer"].take(pa.array(marked)).to_pylist()
    alone = marked[[identifier not in explained for identifier in ids]]
    failed[alone] = True
    if not len(alone):
        return failed, ()
    return failed, (f"{len(alone)} {ALONE}",)


def mask(values: pa.ChunkedArray) -> Flags:
    """An Arrow boolean column as a writable numpy mask; null is false."""
    return np.array(pc.fill_null(values, False).to_numpy(), dtype=np.bool_)


def slots_of(ledger: Ledger, table: pa.Table, source: Codes, target: Codes) -> tuple[Codes, Codes, Slots]:
    """Slot of each source and target, and the slots: the accounts themselves while the ledger has one currency."""
    ends = ending_accounts(ledger)
    accounts = len(ends)
    names = sorted(pc.unique(table["currency"].cast(pa.string())).to_pylist())
    if len(names) < 2:
        every = np.arange(accounts, dtype=np.int32)
        only = tuple(names) or ("CNY",)
        return source, target, Slots(every, np.zeros_like(every), only, ends, np.zeros(accounts, dtype=np.bool_))
    code = np.asarray(pc.index_in(table["currency"].cast(pa.string()), value_set=pa.array(names)).to_numpy())
    both = np.concatenate([source.astype(np.int64) * len(names) + code, target.astype(np.int64) * len(names) + code])
    pairs, slot = np.unique(both, return_inverse=True)
    account = (pairs // len(names)).astype(np.int32)
    slots = Slots(
        account, (pairs % len(names)).astype(np.int32), tuple(names), ends[account], np.zeros(len(pairs), dtype=np.bool_)
    )
    found: Codes = slot.astype(np.int32)
    return found[: len(source)], found[len(source) :], slots


def ending_accounts(ledger: Ledger) -> Flags:
    """Accounts at which tracing ends unless a reference identifies the onward payment: hubs, and accounts nobody named."""
    accounts = ledger.accounts
    hub = accounts["hub"].fillna(False).to_numpy(dtype=bool)
    hub_kind = accounts["kind"].astype("string[pyarrow]").isin(HUB_KINDS).to_numpy(dtype=bool)
    return np.asarray(hub | hub_kind | unknown_accounts(accounts), dtype=np.bool_)


def unknown_accounts(accounts: pd.DataFrame) -> Flags:
    """Accounts that stand for somebody the records do not name."""
    return accounts["account"].str.startswith(UNKNOWN_PREFIX).to_numpy(dtype=bool)

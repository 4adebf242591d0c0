"""What a live trace cannot add in place: records that change what an account is, or bring a currency or the first hub."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.book import Ledger
from tracing.legs import Codes, Flags, Ints, ending_accounts
from tracing.live_accounts import LiveAccounts
from tracing.live_groups import LiveGroups, sides_of
from tracing.live_rows import LiveRows, text
from tracing.live_slots import LiveSlots

MATTERS = ["account", "kind", "hub", "holder", "opening_fen"]


@dataclass(frozen=True)
class Arrival:
    """What one update brings: rows of `TRANSFERS` in ledger order, numbers of rows that count no more, and the frames now."""

    rows: pa.Table
    gone: Ints
    accounts: pd.DataFrame
    reports: pd.DataFrame
    whole: Callable[[], Ledger] | None = None


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


def why_rebuild(arrival: Arrival, rows: LiveRows, slots: LiveSlots, people: LiveAccounts, groups: LiveGroups) -> str:
    """Why an arrival cannot be taken in place, so that the whole ledger has to be matched again; empty when it can."""
    new, known = arrival.accounts, people.ends
    if new is not rows.accounts and declared_anew(rows.accounts, new):
        return "an account was declared anew"
    ends = ending_accounts(replace(rows.base, accounts=new)) if len(new) > len(known) else known
    if ends[len(known) :].any() and not known.any():
        return "the first hub"
    if currencies_of(arrival.rows) - set(slots.currencies):
        return "a new currency"
    return why_several(arrival, groups, ends) if len(slots.currencies) > 1 else ""


def why_several(arrival: Arrival, groups: LiveGroups, ends: Flags) -> str:
    """The same where accounts have several currencies: which one a declared balance is in depends on what came first."""
    named = np.unique([arrival.rows[name].to_numpy() for name in ("source", "target")])
    if arrival.accounts["opening_fen"].iloc[named].notna().any():
        return "an account with a declared balance and several currencies"
    if len(arrival.gone):
        return "a correction in a ledger of several currencies"
    if any(groups.keys(arrival.rows, ends)) or sides_of(arrival.rows, ends).any():
        return "a reversal or an order number in a ledger of several currencies"
    return ""

"""The frontier: where the trace stops for want of a record, and whose statement to ask for."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ledger.book import Ledger
from tracing.follow import Followed
from tracing.holdings import Names, own_figures, resting, transfer_times
from tracing.lots import LotAxis
from tracing.openings import SOURCES

FRONTIER_COLUMNS = ["claim", "account", "institution", "from_us", "to_us", "traced_fen", "why"]
Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
VOUCHER_KINDS = ("card", "q_coin")


def frontier_of(ledger: Ledger, axis: LotAxis, followed: Followed, names: Names) -> pd.DataFrame:
    """Accounts that got victims' money and of which no record of their own is here.

    An account's own record is its statement, a debit of it that both sides tell, or a balance; a debit that only the other
    side's statement tells is none. A voucher needs none, cash has none. from_us … to_us: what to ask for, from the first
    arrival to the end of the records; for an account whose statement has a gap, that gap.
    """
    found = resting(ledger, axis, followed)
    pieces, slot, ended = found.pieces, found.slot, found.ended
    _, openings, debits = own_figures(axis)
    account = axis.slots.account[slot]
    kind = ledger.accounts["kind"].astype(object).to_numpy(dtype=object)[account]
    seen = openings.source[slot] == SOURCES.index("reported")
    stated, hearsay = _told(ledger)
    seen |= stated[account] | ((debits[slot] > 0) & ~hearsay[account])
    why = np.where(ended, "no reference says what the payment became", "no record of this account's own payments or balance")
    ask = np.where(ended, kind != "cash", ~seen & ~np.isin(kind, VOUCHER_KINDS))
    table = pd.DataFrame(
        {
            "claim": pieces.claim,
            "account_code": account,
            "why": why.astype(object),
            "traced_fen": pieces.basis_fen,
            "from_us": transfer_times(ledger, axis.row(pieces.leg)),
        }
    )
    gaps = _gaps(ledger, table[~ask])
    table = table[ask].assign(to_us=axis.end_us)
    asked = pd.concat([table, gaps]) if len(gaps) else table
    parts = asked.groupby(["claim", "account_code", "why", "to_us"]).agg({"traced_fen": "sum", "from_us": "min"}).reset_index()
    institution = ledger.accounts["institution"].astype(object).where(ledger.accounts["institution"].notna(), None).to_numpy()
    full: pd.DataFrame = parts.assign(
        claim=names[parts["claim"]],
        account=ledger.accounts["account"].to_numpy(dtype=object)[parts["account_code"]],
        institution=institution[parts["account_code"]],
    )
    return full[FRONTIER_COLUMNS].sort_values(["claim", "account", "from_us"], ignore_index=True)


def _told(ledger: Ledger) -> tuple[Mask, Mask]:
    """Per account: whether a statement of its own is here, and whether all its debits are told by others' statements only."""
    accounts = len(ledger.accounts)
    nothing = np.zeros(accounts, bool)
    witness = ledger.read(("witness",))["witness"]
    if witness.null_count == len(witness):
        return nothing, nothing
    rows = ledger.transfers("source", "target", "witness")
    words = rows["witness"].astype(object).to_numpy(dtype=object, na_value="")
    source, target = rows["source"].to_numpy(), rows["target"].to_numpy()
    stated, known, paid = nothing.copy(), nothing.copy(), nothing.copy()
    stated[source[np.isin(words, ("source", "both"))]] = True
    stated[target[np.isin(words, ("target", "both"))]] = True
    paid[source] = True
    known[source[words != "target"]] = True
    return stated, paid & ~known


def _gaps(ledger: Ledger, resting_at: pd.DataFrame) -> pd.DataFrame:
    """For money at accounts with a statement: the gaps in that statement that end after the money came in."""
    found = ledger.decisions[(ledger.decisions["kind"].astype(object) == "period_gap").to_numpy(dtype=bool)]
    if found.empty or resting_at.empty:
        return resting_at.iloc[:0].assign(to_us=0)
    code = pd.Series(np.arange(len(ledger.accounts)), index=ledger.accounts["account"].to_numpy(dtype=object))
    gaps = pd.DataFrame(
        {
            "account_code": code.reindex(found["account"].to_numpy(dtype=object)).to_numpy(),
            "gap_us": us_of(found["from_time"]),
            "to_us": us_of(found["to_time"]),
        }
    ).dropna()
    both = resting_at.merge(gaps.astype("int64"), on="account_code")
    both = both[both["to_us"] > both["from_us"]]
    return both.assign(from_us=both["gap_us"], why="its statement has a gap").drop(columns="gap_us")


def us_of(times: pd.Series) -> Ints:
    """Arrow instants as UTC microseconds; a missing one is 0."""
    return np.asarray(times.astype("int64[pyarrow]").fillna(0).to_numpy(), np.int64)

"""The frontier: where the trace stops for want of a record, and whose statement to ask for."""

import numpy as np
import pandas as pd

from ledger.book import Ledger
from tracing.follow import Followed
from tracing.holdings import Names, resting, transfer_times
from tracing.lots import LotAxis
from tracing.openings import SOURCES

FRONTIER_COLUMNS = ["claim", "account", "institution", "from_us", "to_us", "traced_fen", "why"]
VOUCHER_KINDS = ("card", "q_coin")


def frontier_of(ledger: Ledger, axis: LotAxis, followed: Followed, names: Names) -> pd.DataFrame:
    """Accounts that got victims' money and of which no record of their own is here.

    An account's own record is a debit of it or a balance; a voucher needs none, cash has none. from_us … to_us: what to ask
    for, from the first arrival to the end of the records.
    """
    pieces, ended = resting(ledger, axis, followed)
    slot = axis.target(pieces.leg)
    account = axis.slots.account[slot]
    kind = ledger.accounts["kind"].astype(object).to_numpy(dtype=object)[account]
    seen = (axis.debits[slot] > 0) | (axis.openings.source[slot] == SOURCES.index("reported"))
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
    )[ask]
    parts = table.groupby(["claim", "account_code", "why"]).agg({"traced_fen": "sum", "from_us": "min"}).reset_index()
    institution = ledger.accounts["institution"].astype(object).where(ledger.accounts["institution"].notna(), None).to_numpy()
    full: pd.DataFrame = parts.assign(
        claim=names[parts["claim"]],
        account=ledger.accounts["account"].to_numpy(dtype=object)[parts["account_code"]],
        institution=institution[parts["account_code"]],
        to_us=axis.end_us,
    )
    return full[FRONTIER_COLUMNS].sort_values(["claim", "account"], ignore_index=True)

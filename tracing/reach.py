"""Forward reach: which accounts money from some accounts could have got to in time order, whatever the amounts.

The upper bound of every method, for the question "is this account behind that one at all?".
"""

import numpy as np
import pandas as pd

from ledger.book import Ledger
from tracing.legs import Codes
from tracing.settle import traceable_legs


def reach(ledger: Ledger, starts: Codes, as_of_us: int | None = None) -> pd.DataFrame:
    """Accounts reachable from the start accounts through transfers of non-decreasing time.

    Args:
        starts: account codes the money starts from, at any time.
    Returns:
        account_code, account, hop (length of the earliest path, 0 for a start), first_us (its arrival; the first transfer's
        time for a start); sorted by hop, then account. Hubs pass nothing on.
    """
    from tracing.kernels import earliest_arrivals

    legs = traceable_legs(ledger, as_of_us)
    order = np.arange(len(legs.time_us), dtype=np.int32) if legs.order is None else legs.order
    is_start = np.zeros(len(ledger.accounts), dtype=np.bool_)
    is_start[starts] = True
    moved = (legs.source, legs.target, legs.given_fen, legs.slots.ends)
    hop, arrival = earliest_arrivals(order, legs.time_us, *moved, is_start[legs.slots.account])
    slots = pd.DataFrame({"account_code": legs.slots.account, "hop": hop, "first_us": arrival})
    found = slots[slots["hop"] >= 0].sort_values(["account_code", "first_us", "hop"]).drop_duplicates("account_code")
    account = ledger.accounts["account"].to_numpy(dtype=object)
    found = found.assign(account=account[found["account_code"]])
    return found[["account_code", "account", "hop", "first_us"]].sort_values(["hop", "account"], ignore_index=True)

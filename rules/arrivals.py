"""The payments that brought the victims' money an account still holds."""

import numpy as np
import pandas as pd
import pyarrow as pa

from ledger import Ledger
from rules.scope import records
from tracing.result import Trace


def arrivals_of_held(trace: Trace) -> pd.DataFrame:
    """Rows of `traced` whose money is still at their target: per claim and account the newest that make up what is held."""
    held = trace.held.groupby(["claim", "account_code"]).agg(rest_fen=("basis_fen", "sum"))
    held = held.reset_index(names=["claim", "target_code"])
    into = trace.traced.merge(held, on=["claim", "target_code"])
    into = into.sort_values(["claim", "target_code", "transfer_row"], ascending=[True, True, False])
    later = into.groupby(["claim", "target_code"])["basis_fen"].cumsum() - into["basis_fen"]
    return into[later < into["rest_fen"]]


def payment_details(ledger: Ledger, arrivals: pd.DataFrame) -> dict[int, dict[str, object]]:
    """Per account: payer, time, amount, channel and reference of the newest of these payments, and the ids of all of them."""
    if not len(arrivals):
        return {}
    unique = arrivals.drop_duplicates(["target_code", "transfer_row"]).sort_values(["target_code", "transfer_row"])
    newest = unique.drop_duplicates("target_code", keep="last")
    rows = pa.array(newest["transfer_row"].to_numpy(dtype=np.int64))
    words = {
        name: ledger.read((name,))[name].take(rows).cast(pa.string()).to_pylist() for name in ("channel", "reference", "order")
    }
    ids = unique.groupby("target_code")["transfer"].agg(";".join)
    return {
        int(row.target_code): {
            "payer_account": str(row.source),
            "payment_time_us": int(row.time_us),
            "payment_amount_fen": int(row.amount_fen),
            "channel": words["channel"][k] or "",
            "reference": words["reference"][k] or words["order"][k] or "",
            "evidence": str(ids[row.target_code]),
        }
        for k, row in enumerate(records(newest))
    }

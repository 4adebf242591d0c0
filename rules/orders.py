"""Disputed payments that went straight to a merchant or courier: the order is the only handle."""

import numpy as np
import pandas as pd
import pyarrow as pa

from ledger import Ledger
from rules.wording import HOUR_US
from tracing.result import Trace

OPEN_US = 72 * HOUR_US
"""A merchant or courier can hardly stop an order older than this. Grade P: couriers settle after 26 to 50 h (P)."""


def unsettled_orders(ledger: Ledger, trace: Trace, as_of_us: int) -> pd.DataFrame:
    """Disputed payments to a hub of which a part went no further, with a reference or order, made within 72 h.

    Columns: reports, target (the order), hub, open_fen (victims' money that rests there), account_code, institution,
    holder_name (of the hub), payer_account, payment_time_us, payment_amount_fen, channel, reference, evidence.
    """
    first = trace.traced[(trace.traced["hop"] == 1) & (trace.traced["time_us"] >= as_of_us - OPEN_US)]
    sinks = trace.sinks[trace.sinks["sink"].isin(["merchant", "hub"])]
    sunk = sinks.groupby(["claim", "account_code"]).agg(sunk_fen=("amount_fen", "sum"))
    sunk = sunk.reset_index(names=["claim", "target_code"])
    rows = first.merge(sunk, on=["claim", "target_code"])
    # An identified purchase keeps its payer as source, so what went on is every second hop of the claim, whatever its source.
    onward = trace.traced[trace.traced["hop"] == 2].groupby("claim")["basis_fen"].sum()
    went = onward.reindex(rows["claim"], fill_value=0).to_numpy(dtype=np.int64)
    rows = rows.assign(open_fen=np.minimum(rows["basis_fen"].to_numpy(dtype=np.int64) - went, rows["sunk_fen"]))
    words = order_words(ledger, rows["transfer_row"].to_numpy(dtype=np.int64))
    facts = ledger.accounts.iloc[rows["target_code"].to_numpy(dtype=np.int64)]
    table = pd.DataFrame(
        {
            "reports": rows["claim"].to_numpy(dtype=object),
            "target": words["order"],
            "hub": rows["target"].to_numpy(dtype=object),
            "open_fen": rows["open_fen"].to_numpy(dtype=np.int64),
            "account_code": rows["target_code"].to_numpy(dtype=np.int64),
            "institution": facts["institution"].astype("string[pyarrow]").fillna("").to_numpy(dtype=object),
            "holder_name": facts["holder_name"].astype("string[pyarrow]").fillna("").to_numpy(dtype=object),
            "payer_account": rows["source"].to_numpy(dtype=object),
            "payment_time_us": rows["time_us"].to_numpy(dtype=np.int64),
            "payment_amount_fen": rows["amount_fen"].to_numpy(dtype=np.int64),
            "channel": words["channel"],
            "reference": words["order"],
            "evidence": rows["transfer"].to_numpy(dtype=object),
        }
    )
    return table[(table["open_fen"] > 0) & (table["target"] != "")].reset_index(drop=True)


def order_words(ledger: Ledger, rows: "np.typing.NDArray[np.int64]") -> dict[str, list[str]]:
    """Order (or else reference) and channel of transfers."""
    taken = {
        name: ledger.read((name,))[name].take(pa.array(rows)).cast(pa.string()).to_pylist()
        for name in ("order", "reference", "channel")
    }
    order = [a or b or "" for a, b in zip(taken["order"], taken["reference"], strict=True)]
    return {"order": order, "channel": [value or "" for value in taken["channel"]]}

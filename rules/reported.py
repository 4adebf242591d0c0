"""The disputed payments of the ledger's reports, with or without a trace."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rules.scope import Scope


def reported_payments(scope: Scope) -> pd.DataFrame:
    """One row per report whose payment is in the ledger and took place up to the last instant looked at.

    Columns: report, phone, row (of the ledger), source, target, time_us, amount_fen; by row, then report.
    """
    return scope.once("reported", lambda: reported_payments_of(scope))


def reported_payments_of(scope: Scope) -> pd.DataFrame:
    """As `reported_payments`, made anew."""
    reports = scope.ledger.reports
    words = {name: reports[name].astype("string[pyarrow]").fillna("").tolist() for name in ("report", "transfer", "phone")}
    ids = scope.ledger.read(("transfer",))["transfer"]
    wanted = pa.array(sorted(set(words["transfer"])), ids.type)
    found = np.flatnonzero(np.asarray(pc.is_in(ids, value_set=wanted).to_numpy()))
    place = dict(zip(ids.take(pa.array(found)).to_pylist(), found.tolist(), strict=True))
    rows = np.asarray([place.get(transfer, -1) for transfer in words["transfer"]], dtype=np.int64)
    payments = scope.ledger.rows(rows[rows >= 0], "time", "source", "target", "amount_fen", "status")
    table = pd.DataFrame(
        {
            "report": np.asarray(words["report"], dtype=object)[rows >= 0],
            "phone": np.asarray(words["phone"], dtype=object)[rows >= 0],
            "row": rows[rows >= 0],
            "source": payments["source"].to_numpy(dtype=np.int64),
            "target": payments["target"].to_numpy(dtype=np.int64),
            "time_us": payments["time"].astype("int64[pyarrow]").to_numpy(dtype=np.int64),
            "amount_fen": payments["amount_fen"].to_numpy(dtype=np.int64),
        }
    )
    done = (payments["status"].astype("string[pyarrow]") == "done").to_numpy(dtype=bool)
    table = table[done & (table["time_us"] <= scope.as_of_us).to_numpy(dtype=bool)]
    return table.sort_values(["row", "report"], ignore_index=True)

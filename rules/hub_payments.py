"""Payments that went through a hub under one reference: who really paid whom."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rules.scope import Scope, columns
from tracing.legs import mask


def through_hubs(scope: Scope) -> pd.DataFrame:
    """Hub payments to accounts in view, joined to the payments into that hub with the same reference.

    Columns: target and payer (account codes), fen (what the target received), row (of the hub's payment), paid_row, time_us.
    """
    moves = scope.transfers
    source, target = columns(moves, "source", "target")
    onward = moves[scope.hub[source] & scope.judged[target]]
    names = ["target", "payer", "fen", "row", "paid_row", "time_us"]
    if not len(onward):
        return pd.DataFrame({name: np.zeros(0, dtype=np.int64) for name in names})
    onward = onward.assign(reference=pd.array(scope.words("reference", onward["row"].to_numpy()), dtype="string"))
    onward = onward[onward["reference"].notna() & (onward["reference"] != "")]
    into = hub_credits(scope, onward["reference"])
    joined = onward.merge(into, on=["source", "reference"])
    return joined.rename(columns={"received_fen": "fen"})[names].sort_values("row", ignore_index=True)


def hub_credits(scope: Scope, references: "pd.Series[str]") -> pd.DataFrame:
    """Payments into hubs under these references anywhere in the ledger: source (the hub), reference, payer, paid_row."""
    table = scope.ledger.read(("reference", "source", "target", "status"))
    wanted = pa.array(sorted(set(references)), pa.string())
    found = mask(pc.is_in(table["reference"].cast(pa.string()), value_set=wanted))
    row = np.flatnonzero(found & mask(pc.equal(table["status"].cast(pa.string()), "done")))
    taken = table.take(pa.array(row))
    hub = np.asarray(taken["target"].to_numpy(), dtype=np.int64)
    found_credits = pd.DataFrame(
        {
            "source": hub,
            "reference": pd.array(taken["reference"].cast(pa.string()).to_pylist(), dtype="string"),
            "payer": np.asarray(taken["source"].to_numpy(), dtype=np.int64),
            "paid_row": row,
        }
    )
    return found_credits[scope.hub[hub]].drop_duplicates(["source", "reference"])

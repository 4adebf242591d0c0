"""Gift cards and Q-coins from purchase to redemption: who bought, who redeemed."""

import numpy as np
import pandas as pd

from rules.scope import Scope, columns


def redemptions_of(scope: Scope) -> pd.DataFrame:
    """Every redemption by an account in view, in ledger order.

    Columns: row, time_us, voucher, redeemer, face_fen (what the voucher gave), buyer (account code, -1: not in the records),
    bought_us, bought_row (-1). A voucher bought several times counts for its last purchase before.
    """
    moves = scope.transfers
    taken = moves[moves["redemption"].to_numpy(dtype=bool) & scope.judged[moves["target"].to_numpy(dtype=np.int64)]]
    bought = moves[moves["purchase"].to_numpy(dtype=bool)]
    left = taken[["row", "time_us", "source", "target", "amount_fen"]].rename(
        columns={"source": "voucher", "target": "redeemer", "amount_fen": "face_fen"}
    )
    right = bought[["time_us", "target", "source", "row"]].rename(
        columns={"target": "voucher", "source": "buyer", "time_us": "bought_us", "row": "bought_row"}
    )
    joined = pd.merge_asof(
        left.sort_values(["time_us", "row"]),
        right.sort_values(["bought_us", "bought_row"]),
        left_on="time_us",
        right_on="bought_us",
        by="voucher",
    )
    for name in ("buyer", "bought_us", "bought_row"):
        joined[name] = joined[name].fillna(-1).astype(np.int64)
    return joined.sort_values("row", ignore_index=True)


def is_foreign(scope: Scope, redemptions: pd.DataFrame) -> "np.typing.NDArray[np.bool_]":
    """Which redemptions were made by another holder than the buyer; unknown where the purchase is not in the records."""
    buyer, redeemer = columns(redemptions, "buyer", "redeemer")
    return np.asarray((buyer >= 0) & (scope.holder[np.maximum(buyer, 0)] != scope.holder[redeemer]), dtype=np.bool_)


def purchases_of(scope: Scope) -> pd.DataFrame:
    """Every purchase of a voucher by an account in view.

    Columns: row, time_us, source, target (the voucher), amount_fen, face_fen, kind (card or q_coin).
    """
    moves = scope.transfers
    source, target = columns(moves, "source", "target")
    bought = moves[moves["purchase"].to_numpy(dtype=bool) & scope.judged[source] & scope.voucher[target]]
    bought = bought[["row", "time_us", "source", "target", "amount_fen", "received_fen"]].rename(
        columns={"received_fen": "face_fen"}
    )
    kinds = np.where(scope.kind("card")[bought["target"].to_numpy(dtype=np.int64)], "card", "q_coin")
    return bought.assign(kind=kinds.astype(object)).reset_index(drop=True)

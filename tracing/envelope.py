"""The methods side by side: per claim and account the least, the chosen and the most, and what to say when they disagree."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tracing.result import ALLOCATING, Trace

KEYS = ["claim", "account", "account_code"]


def envelope(traces: Mapping[str, Trace], chosen: str = "fifo") -> pd.DataFrame:
    """What each method finds held of a claim at an account.

    Args:
        traces: by method, of the same ledger and parameters otherwise.
    Returns:
        claim, account, account_code, one column `<method>_fen` per method, least_fen, chosen_fen, most_fen, sentence; sorted.
        Least and most are over the methods that allocate; poison stands beside them as an upper bound.
    """
    parts = [trace.held.set_index(KEYS)["held_fen"].rename(f"{method}_fen") for method, trace in traces.items()]
    table = pd.concat(parts, axis=1).sort_index() if parts else pd.DataFrame(index=pd.MultiIndex.from_tuples([], names=KEYS))
    table = table.astype("Int64").fillna(0).astype(np.int64)  # never through a float
    allocating = [f"{method}_fen" for method in traces if method in ALLOCATING]
    table = table.assign(
        least_fen=table[allocating].min(axis=1), chosen_fen=table[f"{chosen}_fen"], most_fen=table[allocating].max(axis=1)
    )
    named = [method for method in traces if method in ALLOCATING]
    rows = table[[f"{method}_fen" for method in named]].to_numpy(dtype=np.int64).tolist()
    table["sentence"] = [_sentence(dict(zip(named, row, strict=True))) if min(row) != max(row) else "" for row in rows]
    return table.reset_index()


def _sentence(found: Mapping[str, int]) -> str:
    """Which methods find how much, from the least to the most."""
    amounts = sorted(set(found.values()))
    told = [f"{', '.join(m for m, fen in found.items() if fen == amount)} {yuan(amount)}" for amount in amounts]
    return f"the methods disagree by {yuan(amounts[-1] - amounts[0])}: {'; '.join(told)}"


def yuan(fen: int) -> str:
    """Fen in yuan with two decimals; not negative."""
    return f"{fen // 100}.{fen % 100:02d}"

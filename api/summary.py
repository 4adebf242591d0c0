"""What a trace found, in numbers: for the command line, REST and the demo."""

from typing import Any

import numpy as np

from api.results import describe, money
from ledger.book import Ledger
from tracing.result import Trace


def summary(ledger: Ledger, trace: Trace) -> dict[str, Any]:
    """trace.json's description plus the currency, sinks by kind, and how far the money reached."""
    sinks = trace.sinks.groupby("sink", sort=True)["amount_fen"].sum()
    currencies = sorted(set(trace.claims["currency"]))
    return describe(ledger, trace) | {
        "currency": currencies[0] if currencies else "CNY",
        "sinks": {str(kind): money(int(fen)) for kind, fen in sinks.items()},
        "reach": reach(ledger, trace),
    }


def reach(ledger: Ledger, trace: Trace) -> dict[str, Any]:
    """How far the money went.

    terminals: accounts the money reached from which, by the records up to as_of, nothing ever left, or where tracing ends
    by rule (a sink); terminal_amount: the victims' money held or sunk there.
    resting: accounts that hold victims' money. accounts: accounts reached by a traced transfer.
    """
    targets = np.unique(trace.traced["target_code"].to_numpy(dtype=np.int64))
    ends = np.unique(trace.sinks["account_code"].to_numpy(dtype=np.int64))
    held = trace.held[(trace.held["basis_fen"] > 0).to_numpy(dtype=bool)]
    terminals = np.union1d(targets[~spending(ledger, trace)[targets]], np.intersect1d(ends, targets))
    there = np.isin(held["account_code"].to_numpy(dtype=np.int64), terminals)
    sunk = np.isin(trace.sinks["account_code"].to_numpy(dtype=np.int64), terminals)
    amount = (
        held["basis_fen"].to_numpy(dtype=np.int64)[there].sum() + trace.sinks["amount_fen"].to_numpy(dtype=np.int64)[sunk].sum()
    )
    return {
        "transfers": int(trace.traced["transfer_row"].nunique()),
        "hops": int(trace.traced["hop"].max()) if len(trace.traced) else 0,
        "accounts": len(targets),
        "resting": int(held["account_code"].nunique()),
        "terminals": len(terminals),
        "terminal_amount": money(int(amount)),
    }


def spending(ledger: Ledger, trace: Trace) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """For every account code, whether any done transfer up to as_of leaves it."""
    import pyarrow.compute as pc

    table = ledger.read(("source", "status", "time"))
    done = pc.equal(table["status"].cast("string"), "done")
    if trace.parameters.as_of_us is not None:
        done = pc.and_(done, pc.less_equal(table["time"].cast("int64"), trace.parameters.as_of_us))
    leaves = np.zeros(len(ledger.accounts), dtype=np.bool_)
    leaves[np.unique(table["source"].filter(done).to_numpy())] = True
    return leaves


def last_moment_us(ledger: Ledger) -> int:
    """When the records end: the last transfer or report, UTC microseconds."""
    import pyarrow.compute as pc

    latest = pc.max(ledger.read(("time",))["time"].cast("int64")).as_py() if ledger.transfer_count else 0
    reported = ledger.reports["reported"].dropna()
    return max(int(latest or 0), int(reported.astype("int64[pyarrow]").max()) if len(reported) else 0)

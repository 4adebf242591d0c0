"""Whether the answer depends on the order of transfers of one instant, and how far: the trace under the other tie orders."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ledger.book import Ledger
from tracing.envelope import yuan
from tracing.legs import Codes, Flags, Legs
from tracing.lots import Settled, axis_of, settled_in
from tracing.result import TIES, Parameters, Ties, Trace
from tracing.settle import traceable_legs
from tracing.trace import traced_by, way_of

HELD = "held"
KEYS = ["claim", "account", "account_code", "what"]
FEN = [f"{ties}_fen" for ties in TIES]
COLUMNS = [*KEYS, *FEN, "least_fen", "most_fen"]


def with_tie_ranges(ledger: Ledger, traces: Mapping[str, Trace]) -> dict[str, Trace]:
    """The traces, each with its table `ties` and, where that is not empty, a warning.

    Args:
        traces: by method, of one ledger and with the same parameters otherwise.
    Returns:
        `ties` has a row per claim, account and `what` (held, or the name of a sink) whose amount depends on the order within
        an instant: ledger_fen, credit_first_fen, debit_first_fen, least_fen, most_fen; sorted by claim, account, what.
    """
    others = _other_orders(ledger, traces)
    found = {}
    for method, trace in traces.items():
        orders = {trace.parameters.ties: trace}
        for settled, parameters in others:
            asked = replace(parameters, method=method)
            orders[asked.ties] = _traced(ledger, settled, asked, trace.inferred)
        table = tie_range(orders)
        found[method] = replace(trace, ties=table, warnings=trace.warnings + _sentences(table))
    return found


def tie_range(orders: Mapping[Ties, Trace]) -> pd.DataFrame:
    """The table `ties` of one trace under several tie orders; an order that is missing gives what the first one gives."""
    if len(orders) < 2:
        return pd.DataFrame(columns=COLUMNS)
    first = next(iter(orders.values()))
    parts = [_amounts(orders.get(ties, first)).rename(f"{ties}_fen") for ties in TIES]
    table = pd.concat(parts, axis=1).astype("Int64").fillna(0).astype(np.int64)  # never through a float
    table = table.assign(least_fen=table[FEN].min(axis=1), most_fen=table[FEN].max(axis=1))
    apart = table[table["least_fen"] != table["most_fen"]].reset_index()
    return apart[COLUMNS].sort_values(["claim", "account", "what"], ignore_index=True)


def _traced(ledger: Ledger, settled: Settled, parameters: Parameters, inferred: pd.DataFrame | None) -> Trace:
    """The trace over settled legs; inferred: the inferred links that are in them."""
    axis = axis_of(ledger, settled)
    return traced_by(ledger, axis, way_of(axis, settled, parameters.method), parameters, inferred)


def _amounts(trace: Trace) -> "pd.Series[int]":
    """What is held and what ended in sinks, by `KEYS`."""
    held = trace.held.assign(what=HELD).rename(columns={"held_fen": "fen"})
    sinks = trace.sinks.rename(columns={"sink": "what", "amount_fen": "fen"})
    return pd.concat([held[[*KEYS, "fen"]], sinks[[*KEYS, "fen"]]]).groupby(KEYS)["fen"].sum()


def _sentences(table: pd.DataFrame) -> tuple[str, ...]:
    """One sentence where the order matters, none where it does not."""
    if table.empty:
        return ()
    widest = yuan(int((table["most_fen"] - table["least_fen"]).max()))
    return (f"the order of transfers of one instant matters for {len(table)} amounts, by up to {widest}: ties.csv",)


def _other_orders(ledger: Ledger, traces: Mapping[str, Trace]) -> list[tuple[Settled, Parameters]]:
    """The tie orders in which slots that the claims' money came to see their legs otherwise, settled."""
    one = next(iter(traces.values()))
    parameters = one.parameters
    if parameters.direction != "forward":
        return []
    legs = traceable_legs(ledger, parameters.as_of_us, parameters.level, one.inferred)
    touched = _touched(legs, traces)
    if not _has_ties(legs, touched):
        return []
    usual = _seen(settled_in(ledger, legs, parameters.opening, parameters.ties), touched)
    others = []
    for ties in TIES:
        if ties == parameters.ties:
            continue
        settled = settled_in(ledger, legs, parameters.opening, ties)
        if not np.array_equal(_seen(settled, touched), usual):
            others.append((settled, replace(parameters, ties=ties)))
    return others


def _touched(legs: Legs, traces: Mapping[str, Trace]) -> Flags:
    """The slots that any claim's money came to, but for those where tracing ends."""
    touched = np.zeros(len(legs.slots), dtype=np.bool_)
    for trace in traces.values():
        rows = np.unique(trace.traced["transfer_row"].to_numpy(dtype=np.int64))
        extra = legs.rows + np.flatnonzero(np.isin(legs.extra_row, rows))
        touched[legs.target[rows]] = True
        touched[legs.target[extra]] = True
    return touched & ~legs.slots.ends


def _has_ties(legs: Legs, touched: Flags) -> bool:
    """Whether a touched slot has a credit and another leg in one instant: debits alone never overtake each other."""
    credit = np.flatnonzero(touched[legs.target] & (legs.received_fen > 0))
    debit = np.flatnonzero(touched[legs.source] & (legs.given_fen > 0) & (legs.source != legs.target))
    slot = np.concatenate([legs.target[credit], legs.source[debit]])
    time_us = legs.time_us[np.concatenate([credit, debit])]
    order = np.lexsort([np.arange(len(slot)) >= len(credit), time_us, slot])  # credits stand first in their instant
    slot, time_us, is_credit = slot[order], time_us[order], order < len(credit)
    same = (slot[1:] == slot[:-1]) & (time_us[1:] == time_us[:-1])
    return bool((same & is_credit[:-1]).any())


def _seen(settled: Settled, touched: Flags) -> Codes:
    """The legs of the touched slots in the order in which they count."""
    legs, order = settled.legs, settled.order
    return order[touched[legs.source[order]] | touched[legs.target[order]]]

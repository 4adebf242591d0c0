"""The money's way as a graph of accounts: nodes in hop columns, one flow per pair of accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ledger.book import Ledger
from ledger.records import HUB_KINDS, UNKNOWN_PREFIX
from tracing.columns import COLUMN_KINDS, column_keys
from tracing.inferred import sets_of
from tracing.result import Trace

VOUCHER_KINDS = ("card", "q_coin")
STATES = ("victim", "voucher", "cash_out", "hub", "frontier", "tier")
__all__ = ["COLUMN_KINDS", "STATES", "VOUCHER_KINDS", "FlowGraph", "assemble", "flow_graph", "merge_flows"]


@dataclass(frozen=True)
class FlowGraph:
    """Accounts that victims' money touched and the flows between them.

    nodes, sorted by (column, -in_fen, account), row = node: account_code (-1 for a fold), account, kind, institution,
        holder_name, role, column, tier (smallest hop; 0 = victim), in_fen, out_fen (traced, of victims' money), held_fen,
        balance_fen (null: not known), recoverable_fen, state (one of `STATES`), is_frontier, count and members (accounts in
        the box, `;`-joined when folded).
    flows, sorted by (source, target), one row per pair: source, target, source_node, target_node, traced_fen, amount_fen,
        count, first_us, last_us, hop, is_back, made_by (`;`-joined), dashed (an inferred link,
        or only money behind one), claims (`;`-joined).
    columns, row = column: kind (one of `COLUMN_KINDS`), hop (onward: steps after redemption), accounts, received_fen (from
        columns to the left; victims: lost).
    folded: accounts that share a box with others.
    """

    nodes: pd.DataFrame
    flows: pd.DataFrame
    columns: pd.DataFrame
    currency: str
    folded: int = 0


def flow_graph(ledger: Ledger, trace: Trace, roles: Mapping[str, str] | None = None) -> FlowGraph:
    """Project a trace on its accounts, in the columns of `tracing.columns`, flows merged per source and target.

    Args:
        roles: role of an account by its id, as the rules found it.
    """
    moves = _moves(ledger, trace)
    lost = int(trace.claims["claim_fen"].astype("int64").sum()) if len(trace.claims) else 0
    nodes = _nodes(ledger, trace, moves, roles or {})
    flows = _flows(moves)
    currencies = [str(value) for value in trace.claims["currency"]] if len(trace.claims) else []
    return assemble(nodes, flows, lost, max(sorted(set(currencies)), key=currencies.count, default="CNY"))


def assemble(nodes: pd.DataFrame, flows: pd.DataFrame, lost_fen: int, currency: str) -> FlowGraph:
    """Order nodes and flows, number them, and total the columns. `nodes` carry column_key, flows source and target."""
    keys = sorted(set(nodes["column_key"]))
    ranks = {key: column for column, key in enumerate(keys)}
    nodes = nodes.assign(column=[ranks[key] for key in nodes["column_key"]])
    order = np.lexsort(
        (nodes["account"].to_numpy(dtype=object).astype(str), -nodes["in_fen"].to_numpy(), nodes["column"].to_numpy())
    )
    nodes = nodes.iloc[order].reset_index(drop=True)
    number = {account: node for node, account in enumerate(nodes["account"])}
    flows = flows.sort_values(["source", "target"], ignore_index=True)
    source = np.array([number[account] for account in flows["source"]], dtype=np.int64)
    target = np.array([number[account] for account in flows["target"]], dtype=np.int64)
    column = nodes["column"].to_numpy(dtype=np.int64)
    back = (column[target] < column[source]) | (source == target)
    flows = flows.assign(source_node=source, target_node=target, is_back=back)
    received = np.zeros(len(ranks), dtype=np.int64)
    onward = column[target] > column[source]
    np.add.at(received, column[target[onward]], flows["received_fen"].to_numpy(dtype=np.int64)[onward])
    columns = pd.DataFrame(
        {
            "kind": [kind for _, kind, _ in keys],
            "hop": [hop for _, _, hop in keys],
            "accounts": nodes.groupby("column")["count"].sum().to_numpy(dtype=np.int64) if len(nodes) else [],
            "received_fen": received,
        }
    )
    columns.loc[columns["kind"] == "victims", "received_fen"] = lost_fen
    return FlowGraph(nodes, flows, columns, currency, int((nodes["count"].where(nodes["count"] > 1, 0)).sum()))


def _moves(ledger: Ledger, trace: Trace) -> pd.DataFrame:
    """One row per traced transfer: claims summed, with what arrived at the target (a conversion scales it)."""
    numbers = ["transfer_row", "hop", "time_us", "source_code", "target_code", "amount_fen", "traced_fen"]
    traced = trace.traced[["claim", "made_by", "flags", "source", "target", *numbers]]
    words = ("claim", "made_by", "flags", "source", "target")
    traced = traced.astype(dict.fromkeys(numbers, "int64") | dict.fromkeys(words, "object"))
    moves = traced.groupby(["transfer_row", "source_code"], sort=True, as_index=False).agg(
        hop=("hop", "min"),
        time_us=("time_us", "first"),
        source=("source", "first"),
        target=("target", "first"),
        target_code=("target_code", "first"),
        amount_fen=("amount_fen", "first"),
        traced_fen=("traced_fen", "sum"),
        claims=("claim", _joined),
        made_by=("made_by", _joined),
        dashed=("flags", _all_inferred),
    )
    moves = moves.set_index("transfer_row")
    received = ledger.transfers("received_fen")["received_fen"].to_numpy(dtype=np.int64, na_value=0)[moves.index.to_numpy()]
    moves = moves.assign(received_fen=_scaled(moves, received))
    within = _within_recyclers(trace, moves)
    return pd.concat([moves, within]) if len(within) else moves


def _within_recyclers(trace: Trace, moves: pd.DataFrame) -> pd.DataFrame:
    """Flows from the account that redeemed to the one that paid, for inferred payouts: value that no transfer carries."""
    if trace.inferred is None or not len(trace.inferred):
        return moves.iloc[:0]
    told = trace.traced.drop_duplicates("transfer").set_index("transfer")
    number = sets_of(trace.inferred).tolist()
    batches, payouts = (trace.inferred[name].tolist() for name in ("redemptions", "transfer"))
    redeemed = [(one, row) for one, batch in zip(number, batches, strict=True) for row in batch if row in told.index]
    first: dict[int, Any] = dict(reversed(redeemed))
    found = []
    for one, payout in zip(number, payouts, strict=True):
        if one not in first or payout not in told.index:
            continue
        target, code = told.loc[first[one], "target"], int(told.loc[first[one], "target_code"])
        move = moves.loc[[told.loc[payout, "transfer_row"]]]
        if code != int(told.loc[payout, "source_code"]):
            found.append(move.assign(target=move["source"], target_code=move["source_code"], source=target, source_code=code))
    if not found:
        return moves.iloc[:0]
    every = pd.concat(found)
    return every.assign(hop=every["hop"] - 1, received_fen=every["traced_fen"], made_by="inferred", dashed=True)


def _scaled(moves: pd.DataFrame, received: Any) -> list[int]:
    """What arrived of the traced part: exact multiply-divide, floored, only where a conversion changed the amount."""
    rows = zip(moves["traced_fen"].tolist(), received.tolist(), moves["amount_fen"].tolist(), strict=True)
    return [traced if given in (got, 0) else traced * got // given for traced, got, given in rows]


def _all_inferred(values: Any) -> bool:
    """Whether every part came through an inferred link: then the flow is there by estimate only."""
    return all("inferred" in str(value).split(";") for value in values)


def _joined(values: Any) -> str:
    return ";".join(sorted({part for value in values for part in str(value).split(";")}))


def _flows(moves: pd.DataFrame) -> pd.DataFrame:
    moves = moves.reset_index(drop=True)
    return merge_flows(moves.assign(count=1, first_us=moves["time_us"], last_us=moves["time_us"]))


def merge_flows(parts: pd.DataFrame) -> pd.DataFrame:
    """One row per (source, target): amounts and counts summed, times spanned, claims and makers joined."""
    flows = parts.groupby(["source", "target"], sort=True, as_index=False).agg(
        traced_fen=("traced_fen", "sum"),
        received_fen=("received_fen", "sum"),
        amount_fen=("amount_fen", "sum"),
        count=("count", "sum"),
        first_us=("first_us", "min"),
        last_us=("last_us", "max"),
        hop=("hop", "min"),
        made_by=("made_by", _joined),
        claims=("claims", _joined),
        dashed=("dashed", "all"),
    )
    made = flows["made_by"].map(lambda words: "inferred" in words.split(";")).astype(bool)
    return flows.assign(dashed=flows["dashed"].astype(bool) | made)


def _nodes(ledger: Ledger, trace: Trace, moves: pd.DataFrame, roles: Mapping[str, str]) -> pd.DataFrame:
    codes = np.unique(np.concatenate([moves["source_code"], moves["target_code"]])).astype(np.int64)
    facts = ledger.accounts.iloc[codes]
    into = moves.groupby("target_code")["received_fen"].sum().reindex(codes, fill_value=0)
    out = moves.groupby("source_code")["traced_fen"].sum().reindex(codes, fill_value=0)
    hop = moves.groupby("target_code")["hop"].min().reindex(codes, fill_value=0)
    hop[np.isin(codes, moves.loc[moves["hop"] == 1, "source_code"])] = 0
    accounts = [str(account) for account in facts["account"]]
    frontier = {str(account) for account in trace.frontier["account"]}
    kinds = [str(kind) for kind in facts["kind"]]
    nodes = pd.DataFrame(
        {
            "account_code": codes,
            "account": accounts,
            "kind": kinds,
            "institution": _text(facts["institution"]),
            "holder_name": _text(facts["holder_name"]),
            "role": [roles.get(account, "") for account in accounts],
            "tier": hop.to_numpy(dtype=np.int64),
            "in_fen": into.to_numpy(dtype=np.int64),
            "out_fen": out.to_numpy(dtype=np.int64),
            "is_frontier": [account in frontier or account.startswith(UNKNOWN_PREFIX) for account in accounts],
            "is_hub": facts["hub"].astype(bool).to_numpy() | np.isin(np.array(kinds, dtype=object), HUB_KINDS),
            "count": 1,
            "members": accounts,
        }
    )
    nodes["state"] = [_state(row) for row in nodes[["tier", "kind", "is_hub", "is_frontier"]].itertuples(index=False)]
    nodes["column_key"] = column_keys(nodes, moves)
    return _with_holdings(nodes.drop(columns="is_hub"), trace)


def _text(values: Any) -> list[str]:
    return ["" if pd.isna(value) else str(value) for value in values.tolist()]


def _state(row: Any) -> str:
    if row.tier == 0:
        return "victim"
    if row.kind in VOUCHER_KINDS:
        return "voucher"
    if row.kind == "cash":
        return "cash_out"
    return "hub" if row.is_hub else "frontier" if row.is_frontier else "tier"


def _with_holdings(nodes: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    """Add held, balance and recoverable = min(held, balance); victims, hubs and cash hold nothing that can be frozen."""
    held = trace.held.astype({"account_code": "int64", "held_fen": "int64"}).groupby("account_code")
    held_fen = held["held_fen"].sum().reindex(nodes["account_code"], fill_value=0).to_numpy(dtype=np.int64)
    known = held["balance_fen"].first().astype("Int64").reindex(nodes["account_code"]).array
    balance = known.to_numpy(dtype=np.int64, na_value=0)
    freezable = nodes["state"].isin(["tier", "frontier", "voucher"]).to_numpy()
    recoverable = np.where(freezable, np.clip(np.minimum(held_fen, balance), 0, None), 0)
    return nodes.assign(held_fen=held_fen, balance_fen=known, recoverable_fen=recoverable)

"""Fold what is small in a flow graph into boxes that say how many accounts they hold, so that a picture stays readable."""

from collections import defaultdict
from typing import Any

import pandas as pd

from tracing.columns import voucher_group
from tracing.graph import FlowGraph, assemble, merge_flows

READABLE_NODES = 150
"""Boxes in one picture; our proposal, from looking at pictures of 93 to 837 accounts."""


def fold(graph: FlowGraph, limit: int = READABLE_NODES) -> FlowGraph:
    """Fold vouchers bought and redeemed together, and above `limit` boxes the smallest accounts of each branch.

    Accounts share a box when they stand in one column, are of one state, and their largest payer shares a box (victims: their
    largest payee). As many of the largest accounts as fit stay on their own. Totals are unchanged: flows are summed.
    """
    folded = _folded(graph, _voucher_boxes(graph))
    if len(folded.nodes) <= limit:
        return folded
    low, high = 0, len(folded.nodes)
    while high - low > 1:
        middle = (low + high) // 2
        fits = len(set(_branch_boxes(folded, middle))) <= limit
        low, high = (middle, high) if fits else (low, middle)
    return _folded(folded, _branch_boxes(folded, low))


def _voucher_boxes(graph: FlowGraph) -> list[str]:
    """Box of every node: vouchers with the same buyers and the same redeemers are together, others alone."""
    buyers: dict[str, list[str]] = defaultdict(list)
    redeemers: dict[str, list[str]] = defaultdict(list)
    for source, target in zip(graph.flows["source"], graph.flows["target"], strict=True):
        buyers[target].append(source)
        redeemers[source].append(target)
    rows: list[Any] = list(graph.nodes[["account", "state", "kind"]].itertuples(index=False))
    return [
        f"|{voucher_group(row.kind, buyers[row.account], redeemers[row.account])}" if row.state == "voucher" else row.account
        for row in rows
    ]


def _branch_boxes(graph: FlowGraph, kept_count: int) -> list[str]:
    """Box of every node when only the `kept_count` largest stand alone."""
    nodes = graph.nodes
    size = nodes[["in_fen", "out_fen", "recoverable_fen"]].max(axis=1).tolist()
    accounts = nodes["account"].tolist()
    few_victims = (nodes["state"] == "victim").sum() <= kept_count // 3
    first = [few_victims and state == "victim" for state in nodes["state"]]
    ranked = sorted(range(len(nodes)), key=lambda node: (not first[node], -size[node], accounts[node]))
    kept = set(ranked[:kept_count])
    payer, payee = _largest(graph)
    boxes: list[str] = []
    rows: list[Any] = list(nodes[["account", "state", "column"]].itertuples(index=False))
    for node, row in enumerate(rows):
        if node in kept:
            boxes.append(row.account)
            continue
        other = payee.get(node) if row.state == "victim" else payer.get(node)
        lead = "small" if other is None or (row.state == "victim" and other not in kept) else accounts[other]
        if other is not None and other < len(boxes):
            lead = boxes[other]
        boxes.append(f"{row.column}|{row.state}|<{lead}>")
    return boxes


def _largest(graph: FlowGraph) -> tuple[dict[int, int], dict[int, int]]:
    """Per node its largest payer in an earlier column, and its largest payee."""
    payer: dict[int, int] = {}
    payee: dict[int, int] = {}
    column = graph.nodes["column"].tolist()
    ordered = graph.flows.sort_values(["traced_fen", "source", "target"], ascending=[False, True, True])
    for source, target in zip(ordered["source_node"].tolist(), ordered["target_node"].tolist(), strict=True):
        payee.setdefault(source, target)
        if column[source] < column[target]:
            payer.setdefault(target, source)
    return payer, payee


def _folded(graph: FlowGraph, boxes: list[str]) -> FlowGraph:
    """The graph with the nodes of one box made one; a box of one account stays that account."""
    sizes = pd.Series(boxes).groupby(boxes).transform("size").tolist()
    names = _box_names(graph.nodes, boxes, sizes)
    nodes = graph.nodes.assign(box=names)
    merged = nodes.groupby("box", sort=True, as_index=False).agg(
        account_code=("account_code", "min"),
        kind=("kind", _only),
        institution=("institution", _only),
        holder_name=("holder_name", _only),
        role=("role", _only),
        tier=("tier", "min"),
        in_fen=("in_fen", "sum"),
        out_fen=("out_fen", "sum"),
        held_fen=("held_fen", "sum"),
        balance_fen=("balance_fen", lambda values: values.sum() if values.notna().all() else pd.NA),
        recoverable_fen=("recoverable_fen", "sum"),
        state=("state", "first"),
        is_frontier=("is_frontier", "all"),
        count=("count", "sum"),
        members=("members", lambda values: ";".join(sorted(";".join(values).split(";")))),
        column_key=("column_key", "first"),
    )
    merged = merged.rename(columns={"box": "account"}).assign(
        account_code=merged["account_code"].where(merged["count"] == 1, -1)
    )
    name_of = dict(zip(graph.nodes["account"], names, strict=True))
    flows = graph.flows.assign(source=graph.flows["source"].map(name_of), target=graph.flows["target"].map(name_of))
    inside = (flows["source"] == flows["target"]) & (graph.flows["source"] != graph.flows["target"])
    lost = graph.columns.loc[graph.columns["kind"] == "victims", "received_fen"].sum()
    return assemble(merged, merge_flows(flows[~inside]), int(lost), graph.currency)


def _box_names(nodes: pd.DataFrame, boxes: list[str], sizes: list[int]) -> list[str]:
    """A box is named after its first account: `fold:<account>`; an account alone keeps its name."""
    first: dict[str, str] = {}
    for box, account in zip(boxes, nodes["account"], strict=True):
        first[box] = min(first.get(box, account), account)
    alone = {account for account, size in zip(nodes["account"], sizes, strict=True) if size == 1}
    rows = zip(boxes, sizes, nodes["account"], strict=True)
    return [account if size == 1 else _fold_name(first[box], alone) for box, size, account in rows]


def _fold_name(account: str, taken: set[str]) -> str:
    """A name no account that stands alone has; accounts may be called anything."""
    name = account if account.startswith("fold:") else f"fold:{account}"
    while name in taken:
        name = f"fold:{name}"
    return name


def _only(values: "pd.Series[str]") -> str:
    """The value all of them share, else nothing."""
    first = str(values.iloc[0])
    return first if (values == first).all() else ""

"""The diagram as JSON: every node and flow with exact amounts, and back again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from api.exports.diagram import Diagram
from api.exports.wording import yuan
from tracing.graph import FlowGraph

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LISTS = ("members", "claims", "made_by")


def render(diagram: Diagram) -> bytes:
    """Title, footer facts, columns, nodes and flows; amounts are decimal strings in yuan, times ISO 8601, nothing is folded."""
    graph = diagram.graph
    document = {
        "format": "liushui-diagram/1",
        "title": diagram.title,
        "summary": diagram.summary,
        "facts": list(diagram.facts),
        "generator": diagram.generator,
        "currency": graph.currency,
        "columns": _records(graph.columns),
        "nodes": _records(graph.nodes.drop(columns="column_key")),
        "flows": _records(graph.flows),
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def load_graph(document: bytes) -> FlowGraph:
    """The flow graph of a rendered document, equal to the one it was made from but for layout keys."""
    told = json.loads(document)
    return FlowGraph(_frame(told["nodes"]), _frame(told["flows"]), _frame(told["columns"]), told["currency"])


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    rows = frame.itertuples(index=False, name=None)
    return [dict(_written(name, value) for name, value in zip(names, row, strict=True)) for row in rows]


def _written(name: str, value: Any) -> tuple[str, Any]:
    if value is pd.NA:
        return name.removesuffix("_fen"), None
    if name.endswith("_fen"):
        return name.removesuffix("_fen"), yuan(int(value))
    if name.endswith("_us"):
        return name.removesuffix("_us"), (EPOCH + timedelta(microseconds=int(value))).isoformat()
    if name in LISTS:
        return name, str(value).split(";")
    return name, value.item() if hasattr(value, "item") else value


AMOUNTS = ("in", "out", "held", "balance", "recoverable", "traced", "received", "amount")
TIMES = ("first", "last")


def _frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame([dict(_read(name, value) for name, value in record.items()) for record in records])
    return frame.assign(balance_fen=frame["balance_fen"].astype("Int64")) if "balance_fen" in frame else frame


def _read(name: str, value: Any) -> tuple[str, Any]:
    if name in AMOUNTS:
        return f"{name}_fen", pd.NA if value is None else int(value.replace(".", ""))
    if name in TIMES:
        return f"{name}_us", (datetime.fromisoformat(value) - EPOCH) // timedelta(microseconds=1)
    return name, ";".join(value) if name in LISTS else value

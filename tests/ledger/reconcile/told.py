"""Rows of statements from a few lines of text, so that a test of reconciliation reads like the case it is about.

    09:00:05 A -> B 100.00 by=A id=a1 ref=R7            a row of A's statement (file 0 unless file=3)
    2025-03-02 A -> unknown:Li 20 by=A                   a date without a clock
    09:10 A -> B 5 id=c1 ref=R                           a record that names both sides by itself

Names take the place of account numbers; blanks in a name are written as `+`. Lines are numbered within their file.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa

from ledger.reconcile import Period, decision_id, reconcile
from ledger.records import ACCOUNTS, DECISIONS, TRANSFERS
from tests.story import fen

CHINA = timezone(timedelta(hours=8))
CANDIDATES = pa.schema(
    [
        pa.field(f.name, pa.string()) if f.name in ("source", "target") or pa.types.is_dictionary(f.type) else f
        for f in TRANSFERS
    ]
)
"""Rows with their accounts by name and their words as text."""
LINE = re.compile(
    r"(?:(?P<day>\d{4}-\d\d-\d\d) *)?(?P<time>\d\d:\d\d(?::\d\d)?)? *(?P<source>\S+) *-> *(?P<target>\S+) +"
    r"(?P<amount>[\d.]+)(?P<rest>.*)$"
)
KEYS = {"id": "transfer", "ref": "reference", "op": "operation", "sb": "source_balance_fen", "tb": "target_balance_fen"}
NUMBERS = ("file", "line", "sequence")


def rows(text: str) -> list[dict[str, Any]]:
    """The rows the lines tell."""
    lines: Counter[int] = Counter()
    found = []
    for raw in text.strip().splitlines():
        if raw.strip():
            row = _row(raw.strip(), len(found))
            lines[row["file"]] += 1
            found.append({"line": lines[row["file"]]} | row)
    return found


def _row(text: str, number: int) -> dict[str, Any]:
    match = LINE.match(text)
    assert match, f"not understood: {text}"
    day, clock = match["day"] or "2025-03-01", match["time"] or "00:00"
    row: dict[str, Any] = {
        "transfer": f"t{number + 1}",
        "time": datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=CHINA),
        "source": match["source"].replace("+", " "),
        "target": match["target"].replace("+", " "),
        "amount_fen": fen(match["amount"]),
        "currency": "CNY",
        "kind": "bank",
        "status": "done",
        "file": 0,
    }
    for word in match["rest"].split():
        key, _, value = word.partition("=")
        if key == "by":
            assert value.replace("+", " ") in (row["source"], row["target"]), text
            row["witness"] = "source" if value.replace("+", " ") == row["source"] else "target"
        elif key == "got":
            row["received_fen"] = fen(value)
        else:
            name = KEYS.get(key, key)
            row[name] = fen(value) if name.endswith("_fen") else int(value) if name in NUMBERS else value.replace("+", " ")
    return row


def table(values: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as candidates."""
    columns = [pa.array([value.get(f.name) for value in values], f.type) for f in CANDIDATES]
    return pa.table(columns, schema=CANDIDATES)


def accounts(found: Sequence[Mapping[str, Any]], **declared: Mapping[str, Any]) -> pa.Table:
    """Every account the rows name, with what is declared of it."""
    names = sorted({row[side] for row in found for side in ("source", "target")} | set(declared))
    values = [
        {"account": name, "kind": "bank", "hub": False, "declared": name in declared} | declared.get(name, {}) for name in names
    ]
    return pa.table([pa.array([value.get(f.name) for value in values], f.type) for f in ACCOUNTS], schema=ACCOUNTS)


def in_force(standing: pa.Table, told: pa.Table) -> pa.Table:
    """The decisions that stand once more were taken: the last of every id."""
    last = {row["decision"]: row for part in (standing, told) for row in part.to_pylist()}
    return pa.Table.from_pylist([last[name] for name in sorted(last)], DECISIONS)


def standing(*rows: Mapping[str, Any]) -> pa.Table:
    """Decisions as readers or officers left them."""
    whole = [
        {name: row.get(name) for name in DECISIONS.names} | {"decision": row.get("decision") or decision_id(row)}
        for row in rows
    ]
    return pa.Table.from_pylist(whole, DECISIONS)


def decided(
    text: str | Sequence[Mapping[str, Any]],
    stands: pa.Table | None = None,
    periods: Sequence[Period] = (),
    **declared: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """What is decided about the rows in one batch, statistics of accounts left out."""
    found = rows(text) if isinstance(text, str) else text
    told = reconcile(
        table(found), table([]), accounts(found, **declared), DECISIONS.empty_table() if stands is None else stands, periods
    )
    assert told.schema == DECISIONS
    assert told["decision"].to_pylist() == [decision_id(row) for row in told.to_pylist()]
    return [row for row in told.to_pylist() if row["kind"] != "implied_opening"]


def of_kind(decisions: Sequence[Mapping[str, Any]], kind: str, state: str = "applied") -> set[tuple[Any, ...]]:
    """The transfers and accounts of the decisions of one kind and state, nulls left out."""
    names = ("transfer", "other", "account", "other_account")
    return {
        tuple(row[name] for name in names if row[name] is not None)
        for row in decisions
        if row["kind"] == kind and row["state"] == state
    }


def pairs(text: str, **more: Any) -> set[tuple[Any, ...]]:
    """The rows matched as one transfer: (stays, second witness)."""
    return of_kind(decided(text, **more), "both_sides")

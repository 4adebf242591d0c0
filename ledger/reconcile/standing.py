"""Decisions as rows: their ids, what an officer has settled, and what changes against those that stand."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.reconcile.sentences import AMBIGUOUS, WITHDRAWN
from ledger.records import DECISION_KINDS, DECISIONS, WORD
from ledger.store.changes import SWITCH

READ = ("same_account", "order_of_day", "fee", "failed")
"""Kinds that a file itself may tell; we never take them back."""

_PLAIN = pa.schema([pa.field(f.name, pa.string() if f.type == WORD else f.type) for f in DECISIONS])
_DRAFT = pa.schema([f for f in _PLAIN if f.name != "decision"])
_KEY = ("transfer", "other", "account", "other_account")
_CONTENT = ("state", "account", "other_account", "from_time", "to_time", "amount_fen", "evidence")

Row = Mapping[str, Any]


def decision_id(row: Row) -> str:
    """The id of a finding: 16 hex digits over kind, transfers and accounts, the same in every batch.

    Two names of one account have no order, so the finding keeps its id when the other one becomes the main name.
    """
    fields = [str(row["kind"]), *(str(row.get(name) or "") for name in _KEY)]
    if fields[0] == "same_account":
        fields[3:] = sorted(fields[3:])
    return hashlib.sha256("\x1f".join(fields).encode()).hexdigest()[:16]


def drafted(kind: str, state: str, evidence: pa.Array, **columns: Any) -> pa.Table:
    """Decisions of one kind and state, without ids yet; further columns are arrays, times in microseconds."""
    rows = len(evidence)
    given = columns | {"kind": pa.repeat(kind, rows), "state": pa.repeat(state, rows), "evidence": evidence}
    return pa.table(
        [_column(given[f.name], f.type) if f.name in given else pa.nulls(rows, f.type) for f in _DRAFT], schema=_DRAFT
    )


def drafted_rows(rows: Sequence[Row]) -> pa.Table:
    """The same from dictionaries, for kinds of which there are few."""
    raw = {f.name: pa.int64() if pa.types.is_timestamp(f.type) else f.type for f in _DRAFT}
    return pa.table([pa.array([row.get(f.name) for row in rows], raw[f.name]).cast(f.type) for f in _DRAFT], schema=_DRAFT)


def _column(values: Any, kind: pa.DataType) -> pa.Array:
    column = pa.array(values) if isinstance(values, np.ndarray) else values
    return (column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column).cast(kind)


def in_standing(standing: pa.Table) -> dict[str, dict[str, Any]]:
    """The decisions that stand, by id; of two rows of one id the first counts. Switches of whole kinds are left out."""
    found: dict[str, dict[str, Any]] = {}
    for row in standing.select(_PLAIN.names).cast(_PLAIN).to_pylist():
        if not row["decision"].startswith(SWITCH):
            found.setdefault(row["decision"], row)
    return found


def kinds_off(standing: pa.Table) -> frozenset[str]:
    """The kinds that an officer switched off as a whole."""
    rows = standing.select(["decision", "state"]).to_pylist()
    return frozenset(
        row["decision"].removeprefix(SWITCH) for row in rows if row["decision"].startswith(SWITCH) and row["state"] == "off"
    )


def is_refused(row: Row) -> bool:
    """Whether an officer switched this decision off."""
    return bool(row["state"] == "off" and not row["evidence"].startswith(WITHDRAWN))


def is_confirmed(row: Row) -> bool:
    """Whether an officer applied what was ambiguous, or taken back."""
    return bool(row["state"] == "applied" and row["evidence"].startswith((AMBIGUOUS, WITHDRAWN)))


def settled(standing: Mapping[str, Row], kind: str, confirmed: bool) -> Iterator[Row]:
    """The decisions of a kind that an officer confirmed or refused."""
    test = is_confirmed if confirmed else is_refused
    return (row for row in standing.values() if row["kind"] == kind and test(row))


def identified(drafts: Sequence[pa.Table]) -> pa.Table:
    """All drafts as one table with ids, one row per id, sorted by kind and what they speak of."""
    table = pa.concat_tables([_DRAFT.empty_table(), *drafts]).combine_chunks()
    rank = {kind: at for at, kind in enumerate(DECISION_KINDS)}
    ranks = pc.index_in(table["kind"], value_set=pa.array(list(rank)))
    names = ["#", *_KEY, "state", "evidence"]
    table = table.take(pc.sort_indices(table.append_column("#", ranks), [(name, "ascending") for name in names]))
    ids = _ids(table)
    first: dict[str, int] = {}
    for at, name in enumerate(ids):
        first.setdefault(name, at)
    table = table.add_column(0, _PLAIN.field("decision"), pa.array(ids, pa.string()))
    return table if len(first) == table.num_rows else table.take(pa.array(list(first.values())))


def _ids(table: pa.Table) -> list[str]:
    """`decision_id` of every row."""
    texts = [pc.fill_null(table[name].combine_chunks(), "") for name in ("kind", *_KEY)]
    joined = pc.binary_join_element_wise(*texts, "\x1f").to_pylist()
    for at in np.flatnonzero(pc.equal(texts[0], "same_account").to_numpy(False)).tolist():
        kind, transfer, other, *names = joined[at].split("\x1f")
        joined[at] = "\x1f".join([kind, transfer, other, *sorted(names)])
    return [hashlib.sha256(text.encode()).hexdigest()[:16] for text in joined]


def delta(found: pa.Table, standing: Mapping[str, Row], reviewed: Callable[[Row], bool]) -> pa.Table:
    """What is new or changed, and what has lost its ground.

    Args:
        found: what the rows call for now. reviewed: says of a standing row whether its ground was looked at again.
    Returns:
        `DECISIONS`, sorted like `found`; those taken back come last.
    """
    present = set(found["decision"].to_pylist()) if standing else set()
    gone = [
        dict(row)
        | {"state": "off", "evidence": WITHDRAWN + "the records known now do not bear it out. Before: " + row["evidence"]}
        for name, row in sorted(standing.items())
        if name not in present and row["kind"] not in READ and row["state"] != "off" and not is_confirmed(row) and reviewed(row)
    ]
    taken_back = pa.table([pa.array([row[f.name] for row in gone], f.type) for f in _PLAIN], schema=_PLAIN)
    return pa.concat_tables([_changed(found, standing).cast(_PLAIN), taken_back]).combine_chunks().cast(DECISIONS)


def _changed(found: pa.Table, standing: Mapping[str, Row]) -> pa.Table:
    if not standing:
        return found
    known = pc.is_in(found["decision"], value_set=pa.array(list(standing), pa.string()))
    keep = ~np.asarray(known.to_numpy(), bool)
    at = np.flatnonzero(~keep)
    for place, row in zip(at.tolist(), found.take(pa.array(at)).to_pylist(), strict=True):
        before = standing[row["decision"]]
        keep[place] = not (is_refused(before) or is_confirmed(before)) and any(row[name] != before[name] for name in _CONTENT)
    return found.filter(pa.array(keep))

"""What several records and statements say about one account, put together: who speaks first is believed, gaps are filled."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ATTRIBUTES = ("kind", "holder", "holder_name", "institution", "opened", "opening_fen", "hub", "extra")
_FIRST = pc.ScalarAggregateOptions(skip_nulls=True)


def put_together(told: pa.Table) -> pa.Table:
    """One row per account of several that speak of it, in order of first appearance: the first value of each attribute.

    Args:
        told: `account`, `ATTRIBUTES`, `file`, `line`. Of `extra` every member is kept, of one name the first.
    """
    names = [name for name in told.column_names if name != "account"]
    first = told.group_by("account", use_threads=False).aggregate([(name, "first", _FIRST) for name in names])
    whole = pa.table(
        [first["account" if name == "account" else f"{name}_first"] for name in told.column_names], schema=told.schema
    )
    spoken = told.filter(told["extra"].is_valid())
    codes = pc.index_in(spoken["account"], value_set=whole["account"].combine_chunks()).to_numpy()
    extra = whole["extra"].to_pylist()
    for code in np.flatnonzero(np.bincount(codes, minlength=len(extra)) > 1):
        texts = spoken["extra"].take(pa.array(np.flatnonzero(codes == code))).to_pylist()
        extra[code] = _members(texts)
    return whole.set_column(whole.column_names.index("extra"), told.schema.field("extra"), pa.array(extra, pa.string()))


def filled(columns: dict[str, pa.Array], known: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """The attributes with their gaps filled, row for row; the members of `known`'s `extra` are added to the own ones."""
    result = {name: pc.coalesce(column, known[name]) for name, column in columns.items()}
    both = np.flatnonzero(pc.and_(columns["extra"].is_valid(), known["extra"].is_valid()).to_numpy(zero_copy_only=False))
    if len(both):
        extra = result["extra"].to_pylist()
        for row in both:
            extra[row] = _members([columns["extra"][int(row)].as_py(), known["extra"][int(row)].as_py()])
        result["extra"] = pa.array(extra, pa.string())
    return result


def _members(texts: list[str]) -> str:
    """The members of several JSON objects as one, of one name the first; the names sorted."""
    members: dict[str, object] = {}
    for text in reversed(texts):
        members |= json.loads(text)
    return json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

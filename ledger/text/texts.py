"""Columns without a meaning of their own, kept as one JSON object per row."""

import json

import pyarrow as pa
import pyarrow.compute as pc

_CONTROL = r"[\x00-\x1f]"


def extras(columns: dict[str, pa.Array]) -> pa.Array:
    """One JSON object of the non-empty cells per row, keys in sorted order; null where all are empty."""
    pieces = [_member(name, columns[name]) for name in sorted(columns)]
    joined = pc.binary_join_element_wise(*pieces, "")
    objects = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(joined, 1), "}", "")
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), objects)


def _member(name: str, cells: pa.Array) -> pa.Array:
    key = json.dumps(name, ensure_ascii=False)
    return pc.coalesce(pc.binary_join_element_wise(f',{key}:"', _escaped(cells), '"', ""), pa.scalar(""))


def _escaped(cells: pa.Array) -> pa.Array:
    text = pc.replace_substring(pc.replace_substring(cells, "\\", "\\\\"), '"', '\\"')
    if not pc.any(pc.match_substring_regex(text, _CONTROL)).as_py():
        return text
    quoted = [None if cell is None else json.dumps(cell, ensure_ascii=False)[1:-1] for cell in cells.to_pylist()]
    return pa.array(quoted, pa.string())

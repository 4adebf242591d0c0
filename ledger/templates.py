"""Texts put together from columns: `bank:{bank}-{account}`, for all rows at once."""

import re
from collections.abc import Mapping, Sequence
from string import Formatter

import pyarrow as pa
import pyarrow.compute as pc

Cells = Mapping[str, pa.Array]


def rendered(templates: Sequence[str], cells: Cells, rows: int) -> pa.Array:
    """Per row the first template all of whose columns are filled; null where there is none."""
    result = pa.nulls(rows, pa.string())
    for template in templates:
        if result.null_count:
            result = pc.coalesce(result, _one(template, cells, rows))
    return result


def _one(template: str, cells: Cells, rows: int) -> pa.Array:
    pieces: list[pa.Array] = []
    for text, name, _, _ in Formatter().parse(template):
        if text:
            pieces.append(pa.repeat(pa.scalar(text), rows))
        if name is not None:
            pieces.append(cells[name] if name in cells else pa.nulls(rows, pa.string()))
    return pc.binary_join_element_wise(*pieces, "", null_handling="emit_null") if pieces else pa.repeat(pa.scalar(""), rows)


def captured(cells: pa.Array, pattern: str) -> pa.Array:
    """What the first group of the pattern finds in each cell; null where it finds nothing."""
    named = re.sub(r"\((?!\?)", "(?P<value>", pattern, count=1)
    return pc.struct_field(pc.extract_regex(cells, named), [0])

"""Texts put together from columns: `bank:{bank}-{account}`, for all rows at once."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
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
    return pc.struct_field(pc.extract_regex(cells, only_named(pattern, first="value")), [0])


@lru_cache(maxsize=1024)
def only_named(pattern: str, first: str = "") -> str:
    """The pattern with its groups without a name made to capture nothing; the first of them is named if a name is given."""
    pieces, escaped, inside = [], False, False
    for at, sign in enumerate(pattern):
        bare = sign == "(" and not escaped and not inside and pattern[at + 1 : at + 2] != "?"
        pieces.append(f"(?P<{first}>" if bare and first else "(?:" if bare else sign)
        first = "" if bare else first
        inside = not escaped and (sign == "[" or inside) and not (inside and sign == "]")
        escaped = sign == "\\" and not escaped
    return "".join(pieces)

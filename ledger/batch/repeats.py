"""Ids that come more than once: which row stays, and what the others are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_PLACE = ("file", "line")


@dataclass(frozen=True)
class Repeats:
    """New rows that do not stay, by row number in the new table.

    same: True where the content is that of the row that stays. kept_file, kept_line: the place of the row that stays.
    """

    rows: NDArray[np.int64]
    same: NDArray[np.bool_]
    kept_file: NDArray[np.int32]
    kept_line: NDArray[np.int32]


NONE = Repeats(np.empty(0, np.int64), np.empty(0, bool), np.empty(0, np.int32), np.empty(0, np.int32))


def find_repeats(new: pa.Table, old: pa.Table, key: str, content: Sequence[str]) -> Repeats:
    """Among rows with one key the published one stays, else the one with the lowest (line, content).

    Args:
        new, old: the candidate rows, same columns: key, content, `file`, `line`; plain text and integers.
    """
    if not new.num_rows:
        return NONE
    both = pa.concat_tables([_marked(old, 0), _marked(new, 1)]).combine_chunks()
    keys = [key, "published", "line", *content, "file"]
    order = pc.sort_indices(both, sort_keys=[(name, "ascending") for name in keys])
    both = both.take(order)
    ids = both[key].combine_chunks()
    starts = np.concatenate([[True], pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)])
    first = np.flatnonzero(starts)[np.cumsum(starts) - 1]
    same = np.ones(len(first), bool)
    for name in content:
        column = both[name].combine_chunks()
        same &= _equal(column, column.take(pa.array(first)))
    dropped = ~starts & (both["published"].to_numpy() == 1)
    kept = first[dropped]
    return Repeats(both["row"].to_numpy()[dropped], same[dropped], both["file"].to_numpy()[kept], both["line"].to_numpy()[kept])


def _marked(table: pa.Table, published: int) -> pa.Table:
    rows = pa.array(np.arange(table.num_rows))
    mark = pa.array(np.full(table.num_rows, published, np.int8))
    return table.append_column("row", rows).append_column("published", mark)


def _equal(left: pa.Array, right: pa.Array) -> NDArray[np.bool_]:
    both_null = pc.and_(left.is_null(), right.is_null())
    equal = pc.or_(pc.fill_null(pc.equal(left, right), False), both_null)
    return np.asarray(equal.to_numpy(zero_copy_only=False), bool)

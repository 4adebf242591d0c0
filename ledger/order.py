"""Ledger order: (time, line in its own file, transfer id), whatever the order of the files."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def ledger_order(time_us: Rows, line: NDArray[np.int32], ids: pa.ChunkedArray) -> Rows | None:
    """The permutation that puts rows into ledger order; None when they already are in it."""
    later = time_us[1:] > time_us[:-1]
    same = time_us[1:] == time_us[:-1]
    if bool((later | (same & (line[1:] > line[:-1]))).all()):
        return None
    in_file_order = bool((line[1:] > line[:-1]).all())
    order = np.argsort(time_us, kind="stable") if in_file_order else np.lexsort((line, time_us))
    _untie(order, time_us, line, ids)
    return order


def _untie(order: Rows, time_us: Rows, line: NDArray[np.int32], ids: pa.ChunkedArray) -> None:
    """Rows of different files with one time and one line number: the id decides."""
    tied = (time_us[order[1:]] == time_us[order[:-1]]) & (line[order[1:]] == line[order[:-1]])
    if not tied.any():
        return
    among = np.flatnonzero(np.concatenate([[False], tied]) | np.concatenate([tied, [False]]))
    rows = order[among]
    table = pa.table({"time": time_us[rows], "line": line[rows], "id": ids.take(pa.array(rows)), "row": rows})
    sorted_rows = table.sort_by([(name, "ascending") for name in ("time", "line", "id", "row")])["row"]
    order[among] = sorted_rows.to_numpy()

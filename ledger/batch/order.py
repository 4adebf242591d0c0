"""Ledger order: (time, place in its own file, transfer id), whatever the order of the files."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def ledger_order(time_us: Rows, place: NDArray[np.int32], ids: pa.ChunkedArray) -> Rows | None:
    """The permutation that puts rows into ledger order; None when they already are in it."""
    return order_of(time_us, place, lambda rows: ids.take(pa.array(rows)))


def order_of(time_us: Rows, place: NDArray[np.int32], ids_of: Callable[[Rows], pa.Array | pa.ChunkedArray]) -> Rows | None:
    """As `ledger_order`, where the ids of the few rows that share time and place are asked for."""
    if _in_order(time_us, place):
        return None
    order = np.argsort(time_us, kind="stable")  # files are nearly in order: runs are merged, not sorted
    _settle(order, time_us, place, ids_of)
    return order


def _in_order(time_us: Rows, place: NDArray[np.int32]) -> bool:
    if bool((time_us[1:] < time_us[:-1]).any()):
        return False
    same = time_us[1:] == time_us[:-1]
    return not bool((same & (place[1:] <= place[:-1])).any())


def _settle(order: Rows, time_us: Rows, place: NDArray[np.int32], ids_of: Callable[[Rows], pa.Array]) -> None:
    """Within one time the place decides, within one place the id."""
    sorted_us, sorted_place = time_us[order], place[order]
    same = sorted_us[1:] == sorted_us[:-1]
    if not bool((same & (sorted_place[1:] <= sorted_place[:-1])).any()):
        return
    among = np.flatnonzero(np.concatenate([[False], same]) | np.concatenate([same, [False]]))
    rows = order[among]
    rows = rows[np.lexsort((place[rows], time_us[rows]))]
    order[among] = rows
    tied = (time_us[rows[1:]] == time_us[rows[:-1]]) & (place[rows[1:]] == place[rows[:-1]])
    if not tied.any():
        return
    among = among[np.concatenate([[False], tied]) | np.concatenate([tied, [False]])]
    rows = order[among]
    table = pa.table({"time": time_us[rows], "place": place[rows], "id": ids_of(rows), "row": rows})
    order[among] = table.sort_by([(name, "ascending") for name in ("time", "place", "id", "row")])["row"].to_numpy()

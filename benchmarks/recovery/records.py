"""The records a desk has at an instant: what happened up to then, as it happened with the blocks in force, and no more."""

import hashlib
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.recovery.play import Play
from ledger.book import Ledger, frame


def seen(play: Play, now_us: int) -> Ledger:
    """The ledger of an instant; transfers that a block cut are less, or failed. Reports are those that have arrived.

    Equal records have equal digests, so that what was computed from them can be kept.
    """
    case, legs = play.case, play.legs
    time_us = np.asarray(case.table["time"].cast(pa.int64()).to_numpy())
    rows = int(np.searchsorted(time_us, now_us, side="right"))
    row = legs.row(np.arange(len(play.executed)))
    done, whole = np.zeros(legs.rows, np.int64), np.zeros(legs.rows, np.int64)
    np.add.at(done, row, play.executed)
    np.add.at(whole, row, legs.given_fen)
    part = case.table.slice(0, rows)
    cut = np.flatnonzero(done[:rows] != whole[:rows])
    if len(cut):
        part = with_less(part, cut, done[:rows])
    reports = case.ledger.reports[case.reported_us <= now_us].reset_index(drop=True)
    mark = hashlib.sha256(cut.tobytes() + done[cut].tobytes()).hexdigest()[:16]
    return replace(
        case.ledger,
        digest=f"{case.ledger.digest}-{now_us}-{mark}",
        reports=reports,
        transfer_count=rows,
        read=lambda names: part.select(list(names)),
    )


def with_less(table: pa.Table, cut: NDArray[np.int64], done: NDArray[np.int64]) -> pa.Table:
    """The records of transfers of which a part only, or nothing, happened."""
    amount = np.array(table["amount_fen"].to_numpy())
    received = np.array(frame(table.select(["received_fen"]))["received_fen"].fillna(-1).to_numpy(dtype=np.int64))
    status = np.asarray(table["status"].cast(pa.string()).to_pylist(), dtype=object)
    for row in cut.tolist():
        if done[row] == 0:
            status[row] = "failed"
        elif received[row] >= 0:
            received[row] = received[row] * int(done[row]) // int(amount[row])
            amount[row] = done[row]
        else:
            amount[row] = done[row]
    columns = {
        "amount_fen": pa.array(amount, pa.int64()),
        "received_fen": pa.array([None if value < 0 else value for value in received.tolist()], pa.int64()),
        "status": pa.array(status.tolist(), pa.string()).cast(table.schema.field("status").type),
    }
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), table.schema.field(name), values)
    return table

"""The candidate rows of all batches as columns of numbers, in ledger order."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.order import ledger_order
from ledger.records import TRANSFERS

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TWO_SIDED, BY_SOURCE, BY_TARGET = 0, 1, 2
FEE_CHANNEL = "fee"
FEE_SUFFIX = "/fee"
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
_MIDNIGHTS = (0, 16, 22, 23)
"""Hours (UTC) at which a date without a clock begins in China, in Central Europe and in Greenwich."""
_LOOSE = pa.schema(
    [
        pa.field(f.name, pa.string()) if f.name in ("source", "target") or pa.types.is_dictionary(f.type) else f
        for f in TRANSFERS
        if f.name not in ("kind", "device", "ip", "extra")
    ]
)


@dataclass(frozen=True)
class Rows:
    """Rows of one length, in ledger order whatever the order they came in.

    table: as text. names: distinct account names; source, target: codes into them. side: whose statement tells the row.
    arrived: what reaches the target. fee_of: the principal of a split-off fee, -1 for any other row. dated: the time is a
    date without a clock. live: not failed.
    """

    table: pa.Table
    names: pa.Array
    source: Ints
    target: Ints
    time_us: Ints
    place: Ints
    amount: Ints
    arrived: Ints
    currency: Ints
    side: NDArray[np.int8]
    fee_of: Ints
    dated: Bools
    live: Bools

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.time_us)

    @property
    def own(self) -> Ints:
        """Name of the account whose statement tells the row; of a two-sided row its source."""
        return np.where(self.side == BY_TARGET, self.target, self.source)

    @property
    def other(self) -> Ints:
        """The name on the other side."""
        return np.where(self.side == BY_TARGET, self.source, self.target)

    def text(self, name: str, rows: Ints) -> pa.Array:
        """A column of some rows."""
        return self.table[name].combine_chunks().take(pa.array(rows))

    def named(self, codes: Ints) -> pa.Array:
        """Account names by code."""
        return self.names.take(pa.array(codes))


def without(rows: Ints, gone: Ints) -> Ints:
    """Row numbers without some of them, in their order; np.setdiff1d is ten times as slow on a million."""
    marked = np.zeros(max(int(part.max()) + 1 if len(part) else 0 for part in (rows, gone)), bool)
    marked[gone] = True
    return rows[~marked[rows]]


def rows_of(new: pa.Table, old: pa.Table) -> Rows:
    """New and old candidates together; of two rows with one id the first in ledger order stays."""
    table = pa.concat_tables([_loose(old), _loose(new)]).combine_chunks()
    time_us = table["time"].cast(pa.int64()).to_numpy()
    place = pc.coalesce(table["sequence"], table["line"]).to_numpy().astype(np.int64)
    order = ledger_order(time_us, place.astype(np.int32), table["transfer"])
    if order is not None:
        table = table.take(pa.array(order)).combine_chunks()
    ids = table["transfer"].combine_chunks()
    codes = ids.dictionary_encode().indices.to_numpy()
    if table.num_rows and codes.max() + 1 < table.num_rows:
        table = table.take(pa.array(np.sort(np.unique(codes, return_index=True)[1]))).combine_chunks()
    return _numbered(table)


def _loose(rows: pa.Table) -> pa.Table:
    columns = [rows[f.name].cast(f.type) if f.name in rows.column_names else pa.nulls(rows.num_rows, f.type) for f in _LOOSE]
    return pa.table(columns, schema=_LOOSE)


def _numbered(table: pa.Table) -> Rows:
    rows = table.num_rows
    encoded = (
        pa.chunked_array([*table["source"].chunks, *table["target"].chunks], pa.string()).combine_chunks().dictionary_encode()
    )
    codes = encoded.indices.to_numpy().astype(np.int64)
    time_us = table["time"].cast(pa.int64()).to_numpy()
    witness = pc.fill_null(pc.index_in(table["witness"], value_set=pa.array(["source", "target"])), -1).to_numpy()
    side = (witness + 1).astype(np.int8)
    source, target = codes[:rows], codes[rows:]
    own = np.where(side == BY_TARGET, target, source)
    return Rows(
        table=table,
        names=encoded.dictionary,
        source=source,
        target=target,
        time_us=time_us,
        place=pc.coalesce(table["sequence"], table["line"]).to_numpy().astype(np.int64),
        amount=table["amount_fen"].to_numpy(),
        arrived=pc.coalesce(table["received_fen"], table["amount_fen"]).to_numpy(),
        currency=_codes(table["currency"]),
        side=side,
        fee_of=_principals(table),
        dated=_dated(time_us, table["file"].to_numpy().astype(np.int64), own),
        live=np.asarray(pc.not_equal(table["status"], "failed").to_numpy(), bool),
    )


def _codes(column: pa.ChunkedArray) -> Ints:
    """Codes by order of appearance; 0 for nulls."""
    indices = column.combine_chunks().dictionary_encode().indices
    return np.asarray(pc.fill_null(indices, -1).to_numpy(), np.int64) + 1


def _principals(table: pa.Table) -> Ints:
    found = np.full(table.num_rows, -1, np.int64)
    fees = pc.and_(pc.fill_null(pc.equal(table["channel"], FEE_CHANNEL), False), pc.ends_with(table["transfer"], FEE_SUFFIX))
    at = np.flatnonzero(fees.to_numpy())
    if len(at):
        ids = table["transfer"].combine_chunks()
        principal = pc.utf8_slice_codeunits(ids.take(pa.array(at)), 0, -len(FEE_SUFFIX))
        found[at] = pc.fill_null(pc.index_in(principal, value_set=ids), -1).to_numpy()
    return found


def _dated(time_us: Ints, file: Ints, own: Ints) -> Bools:
    """Rows of a statement in which every time is a midnight."""
    if not len(time_us):
        return np.empty(0, bool)
    hour, rest = np.divmod(time_us % DAY_US, HOUR_US)
    clocked = (rest != 0) | ~np.isin(hour, _MIDNIGHTS)
    _, statement = np.unique(file * (own.max() + 1) + own, return_inverse=True)
    has_clock = np.bincount(statement, clocked) > 0
    return np.asarray(~has_clock[statement])

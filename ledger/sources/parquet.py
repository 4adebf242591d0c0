"""Canonical records in Parquet: amounts are integer fen (or exact decimals of yuan), times carry a zone."""

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ledger.fields import Field, RecordKind, clean_header, recognise
from ledger.problems import LiushuiError
from ledger.reading import Progress, Reader, Reading
from ledger.statements.profile import Profile
from ledger.text.parse import Header, check_cells

MAGIC = b"PAR1"

TITLE = "canonical records in Parquet"
EXAMPLE = "PAR1 (binary)\ncolumns as in CSV; amounts integer fen or decimals, times with a zone"


def offered(start: bytes, profiles: Sequence[Profile]) -> Reader | None:
    """Any Parquet file."""
    return read if start.startswith(MAGIC) else None


def read(reading: Reading, progress: Progress) -> None:
    """Read a Parquet file to its end; the line of a row is its 1-based number plus one, as if a header stood above."""
    reading.format, reading.streams = "parquet", True
    try:
        with pq.ParquetFile(reading.path) as file:
            names = clean_header(file.schema_arrow.names)
            names = [name.removesuffix("_fen") if name.endswith("_fen") else name for name in names]
            kind = recognise(names)
            if kind is None:
                raise LiushuiError("LDG-unknown-header", f"no record kind has these columns: {', '.join(names[:12])}")
            reading.kind = kind
            line = 2
            for batch in file.iter_batches(1 << 18):
                line += _take(reading, kind, pa.Table.from_batches([batch]).rename_columns(names), line)
                progress(f"reading {reading.name}", line - 2, file.metadata.num_rows)
    except (pa.ArrowInvalid, OSError) as error:
        raise LiushuiError("LDG-damaged-file", f"the Parquet file cannot be read: {error}") from error
    unknown = Header(tuple(names), kind).unknown
    if unknown:
        reading.complain(0, "LDG-unknown-columns", "kept as extra attributes: " + ", ".join(unknown))


def _take(reading: Reading, kind: RecordKind, table: pa.Table, line: int) -> int:
    cells = {name: _cells(kind.field(name), name, table[name].combine_chunks()) for name in table.column_names}
    lines = np.arange(line, line + table.num_rows, dtype=np.int32)
    header = Header(tuple(table.column_names), kind)

    def raw(row: int) -> bytes:
        return json.dumps({name: str(table[name][row].as_py()) for name in table.column_names}, ensure_ascii=False).encode()

    reading.take(check_cells(header, cells, lines, raw))
    return int(table.num_rows)


def _cells(field: Field | None, name: str, column: pa.Array) -> pa.Array:
    """The column as the checks want it: typed where its type is exact, else text."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if field is None:
        return column.cast(pa.string())
    if field.sort == "instant" and pa.types.is_timestamp(column.type):
        if column.type.tz is None:
            raise LiushuiError("LDG-column-type", f"the column {name!r} holds times without a zone")
        return pc.cast(column, pa.timestamp("us", "UTC"), safe=False)
    if field.sort in ("amount", "balance") and not pa.types.is_string(column.type):
        return _money(name, column)
    if field.sort == "flag" and pa.types.is_boolean(column.type):
        return column
    return column.cast(pa.string())


def _money(name: str, column: pa.Array) -> pa.Array:
    if pa.types.is_integer(column.type):
        return column.cast(pa.int64())
    if pa.types.is_decimal(column.type):
        return column.cast(pa.string())
    raise LiushuiError("LDG-column-type", f"the column {name!r} is {column.type}: money is integer fen or decimal")

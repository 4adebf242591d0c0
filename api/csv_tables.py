"""Frames as CSV: money as decimal strings, times as ISO 8601 in UTC, text that a spreadsheet would run made harmless."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from ledger.formulas import guarded_texts

TEXT, MONEY, TIME, COUNT = "text", "money", "time", "count"
"""How a column is written."""


def csv_bytes(frame: pd.DataFrame, columns: dict[str, tuple[str, str]]) -> bytes:
    """The frame's columns as CSV with a header row, each written as `columns` says: file column → (frame column, how)."""
    writers = {TEXT: guarded_texts, MONEY: decimals, TIME: instants, COUNT: counts}
    cells = [
        writers[how](arrow_of(frame, column, pa.string() if how == TEXT else pa.int64())) for column, how in columns.values()
    ]
    buffer = pa.BufferOutputStream()
    buffer.write((",".join(columns) + "\n").encode())
    table = pa.Table.from_arrays(cells, names=list(columns))
    csv.write_csv(table, buffer, csv.WriteOptions(include_header=False, quoting_style="needed"))
    content: bytes = buffer.getvalue().to_pybytes()
    return content


def decimals(fen: pa.Array) -> pa.Array:
    """Fen as decimal strings, all at once, in integers only."""
    size = pc.abs_checked(fen)
    whole = pc.divide(size, 100)
    rest = pc.utf8_lpad(pc.cast(pc.subtract(size, pc.multiply(whole, 100)), pa.string()), 2, "0")
    sign = pc.if_else(pc.less(fen, 0), "-", "")
    return pc.binary_join_element_wise(pc.binary_join_element_wise(sign, pc.cast(whole, pa.string()), ""), rest, ".")


def instants(us: pa.Array) -> pa.Array:
    """UTC microseconds as ISO 8601 texts with offset."""
    text = pc.replace_substring(pc.cast(pc.cast(us, pa.timestamp("us")), pa.string()), " ", "T")
    whole = pc.replace_substring_regex(text, r"\.000000$", "")
    return pc.binary_join_element_wise(whole, "+00:00", "")


def instant(us: int) -> str:
    """UTC microseconds as ISO 8601 with offset; a fraction only where there is one.

    >>> instant(0), instant(1)
    ('1970-01-01T00:00:00+00:00', '1970-01-01T00:00:00.000001+00:00')
    """
    return str(instants(pa.array([us], pa.int64()))[0])


def counts(number: pa.Array) -> pa.Array:
    """Whole numbers as they are."""
    return pc.cast(number, pa.int64())


def arrow_of(frame: pd.DataFrame, column: str, kind: pa.DataType) -> pa.Array:
    """A frame's column as one Arrow array without index; integers stay integers."""
    array = pa.array(frame[column], from_pandas=True)
    combined = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return combined.cast(kind)

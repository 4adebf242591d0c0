"""Cells of CSV files: text from records must not start a formula in a spreadsheet."""

import csv
import io
from collections.abc import Collection, Iterable, Sequence

from ledger.formulas import guarded


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]], amounts: Collection[str] = ()) -> bytes:
    """A CSV file (RFC 4180, UTF-8) with a header row; every cell guarded except the columns of amounts.

    Lines end in CR LF: with LF alone the csv module leaves a CR inside a cell unquoted, and the row would break there.
    """
    exact = {column for column, name in enumerate(header) if name in amounts}
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([cell if column in exact else guarded(cell) for column, cell in enumerate(row)] for row in rows)
    return text.getvalue().encode("utf-8", "replace")

"""The first rows a file makes, as text to look at."""

import pyarrow as pa

from ledger.reading import Reading

_FIRST = ("time", "source", "target", "amount", "transfer", "status", "witness")
"""What is looked at first in a transfer; other kinds show all their columns."""


def sample_rows(reading: Reading, count: int) -> tuple[dict[str, str], ...]:
    """At most so many rows in file order: times in ISO 8601, amounts as decimals."""
    rows: list[dict[str, str]] = []
    for chunk in reading.chunks:
        rows += [_row(reading, chunk, number) for number in range(min(chunk.num_rows, count - len(rows)))]
    return tuple(rows)


def _row(reading: Reading, chunk: pa.Table, number: int) -> dict[str, str]:
    names = [name for name in _FIRST if name in chunk.column_names] if "transfer" in chunk.column_names else chunk.column_names
    return {"line": str(chunk["line"][number].as_py())} | {
        name: _text(reading, name, chunk[name][number]) for name in names if name != "line" and not name.startswith("#")
    }


def _text(reading: Reading, name: str, cell: pa.Scalar) -> str:
    field = reading.kind.field(name) if reading.kind else None
    value = cell.as_py()
    if value is None:
        return ""
    if field and field.sort in ("amount", "balance") and isinstance(value, int):
        return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)

"""Files read without a ledger: what one file gives by itself."""

import csv
import io
from collections import Counter
from pathlib import Path

from ledger.reading import Reading, silent
from ledger.sources import read_file
from ledger.statements.profile import load_profiles

SHOWN = ("line", "time", "source", "target", "amount", "status", "operation", "reverses", "reference")
PROFILES = load_profiles([])


def reading_of(path: Path, profiles: tuple[Path, ...] = ()) -> Reading:
    """One file read to its end; every data line is a row, a problem or blank (`Reading.check` asserts it)."""
    reading = Reading(path, path.name, path.stat().st_size)
    return read_file(reading, load_profiles(profiles) if profiles else PROFILES, silent)


def read_text(folder: Path, text: str | bytes, name: str = "bill.csv", encoding: str = "utf-8") -> Reading:
    """A file of that text, read."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return reading_of(path)


def rows_of(reading: Reading) -> list[dict[str, object]]:
    """The rows by line; made ones after their own line's."""
    return sorted(
        (row for chunk in reading.chunks for row in chunk.to_pylist()), key=lambda row: (row["line"], row["transfer"])
    )


def moves(reading: Reading) -> list[tuple[object, object, int]]:
    """Source, target and fen of every row."""
    return [(row["source"], row["target"], int(str(row["amount"]))) for row in rows_of(reading)]


def told(reading: Reading) -> Counter[str]:
    """How often each problem was told."""
    return Counter({code: number for (_, code), number in reading.complaints.counts.items()})


def as_csv(reading: Reading) -> bytes:
    """The rows as a golden file shows them: amounts in yuan, times in UTC."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow((*SHOWN, "witness", "transfer"))
    for row in rows_of(reading):
        fen = int(str(row["amount"]))
        shown = row | {"amount": f"{fen // 100}.{fen % 100:02d}", "time": f"{row['time']:%Y-%m-%dT%H:%M:%SZ}"}
        writer.writerow([shown.get(name) if shown.get(name) is not None else "" for name in (*SHOWN, "witness", "transfer")])
    return stream.getvalue().encode()

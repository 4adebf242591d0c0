"""Immutable Parquet segments: written once, named by their content, read by column."""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ledger.problems import LiushuiError
from ledger.store.manifest import Segment

SEGMENTS = "segments"
ROW_GROUP = 1 << 18
ORPHAN_SECONDS = 3600

_ENCODINGS = (
    dict.fromkeys(("time", "line", "code"), "DELTA_BINARY_PACKED")
    | dict.fromkeys(("transfer", "report", "account", "reverses", "reference", "order"), "DELTA_LENGTH_BYTE_ARRAY")
    | dict.fromkeys(
        ("source", "target", "amount_fen", "received_fen", "source_balance_fen", "target_balance_fen"), "BYTE_STREAM_SPLIT"
    )
)


@dataclass(frozen=True)
class Stream:
    """A table that is made while it is written. pieces: its rows, to be asked for once; see `write_pieces`."""

    schema: pa.Schema
    num_rows: int
    pieces: Callable[[], Iterable[pa.Table]]


def write_segment(folder: Path, batch: int, kind: str, table: pa.Table | Stream) -> Segment:
    """Write one segment safely: temporary file, fsync, SHA-256, rename, fsync of the folder."""
    if isinstance(table, Stream):
        return write_pieces(folder, batch, kind, table.schema, ahead(table.pieces()))
    return write_pieces(folder, batch, kind, table.schema, [table])


def ahead(pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same pieces; the next one is made in another thread while one is in use."""
    pieces = iter(pieces)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, pieces, None)
        while (piece := waiting.result()) is not None:
            waiting = pool.submit(next, pieces, None)
            yield piece


def write_pieces(folder: Path, batch: int, kind: str, schema: pa.Schema, pieces: Iterable[pa.Table]) -> Segment:
    """Write one segment piece by piece; every piece but the last has a multiple of `ROW_GROUP` rows."""
    home, rows = folder / SEGMENTS, 0
    home.mkdir(exist_ok=True)
    temporary = home / f".{batch:06d}-{kind}.tmp"
    try:
        with pq.ParquetWriter(temporary, schema, **_settings(schema)) as writer:
            for piece in pieces:
                writer.write_table(piece, row_group_size=ROW_GROUP)
                rows += piece.num_rows
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)  # on a full disk the room is needed
        raise
    digest = file_digest(temporary)
    path = home / segment_name(batch, kind, digest)
    temporary.rename(path)
    sync_folder(home)
    return Segment(batch, kind, f"{SEGMENTS}/{path.name}", rows, path.stat().st_size, digest)


def segment_name(batch: int, kind: str, digest: str) -> str:
    """The name of a segment's file follows from its batch, kind and content."""
    return f"{batch:06d}-{kind}-{digest[:16]}.parquet"


def _settings(schema: pa.Schema) -> dict[str, object]:
    encodings = {field.name: _ENCODINGS[field.name] for field in schema if _fits(field)}
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": [name for name in schema.names if name not in encodings],
        "column_encoding": encodings,
        "write_statistics": [name for name in ("time",) if name in schema.names],
        "data_page_size": 1 << 20,
        "version": "2.6",
    }


def _fits(field: pa.Field) -> bool:
    """Text is kept with its lengths apart, numbers and times otherwise; words keep their dictionary.

    Prefix encoding would save half a byte per id and take three times as long to read.
    """
    encoding = _ENCODINGS.get(field.name)
    text = pa.types.is_string(field.type)
    return encoding is not None and text == (encoding == "DELTA_LENGTH_BYTE_ARRAY") and not pa.types.is_dictionary(field.type)


def read_columns(folder: Path, segment: Segment, names: Sequence[str]) -> pa.Table:
    """Some columns of a segment. Raises LiushuiError when it is missing or damaged."""
    with _damage_told(folder / segment.path):
        return pq.read_table(
            folder / segment.path, columns=list(names), memory_map=True, pre_buffer=False, use_threads=True, partitioning=None
        )


def column_names(folder: Path, segment: Segment) -> list[str]:
    """The columns a segment has."""
    with _damage_told(folder / segment.path):
        return list(pq.read_schema(folder / segment.path).names)


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """A file that is missing or damaged as one clear line; a flipped byte can make any of these of it."""
    try:
        yield
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        cause = str(error).partition("\n")[0]
        raise LiushuiError("LDG-segment", f"{path} cannot be read: {cause}; run `liushui verify`") from error


def require_segments(folder: Path, segments: Sequence[Segment]) -> None:
    """Raise LiushuiError for the first segment whose file is missing or has another size; `verify` reads the bytes."""
    for segment in segments:
        path = folder / segment.path
        size = path.stat().st_size if path.is_file() else None
        if size != segment.bytes:
            told = "is missing" if size is None else f"has {size:,} bytes, the manifest says {segment.bytes:,}"
            raise LiushuiError("LDG-segment", f"{path} {told}; restore it from a backup")


def read_rows(folder: Path, segment: Segment, rows: NDArray[np.int64], names: Sequence[str]) -> pa.Table:
    """Some rows (ascending, within the segment) of some columns; only their row groups are read, one at a time."""
    groups = np.unique(rows // ROW_GROUP)
    place = np.searchsorted(groups, rows // ROW_GROUP) * ROW_GROUP + rows % ROW_GROUP
    path = folder / segment.path
    with _damage_told(path), pq.ParquetFile(path, memory_map=True) as file:
        return picked(file.iter_batches(ROW_GROUP, groups.tolist(), list(names)), place).select(list(names))


def column_pieces(folder: Path, segment: Segment, name: str) -> Iterator[pa.Array]:
    """One column of a segment, a row group at a time."""
    path = folder / segment.path
    with _damage_told(path), pq.ParquetFile(path, memory_map=True) as file:
        for batch in file.iter_batches(ROW_GROUP, columns=[name]):
            yield batch.column(0)


def picked(pieces: Iterable[pa.RecordBatch], rows: NDArray[np.int64]) -> pa.Table:
    """Some rows (ascending, at least one) of the pieces of a table, taken piece by piece."""
    parts, start = [], 0
    for piece in pieces:
        low, high = np.searchsorted(rows, (start, start + piece.num_rows))
        if high > low:
            parts.append(pa.table(piece.take(pa.array(rows[low:high] - start))))
        start += piece.num_rows
    return pa.concat_tables(parts)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def collect_orphans(folder: Path, segments: Sequence[Segment], grace_seconds: float = ORPHAN_SECONDS) -> int:
    """Remove segment files no batch names once they are older than the grace time; how many went."""
    named = {Path(segment.path).name for segment in segments}
    home = folder / SEGMENTS
    old = time.time() - grace_seconds
    orphans = (
        [path for path in home.glob("*") if path.name not in named and path.stat().st_mtime < old] if home.is_dir() else []
    )
    for path in orphans:
        path.unlink()
    return len(orphans)

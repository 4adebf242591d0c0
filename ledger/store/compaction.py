"""Compaction: the segments of many batches become one per kind, in a batch of its own; the old ones stay provable."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from ledger.reading import Progress, silent
from ledger.store.chain import Batch, Segment, State, chain_digest, upkeep_of
from ledger.store.content import RowsDigest, content_digest, pieces_of
from ledger.store.locking import writing
from ledger.store.manifest import create, publish, read_state, state_of
from ledger.store.publishing import ENGINE
from ledger.store.segments import ORPHAN_SECONDS, collect_orphans, write_pieces


@dataclass(frozen=True)
class Compacted:
    """What a compaction did.

    batch: number of the batch it published, None when there was nothing to do. segments_before, segments_after: that a
    reader opens. removed_files, removed_bytes: of batches replaced earlier. waiting: seconds until the files of the last
    compaction may go; None when no old files are left to drop. kept_from: the earliest batch that can still be opened.
    """

    batch: int | None
    segments_before: int
    segments_after: int
    removed_files: int
    removed_bytes: int
    waiting: float | None
    kept_from: int


def compact(
    folder: Path, *, drop: bool = False, grace_seconds: float = ORPHAN_SECONDS, progress: Progress | None = None
) -> Compacted:
    """Merge what is published into one segment per kind; the opened ledger is the same, row for row.

    Args:
        drop: also remove the files that an earlier compaction replaced, once `grace_seconds` have passed since: readers
            that opened the ledger before are done by then. The batches before it can then not be opened any more.
    Raises LiushuiError when the folder is no ledger, cannot be written, or a segment is missing or damaged.
    """
    folder = Path(folder)
    read_state(folder)  # a folder that is no ledger is not made one
    with writing(folder):
        engine = create(folder)
        try:
            state = state_of(engine)
            collect_orphans(folder, state.segments)
            after = _compacted(folder, engine, state, _to_drop(state, grace_seconds) if drop else 0, progress or silent)
            files, size = _unlink(folder, after) if drop else (0, 0)
        finally:
            engine.dispose()
    return Compacted(
        batch=after.batch if after.batch != state.batch else None,
        segments_before=len(state.live),
        segments_after=len(after.live),
        removed_files=files,
        removed_bytes=size,
        waiting=_waiting(after, grace_seconds),
        kept_from=max(after.dropped, default=0) + 1,
    )


def _compacted(folder: Path, engine: sa.Engine, state: State, drops: int, progress: Progress) -> State:
    """Publish the batch of upkeep there is a need for, if any; the state after it."""
    number = state.batch + 1
    segments: list[Segment] = []
    content = ""
    if len({segment.batch for segment in state.live}) > 1:
        segments, content = _merged(folder, state, number, progress)
    if not segments and not drops:
        return state
    created = datetime.now(UTC).isoformat(timespec="seconds")
    batch = Batch(number, created, ENGINE, "", state.digest, 1 if segments else 0, drops, content)
    digest = chain_digest(state.digest, segments, (), upkeep_of(batch))
    publish(engine, Batch(number, created, ENGINE, digest, state.digest, batch.replaces, drops, content), segments, ())
    return state_of(engine)


def _merged(folder: Path, state: State, number: int, progress: Progress) -> tuple[list[Segment], str]:
    """One segment per kind, and the content digest of what went into them."""
    segments, told = [], []
    kinds = sorted({segment.kind for segment in state.live})
    for done, kind in enumerate(kinds):
        progress(f"merging {kind}", done, len(kinds))
        digest = RowsDigest()
        pieces = _noted(pieces_of(folder, state, kind), digest)
        first = next(pieces)
        segments.append(write_pieces(folder, number, kind, first.schema, _again(first, pieces)))
        told.append((kind, digest.hexdigest()))
    return segments, content_digest(told)


def _noted(pieces: Iterator[pa.Table], digest: RowsDigest) -> Iterator[pa.Table]:
    for piece in pieces:
        digest.add(piece)
        yield piece


def _again(first: pa.Table, rest: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from rest


def _to_drop(state: State, grace_seconds: float) -> int:
    """The last compaction, when the files it replaced are still kept and old enough; 0 otherwise."""
    waiting = _waiting(state, grace_seconds)
    return _last_compaction(state).number if waiting is not None and waiting <= 0 else 0


def _waiting(state: State, grace_seconds: float) -> float | None:
    """Seconds until the files of the last compaction may go. A clock set back only makes it wait longer."""
    if not state.replaced - state.dropped:
        return None
    created = datetime.fromisoformat(_last_compaction(state).created).timestamp()
    return created + grace_seconds - time.time()


def _last_compaction(state: State) -> Batch:
    return next(batch for batch in reversed(state.batches) if batch.replaces)


def _unlink(folder: Path, state: State) -> tuple[int, int]:
    """Remove the files of dropped batches, those included that a kill left behind; how many, and their bytes."""
    files, size = 0, 0
    for segment in state.segments:
        path = folder / segment.path
        if segment.batch in state.dropped and path.exists():
            path.unlink()
            files, size = files + 1, size + segment.bytes
    return files, size

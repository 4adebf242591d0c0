"""Check a ledger against its manifest: the chain of batches, every segment's bytes and rows, what compactions kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger.problems import LiushuiError
from ledger.reading import Progress, silent
from ledger.store.chain import NO_DIGEST, Batch, Segment, State, chain_digest, seal_of, upkeep_of
from ledger.store.manifest import read_state
from ledger.store.segments import SEGMENTS, file_digest, segment_name

RESTORE_MANIFEST = "restore the manifest from a backup"


@dataclass(frozen=True)
class Check:
    """One thing that was checked, whether it holds, and what was found when it does not."""

    name: str
    sound: bool
    detail: str = ""


def verify_store(folder: Path, progress: Progress | None = None) -> list[Check]:
    """Re-read everything a ledger consists of; a flipped byte or a missing segment is a check that does not hold.

    Args:
        progress: told (stage, done, total), in bytes of segments.
    """
    folder = Path(folder)
    try:
        state = read_state(folder)
    except LiushuiError as error:
        return [Check("manifest", False, str(error))]
    checks = [*_chain(state), *_outside(state), *_leftovers(folder, state), *_segments(folder, state, progress or silent)]
    if all(check.sound for check in checks):
        checks += _compactions(folder, state)
    return checks


def _chain(state: State) -> Iterator[Check]:
    previous, seal = NO_DIGEST, NO_DIGEST
    for position, batch in enumerate(state.batches, start=1):
        problem = _link(state, batch, position, previous, seal)
        yield Check(f"batch {batch.number}", not problem, f"manifest, batch {batch.number}: {problem}" if problem else "")
        previous, seal = batch.digest, batch.seal


def _link(state: State, batch: Batch, position: int, previous: str, seal: str) -> str:
    """What is wrong with a batch, seen from the one before; empty when it follows from it."""
    segments = [segment for segment in state.segments if segment.batch == batch.number]
    sources = [source for source in state.sources if source.batch == batch.number]
    if batch.number != position or batch.previous != previous:
        return f"the batch does not follow from the one before; {RESTORE_MANIFEST}"
    if batch.digest != chain_digest(previous, segments, sources, upkeep_of(batch)):
        return f"its digest is not that of its segments and sources: a row was changed, added or removed; {RESTORE_MANIFEST}"
    if batch.seal != seal_of(seal, batch, segments, sources):
        return f"its seal is not that of its rows: a value beside the digests was changed; {RESTORE_MANIFEST}"
    named = {segment.path for segment in segments}
    if named != {f"{SEGMENTS}/{segment_name(batch.number, one.kind, one.sha256)}" for one in segments}:
        return f"a segment's path is not that of its content; {RESTORE_MANIFEST}"
    return ""


def _outside(state: State) -> Iterator[Check]:
    """Rows of batches that are not there."""
    known = {batch.number for batch in state.batches}
    named = {segment.batch for segment in state.segments} | {source.batch for source in state.sources}
    for number in sorted(named - known):
        yield Check(
            f"batch {number}", False, f"manifest: segments or sources of batch {number}, which is not there; {RESTORE_MANIFEST}"
        )


def _leftovers(folder: Path, state: State) -> Iterator[Check]:
    """Segments of later batches than the manifest knows: it was set back. One batch more can be an ingest at work."""
    named = {segment.path for segment in state.segments}
    for path in sorted((folder / SEGMENTS).glob("[0-9]*.parquet")):
        name = f"{SEGMENTS}/{path.name}"
        if name not in named and path.name[:6] > f"{state.batch + 1:06d}":
            detail = (
                f"{path} is of a later batch than the manifest's last, {state.batch}: the manifest is older than the folder"
            )
            yield Check(name, False, f"{detail}; {RESTORE_MANIFEST}")


def _segments(folder: Path, state: State, progress: Progress) -> Iterator[Check]:
    kept = [segment for segment in state.segments if segment.batch not in state.dropped]
    total, done = sum(segment.bytes for segment in kept), 0
    for segment in kept:
        progress("segments", done, total)
        problem = _differs(folder, segment)
        yield Check(segment.path, not problem, f"{problem}; {_advice(state, segment)}" if problem else "")
        done += segment.bytes


def _differs(folder: Path, segment: Segment) -> str:
    """How a segment's file differs from what the manifest says; empty when it does not."""
    path = folder / segment.path
    try:
        if not path.is_file():
            return f"{path} is missing"
        size = path.stat().st_size
        if size != segment.bytes:
            return f"{path} has {size:,} bytes, the manifest says {segment.bytes:,}"
        digest = file_digest(path)
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    if digest != segment.sha256:
        return f"{path} has SHA-256 {digest}, the manifest says {segment.sha256}"
    rows = _row_count(path)
    return "" if rows == segment.rows else f"{path} has {rows:,} rows, the manifest says {segment.rows:,}"


def _row_count(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _advice(state: State, segment: Segment) -> str:
    """What to do about a damaged segment: where else its rows are."""
    if segment.batch in state.replaced:
        return "restore the file from a backup; the rows themselves stand in the compaction after it too"
    names = [source.name for source in state.sources if source.batch == segment.batch]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return "restore the file from a backup" + (f"; its batch was read from {shown}" if names else "")


def _compactions(folder: Path, state: State) -> Iterator[Check]:
    """The rows of the last compaction are those that went into it, counted again on both sides where both are kept."""
    from ledger.store.content import state_content

    batch = next((batch for batch in reversed(state.batches) if batch.replaces), None)
    if batch is None:
        return
    sides = [batch.number] + ([batch.number - 1] if batch.number - 1 not in state.dropped else [])
    try:
        different = [number for number in sides if state_content(folder, state.as_of(number)) != batch.content]
    except LiushuiError as error:
        yield Check(f"compaction {batch.number}", False, str(error))
        return
    detail = f"batch {different[0]} does not hold the rows the compaction in batch {batch.number} tells of" if different else ""
    yield Check(f"compaction {batch.number}", not different, detail)

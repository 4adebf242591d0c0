"""Check a ledger against its manifest: every segment's bytes, every row count, the chain of batches."""

from dataclasses import dataclass
from pathlib import Path

from ledger.manifest import NO_DIGEST, Segment, State, chain_digest, read_state
from ledger.problems import LiushuiError
from ledger.segments import file_digest


@dataclass(frozen=True)
class Check:
    """One thing that was checked, whether it holds, and what was found when it does not."""

    name: str
    sound: bool
    detail: str = ""


def verify_store(folder: Path) -> list[Check]:
    """Re-read everything a ledger consists of; a flipped byte or a missing segment is a check that does not hold."""
    folder = Path(folder)
    try:
        state = read_state(folder)
    except LiushuiError as error:
        return [Check("manifest", False, str(error))]
    return [*_chain(state), *(_segment(folder, segment) for segment in state.segments)]


def _chain(state: State) -> list[Check]:
    checks, previous = [], NO_DIGEST
    for position, batch in enumerate(state.batches, start=1):
        segments = [segment for segment in state.segments if segment.batch == batch.number]
        sources = [source for source in state.sources if source.batch == batch.number]
        sound = batch.number == position and batch.previous == previous
        sound = sound and batch.digest == chain_digest(previous, segments, sources)
        detail = "" if sound else "the batch does not follow from the one before, or its manifest rows were changed"
        checks.append(Check(f"batch {batch.number}", sound, detail))
        previous = batch.digest
    return checks


def _segment(folder: Path, segment: Segment) -> Check:
    import pyarrow.parquet as pq

    path = folder / segment.path
    if not path.is_file():
        return Check(segment.path, False, f"{path} is missing")
    size = path.stat().st_size
    if size != segment.bytes:
        return Check(segment.path, False, f"{path} has {size:,} bytes, the manifest says {segment.bytes:,}")
    digest = file_digest(path)
    if digest != segment.sha256:
        return Check(segment.path, False, f"{path} has SHA-256 {digest}, the manifest says {segment.sha256}")
    rows = pq.read_metadata(path).num_rows
    detail = "" if rows == segment.rows else f"{path} has {rows:,} rows, the manifest says {segment.rows:,}"
    return Check(segment.path, not detail, detail)

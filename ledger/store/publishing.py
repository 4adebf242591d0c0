"""Publishing a batch: segments first, then the one transaction that makes them count."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from ledger.store.manifest import Batch, Source, State, chain_digest, publish, state_of
from ledger.store.segments import Stream, write_segment

ENGINE = "liushui-ledger 1"


def publish_tables(
    folder: Path, engine: sa.Engine, state: State, tables: Mapping[str, pa.Table | Stream], sources: Sequence[Source] = ()
) -> State:
    """Publish tables by segment kind as the batch after `state`; the state with it."""
    number = state.batch + 1
    segments = [write_segment(folder, number, kind, table) for kind, table in sorted(tables.items())]
    digest = chain_digest(state.digest, segments, sources)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    publish(engine, Batch(number, created, ENGINE, digest, state.digest), segments, sources)
    return state_of(engine)

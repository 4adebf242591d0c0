"""The manifest: which batches, segments and sources a ledger consists of. Segments count only once they stand here."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ledger.problems import LiushuiError

MANIFEST = "manifest.sqlite"
NO_DIGEST = "0" * 64

_META = sa.MetaData()
BATCH = sa.Table(
    "batch",
    _META,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("engine", sa.String(32), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("previous", sa.String(64), nullable=False, unique=True),
)
SEGMENT = sa.Table(
    "segment",
    _META,
    sa.Column("batch", sa.Integer, sa.ForeignKey("batch.number"), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("path", sa.String(200), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)
SOURCE = sa.Table(
    "source",
    _META,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(1000), nullable=False),
    sa.Column("format", sa.String(100), nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("problems", sa.BigInteger, nullable=False),
    sa.Column("batch", sa.Integer, sa.ForeignKey("batch.number"), nullable=False),
)


@dataclass(frozen=True)
class Batch:
    """One published batch; digest = SHA-256 over the previous digest, its segments and its sources."""

    number: int
    created: str
    engine: str
    digest: str
    previous: str


@dataclass(frozen=True)
class Segment:
    """One immutable Parquet file. path is relative to the ledger folder."""

    batch: int
    kind: str
    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """One file that was read. problems counts its error lines and doubts."""

    number: int
    sha256: str
    name: str
    format: str
    bytes: int
    rows: int
    problems: int
    batch: int


@dataclass(frozen=True)
class State:
    """Everything published, in order."""

    batches: tuple[Batch, ...] = ()
    segments: tuple[Segment, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def digest(self) -> str:
        """Digest of the last batch; zeros when there is none."""
        return self.batches[-1].digest if self.batches else NO_DIGEST

    @property
    def batch(self) -> int:
        """Number of the last batch; 0 when there is none."""
        return self.batches[-1].number if self.batches else 0

    def as_of(self, batch: int) -> "State":
        """What was published with and before that batch. Raises LiushuiError when there is no such batch."""
        if not any(one.number == batch for one in self.batches):
            raise LiushuiError("LDG-unknown-batch", f"there is no batch {batch}; the last one is {self.batch}")
        return State(
            tuple(one for one in self.batches if one.number <= batch),
            tuple(one for one in self.segments if one.batch <= batch),
            tuple(one for one in self.sources if one.batch <= batch),
        )

    def of_kind(self, kind: str) -> list[Segment]:
        """The segments of one kind, oldest first."""
        return [segment for segment in self.segments if segment.kind == kind]


def chain_digest(previous: str, segments: Sequence[Segment], sources: Sequence[Source]) -> str:
    """Digest of a batch. The time of its creation is not in it: same input, same digest."""
    lines = [previous]
    lines += [f"{s.kind} {s.rows} {s.bytes} {s.sha256}" for s in sorted(segments, key=lambda s: s.kind)]
    lines += [f"{s.number} {s.sha256} {s.rows} {s.format} {s.name}" for s in sorted(sources, key=lambda s: s.number)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def create(folder: Path) -> sa.Engine:
    """Open the manifest for writing, making it where there is none."""
    path = folder / MANIFEST
    try:
        if not path.exists():
            _make(path.with_name(f".{MANIFEST}.tmp"), path)
        engine = sa.create_engine(f"sqlite:///{path}")
        sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=FULL"))
        state_of(engine)
    except sa.exc.DatabaseError as error:
        raise LiushuiError("LDG-manifest", f"{path} cannot be opened: {error.orig}") from error
    return engine


def _make(temporary: Path, path: Path) -> None:
    """An empty manifest appears whole or not at all."""
    temporary.unlink(missing_ok=True)
    engine = sa.create_engine(f"sqlite:///{temporary}")
    with engine.begin() as connection:
        _META.create_all(connection)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    engine.dispose()
    temporary.rename(path)


def read_state(folder: Path) -> State:
    """What is published. Raises LiushuiError where there is no ledger."""
    path = folder / MANIFEST
    if not path.is_file():
        raise LiushuiError("LDG-no-ledger", f"{folder} is not a ledger: it has no {MANIFEST}")
    engine = sa.create_engine(f"sqlite:///{path}")
    try:
        return state_of(engine)
    except sa.exc.DatabaseError as error:
        raise LiushuiError("LDG-manifest", f"{path} cannot be read: {error.orig}") from error
    finally:
        engine.dispose()


def state_of(engine: sa.Engine) -> State:
    """What is published, in one transaction."""
    with engine.connect() as connection:
        batches = [Batch(**row) for row in connection.execute(sa.select(BATCH).order_by(BATCH.c.number)).mappings()]
        order = (SEGMENT.c.batch, SEGMENT.c.kind)
        segments = [Segment(**row) for row in connection.execute(sa.select(SEGMENT).order_by(*order)).mappings()]
        sources = [Source(**row) for row in connection.execute(sa.select(SOURCE).order_by(SOURCE.c.number)).mappings()]
    return State(tuple(batches), tuple(segments), tuple(sources))


def publish(engine: sa.Engine, batch: Batch, segments: Sequence[Segment], sources: Sequence[Source]) -> None:
    """The one transaction that makes a batch real."""
    with engine.begin() as connection:
        connection.execute(sa.insert(BATCH), [vars(batch)])
        connection.execute(sa.insert(SEGMENT), [vars(segment) for segment in segments])
        if sources:  # a batch of decisions alone reads no file
            connection.execute(sa.insert(SOURCE), [vars(source) for source in sources])

"""What is published: batches, segments and sources, how digests chain them, and which segments count."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from typing import Any

from ledger.problems import LiushuiError

NO_DIGEST = "0" * 64


@dataclass(frozen=True)
class Batch:
    """One published batch; digest = SHA-256 over the previous digest, its segments and its sources, without any clock.

    replaces: a compaction's segments stand for those of this batch up to the one before it; 0 in any other batch.
    drops: the compaction whose replaced files are not kept any more; 0 for none. content: of the rows a compaction replaced.
    seal: SHA-256 over the previous seal and every value of the batch's rows in the manifest; `publish` makes it.
    """

    number: int
    created: str
    engine: str
    digest: str
    previous: str
    replaces: int = 0
    drops: int = 0
    content: str = ""
    seal: str = ""


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

    @cached_property
    def replaced(self) -> frozenset[int]:
        """Batches whose segments a later compaction stands for."""
        return frozenset(number for batch in self.batches if batch.replaces for number in range(batch.replaces, batch.number))

    @cached_property
    def dropped(self) -> frozenset[int]:
        """Batches whose segment files are not kept any more."""
        compactions = {batch.number: batch.replaces for batch in self.batches if batch.replaces}
        named = [batch.drops for batch in self.batches if batch.drops in compactions]
        return frozenset(number for last in named for number in range(compactions[last], last))

    def as_of(self, batch: int) -> "State":
        """What was published with and before that batch.

        Raises LiushuiError when there is no such batch, or its segments were dropped after a compaction.
        """
        if not any(one.number == batch for one in self.batches):
            raise LiushuiError("LDG-unknown-batch", f"there is no batch {batch}; the last one is {self.batch}")
        then = State(
            tuple(one for one in self.batches if one.number <= batch),
            tuple(one for one in self.segments if one.batch <= batch),
            tuple(one for one in self.sources if one.batch <= batch),
        )
        if any(segment.batch in self.dropped for segment in then.live):
            first = max(self.dropped) + 1
            cause = f"the segments of batch {batch} were dropped after a compaction; the earliest batch still kept is {first}"
            raise LiushuiError("LDG-batch-dropped", cause)
        return then

    @cached_property
    def live(self) -> tuple[Segment, ...]:
        """The segments an opened ledger reads: all but those a compaction stands for."""
        return tuple(segment for segment in self.segments if segment.batch not in self.replaced)

    def of_kind(self, kind: str) -> list[Segment]:
        """The live segments of one kind, oldest first."""
        return [segment for segment in self.live if segment.kind == kind]


def chain_digest(previous: str, segments: Sequence[Segment], sources: Sequence[Source], upkeep: str = "") -> str:
    """Digest of a batch. The time of its creation is not in it: same input, same digest. upkeep: what a compaction did."""
    lines = [previous]
    lines += [f"{s.kind} {s.rows} {s.bytes} {s.sha256}" for s in sorted(segments, key=lambda s: s.kind)]
    lines += [f"{s.number} {s.sha256} {s.rows} {s.format} {s.name}" for s in sorted(sources, key=lambda s: s.number)]
    lines += [upkeep] if upkeep else []
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def upkeep_of(batch: Batch) -> str:
    """What a batch of upkeep adds to its digest; empty for a batch of records."""
    if not batch.replaces and not batch.drops:
        return ""
    return f"replaces {batch.replaces} drops {batch.drops} content {batch.content}"


def seal_of(previous: str, batch: Batch, segments: Sequence[Segment], sources: Sequence[Source]) -> str:
    """SHA-256 over the seal before and everything the manifest says about a batch."""
    rows: list[Any] = [previous, astuple(replace(batch, seal=""))]
    rows += sorted(map(astuple, segments)) + sorted(map(astuple, sources))
    return hashlib.sha256(json.dumps(rows, ensure_ascii=True).encode()).hexdigest()

"""All files of one run, read: containers opened on the way, what is known already left out."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from ledger.complaints import Complaints
from ledger.containers import Container, Part, Scratch, open_container
from ledger.reading import Progress, Reading
from ledger.sources import read_file
from ledger.statements.profile import Profile
from ledger.store.manifest import Source
from ledger.store.segments import file_digest

CURABLE = ("LDG-unknown-header", "LDG-ambiguous-header")
"""What a further profile may cure. An archive with such a file in it is looked into again the next time."""


@dataclass
class Intake:
    """What a run reads, and what it met.

    known: files whose bytes are in the ledger. taken: names by SHA-256, of the ledger's sources and of this run's files.
    sizes: a file of none of these sizes cannot be known and need not be hashed beforehand. lost: SHA-256 of what gave nothing.
    sink: takes the transfers of files that are read in one go.
    """

    profiles: Sequence[Profile]
    progress: Progress
    scratch: Scratch
    complaints: Complaints
    known: list[str] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)
    sizes: set[int] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    sink: Callable[[Reading, pa.Table], None] | None = None


def read_files(files: Sequence[tuple[Path, str]], published: Sequence[Source], intake: Intake) -> list[Reading]:
    """Read every new file, in the order given. A container comes after its parts, with no rows of its own."""
    intake.taken |= {source.sha256: source.name for source in published}
    parts = [(Part(path, name), _size(path, name, intake)) for path, name in files]
    often = Counter(size for _, size in parts if size is not None)
    intake.sizes |= {source.bytes for source in published} | {size for size, number in often.items() if number > 1}
    return [reading for part, size in parts if size is not None for reading in _read(part, size, intake)]


def _size(path: Path, name: str, intake: Intake) -> int | None:
    """The size of a file that can be opened; else it is a problem."""
    try:
        with path.open("rb") as stream:
            return stream.seek(0, 2)
    except OSError as error:
        intake.complaints.add(name, 0, "LDG-missing-path", f"the file cannot be read: {error.strerror}")
        return None


def _read(part: Part, size: int, intake: Intake) -> list[Reading]:
    digest = part.sha256 or (file_digest(part.path) if size in intake.sizes else "")
    if size and digest in intake.taken:
        _tell_known(part, digest, intake)
        return []
    container = open_container(part, intake.scratch)
    if container is not None:
        return _parts(part, container, Reading(part.path, part.name, size, digest=digest or file_digest(part.path)), intake)
    reading = Reading(part.path, part.name, size, sheet=part.sheet, sink=intake.sink, aside=intake.scratch.next_path())
    read_file(reading, intake.profiles, intake.progress)
    _note(reading, intake)
    return [reading]


def _parts(part: Part, container: Container, reading: Reading, intake: Intake) -> list[Reading]:
    """The parts, and the container itself: a source of its own as soon as a part landed and no further try could give more.

    Then the problems of parts that did not land are kept with it, because they will not be met again.
    """
    inner = [found for one in container.parts for found in _read(one, one.path.stat().st_size, intake)]
    lost = [found for found in inner if not found.landed]
    reading.format, reading.complaints = container.format, container.complaints
    reading.opened = any(found.rows for found in inner) and not any(_is_curable(found) for found in lost)
    for found in lost if reading.opened else ():
        reading.complaints.extend(found.complaints)
        found.complaints = Complaints()
    _note(reading, intake)
    return [*inner, reading]


def _is_curable(reading: Reading) -> bool:
    return any(code in CURABLE for _, code in reading.complaints.counts)


def _note(reading: Reading, intake: Intake) -> None:
    """Later files with the same bytes are known by this one."""
    intake.taken.setdefault(reading.digest, reading.name)
    intake.sizes.add(reading.size)
    if not reading.landed:
        intake.lost.add(reading.digest)


def _tell_known(part: Part, digest: str, intake: Intake) -> None:
    """Bytes that gave nothing are no success the second time either."""
    lost = digest in intake.lost
    told = f"the same bytes were read as {intake.taken[digest]}" + (", which gave nothing" if lost else "")
    intake.complaints.add(part.name, 0, "LDG-already-there", told)
    if not lost:
        intake.known.append(part.name)

"""What a file is taken for and why, and what would become of its first rows; nothing is written but in a temporary folder."""

import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ledger.complaints import Complaints
from ledger.containers import Limits, Part, Scratch, open_container, scratch_in
from ledger.fields import clean_header
from ledger.files import find_files
from ledger.problems import LiushuiError, Problem
from ledger.reading import Reading, silent
from ledger.samples import sample_rows
from ledger.sources import Source, canonical, find_source, opening_of, read_file
from ledger.statements.headers import Fit, fitting
from ledger.statements.nearly import Nearly, nearly_fitting
from ledger.statements.profile import Profile
from ledger.text.blocks import TextFile

HEAD_BYTES = 4 << 20
"""So much of a text file is read; it is enough for some thirty thousand rows."""
PROBLEMS = 20


@dataclass(frozen=True)
class Inspected:
    """One file, or one part of a container.

    source: name of the format it was taken for, empty when none knows it. kind: of its records.
    profile: name and title of the one it is read through. mapping: what that decides beside the columns, as written there.
    guessed: True when that profile is one for usual column names, not for this export.
    columns: the file's name of a column, and the field it is read as. unknown: columns kept as extras.
    whole: False when only the beginning was read. rows: the first rows it would make, cells as text.
    lines, taken, refused, blank: what became of the lines that were read.
    """

    name: str
    size: int
    source: str = ""
    kind: str = ""
    profile: tuple[str, str] = ("", "")
    encoding: str = ""
    header_line: int = 0
    columns: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    mapping: dict[str, str] = field(default_factory=dict)
    guessed: bool = False
    nearly: tuple[Nearly, ...] = ()
    whole: bool = True
    rows: tuple[dict[str, str], ...] = ()
    lines: int = 0
    taken: int = 0
    refused: int = 0
    blank: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Inspection:
    """containers: name and format of those that were opened; problems: of what could not be had from them."""

    containers: tuple[tuple[str, str], ...]
    files: tuple[Inspected, ...]
    problems: tuple[Problem, ...]

    @property
    def readable(self) -> bool:
        """True when some file would give a row."""
        return any(file.taken for file in self.files)


def inspect_file(path: Path, profiles: Sequence[Profile], rows: int = 5, limits: Limits | None = None) -> Inspection:
    """Look at one file as an ingest would, its parts included. Raises LiushuiError when there is no such file."""
    complaints = Complaints()
    if path.is_dir() or not find_files([path], complaints):
        why = next((one.message for one in complaints.problems()), "it is a folder; one file is looked at")
        raise LiushuiError("LDG-missing-path", f"{path}: {why}")
    with tempfile.TemporaryDirectory(prefix="liushui-") as folder, scratch_in(Path(folder), limits or Limits()) as scratch:
        try:
            return _inspected(Part(path, path.name), (profiles, rows), scratch)
        except OSError as error:
            raise LiushuiError("LDG-missing-path", f"{path} cannot be read: {error.strerror}") from error


def _inspected(part: Part, wanted: tuple[Sequence[Profile], int], scratch: Scratch) -> Inspection:
    container = open_container(part, scratch)
    if container is None:
        return Inspection((), (_file(part, wanted, scratch),), ())
    inner = [_inspected(one, wanted, scratch) for one in container.parts]
    return Inspection(
        ((container.name, container.format), *(found for one in inner for found in one.containers)),
        tuple(file for one in inner for file in one.files),
        (*container.complaints.problems(), *(problem for one in inner for problem in one.problems)),
    )


@dataclass
class _Look:
    """What the first bytes of a file say."""

    profiles: Sequence[Profile]
    start: bytes = b""
    source: Source | None = None
    fit: Fit | None = None

    def take(self, reading: Reading) -> None:
        """Raises LiushuiError where a file is refused by its first bytes; what is known until then stays."""
        self.start, self.profiles = opening_of(reading, self.profiles)
        self.source, _ = find_source(self.start, self.profiles)
        if self.source and self.source.name == "profile":
            self.fit = fitting(self.start, self.profiles)


def _file(part: Part, wanted: tuple[Sequence[Profile], int], scratch: Scratch) -> Inspected:
    size, look, whole = part.path.stat().st_size, _Look(wanted[0]), True
    reading = Reading(part.path, part.name, size, sheet=part.sheet)
    with suppress(LiushuiError):  # read_file meets it again and tells it
        look.take(reading)
    if look.source and not look.source.whole:
        reading.path, whole = _head(part.path, scratch)
        reading.size = reading.path.stat().st_size
    read_file(reading, wanted[0], silent)
    fit, kind = look.fit, reading.kind
    columns, unknown, line = _columns(look, reading)
    near = nearly_fitting(look.start, look.profiles) if look.source is None or fit else ()
    return Inspected(
        name=part.name,
        size=size,
        source=look.source.name if look.source else "",
        kind=kind.name if kind else "",
        profile=(fit.profile.name, fit.profile.title) if fit else ("", ""),
        encoding=_encoding(part.path, fit),
        header_line=line,
        columns=columns,
        unknown=unknown,
        mapping=_mapping(fit),
        guessed=bool(fit and fit.profile.fallback),
        nearly=tuple(one for one in near if not fit or one.profile != fit.profile.name),
        whole=whole,
        rows=sample_rows(reading, wanted[1]),
        lines=reading.data_lines,
        taken=reading.rows,
        refused=reading.refused,
        blank=reading.blank,
        problems=reading.complaints.problems()[:PROBLEMS],
    )


def _head(path: Path, scratch: Scratch) -> tuple[Path, bool]:
    """The first lines of a text in a file of their own, unpacked, and whether that is all of it."""
    file, head = TextFile(path, HEAD_BYTES), scratch.next_path()
    blocks = file.blocks()
    with head.open("wb") as stream:
        stream.write(next(blocks).data)
    return (path, True) if next(blocks, None) is None else (head, False)


def _encoding(path: Path, fit: Fit | None) -> str:
    file = TextFile(path)
    start = file.head(4)
    if file.encoding or fit:
        return file.encoding or (fit.encoding if fit else "")
    return "" if start.startswith((b"PAR1", b"\0")) else "utf-8"


def _columns(look: _Look, reading: Reading) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...], int]:
    """Columns with their fields, columns without one, and the line of the header."""
    fit = look.fit
    if fit:
        used = {at: name for name, at in fit.found.items()}
        known = tuple((name, used[at]) for at, name in enumerate(fit.names) if at in used)
        return known, tuple(name for at, name in enumerate(fit.names) if at not in used), fit.header_line
    names, line = _header(look.start, look.source)
    kind = reading.kind
    known = tuple((name, name) for name in names if kind and kind.field(name))
    return known, tuple(name for name in names if not (kind and kind.field(name))), line


def _header(start: bytes, source: Source | None) -> tuple[list[str], int]:
    if source and source.name == "jsonl":
        try:
            first = json.loads(start.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0])
        except ValueError:
            return [], 0
        return clean_header(list(first)) if isinstance(first, dict) else [], 0
    if source and source.whole:
        return [], 0
    return canonical.header_cells(start)


def _mapping(fit: Fit | None) -> dict[str, str]:
    """What a profile decides beside its columns."""
    if fit is None:
        return {}
    profile, lists = fit.profile, ("own_account", "counterparty", "id", "reference", "time_formats")
    told = {name: " or ".join(getattr(profile, name)) for name in lists}
    told |= {"amount_sign": profile.sign(fit.found) or profile.amount_sign, "zone": profile.zone, "currency": profile.currency}
    told |= {f"said: {name}": text for name, text in fit.said.items()}
    return {name: text for name, text in told.items() if text}

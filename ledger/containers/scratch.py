"""Where unpacked parts lie while a run reads them: a folder inside the ledger, with limits against archives made to burst."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SCRATCH = ".scratch"
_CHECK_BYTES = 64 << 20
"""The free space of the disk is looked at after so many bytes."""


@dataclass(frozen=True)
class Limits:
    """How far a container is followed.

    members: files in one archive; a year of daily statements of twenty banks has 7,000.
    directory_bytes: of an archive's list of members, which is read into memory.
    unpacked_bytes: of all containers of a run; a hundred million rows are about 15 GB of text.
    ratio: unpacked to packed bytes of one container, counted from `small_bytes` on; statements pack 5 to 30 times
    free_bytes: what stays free on the ledger's disk.
    nesting: archives within archives.
    sheets, sheet_seconds, memory_bytes: of a workbook, the processor time and the memory of the process that reads it.
    rows_bytes: of transfers that wait in memory until all files are read; the others wait in the scratch folder. Fifteen
        million plain rows; what an ingest needs beside them is about as much.
    """

    members: int = 20_000
    directory_bytes: int = 16 << 20
    unpacked_bytes: int = 32 << 30
    ratio: int = 200
    small_bytes: int = 64 << 20
    free_bytes: int = 1 << 30
    nesting: int = 2
    sheets: int = 500
    sheet_seconds: int = 900
    memory_bytes: int = 4 << 30
    rows_bytes: int = 1 << 30


class LimitError(Exception):
    """A container holds more than is allowed; the message says which limit."""


class DamageError(Exception):
    """The rest of a member cannot be unpacked."""


@dataclass(frozen=True)
class Poured:
    """A part on the disk. damage: why it ends before its end; empty when it is whole."""

    path: Path
    sha256: str
    damage: str = ""


@dataclass
class Unpacked:
    """How much a container of `packed_bytes` gave so far."""

    packed_bytes: int
    unpacked_bytes: int = 0


@dataclass
class Scratch:
    """A folder for parts. They are numbered there: names in archives are written by strangers."""

    folder: Path
    limits: Limits
    used_bytes: int = 0
    files: int = 0
    unchecked_bytes: int = _CHECK_BYTES

    def next_path(self) -> Path:
        """A path nothing lies at yet."""
        self.files += 1
        return self.folder / f"{self.files:06d}"

    def check_depth(self, depth: int) -> None:
        """Raises LimitError for an archive that lies too deep in others."""
        if depth >= self.limits.nesting:
            raise LimitError(f"archives are opened {self.limits.nesting} deep, this one lies deeper")

    def spend(self, number: int) -> None:
        """Count bytes before they are written. Raises LimitError."""
        self.used_bytes += number
        self.unchecked_bytes += number
        if self.used_bytes > self.limits.unpacked_bytes:
            raise LimitError(f"the containers of this run unpack to more than {self.limits.unpacked_bytes >> 20:,} MiB")
        if self.unchecked_bytes >= _CHECK_BYTES:
            self.unchecked_bytes = 0
            if shutil.disk_usage(self.folder).free < self.limits.free_bytes:
                raise LimitError(f"less than {self.limits.free_bytes >> 20:,} MiB would stay free on the ledger's disk")

    def pour(self, pieces: Iterable[bytes], container: Unpacked) -> Poured:
        """Write one part of a container; a part that is cut short keeps what it had.

        Raises LimitError, and then nothing of the part is left.
        """
        path, hasher, damage = self.next_path(), hashlib.sha256(), ""
        most = max(self.limits.small_bytes, self.limits.ratio * container.packed_bytes)
        try:
            with path.open("wb") as stream:
                for piece in pieces:
                    self.spend(len(piece))
                    container.unpacked_bytes += len(piece)
                    if container.unpacked_bytes > most:
                        raise LimitError(f"it unpacks to more than {self.limits.ratio} times its size")
                    hasher.update(piece)
                    stream.write(piece)
        except DamageError as error:
            damage = str(error)
        except LimitError:
            path.unlink()
            raise
        return Poured(path, hasher.hexdigest(), damage)


@contextmanager
def scratch_in(folder: Path, limits: Limits) -> Iterator[Scratch]:
    """A scratch folder for one run, gone after it; what an earlier run that was killed left behind goes first."""
    home = folder / SCRATCH
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700, parents=True)
    try:
        yield Scratch(home, limits)
    finally:
        shutil.rmtree(home, ignore_errors=True)

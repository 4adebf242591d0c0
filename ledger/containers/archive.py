"""Zip archives: every member becomes a part; names in them are only shown, never used as paths."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path

from ledger.containers.names import Shown, decoded_name, harmless
from ledger.containers.parts import Container, Part
from ledger.containers.scratch import DamageError, LimitError, Scratch, Unpacked
from ledger.containers.workbook import open_workbook
from ledger.files import TRUTH

PIECE = 1 << 20
SMALL_PIECE = 1 << 12
"""The other methods unpack whatever they are given at once, up to some ten thousand times its size."""
WORKBOOKS = ("xlsx", "xlsb", "ods")
_TAIL = (1 << 16) + 22 + 76
"""The list's end stands within these last bytes: a comment, the end record, and those of archives beyond 4 GiB."""
_UTF8_NAME, _ENCRYPTED, _UNIX = 0x800, 0x1, 3
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, struct.error, ValueError, UnicodeError)


def open_zip(part: Part, scratch: Scratch) -> Container:
    """The members of a zip archive as parts, or the sheets of a workbook that is one; what cannot be had is a problem."""
    container = Container("zip", part.name)
    try:
        _check_directory(part.path, scratch)
        with zipfile.ZipFile(part.path) as archive:
            kind = _document_kind(set(archive.namelist()))
            if kind in WORKBOOKS:
                return open_workbook(part, kind, scratch)
            if kind:
                container.complain("LDG-not-text", f"the file is {kind}: save its tables as a workbook or as CSV")
            else:
                scratch.check_depth(part.depth)
                _unpack(archive, part, container, scratch)
    except LimitError as error:
        container.complain("LDG-archive-limit", str(error))
    except (*_BROKEN, NotImplementedError, RecursionError) as error:
        container.complain("LDG-damaged-file", f"the archive's list of members cannot be read: {error}")
    return container


def _document_kind(names: set[str]) -> str:
    """What a zip archive is by its members; empty for an archive of files."""
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
        return "xlsx" if "xl/workbook.xml" in names else "xlsb"
    if "content.xml" in names and "mimetype" in names:
        return "ods"
    return next((f"an Office document ({name})" for name in ("word/document.xml", "ppt/presentation.xml") if name in names), "")


def _check_directory(path: Path, scratch: Scratch) -> None:
    """Refuse a list of members that would fill the memory. Raises LimitError, BadZipFile."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("it is not there; the archive is cut or corrupt")
    long = tail.rfind(b"PK\x06\x06", 0, at)
    listed = struct.unpack_from("<Q", tail, long + 40) if 0 <= long <= at - 56 else struct.unpack_from("<I", tail, at + 12)
    if listed[0] > scratch.limits.directory_bytes:
        raise LimitError(f"the archive's list of members has {listed[0]:,} bytes")


@dataclass
class _Unpacking:
    archive: zipfile.ZipFile
    container: Container
    scratch: Scratch
    room: Unpacked
    depth: int

    def member(self, info: zipfile.ZipInfo, name: str) -> None:
        """One member as a part, or a problem. Raises LimitError."""
        cause = _unusable(info)
        if cause:
            self.container.complain(*cause, name)
            return
        try:
            poured = self.scratch.pour(_pieces(self.archive, info), self.room)
        except NotImplementedError as error:
            self.container.complain("LDG-damaged-file", f"it is packed in a way that cannot be read here: {error}", name)
            return
        if poured.damage:
            self.container.complain("LDG-damaged-file", f"the member is cut or corrupt: {poured.damage}", name)
        self.container.parts.append(Part(poured.path, name, poured.sha256, self.depth))


def _unpack(archive: zipfile.ZipFile, part: Part, container: Container, scratch: Scratch) -> None:
    unpacking = _Unpacking(archive, container, scratch, Unpacked(part.path.stat().st_size), part.depth + 1)
    shown = Shown(part.name)
    members = [info for info in archive.infolist() if not info.is_dir()]
    for number, info in enumerate(members):
        inner, leads_out = harmless(decoded_name(info.filename, bool(info.flag_bits & _UTF8_NAME)))
        if _passed_over(inner, container):
            continue
        rest = f"{len(members) - number:,} of its {len(members):,} files were not read, from {inner} on"
        if number >= scratch.limits.members:
            raise LimitError(rest)
        name = shown.name(inner)
        if leads_out:
            container.complain("LDG-odd-name", "its name in the archive leads elsewhere; it was read under this one", name)
        try:
            unpacking.member(info, name)
        except LimitError as error:
            raise LimitError(f"{rest}: {error}") from error
    if not container.parts and not container.complaints.counts:
        container.complain("LDG-no-records", "the archive holds no record file")


def _passed_over(inner: str, container: Container) -> bool:
    """As in folders: hidden files are no records, nor is a folder of answers, which is told once."""
    folders = inner.split("/")
    truth = f"{container.name}/{TRUTH}"
    if TRUTH in folders[:-1] and not container.complaints.counts[truth, "LDG-truth-skipped"]:
        container.complain("LDG-truth-skipped", "a folder of answers, not of records", truth)
    return TRUTH in folders[:-1] or "__MACOSX" in folders or any(name.startswith(".") for name in folders)


def _unusable(info: zipfile.ZipInfo) -> tuple[str, str] | None:
    """Code and cause when a member is no file that can be unpacked."""
    if info.flag_bits & _ENCRYPTED:
        return "LDG-encrypted", "the member is protected by a password"
    sort = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
    if sort not in (0, stat.S_IFREG):
        return "LDG-not-a-file", "the member is a link or a device, not a file"
    return None


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member's bytes. Raises DamageError where it is cut or corrupt, NotImplementedError for a method nobody here knows.

    The checksum is compared here: zipfile would keep the last piece of a member to itself when it does not match.
    """
    plain = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    unchecked, checksum = copy(info), 0
    del unchecked.CRC
    try:
        with archive.open(unchecked) as stream:
            while piece := stream.read(PIECE if plain else SMALL_PIECE):
                checksum = zlib.crc32(piece, checksum)
                yield piece
        if checksum != info.CRC:
            raise DamageError("its checksum does not match")
    except _BROKEN as error:
        raise DamageError(str(error) or type(error).__name__) from error
    except RuntimeError as error:  # RuntimeError: a password is wanted; NotImplementedError is one too
        if isinstance(error, NotImplementedError):
            raise
        raise DamageError(str(error)) from error

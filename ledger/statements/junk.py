"""Lines of an export that are no rows: totals, rulers, repeated headers, and what stands below the table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.statements.headers import Fit, said_by
from ledger.statements.profile import FIELD_KINDS, Profile
from ledger.statements.times import instants, time_text
from ledger.text.blocks import TextFile
from ledger.text.lines import BadLine, Records, fields_of

TAIL_BYTES, TAIL_LINES = 1 << 16, 200
_MAGIC = (b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")
_FEW = 3


def junk_rows(fit: Fit, cells: dict[str, pa.Array], split: Records, taken: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows are no rows: those a junk pattern fits that have no time, and headers that come again.

    A pattern alone is not enough: a remark is written by strangers and may hold the word for a total.
    """
    profile, rows = fit.profile, len(taken)
    again = np.zeros(rows, bool)
    for name in ("time", "date", "amount"):
        if name in fit.found:
            again |= _mask(pc.equal(cells[name], fit.names[fit.found[name]]))
    fits = _fitting(profile, _raw(split).take(pa.array(taken)))
    if fits.any() and profile.kind not in FIELD_KINDS:
        fits[fits] = instants(profile, time_text(profile, cells, rows).filter(pa.array(fits)))[1]
    return fits | again


def without_junk(fit: Fit, lines: Sequence[BadLine]) -> list[BadLine]:
    """The lines with a wrong number of fields that are no junk: they fit no junk pattern, or hold a time."""
    texts = [line.raw.decode("utf-8", "replace") for line in lines]
    fits = _fitting(fit.profile, pa.array(texts, pa.string()))
    return [line for line, text, junk in zip(lines, texts, fits, strict=True) if not junk or _holds_time(fit, text)]


def with_footer(fit: Fit, path: Path) -> Fit:
    """The fit, with what the lines below the table say where those above it do not."""
    profile = fit.profile
    wanted = {*profile.preamble, *(key for key in ("period_from", "period_to") if getattr(profile, key))}
    if not wanted - set(fit.said):
        return fit
    lines = _tail(path).decode(fit.encoding, "replace").splitlines()[-TAIL_LINES:]
    below: list[str] = []
    for line in reversed(lines):
        cells = next(csv.reader(io.StringIO(line), delimiter=fit.delimiter), []) if '"' not in line else ["x"] * _FEW
        if sum(bool(cell.strip()) for cell in cells) >= _FEW and not _fitting(profile, pa.array([line]))[0]:
            break
        below.insert(0, line)
    return replace(fit, said=said_by(profile, "\n".join(below)) | fit.said)


def _raw(split: Records) -> pa.Array:
    """The records as texts, without copying them."""
    offsets = np.append(split.starts, len(split.data)).astype(np.int64)
    return pa.LargeStringArray.from_buffers(len(split.starts), pa.py_buffer(offsets), pa.py_buffer(split.data))


def _fitting(profile: Profile, texts: pa.Array) -> NDArray[np.bool_]:
    found = np.zeros(len(texts), bool)
    for pattern in profile.junk:
        found |= _mask(pc.match_substring_regex(texts, f"(?m){pattern}"))
    return found


def _holds_time(fit: Fit, text: str) -> bool:
    cells = [cell.strip() for row in fields_of(text, fit.delimiter) for cell in row]
    return bool(cells) and not bool(instants(fit.profile, pa.array(cells, pa.string()))[1].all())


def _tail(path: Path) -> bytes:
    """The last lines of a text file, unpacked."""
    with path.open("rb") as stream:
        if stream.read(2) not in _MAGIC:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - TAIL_BYTES))
            return stream.read()
    last = b""
    for block in TextFile(path).blocks():
        last = (last + block.data)[-TAIL_BYTES:]
    return last


def _mask(array: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), bool)

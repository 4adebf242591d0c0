"""Exports of banks and wallets read through a profile: the header is found by its names, every line is accounted for."""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.balances import chain_breaks
from ledger.blocks import BLOCK_BYTES, Block, TextFile
from ledger.fees import split_fees
from ledger.hints import hinted_accounts
from ledger.lines import Records, records
from ledger.mapping import KEPT, MAPPED, MAPPED_WALLET, cleaned, mapped_cells, time_text
from ledger.numbering import number_repeats
from ledger.parse import Header, Parsed, check_cells, read_text
from ledger.problems import LiushuiError
from ledger.profile import Profile
from ledger.reading import Progress, Reader, Reading
from ledger.segments import file_digest
from ledger.templates import rendered

codecs.register_error("liushui-nul", lambda error: ("\0", getattr(error, "end", 0)))


@dataclass(frozen=True)
class Fit:
    """A profile that fits a file: in which encoding, where its header stands, what it calls its columns."""

    profile: Profile
    encoding: str
    header_line: int
    names: tuple[str, ...]
    found: dict[str, int]
    said: dict[str, str]


def offered(start: bytes, profiles: Sequence[Profile]) -> Reader | None:
    """A file whose header a profile knows."""
    fit = fitting(start, profiles)
    return partial(read, fit) if fit else None


def fitting(start: bytes, profiles: Sequence[Profile]) -> Fit | None:
    """The one profile whose columns stand in the first lines. A user's own profile goes before a shipped one.

    Raises LiushuiError when two fit equally.
    """
    fits = [fit for profile in profiles if (fit := _fit(start, profile))]
    fits = [fit for fit in fits if fit.profile.own] or fits
    most = max((len(fit.found) for fit in fits), default=0)
    best = [fit for fit in fits if len(fit.found) == most]
    if len(best) > 1:
        names = " and ".join(fit.profile.name for fit in best)
        raise LiushuiError("LDG-ambiguous-header", f"the profiles {names} fit the header equally")
    return best[0] if best else None


def _fit(start: bytes, profile: Profile) -> Fit | None:
    for encoding in profile.encodings:
        text = _decoded(start[: start.rfind(b"\n") + 1], encoding)
        if text is None:
            continue
        lines = io.StringIO(text, newline=None).readlines()[: profile.header_lines]
        for number, line in enumerate(lines, start=1):
            names = [name.replace("\ufeff", "").strip() for name in next(csv.reader([line], delimiter=profile.delimiter), [])]
            found = profile.find(names)
            if found:
                return Fit(profile, encoding, number, _unique(names), found, _said(profile, "".join(lines[: number - 1])))
    return None


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None
    except LookupError as error:
        raise LiushuiError("LDG-bad-profile", f"there is no encoding {encoding!r}") from error


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name if name and name not in names[:at] else f"{name or 'column'}#{at + 1}" for at, name in enumerate(names))


def _said(profile: Profile, preamble: str) -> dict[str, str]:
    """What the lines above the header say, by the profile's patterns."""
    matches = {name: re.search(pattern, preamble) for name, pattern in profile.preamble.items()}
    return {name: match.group(1).strip() for name, match in matches.items() if match}


def read(fit: Fit, reading: Reading, progress: Progress) -> None:
    """Read a mapped file to its end: rows, fees split off, repeated ids numbered, the balance chain checked."""
    profile = fit.profile
    reading.format = f"profile:{profile.name}"
    reading.kind = MAPPED_WALLET if profile.kind == "wallet" else MAPPED
    file = TextFile(reading.path, BLOCK_BYTES // 2)
    reading.digest = file_digest(reading.path)
    above = fit.header_line
    for block in file.blocks():
        body = _body(block, above, fit.encoding)
        above = max(0, above - block.data.count(b"\n"))
        if body.data:
            _take(reading, fit, body)
        progress(f"reading {reading.name}", file.read_bytes, reading.size)
    told = f"read through the profile {profile.name} ({profile.title}), {fit.encoding}"
    reading.complain(fit.header_line, "LDG-profile-used", told)
    if file.damage:
        reading.complain(0, "LDG-damaged-file", f"after {reading.data_lines:,} lines: {file.damage}")
    if reading.chunks:
        _finish(reading, profile)


def _finish(reading: Reading, profile: Profile) -> None:
    """What only the whole file shows."""
    table = pa.concat_tables(reading.chunks, promote_options="default").unify_dictionaries().combine_chunks()
    table = number_repeats(table, reading, profile)
    if profile.balance_check:
        for line, message in chain_breaks(table, profile.balance_check):
            reading.complain(line, "LDG-balance-chain", message)
    reading.side = hinted_accounts(table, profile)
    plain = table.drop_columns([name for name in table.column_names if name.startswith("#")])
    whole = split_fees(plain, profile, table["#fee"], table["#fee_target"]) if "#fee" in table.column_names else plain
    reading.derived = whole.num_rows - table.num_rows
    reading.chunks = [whole]


def _body(block: Block, above: int, encoding: str) -> Block:
    """The part of a block below the header, as UTF-8."""
    data = block.data
    for _ in range(min(above, data.count(b"\n"))):
        data = data[data.index(b"\n") + 1 :]
    plain = encoding.lower().replace("_", "-") in ("utf-8", "utf-8-sig")
    text = data if plain else data.decode(encoding, "liushui-nul").encode()
    return Block(text, block.first_line + min(above, block.data.count(b"\n")))


def _take(reading: Reading, fit: Fit, block: Block) -> None:
    """One block: junk lines out, cells cleaned, mapped and checked."""
    profile = fit.profile
    data, junk = _without_junk(block.data, profile)
    split = records(Block(data, block.first_line), len(fit.names), profile.delimiter)
    table, taken, wrong = read_text(split, fit.names, profile.delimiter, profile.ragged)
    columns = {name: cleaned(profile, table[name].combine_chunks()) for name in fit.names}
    filled = np.zeros(table.num_rows, bool)
    for column in columns.values():
        filled |= np.asarray(column.is_valid().to_numpy(zero_copy_only=False))
    columns = {name: column.filter(pa.array(filled)) for name, column in columns.items()}
    taken, blank = taken[filled], int((~filled).sum())
    parsed = _parsed(reading, fit, columns, split, taken)
    aside = sorted([*split.bad, *wrong, *parsed.bad], key=lambda line: line.line)
    reading.take(Parsed(parsed.rows, tuple(aside), parsed.doubts, split.blank + blank))
    if junk:
        reading.complain(0, "LDG-junk-lines", f"{junk} lines are no rows by the profile's junk patterns")


def _without_junk(data: bytes, profile: Profile) -> tuple[bytes, int]:
    """Junk lines emptied, so that the others keep their numbers; and how many they were."""
    junk = 0
    for pattern in profile.junk:
        data, found = re.subn(rb"(?m)^[^\n]*(?:" + pattern.encode() + rb")[^\n]*$", b"", data)
        junk += found
    return data, junk


def _parsed(reading: Reading, fit: Fit, columns: dict[str, pa.Array], split: Records, taken: NDArray[np.int64]) -> Parsed:
    profile, rows, lines = fit.profile, len(taken), split.lines[taken]
    cells = {field: columns[fit.names[at]] for field, at in fit.found.items()}
    cells |= {field: pa.repeat(pa.scalar(text), rows) for field, text in fit.said.items()}
    mapped = mapped_cells(profile, cells, rows, reading.path.stem)
    ready = dict(mapped.cells)
    digits = pc.binary_join_element_wise(reading.digest[:8], pa.array(lines).cast(pa.string()), ":")
    ready["transfer"] = pc.coalesce(ready["transfer"], digits)
    used = {fit.names[at] for field, at in fit.found.items() if field in KEPT}
    ready |= {name: column for name, column in columns.items() if name not in used | set(ready) and column.null_count < rows}
    header = Header(tuple(ready), reading.kind or MAPPED)
    none = pa.nulls(rows, pa.string())
    shown = {
        "time as given": time_text(profile, cells, rows),
        "direction": cells.get("direction", none),
        "debit and credit": rendered(["{debit} / {credit}", "{debit}", "{credit}"], cells, rows),
    }
    parsed = check_cells(header, ready | shown, lines, lambda row: split.raw(int(taken[row])), mapped.reasons)
    at = pa.array(np.searchsorted(lines, parsed.rows["line"].to_numpy()))
    notes = mapped.notes(profile, cells)
    table = parsed.rows
    for name, column in notes.items():
        table = table.append_column(name, column.take(at))
    return Parsed(table, parsed.bad, parsed.doubts, parsed.blank)

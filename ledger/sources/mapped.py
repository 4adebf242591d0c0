"""Exports of banks and wallets read through a profile: the header is found by its names, every line is accounted for."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.reading import Progress, Reader, Reading
from ledger.statements.answers import answers, told_answers
from ledger.statements.headers import Fit, fitting
from ledger.statements.junk import junk_rows, with_footer, without_junk
from ledger.statements.mapping import KEPT, REWRITTEN, Mapped, cleaned, mapped_cells, mapped_fields, record_kind, split_cells
from ledger.statements.numbering import NAMELESS, content_texts, key_cells, with_content_ids
from ledger.statements.other_names import name_notes
from ledger.statements.profile import FIELD_KINDS, Profile
from ledger.statements.statement import finished, linked
from ledger.text.blocks import BLOCK_BYTES, Block, TextFile
from ledger.text.cells import Reason
from ledger.text.lines import Records, records
from ledger.text.parse import Header, Parsed, check_cells, read_text

codecs.register_error("liushui-nul", lambda error: ("\0", getattr(error, "end", 0)))

TITLE = "a bank's or wallet's own export, read through a profile"
EXAMPLE = """交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注
2025-03-01 09:00:00,转账,李四,/,支出,¥500.00,零钱,支付成功,100000001,,"""
_MONEY = ("amount", "debit", "credit", "balance", "partner_balance")


@dataclass
class _Work:
    """One file in work. junk, rewritten: lines passed over, cells a spreadsheet has spoilt."""

    fit: Fit
    reading: Reading
    junk: int = 0
    rewritten: int = 0
    first_rewritten: int = 0
    links: list[pa.Table] = field(default_factory=list)


@dataclass(frozen=True)
class _Rows:
    """The rows of a block: their cells by column and by field, and where they come from."""

    columns: dict[str, pa.Array]
    cells: dict[str, pa.Array]
    split: Records
    taken: NDArray[np.int64]

    @property
    def lines(self) -> NDArray[np.int32]:
        """The line of every row."""
        return self.split.lines[self.taken]

    def kept(self, mask: NDArray[np.bool_]) -> "_Rows":
        """Some of the rows."""
        wanted = pa.array(mask)
        columns, cells = ({name: cell.filter(wanted) for name, cell in of.items()} for of in (self.columns, self.cells))
        return _Rows(columns, cells, self.split, self.taken[mask])


def offered(start: bytes, profiles: Sequence[Profile]) -> Reader | None:
    """A file whose header a profile knows."""
    fit = fitting(start, profiles)
    return partial(read, fit) if fit else None


def read(fit: Fit, reading: Reading, progress: Progress) -> None:
    """Read a mapped file to its end: rows, fees split off, repeated ids numbered, the balance chain checked."""
    profile = fit.profile
    reading.format = f"profile:{profile.name}"
    reading.kind = record_kind(profile)
    work = _Work(with_footer(fit, reading.path), reading)
    file = TextFile(reading.path, BLOCK_BYTES // 2)
    above = fit.header_line
    for block in file.blocks():
        if block.cut_bytes:
            reading.pass_over(block)
            continue
        body = _body(block, above, fit.encoding)
        above = max(0, above - block.data.count(b"\n"))
        if body.data:
            _take(work, body)
        progress(f"reading {reading.name}", file.read_bytes, reading.size)
    reading.digest = file.hasher.hexdigest()
    told = f"read through the profile {profile.name} ({profile.title}), {fit.encoding}"
    reading.complain(fit.header_line, "LDG-profile-used", told)
    if file.damage:
        reading.complain(0, "LDG-damaged-file", f"after {reading.data_lines:,} lines: {file.damage}")
    _tell(work)
    if reading.chunks:
        finished(reading, work.fit, work.links)


def _tell(work: _Work) -> None:
    if work.junk:
        told = f"{work.junk:,} lines are no rows by the profile's junk patterns"
        work.reading.complain(0, "LDG-junk-lines", told)
    if work.rewritten:
        told = f"a spreadsheet has rewritten {work.rewritten:,} long numbers, such as 6.22E+18; they count as empty"
        work.reading.complain(work.first_rewritten, "LDG-number-rewritten", told)


def _body(block: Block, above: int, encoding: str) -> Block:
    """The part of a block below the header, as UTF-8."""
    data = block.data
    for _ in range(min(above, data.count(b"\n"))):
        data = data[data.index(b"\n") + 1 :]
    plain = encoding.lower().replace("_", "-") in ("utf-8", "utf-8-sig")
    text = data if plain else data.decode(encoding, "liushui-nul").encode()
    return Block(text, block.first_line + min(above, block.data.count(b"\n")))


def _take(work: _Work, block: Block) -> None:
    """One block: cells cleaned, junk lines out, rows mapped and checked."""
    fit, reading = work.fit, work.reading
    split = records(block, len(fit.names), fit.delimiter)
    table, taken, found = read_text(split, fit.names, fit.delimiter, fit.profile.ragged)
    columns = {name: cleaned(fit.profile, table[name].combine_chunks()) for name in fit.names}
    rows = _Rows(columns, _fields(work, columns, len(taken), split.lines[taken]), split, taken)
    filled = np.zeros(len(taken), bool)
    for column in columns.values():
        filled |= np.asarray(column.is_valid().to_numpy(zero_copy_only=False))
    junk = junk_rows(fit, rows.cells, split, taken) & filled
    wrong = without_junk(fit, found)
    passed = int(junk.sum()) + len(found) - len(wrong)
    work.junk += passed
    answered = answers(fit.profile, rows.cells, len(taken)) & filled & ~junk
    told_answers(reading, fit.profile, rows.kept(answered).cells, rows.lines[answered])
    parsed = _parsed(work, rows.kept(filled & ~junk & ~answered))
    aside = sorted([*split.bad, *wrong, *parsed.bad], key=lambda line: line.line)
    blank = split.blank + int((~filled).sum() + answered.sum()) + passed
    reading.take(Parsed(parsed.rows, tuple(aside), parsed.doubts, blank))


def _fields(work: _Work, columns: dict[str, pa.Array], rows: int, lines: NDArray[np.int32]) -> dict[str, pa.Array]:
    """The cells by field: those of the columns, what is said around the table, the file's name, and parts split off."""
    fit = work.fit
    cells = {"file": pa.repeat(pa.scalar(work.reading.stem), rows)}
    cells |= {name: pa.repeat(pa.scalar(text), rows) for name, text in fit.said.items()}
    for name, at in fit.found.items():
        cell = columns[fit.names[at]]
        spoilt = pc.fill_null(pc.match_substring_regex(cell, REWRITTEN), False)
        if name not in _MONEY and pc.any(spoilt).as_py():
            cell = pc.if_else(spoilt, pa.scalar(None, pa.string()), cell)
            work.rewritten += pc.sum(spoilt).as_py()
            work.first_rewritten = work.first_rewritten or int(lines[pc.index(spoilt, True).as_py()])
        cells[name] = pc.coalesce(cell, cells[name]) if name in cells else cell
    cells = split_cells(fit.profile, cells)
    return cells | {"key": key_cells(fit.profile, cells, rows)} if fit.profile.key else cells


def _parsed(work: _Work, rows: _Rows) -> Parsed:
    fit, reading = work.fit, work.reading
    profile, count, lines = fit.profile, len(rows.taken), rows.lines
    plain_fields = profile.kind in FIELD_KINDS
    name = reading.stem
    mapped = mapped_fields(profile, rows.cells, count) if plain_fields else mapped_cells(profile, rows.cells, count, name)
    kind = record_kind(profile)
    key = next((wanted for wanted in ("transfer", "event") if kind.field(wanted)), "")
    ready = dict(mapped.cells)
    nameless = pa.nulls(count, pa.bool_())
    if key:
        given = ready.get(key, pa.nulls(count, pa.string()))
        nameless = given.is_null()
        ready[key] = pc.coalesce(given, pa.scalar("?"))
    used = {fit.names[at] for field, at in fit.found.items() if field in KEPT}
    used |= set(ready) | {fit.names[fit.found[name]] for name in profile.volatile if name in fit.found} | set(profile.volatile)
    ready |= {name: column for name, column in rows.columns.items() if name not in used and column.null_count < count}
    hard = tuple(reason for reason in mapped.reasons if not reason.optional)
    raw = rows.split.raw
    parsed = check_cells(Header(tuple(ready), kind), ready | mapped.shown, lines, lambda row: raw(int(rows.taken[row])), hard)
    at = pa.array(np.searchsorted(lines, parsed.rows["line"].to_numpy()))
    table = parsed.rows
    notes = mapped.notes | name_notes(profile, rows.cells, count)
    for note, column in (notes | ({NAMELESS: nameless} if key else {})).items():
        table = table.append_column(note, column.take(at))
    if key:
        texts = content_texts(profile, rows.cells, list(fit.found), count)
        table = with_content_ids(table, profile, texts.take(at), key)
    work.links += linked(profile, {**rows.cells, **mapped.cells}, at, table["line"])
    _doubt(reading, mapped, table)
    return Parsed(table, parsed.bad, parsed.doubts, parsed.blank)


def _doubt(reading: Reading, mapped: Mapped, table: pa.Table) -> None:
    """Amounts below zero that turned their row round, and cells that were left empty."""
    if "#flipped" in table.column_names:
        for row in np.flatnonzero(table["#flipped"].to_numpy(zero_copy_only=False)):
            told = "the amount is below zero: taken for money going the other way"
            reading.complain(int(table["line"][int(row)].as_py()), "LDG-amount-below-zero", told)
    optional: tuple[Reason, ...] = tuple(reason for reason in mapped.reasons if reason.optional and reason.rows.any())
    for reason in optional:
        left = "; left empty" if reason.code == "LDG-optional-ignored" else ""
        reading.complain(0, reason.code, f"{reason.field} {reason.cause} in {int(reason.rows.sum()):,} rows{left}")

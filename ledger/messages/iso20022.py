"""Reading an ISO 20022 file from its first byte to its last row: compiled where it is large and plain, else by libxml2."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.messages.camt import camt_rows
from ledger.messages.iso_times import ZONE
from ledger.messages.message_rows import FEES_PREFIX, MESSAGE, told_accounts
from ledger.messages.pacs import PAYMENTS, payment_rows
from ledger.messages.statement_end import finish_rows
from ledger.messages.statement_heads import Head, count_refused, take_heads
from ledger.messages.xml_columns import XmlBlock
from ledger.messages.xml_marks import PIECE_BYTES, Marks, marks_by_libxml2
from ledger.messages.xml_paths import MESSAGES
from ledger.messages.xml_prolog import Prolog, read_prolog, utf8_pieces
from ledger.problems import LiushuiError
from ledger.reading import HEAD_BYTES, Progress, Reading, silent
from ledger.text.blocks import TextFile
from ledger.text.parse import Parsed

SCANNED_BYTES = 8 << 20
"""Files from this size on are scanned by compiled code, which takes a second to load."""
_BODIES = {
    "BkToCstmrStmt": "a camt.053 without a statement",
    "BkToCstmrAcctRpt": "a camt.052 without a report",
    "BkToCstmrDbtCdtNtfctn": "a camt.054 without a notification",
    "PmtRtr": "a pacs.004 (payment return), which is not read",
    "FIToFIPmtCxlReq": "a camt.056 (recall), which is not read",
    "RsltnOfInvstgtn": "a camt.029 (answer to a recall), which is not read",
    "FIToFIPmtStsRpt": "a pacs.002 (status report), which is not read",
    "FIToFICstmrDrctDbt": "a pacs.003 (direct debit), which is not read",
    "FICdtTrf": "a pacs.009 (transfer between banks), which is not read",
    "CstmrCdtTrfInitn": "a pain.001 (payment order), which is not read",
    "CstmrDrctDbtInitn": "a pain.008 (debit order), which is not read",
}


@dataclass
class MessageReader:
    """Turns marks into rows of a reading, block by block."""

    reading: Reading
    heads: list[Head] = field(default_factory=list)
    told: list[pa.Table] = field(default_factory=list)
    entries: int = 0
    zoneless: int = 0

    def take(self, marks: Marks) -> list[Parsed]:
        """The rows of a block; the reading is given the problems alone."""
        block = XmlBlock(marks)
        before = len(self.heads)
        take_heads(block.header, self.heads, MESSAGES)
        head = before - 1 + np.searchsorted(block.at("open"), block.at("entry"))
        self._count(head)
        base = int(head.min()) if len(head) else 0
        heads, found = self.heads[base:], []
        is_payment = np.array([one.message == PAYMENTS for one in heads], bool)[head - base]
        for rows, taken in ((camt_rows, ~is_payment), (payment_rows, is_payment)):
            if taken.any():
                made = rows(block, heads, head - base, (self.entries + 1, np.flatnonzero(taken)))
                self.zoneless += made.zoneless
                self.told.append(made.told)
                found.append(replace(made.parsed, rows=_under(made.parsed.rows, base)))
        self.entries += block.entries
        return found

    def forget(self) -> None:
        """Start anew: what was read so far does not count."""
        reading = self.reading
        self.heads, self.told, self.entries, self.zoneless = [], [], 0, 0
        reading.forget()

    def _count(self, head: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> None:
        """Where each statement's entries begin, and how many there are."""
        numbers, first, count = np.unique(head, return_index=True, return_counts=True)
        for number, at, entries in zip(numbers.tolist(), first.tolist(), count.tolist(), strict=True):
            self.heads[number].first_line = self.heads[number].first_line or self.entries + at + 1
            self.heads[number].entries += entries

    def keep(self, parsed: Parsed) -> None:
        """Add rows and bad entries to the reading: a data line is an entry, whatever its rows."""
        reading = self.reading
        reading.take(parsed)
        extra = parsed.rows.num_rows - len(np.unique(parsed.rows["line"].to_numpy()))
        reading.derived += extra
        reading.data_lines -= extra
        count_refused(self.heads, parsed)


def entries_of(reading: Reading, wanted: set[int]) -> dict[int, bytes]:
    """Some entries of a message as they stand in the file, by their numbers."""
    file = TextFile(reading.path)
    prolog = read_prolog(_start(file), rewritten=bool(file.encoding))
    found: dict[int, bytes] = {}
    before = 0

    def forget() -> None:
        nonlocal before
        before = 0

    try:
        for marks in _marks(reading, forget, silent, prolog):
            block = XmlBlock(marks)
            inside = (number for number in wanted if before < number <= before + block.entries)
            found |= {number: block.raw(number - before - 1) for number in inside}
            before += block.entries
    except LiushuiError as error:
        if error.code != "LDG-damaged-file":  # a damage was told when the file was read; what is wanted stands before it
            raise
    return found


def _under(rows: pa.Table, base: int) -> pa.Table:
    """The rows with their statements counted in the whole file."""
    if not base:
        return rows
    at = rows.column_names.index("#statement")
    number = rows["#statement"].to_numpy()
    return rows.set_column(at, "#statement", pa.array(np.where(number < 0, number, number + base).astype(np.int32)))


def read_message(reading: Reading, progress: Progress) -> None:
    """Read a camt or pacs.008 file to its end; what stands before a damage has landed."""
    file = TextFile(reading.path)
    start = _start(file)
    reading.kind = MESSAGE
    reading.format = "iso20022"
    prolog = read_prolog(start, rewritten=bool(file.encoding))
    reader = MessageReader(reading)
    damage = ""
    try:
        for marks in _marks(reading, reader.forget, progress, prolog):
            for parsed in reader.take(marks):
                reader.keep(parsed)
    except LiushuiError as error:
        if error.code != "LDG-damaged-file":
            raise
        damage = str(error)
        reading.complain(0, error.code, f"after {reader.entries:,} entries: {damage}")
    if not reader.heads and not damage:
        raise LiushuiError("LDG-no-statement", _without_statement(start, prolog.encoding))
    _finish(reading, reader)


def _marks(reading: Reading, forget: Callable[[], None], progress: Progress, prolog: Prolog) -> Iterator[Marks]:
    """The marks of the file; where the compiled scan gives up, from the start again."""
    if reading.size >= SCANNED_BYTES:
        from ledger.messages.xml_scan import BLOCK_BYTES, OddXmlError, marks_by_scan

        try:
            yield from marks_by_scan(_pieces(reading, progress, BLOCK_BYTES), prolog)
        except OddXmlError:
            forget()
        else:
            return
    yield from marks_by_libxml2(utf8_pieces(_pieces(reading, progress, PIECE_BYTES), prolog, checked=False))


def _start(file: TextFile) -> bytes:
    """The first bytes of the file, unpacked."""
    start = b""
    for piece in file.pieces():
        start += piece
        if len(start) >= HEAD_BYTES:
            break
    return start[:HEAD_BYTES]


def _pieces(reading: Reading, progress: Progress, size: int) -> Iterator[bytes]:
    """The bytes of the file, unpacked, and hashed on the way."""
    file = TextFile(reading.path, size)
    for piece in file.pieces():
        yield piece
        progress(f"reading {reading.name}", file.read_bytes, reading.size)
    reading.digest = file.hasher.hexdigest()
    if file.damage:
        raise LiushuiError("LDG-damaged-file", file.damage)


def _finish(reading: Reading, reader: MessageReader) -> None:
    """What the whole file shows, and one line that says how it was taken."""
    known = finish_rows(reading, reader.heads)
    fees = [one.filter(pc.starts_with(one, FEES_PREFIX)) for chunk in reading.chunks for one in _words(chunk["target"])]
    hubs = [
        {"account": name, "kind": "clearing", "hub": True}
        for name in sorted({name for one in fees for name in one.to_pylist()})
    ]
    periods = (head.period() for head in reader.heads if head.message != PAYMENTS)
    reading.periods += [period for period in periods if period]
    reading.side = told_accounts(reader.told, hubs)
    sorts = Counter(head.message for head in reader.heads)
    told = [", ".join(f"{number:,} × {message}" for message, number in sorted(sorts.items())), f"{reader.entries:,} entries"]
    if known:
        told.append(f"{known:,} balances counted on from the opening balance")
    if reader.zoneless:
        told.append(f"{reader.zoneless:,} times without an offset are taken in {ZONE}, dates at midnight")
    pages = sum(head.is_page for head in reader.heads)
    if pages:
        told.append(f"{pages:,} are pages of longer ones, whose balances are not compared")
    reading.complain(0, "LDG-statement-read", "; ".join(told))


def _words(column: pa.ChunkedArray) -> list[pa.Array]:
    return [chunk.dictionary for chunk in column.chunks]


def _without_statement(start: bytes, encoding: str) -> str:
    """What the file is instead."""
    text = start.decode(encoding, "replace")
    names = (found.group(1) for found in re.finditer(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)", text))
    shown = next(
        (_BODIES[name] for name in names if name in _BODIES),
        "none of the messages that are read (camt.052, 053, 054, pacs.008)",
    )
    return f"the XML is {shown}"

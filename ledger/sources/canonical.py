"""Canonical records as comma-separated values, plain or gzipped."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import chain

import pyarrow as pa

from ledger.fields import ACCOUNT_RECORDS, RecordKind, clean_header, recognise
from ledger.reading import Progress, Reader, Reading
from ledger.statements.profile import Profile
from ledger.text.blocks import BLOCK_BYTES, Block, TextFile
from ledger.text.lines import too_long
from ledger.text.parse import Header, Parsed, parse_block

THREADS = 2

TITLE = "canonical records in CSV: bank, wallet, gift_card, q_coin, reports, links"
EXAMPLE = """transfer,time,source,target,amount
T1,2025-03-01T09:00:00+08:00,victim,mule,500.00"""
ACCOUNTS_TITLE = "canonical accounts in CSV"
ACCOUNTS_EXAMPLE = """account,kind,holder_name,institution,opening_balance
mule,bank,李四,icbc,0.00"""


def offered(start: bytes, profiles: Sequence[Profile]) -> Reader | None:
    """A file whose header is that of a canonical kind; accounts only when no profile knows it better."""
    kind = recognise(header_cells(start)[0])
    return partial(read, kind) if kind and kind is not ACCOUNT_RECORDS else None


def offered_accounts(start: bytes, profiles: Sequence[Profile]) -> Reader | None:
    """A file of accounts: its header is a weak sign, so it comes last."""
    kind = recognise(header_cells(start)[0])
    return partial(read, kind) if kind else None


def header_cells(head: bytes) -> tuple[list[str], int]:
    """The cleaned names of the first line that is not blank, and the number of that line."""
    text = head.decode("utf-8", "replace")
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if line.replace("\ufeff", "").strip():
            return clean_header(next(csv.reader([line.replace("\ufeff", "")]))), number
    return [], 0


def read(kind: RecordKind, reading: Reading, progress: Progress) -> None:
    """Read a canonical file to its end; blocks are parsed by two threads while the next ones are read and hashed."""
    reading.format, reading.kind, reading.streams = "csv", kind, True
    file = TextFile(reading.path, BLOCK_BYTES)
    blocks = file.blocks()
    first = next(blocks)
    names, header_line = header_cells(first.data)
    header = Header(tuple(_unique(names)), kind)
    body = _after(first, header_line)
    for parsed in _parsed(chain([body] if body.data else [], blocks), header):
        reading.take(parsed)
        progress(f"reading {reading.name}", file.read_bytes, reading.size)
    reading.digest = file.hasher.hexdigest()
    if file.damage:
        reading.complain(0, "LDG-damaged-file", f"after {reading.data_lines:,} lines: {file.damage}")
    if header.unknown:
        reading.complain(header_line, "LDG-unknown-columns", "kept as extra attributes: " + ", ".join(header.unknown))


def _unique(names: Iterable[str]) -> Iterator[str]:
    """Column names, nameless and repeated ones numbered by their position."""
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        unique = name if name and name not in seen else f"{name or 'column'}#{position}"
        seen.add(unique)
        yield unique


def _after(block: Block, lines: int) -> Block:
    """The block without its first lines."""
    cut = 0
    for _ in range(lines):
        cut = block.data.index(b"\n", cut) + 1
    return Block(block.data[cut:], block.first_line + lines)


def _parsed(blocks: Iterable[Block], header: Header) -> Iterator[Parsed]:
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[Parsed]] = deque()
        for block in blocks:
            waiting.append(pool.submit(_block, block, header))
            if len(waiting) > THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _block(block: Block, header: Header) -> Parsed:
    if block.cut_bytes:
        return Parsed(pa.table({}), (too_long(block),), (), 0)
    return parse_block(block, header)

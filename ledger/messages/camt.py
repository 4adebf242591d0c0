"""Entries of camt.052, 053 and 054 as rows: one per detail where the details add up to the entry, else one per entry."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.fields import Field, RecordKind
from ledger.messages.camt_rows import GoodEntries, transfers_of
from ledger.messages.iso_times import IsoTimes, iso_times
from ledger.messages.message_rows import Mask, mask_of, named_accounts
from ledger.messages.statement_heads import Head
from ledger.messages.xml_columns import XmlBlock
from ledger.text.cells import Reason, check_column
from ledger.text.lines import BadLine
from ledger.text.parse import Header, Parsed, check_cells

Rows = NDArray[np.int64]
ENTRY = RecordKind(
    "entry",
    (
        Field("time", "instant", required=True),
        Field("amount", "amount", required=True),
        Field("currency", "word", required=True),
        Field("side", "word", required=True, words=("CRDT", "DBIT")),
        Field("state", "text", required=True),
        Field("account", "text", required=True),
    ),
)
_AMOUNT = Field("amount", "amount")
_BOOKED, _ANNOUNCED = "BOOK", ("PDNG", "FUTR", "INFO")


@dataclass(frozen=True)
class CamtRows:
    """Rows of a block.

    parsed: rows (with the helper columns of `finish_rows`), bad entries and doubts. told: what is said of accounts. zoneless:
    entries whose time has no offset.
    """

    parsed: Parsed
    told: pa.Table
    zoneless: int


def camt_rows(block: XmlBlock, heads: list[Head], head: Rows, places: tuple[int, Rows]) -> CamtRows:
    """Make rows of the entries of a block.

    Args:
        heads: all statements so far. head: per entry the one it stands under. places: number of the
            block's first entry, and which of its entries are of a statement.
    """
    first, taken = places
    checked, times = _checked(block, heads, head, taken, first)
    entry = checked.rows["line"].to_numpy().astype(np.int64) - first
    good = GoodEntries(block, entry, checked.rows, heads, head[entry])
    row_entry, row_detail, doubts = _expanded(good)
    rows, sides = transfers_of(good, row_entry, row_detail)
    parsed = Parsed(rows, checked.bad, (*checked.doubts, *doubts), checked.blank)
    return CamtRows(parsed, named_accounts(sides), int(times.zoneless.sum()))


def _checked(block: XmlBlock, heads: list[Head], head: Rows, taken: Rows, first: int) -> tuple[Parsed, IsoTimes]:
    """The entries that can be rows, and the bad ones with their causes."""
    entries, owner = block.entries, block.entry_of
    made = _of_head(heads, head, "made")
    at = pa.array(taken)
    dated = pc.coalesce(block.column("booked", owner, entries), block.column("valued", owner, entries)).take(at)
    given = pc.coalesce(dated, made.take(at))
    times = iso_times(given)
    state = block.column("state", owner, entries).take(at)
    cells = {
        "time": times.instants,
        "amount": block.column("amount", owner, entries).take(at),
        "currency": pc.coalesce(block.column("currency", owner, entries), _of_head(heads, head, "account_currency")).take(at),
        "side": block.column("side", owner, entries).take(at),
        "state": state,
        "account": _own(heads, head).take(at),
    }
    announced = mask_of(pc.is_in(state, pa.array(_ANNOUNCED)))
    strange = mask_of(pc.not_equal(state, _BOOKED)) & ~announced
    more = (
        Reason("LDG-not-booked", "state", "is not booked: no money has moved yet", announced),
        Reason("LDG-unknown-word", "state", "is not BOOK, PDNG, FUTR or INFO", strange),
        Reason("LDG-bad-time", "booking date", "is not an ISO 8601 date or time", times.unreadable),
    )
    lines = (taken + first).astype(np.int32)
    shown = {**cells, "booking date": given}
    header = Header(tuple(field.name for field in ENTRY.fields), ENTRY)
    parsed = check_cells(header, shown, lines, lambda row: block.raw(int(taken[row])), more)
    placed = tuple(_placed(line, block, first) for line in parsed.bad)
    return Parsed(parsed.rows, placed, parsed.doubts, parsed.blank), times


def _placed(bad: BadLine, block: XmlBlock, first: int) -> BadLine:
    """The cause with the line of the file: what is counted in XML are entries."""
    line = int(block.marks.line[bad.line - first])
    return BadLine(bad.line, bad.raw, bad.code, f"entry {bad.line} (line {line} of the file): {bad.cause}")


def _expanded(good: GoodEntries) -> tuple[Rows, Rows, list[BadLine]]:
    """Per row its good entry (by position) and its detail (-1: none); details that are left aside are doubts."""
    block = good.block
    details = len(block.at("detail"))
    of_entry = block.entry_of[block.at("detail")]
    position = np.full(block.entries, -1, np.int64)
    position[good.entry] = np.arange(len(good.entry))
    mine = np.flatnonzero(position[of_entry] >= 0) if details else np.empty(0, np.int64)
    entry = position[of_entry[mine]] if details else mine
    count = np.bincount(entry, minlength=len(good.entry))
    fen, same = _detail_fen(good, mine, entry)
    total = np.zeros(len(good.entry), np.int64)
    np.add.at(total, entry, fen)
    whole = np.ones(len(good.entry), bool)
    np.logical_and.at(whole, entry, same)
    amount = good.table["amount"].to_numpy()
    split = (count > 1) & whole & (total == amount)
    single = count == 1
    first = np.full(len(good.entry), -1, np.int64)
    first[entry[::-1]] = mine[::-1]
    rows = np.where(split, count, 1)
    row_entry = np.repeat(np.arange(len(good.entry)), rows)
    row_detail = np.where(single[row_entry], first[row_entry], -1)
    row_detail[split[row_entry]] = mine[split[entry]]
    aside = (count > 1) & ~split
    differs = single & (total != amount)
    differs[entry] &= same
    lines = good.table["line"].to_numpy()
    doubts = [_aside(int(lines[at]), int(count[at])) for at in np.flatnonzero(aside)]
    doubts += [_differs(int(lines[at])) for at in np.flatnonzero(differs)]
    return row_entry, row_detail, sorted(doubts, key=lambda doubt: doubt.line)


def _detail_fen(good: GoodEntries, mine: Rows, entry: Rows) -> tuple[Rows, Mask]:
    """Fen of each detail in the direction of its entry, and whether it is a sound amount in the entry's currency."""
    block, details = good.block, len(good.block.at("detail"))
    if not len(mine):
        return np.empty(0, np.int64), np.empty(0, bool)
    at, of = pa.array(mine), pa.array(entry)
    text = block.column("detail_amount", block.detail_of, details).take(at)
    read = check_column(_AMOUNT, text).values
    currency = block.column("detail_currency", block.detail_of, details).take(at)
    same = pc.equal(pc.coalesce(currency, good.texts("currency", of)), good.texts("currency", of))
    against = pc.not_equal(block.column("detail_side", block.detail_of, details).take(at), good.texts("side", of))
    fen = pc.fill_null(read, 0).to_numpy()
    return np.where(mask_of(against), -fen, fen), mask_of(same) & mask_of(read.is_valid())


def _aside(line: int, count: int) -> BadLine:
    cause = f"entry {line}: its {count} details do not add up to it in its currency; it is one row without a counterparty"
    return BadLine(line, b"", "LDG-details-differ", cause)


def _differs(line: int) -> BadLine:
    return BadLine(line, b"", "LDG-details-differ", f"entry {line}: its detail has another amount; the entry's own is taken")


def _of_head(heads: list[Head], head: Rows, name: str) -> pa.Array:
    """What its statement says, per entry."""
    return _per_entry([one.fields.get(name) for one in heads], head)


def _own(heads: list[Head], head: Rows) -> pa.Array:
    return _per_entry([one.account for one in heads], head)


def _per_entry(told: list[str | None], head: Rows) -> pa.Array:
    """A text of each statement as a column; only those of the block are looked at."""
    if not len(head):
        return pa.array([], pa.string())
    first = int(head.min())
    return pa.array(told[first:], pa.string()).take(pa.array(head - first))

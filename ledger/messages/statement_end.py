"""What only whole statements show: ids made unique, the order of events, and balances from opening to closing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.messages.message_rows import FEE_CHANNEL, mask_of, whole
from ledger.messages.statement_heads import CLOSING, OPENING, Head
from ledger.reading import Reading
from ledger.statements.notes import part_decisions
from ledger.statements.numbering import NAMELESS, number_repeats
from ledger.statements.profile import Profile
from ledger.statements.sequence import Statement, sequenced, yuan

Rows = NDArray[np.int64]
Codes = NDArray[np.int32]
_HELPERS = ("#own", "#out", "#statement", "#made")
_IDS = Profile(name="message", title="bank messages", columns={})
"""Ids that repeat are told row by row and numbered."""


def finish_rows(reading: Reading, heads: Sequence[Head]) -> int:
    """Settle the rows of a message file; how many of them got a running balance.

    The reading's chunks carry the helper columns `#own`, `#out`, `#statement` (position in `heads`, -1: none) and `#made`.
    """
    if not reading.chunks:
        return 0
    table = pa.concat_tables(reading.chunks, promote_options="default").unify_dictionaries().combine_chunks()
    statement = whole(table["#statement"]).to_numpy()
    out, made = mask_of(table["#out"]), mask_of(table["#made"])
    plain = table.drop_columns(list(_HELPERS))
    plain = plain.set_column(0, "transfer", _numbered(whole(table["transfer"]), made, statement))
    plain = number_repeats(plain.append_column(NAMELESS, pa.array(np.zeros(len(out), bool))), reading, _IDS)
    plain = plain.drop_columns([NAMELESS])
    fees = plain.filter(pc.fill_null(pc.equal(plain["channel"].cast(pa.string()), FEE_CHANNEL), False))
    if fees.num_rows:
        reading.decisions += part_decisions(fees, "fee", "a charge that the entry's amount includes, split off")
    signed = np.where(out, -1, 1) * plain["amount"].to_numpy()
    place = _ordered(reading, plain, (statement, signed), heads)
    after, known = _balances(reading, plain, _Moves(statement, signed, place), heads)
    for name, side in (("source_balance", out), ("target_balance", ~out)):
        plain = plain.append_column(name, pa.array(after, mask=~(known & side)))
    reading.chunks = [plain.append_column("sequence", pa.array(place))]
    return int(known.sum())


def _numbered(ids: pa.Array, made: NDArray[np.bool_], statement: Codes) -> pa.Array:
    """Rows of one statement that say the same are different rows: `#2`, `#3`. In another statement they are the same again."""
    rows = np.flatnonzero(made)
    if not len(rows):
        return ids
    code = ids.take(pa.array(rows)).dictionary_encode().indices.to_numpy()
    order = np.lexsort((code, statement[rows]))
    code, group = code[order], statement[rows][order]
    starts = np.flatnonzero(np.concatenate([[True], (code[1:] != code[:-1]) | (group[1:] != group[:-1])]))
    ordinal = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows)))) + 1
    again = rows[order[ordinal > 1]]
    if not len(again):
        return ids
    numbers = pa.array(ordinal[ordinal > 1]).cast(pa.string())
    numbered = pc.binary_join_element_wise(ids.take(pa.array(again)), numbers, "#")
    place = np.arange(len(ids))
    place[again] = len(ids) + np.arange(len(again))
    return pa.concat_arrays([ids, numbered]).take(pa.array(place))


def _ordered(
    reading: Reading, table: pa.Table, rows: tuple[NDArray[np.int32], Rows], heads: Sequence[Head]
) -> NDArray[np.int32]:
    """The place of every row in the order of events: as the entries stand, turned round where they stand newest first."""
    statement, signed = rows
    time = table["time"].cast(pa.int64()).to_numpy()
    place = np.arange(1, table.num_rows + 1, dtype=np.int32)
    inside = (statement[1:] == statement[:-1]) & (statement[1:] >= 0)
    if not (inside & (time[1:] < time[:-1])).any():
        return place
    none = np.zeros(len(time), np.int64)
    names = [head.account or "" for head in heads]
    told = sequenced(Statement(statement, names, time, signed, none, none.astype(bool), place), chain=False)
    reading.decisions += told.decisions
    return place if told.sequence is None else told.sequence


@dataclass(frozen=True)
class _Moves:
    """Per row its statement, what its account gains (below zero: pays), and its place in the order of events."""

    statement: Codes
    signed: Rows
    place: Codes


def _balances(reading: Reading, table: pa.Table, moves: _Moves, heads: Sequence[Head]) -> tuple[Rows, NDArray[np.bool_]]:
    """The balance after each row, and where it is known: in statements whose entries lead from opening to closing."""
    statement, signed = moves.statement, moves.signed
    time = table["time"].cast(pa.int64()).to_numpy()
    order = np.lexsort((moves.place, time, statement))
    total = np.zeros(len(heads), np.int64)
    np.add.at(total, statement[statement >= 0], signed[statement >= 0])
    opening = _checked(reading, heads, total, _currencies(table, statement, len(heads)))
    group = statement[order]
    starts = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    sums = np.cumsum(signed[order])
    before = np.repeat(sums[starts] - signed[order][starts], np.diff(np.append(starts, len(group))))
    after, known = np.zeros(len(order), np.int64), np.zeros(len(order), bool)
    usable = np.array([fen is not None for fen in opening] + [False], bool)
    usable[group[:-1][(group[1:] == group[:-1]) & (np.abs(np.diff(order)) != 1)]] = False
    base = np.array([fen or 0 for fen in opening] + [0], np.int64)
    after[order] = base[group] + sums - before
    known[order] = usable[group]
    return after, known


def _currencies(table: pa.Table, statement: Codes, count: int) -> list[set[str]]:
    """The currencies of each statement's rows."""
    currency = whole(table["currency"])
    pairs = np.unique(statement.astype(np.int64) * len(currency.dictionary) + currency.indices.to_numpy())
    found: list[set[str]] = [set() for _ in range(count)]
    for pair in pairs[pairs >= 0].tolist():
        at, word = divmod(pair, len(currency.dictionary))
        found[at].add(currency.dictionary[word].as_py())
    return found


def _checked(reading: Reading, heads: Sequence[Head], total: Rows, currencies: Sequence[set[str]]) -> list[int | None]:
    """Opening balances of the statements whose entries explain their closing balance; for the others None, and why."""
    found: list[int | None] = []
    for head, change, inside in zip(heads, total.tolist(), currencies, strict=True):
        opening, closing = head.balance(OPENING), head.balance(CLOSING)
        found.append(None)
        if opening is None or closing is None or head.is_page or not head.entries:
            continue
        doubt = ""
        if opening[1] != closing[1] or not inside <= {opening[1]}:
            told = " and ".join(sorted({opening[1], closing[1], *inside}))
            doubt = f"balances and entries are in {told}, so that they cannot be compared"
        elif head.refused:
            doubt = f"{head.refused} of its {head.entries} entries are no rows, so that balances cannot be compared"
        elif opening[0] + change != closing[0]:
            made = yuan(opening[0] + change)
            doubt = f"opening {yuan(opening[0])} and entries of {yuan(change)} make {made}, not {yuan(closing[0])}"
        else:
            found[-1] = opening[0]
        if doubt:
            reading.complain(head.first_line, "LDG-balance-chain", f"{head.name}: {doubt}")
    return found

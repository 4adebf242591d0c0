"""Readings of one run as the tables of one batch: ids settled, accounts coded, rows in ledger order."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.accounts import code_accounts
from ledger.declared import account_rows, declared_accounts
from ledger.fields import PAYMENT_KINDS, VOUCHER_KINDS
from ledger.hashing import occurring, possible_repeats
from ledger.order import ledger_order
from ledger.published import Published
from ledger.reading import Reading
from ledger.records import LINKS, REPORTS, TRANSFERS, WORD
from ledger.rejects import Rejects
from ledger.repeats import NONE, Repeats, find_repeats
from ledger.small import Numbered, small_table
from ledger.vouchers import conversions

LOOSE = pa.schema([pa.field(f.name, WORD) if f.name in ("source", "target") else f.remove_metadata() for f in TRANSFERS])
"""Transfers before their accounts have codes."""
_RENAMED = {"amount": "amount_fen", "source_balance": "source_balance_fen", "target_balance": "target_balance_fen"}
_CONTENT = [name for name in TRANSFERS.names if name not in ("transfer", "file", "line", "sequence")]


@dataclass(frozen=True)
class Tables:
    """The tables of one batch, by segment kind; empty ones are left out."""

    segments: dict[str, pa.Table] = field(default_factory=dict)


def assemble(readings: Sequence[Reading], first_file: int, before: Published, rejects: Rejects) -> Tables:
    """Put a run's readings together.

    Args:
        readings: sorted; the first has file number `first_file`.
        rejects: told of every row that does not stay, and of doubts that only all files together show.
    """
    numbered = list(enumerate(readings, start=first_file))
    transfers, issuers = _transfers(numbered, before, rejects)
    columns = [chunk for name in ("source", "target") for chunk in transfers[name].chunks]
    declared = declared_accounts(numbered, rejects)
    codes, fresh = code_accounts(columns, declared["account"].combine_chunks(), before.accounts["account"].combine_chunks())
    half = len(transfers["source"].chunks)
    coded = {"source": _joined(codes[:half]), "target": _joined(codes[half:])}
    _tell_self_transfers(transfers, coded, rejects)
    tables = {
        "accounts": account_rows(declared, fresh, before, (transfers["kind"], coded), issuers),
        "transfers": _ordered(transfers, coded),
        "reports": _reports(numbered, before, transfers["transfer"], rejects),
        "links": _links(numbered),
    }
    return Tables({kind: table for kind, table in tables.items() if table.num_rows})


def _tell_self_transfers(transfers: pa.Table, coded: dict[str, NDArray[np.int32]], rejects: Rejects) -> None:
    rows = np.flatnonzero(coded["source"] == coded["target"])
    if not len(rows):
        return
    files, lines = (transfers[name].take(pa.array(rows)).to_numpy() for name in ("file", "line"))
    for file in np.unique(files):
        mine = lines[files == file]
        message = f"{len(mine):,} transfers have one account as source and target, the first in this line"
        rejects.doubt(int(file), int(mine.min()), "LDG-self-transfer", message)


def _joined(codes: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.concatenate(codes) if codes else np.empty(0, np.int32)


def _transfers(numbered: Numbered, before: Published, rejects: Rejects) -> tuple[pa.Table, pa.Table]:
    """All transfers of the run that stay, accounts still by name; and the issuers of cards."""
    parts = [
        _loose(chunk.rename_columns([_RENAMED.get(n, n) for n in chunk.column_names]), reading.kind.name, number)
        for number, reading in numbered
        if reading.kind and reading.kind.name in PAYMENT_KINDS
        for chunk in reading.chunks
    ]
    issuers = pa.table({"card": pa.array([], pa.string()), "issuer": pa.array([], pa.string())})
    for kind in VOUCHER_KINDS:
        events = _events(numbered, kind)
        if events.num_rows:
            parts.append(_loose(_converted(kind, events, before, rejects), kind, None))
        if events.num_rows and "issuer" in events.column_names:
            issuers = events.select(["card", "issuer"])
    together = pa.concat_tables(parts, promote_options="default") if parts else LOOSE.empty_table()
    gone = _repeated_transfers(together, before)
    rejects.repeats(gone, together, "transfer")
    if not len(gone.rows):
        return together, issuers
    keep = np.ones(together.num_rows, bool)
    keep[gone.rows] = False
    return together.filter(pa.array(keep)), issuers


def _loose(chunk: pa.Table, kind: str, number: int | None) -> pa.Table:
    """A chunk with those columns of `LOOSE` that it has or that have a value of their own."""
    rows = chunk.num_rows
    constant = {"currency": "CNY", "status": "done"}
    columns = {}
    for wanted in LOOSE:
        if wanted.name == "kind":
            columns["kind"] = _constant(kind, rows)
        elif wanted.name == "file" and number is not None:
            columns["file"] = pa.array(np.full(rows, number, np.int32))
        elif wanted.name in constant:
            given = wanted.name in chunk.column_names
            word = constant[wanted.name]
            columns[wanted.name] = _filled(chunk[wanted.name], word) if given else _constant(word, rows)
        elif wanted.name in chunk.column_names:
            columns[wanted.name] = chunk[wanted.name].cast(wanted.type)
    return pa.table(columns, schema=pa.schema([LOOSE.field(name) for name in columns]))


def _completed(table: pa.Table) -> pa.Table:
    """The table with all columns of `LOOSE`, in their order; missing ones are null."""
    rows = table.num_rows
    columns = [table[f.name] if f.name in table.column_names else pa.nulls(rows, f.type) for f in LOOSE]
    return pa.table(columns, schema=LOOSE)


def _constant(word: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([word]))


def _filled(words: pa.ChunkedArray, word: str) -> pa.ChunkedArray:
    if not words.null_count:
        return words.cast(WORD)
    return pc.fill_null(words.cast(pa.string()), word).dictionary_encode().cast(WORD)


def _events(numbered: Numbered, kind: str) -> pa.Table:
    """Events of one voucher kind from all files, in order of (time, line, event)."""
    parts = [
        chunk.append_column("file", pa.array(np.full(chunk.num_rows, number, np.int32)))
        for number, reading in numbered
        if reading.kind and reading.kind.name == kind
        for chunk in reading.chunks
    ]
    if not parts:
        return pa.table({})
    plain = [
        part.cast(pa.schema([pa.field(f.name, pa.string() if f.type == WORD else f.type) for f in part.schema]))
        for part in parts
    ]
    table = pa.concat_tables(plain, promote_options="default").combine_chunks()
    return table.sort_by([(name, "ascending") for name in ("time", "line", "event", "file")]).combine_chunks()


def _converted(kind: str, events: pa.Table, before: Published, rejects: Rejects) -> pa.Table:
    purchased, redeemed = before.cards
    made = conversions(kind, events, purchased, redeemed)
    files, lines = events["file"].to_numpy(), events["line"].to_numpy()
    for doubt in made.doubts:
        for row in np.flatnonzero(doubt.rows):
            rejects.doubt(int(files[row]), int(lines[row]), doubt.code, doubt.message)
    for row in np.flatnonzero(made.refused.rows):
        rejects.refuse(int(files[row]), int(lines[row]), made.refused.code, made.refused.message)
    return made.transfers.filter(pa.array(~made.refused.rows))


def _repeated_transfers(new: pa.Table, before: Published) -> Repeats:
    fresh, published = possible_repeats(new["transfer"], before.ids)
    if not len(fresh):
        return NONE
    names = before.accounts["account"].combine_chunks()
    old = before.transfer_rows(published, TRANSFERS.names) if len(published) else TRANSFERS.empty_table()
    for column in ("source", "target"):
        old = old.set_column(old.column_names.index(column), column, names.take(old[column].combine_chunks()))
    found = find_repeats(_plain(_completed(new.take(pa.array(fresh)))), _plain(old), "transfer", _CONTENT)
    return Repeats(fresh[found.rows], found.same, found.kept_file, found.kept_line)


def _plain(table: pa.Table) -> pa.Table:
    return table.cast(pa.schema([pa.field(f.name, pa.string() if f.type == WORD else f.type) for f in table.schema]))


def _ordered(transfers: pa.Table, coded: dict[str, NDArray[np.int32]]) -> pa.Table:
    """The columns of `TRANSFERS` in ledger order, two of them in work at a time."""
    time_us = transfers["time"].cast(pa.int64()).to_numpy()
    order = ledger_order(time_us, transfers["line"].to_numpy(), transfers["transfer"])
    taken = None if order is None else pa.array(order)

    def column(wanted: pa.Field) -> pa.Array:
        if wanted.name in coded:
            whole = pa.array(coded[wanted.name])
        elif wanted.name not in transfers.column_names:
            return pa.nulls(transfers.num_rows, wanted.type)
        else:
            given = transfers[wanted.name]
            whole = sorted_words(given) if wanted.type == WORD else given.combine_chunks()
        return whole if taken is None else whole.take(taken)

    with ThreadPoolExecutor(2) as pool:
        return pa.table(list(pool.map(column, TRANSFERS)), schema=TRANSFERS)


def sorted_words(column: pa.ChunkedArray) -> pa.Array:
    """A dictionary column whose dictionary is sorted, so that equal content gives equal bytes."""
    whole = column.unify_dictionaries().combine_chunks() if column.num_chunks else pa.array([], WORD)
    words = whole.dictionary
    order = pc.sort_indices(words).to_numpy()
    if bool((order == np.arange(len(order))).all()):
        return whole
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    indices = pa.array(rank).take(whole.indices) if len(words) else whole.indices
    return pa.DictionaryArray.from_arrays(indices, words.take(pa.array(order)))


def _reports(numbered: Numbered, before: Published, ids: pa.ChunkedArray, rejects: Rejects) -> pa.Table:
    table = small_table(numbered, "reports", REPORTS, {"amount": "amount_fen"})
    if not table.num_rows:
        return table
    content = [name for name in REPORTS.names if name not in ("report", "file", "line")]
    gone = find_repeats(table, before.reports, "report", content)
    rejects.repeats(gone, table, "report")
    keep = np.ones(table.num_rows, bool)
    keep[gone.rows] = False
    table = table.filter(pa.array(keep)).sort_by([("report", "ascending")])
    known = occurring(table["transfer"], [ids, before.ids])
    for row in np.flatnonzero(~known):
        place = (table["file"][row].as_py(), table["line"][row].as_py())
        name = table["transfer"][row].as_py()
        rejects.doubt(*place, "LDG-unknown-transfer", f"the disputed transfer {name!r} is not in the ledger yet")
    return table


def _links(numbered: Numbered) -> pa.Table:
    table = small_table(numbered, "links", LINKS, {})
    return table.sort_by([(name, "ascending") for name in ("kind", "identifier", "account", "file", "line")])

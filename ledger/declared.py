"""The accounts table of a batch: declared accounts, accounts only named by transfers, and changes to earlier ones."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.accounts import SEEN_BY_KIND, inferred_kinds
from ledger.published import Published
from ledger.records import ACCOUNTS, CARD_PREFIX, WORD
from ledger.rejects import Rejects
from ledger.repeats import find_repeats
from ledger.small import Numbered, small_table

_DECLARED = pa.schema(
    [
        *(pa.field(f.name, pa.string() if f.type == WORD else f.type) for f in ACCOUNTS if f.name != "declared"),
        pa.field("file", pa.int32()),
        pa.field("line", pa.int32()),
    ]
)
_CONTENT = ("kind", "holder", "holder_name", "institution", "opened", "opening_fen", "hub", "extra")
STORED = pa.schema([*ACCOUNTS, pa.field("code", pa.int32(), nullable=False), pa.field("seen", pa.uint8(), nullable=False)])
"""Accounts as a segment keeps them: with their code, and which sorts of records name them."""


def declared_accounts(numbered: Numbered, rejects: Rejects) -> pa.Table:
    """One row per declared account; where two rows differ the one with the lowest (line, content) stays."""
    schema = pa.schema([f.with_nullable(True) for f in _DECLARED])
    table = small_table(numbered, "accounts", schema, {"opening_balance": "opening_fen"})
    gone = find_repeats(_sortable(table), _sortable(table.slice(0, 0)), "account", _CONTENT)
    rejects.repeats(gone, table, "account", other="LDG-account-conflict")
    keep = np.ones(table.num_rows, bool)
    keep[gone.rows] = False
    kept = table.filter(pa.array(keep))
    told = _hinted(numbered, schema)
    new = pc.invert(pc.is_in(told["account"], kept["account"].combine_chunks()))
    return pa.concat_tables([kept, told.filter(new)]).combine_chunks().sort_by([("account", "ascending")])


def _hinted(numbered: Numbered, schema: pa.Schema) -> pa.Table:
    """What profiles say about accounts; a record of the account itself goes before it."""
    parts = []
    for number, reading in numbered:
        if reading.side is not None:
            rows = reading.side.num_rows
            place = {"file": pa.array(np.full(rows, number, np.int32)), "line": pa.array(np.zeros(rows, np.int32))}
            known = {name: reading.side[name] for name in reading.side.column_names} | place
            parts.append(pa.table([known.get(f.name, pa.nulls(rows, f.type)) for f in schema], schema=schema))
    if not parts:
        return schema.empty_table()
    table = pa.concat_tables(parts).combine_chunks()
    codes = table["account"].combine_chunks().dictionary_encode().indices.to_numpy()
    return table.take(pa.array(np.sort(np.unique(codes, return_index=True)[1])))


def _sortable(table: pa.Table) -> pa.Table:
    at = table.column_names.index("hub")
    return table.set_column(at, "hub", table["hub"].cast(pa.int8()))


def account_rows(
    declared: pa.Table,
    fresh: pa.Array,
    before: Published,
    named: tuple[pa.ChunkedArray, dict[str, NDArray[np.int32]]],
    issuers: pa.Table,
) -> pa.Table:
    """The rows this batch adds: new accounts, new declarations of old ones, old ones seen in new sorts of records.

    Args:
        named: the kind of every transfer, and the codes of its source and target.
        issuers: columns card and issuer of gift-card events; they give a card its institution.
    """
    old = before.accounts["account"].combine_chunks()
    every = pa.concat_arrays([old, fresh])
    seen = np.concatenate([before.seen, np.zeros(len(fresh), np.uint8)])
    _see(seen, *named)
    at = pc.index_in(every, value_set=declared["account"].combine_chunks())
    is_declared = at.is_valid().to_numpy(zero_copy_only=False)
    changed = is_declared.copy()
    changed[len(old) :] = True
    changed[: len(old)] |= seen[: len(old)] != before.seen
    changed &= is_declared | (np.arange(len(every)) >= len(old)) | ~_old_declared(before, len(every))
    codes = np.flatnonzero(changed)
    at, names = at.take(pa.array(codes)), every.take(pa.array(codes))
    columns = {name: declared[name].combine_chunks().take(at) for name in _CONTENT}
    columns["kind"] = pc.coalesce(columns["kind"], inferred_kinds(names, seen[codes]).cast(pa.string()))
    columns["institution"] = pc.coalesce(columns["institution"], _issuer(names, issuers))
    columns |= {
        "account": names,
        "kind": _words(columns["kind"]),
        "hub": pc.fill_null(columns["hub"], False),
        "declared": pa.array(is_declared[codes]),
        "code": pa.array(codes.astype(np.int32)),
        "seen": pa.array(seen[codes]),
    }
    return pa.table([columns[name] for name in STORED.names], schema=STORED)


def _old_declared(before: Published, count: int) -> NDArray[np.bool_]:
    declared = np.zeros(count, bool)
    old = before.accounts["declared"].to_numpy()
    declared[: len(old)] = old
    return declared


def _see(seen: NDArray[np.uint8], kinds: pa.ChunkedArray, coded: dict[str, NDArray[np.int32]]) -> None:
    words = kinds.unify_dictionaries().combine_chunks() if kinds.num_chunks else pa.array([], WORD)
    indices = words.indices.to_numpy()
    for number, word in enumerate(words.dictionary.to_pylist()):
        rows = slice(None) if len(words.dictionary) == 1 else np.flatnonzero(indices == number)
        for codes in coded.values():
            mark = np.zeros(len(seen), bool)
            mark[codes[rows]] = True
            seen[mark] |= SEEN_BY_KIND[word]


def _issuer(names: pa.Array, issuers: pa.Table) -> pa.Array:
    """The issuer of each card account, as the first event in ledger order names it."""
    known = issuers.filter(issuers["issuer"].is_valid())
    cards = pc.binary_join_element_wise(CARD_PREFIX, known["card"].combine_chunks().cast(pa.string()), "")
    return known["issuer"].combine_chunks().cast(pa.string()).take(pc.index_in(names, value_set=cards))


def _words(values: pa.Array) -> pa.Array:
    """Dictionary in sorted order, so that equal content gives equal bytes."""
    words = pc.unique(values).sort()
    return pa.DictionaryArray.from_arrays(pc.index_in(values, value_set=words).cast(pa.int32()), words)

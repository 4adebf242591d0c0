"""The accounts table of a batch: declared accounts, accounts only named by transfers, and changes to earlier ones."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.accounts import inferred_kinds
from ledger.batch.attributes import ATTRIBUTES, filled, put_together
from ledger.batch.rejects import Rejects
from ledger.batch.repeats import find_repeats
from ledger.batch.small import Numbered, small_table
from ledger.records import ACCOUNTS, CARD_PREFIX, WORD
from ledger.store.published import Published

_DECLARED = pa.schema(
    [
        *(pa.field(f.name, pa.string() if f.type == WORD else f.type) for f in ACCOUNTS if f.name != "declared"),
        pa.field("file", pa.int32()),
        pa.field("line", pa.int32()),
    ]
)
STORED = pa.schema([*ACCOUNTS, pa.field("code", pa.int32(), nullable=False), pa.field("seen", pa.uint8(), nullable=False)])
"""Accounts as a segment keeps them: with their code, and which sorts of records name them."""


def declared_accounts(numbered: Numbered, rejects: Rejects) -> pa.Table:
    """One row per declared account; where two rows differ the one with the lowest (line, content) stays."""
    schema = pa.schema([f.with_nullable(True) for f in _DECLARED])
    table = small_table(numbered, "accounts", schema, {"opening_balance": "opening_fen"})
    gone = find_repeats(_sortable(table), _sortable(table.slice(0, 0)), "account", ATTRIBUTES)
    rejects.repeats(gone, table, "account", other="LDG-account-conflict")
    keep = np.ones(table.num_rows, bool)
    keep[gone.rows] = False
    told = [table.filter(pa.array(keep)), _hinted(numbered, schema)]
    return put_together(pa.concat_tables(told)).combine_chunks().sort_by([("account", "ascending")])


def _hinted(numbered: Numbered, schema: pa.Schema) -> pa.Table:
    """What statements say about accounts beside their rows; a record of the account itself goes before it."""
    parts = []
    for number, reading in numbered:
        if reading.side is not None:
            rows = reading.side.num_rows
            place = {"file": pa.array(np.full(rows, number, np.int32)), "line": pa.array(np.zeros(rows, np.int32))}
            known = {name: reading.side[name] for name in reading.side.column_names} | place
            parts.append(pa.table([known.get(f.name, pa.nulls(rows, f.type)) for f in schema], schema=schema))
    return pa.concat_tables(parts) if parts else schema.empty_table()


def _sortable(table: pa.Table) -> pa.Table:
    at = table.column_names.index("hub")
    return table.set_column(at, "hub", table["hub"].cast(pa.int8()))


def account_rows(
    declared: pa.Table,
    fresh: pa.Array,
    before: Published,
    now: NDArray[np.uint8],
    issuers: pa.Table,
) -> pa.Table:
    """The rows this batch adds: new accounts, new declarations of old ones, old ones seen in new sorts of records.

    Args:
        now: per account, old and fresh, the sorts of records of this batch that name it.
        issuers: columns card and issuer of gift-card events; they give a card its institution.
    """
    old = before.accounts["account"].combine_chunks()
    every = pa.concat_arrays([old, fresh])
    seen = np.concatenate([before.seen, np.zeros(len(fresh), np.uint8)])
    seen |= now
    at = pc.index_in(every, value_set=declared["account"].combine_chunks())
    is_declared = at.is_valid().to_numpy(zero_copy_only=False)
    changed = is_declared.copy()
    changed[len(old) :] = True
    changed[: len(old)] |= seen[: len(old)] != before.seen
    changed &= is_declared | (np.arange(len(every)) >= len(old)) | ~_old_declared(before, len(every))
    codes = np.flatnonzero(changed)
    at, names = at.take(pa.array(codes)), every.take(pa.array(codes))
    columns = _known_before(declared.take(at), before, codes)
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


def _known_before(declared: pa.Table, before: Published, codes: NDArray[np.int64]) -> dict[str, pa.Array]:
    """What is declared now and was earlier, together: a record now goes before what was known, a statement's word after it."""
    old = before.accounts
    was = np.append(np.asarray(old["declared"].to_numpy(), bool), False)
    at = np.minimum(codes, old.num_rows)
    rows = pa.array(at, mask=~was[at])
    known = {name: old[name].combine_chunks().take(rows) for name in ATTRIBUTES}
    known["kind"] = known["kind"].cast(pa.string())
    now = {name: declared[name].combine_chunks() for name in ATTRIBUTES}
    newer, older = filled(now, known), filled(known, now)
    is_record = pc.fill_null(pc.greater(declared["line"].combine_chunks(), 0), False)
    chosen = {name: pc.if_else(is_record, newer[name], older[name]) for name in ATTRIBUTES}
    return chosen | {"extra": newer["extra"]}


def _old_declared(before: Published, count: int) -> NDArray[np.bool_]:
    declared = np.zeros(count, bool)
    old = before.accounts["declared"].to_numpy()
    declared[: len(old)] = old
    return declared


def _issuer(names: pa.Array, issuers: pa.Table) -> pa.Array:
    """The issuer of each card account, as the first event in ledger order names it."""
    known = issuers.filter(issuers["issuer"].is_valid())
    cards = pc.binary_join_element_wise(CARD_PREFIX, known["card"].combine_chunks().cast(pa.string()), "")
    return known["issuer"].combine_chunks().cast(pa.string()).take(pc.index_in(names, value_set=cards))


def _words(values: pa.Array) -> pa.Array:
    """Dictionary in sorted order, so that equal content gives equal bytes."""
    words = pc.unique(values).sort()
    return pa.DictionaryArray.from_arrays(pc.index_in(values, value_set=words).cast(pa.int32()), words)

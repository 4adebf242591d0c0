"""Reconciliation of one run: which rows can matter, of this batch and of earlier ones, and what is decided about them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.corrections import counting
from ledger.batch.loose import PLAIN
from ledger.reading import Reading
from ledger.reconcile.decisions import decision_rows
from ledger.records import ACCOUNTS, DECISIONS, TRANSFERS
from ledger.store.published import Published
from ledger.store.stored import StoredTransfers

if TYPE_CHECKING:
    from ledger.reconcile import Period

MASKS = r"[*＊]|[xX]{4}|尾号"
_CHEAP = ("witness", "status", "operation", "reverses")


def reconciled(new: pa.Table, readings: Sequence[Reading], accounts: pa.Table, before: Published) -> pa.Table:
    """The decisions (`DECISIONS`) a run calls for; empty when no row, no name and no file of it can matter.

    Args:
        new: the run's rows that can matter, accounts by name and words as text. accounts: those of the batch, as a segment
            keeps them.
    """
    from ledger.reconcile import reconcile

    known = _known(accounts, before)
    taken = _taken_inside(readings)
    masked = bool(pc.any(pc.match_substring_regex(known["account"], MASKS)).as_py())
    periods = periods_of(readings)
    if not (new.num_rows or taken.num_rows or masked or periods):
        return DECISIONS.empty_table()
    stored = StoredTransfers(before.folder, before.state)
    told = pa.concat_tables([stored.standing, taken]).unify_dictionaries()
    found = reconcile(new, earlier_candidates(new, stored, before), known, told, periods)
    return pa.concat_tables([_fresh(taken, stored.standing), found]).unify_dictionaries().combine_chunks()


def periods_of(readings: Sequence[Reading]) -> "list[Period]":
    """What the statements of a run say they cover."""
    from ledger.reconcile import Period

    return [
        Period(account, _instant(first), _instant(last), number)
        for number, reading in enumerate(readings)
        for account, first, last in reading.periods
    ]


def _instant(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def _known(accounts: pa.Table, before: Published) -> pa.Table:
    """Every account by name, the run's own rows over earlier ones."""
    rows = accounts.select(ACCOUNTS.names).cast(ACCOUNTS) if accounts.num_rows else ACCOUNTS.empty_table()
    old = before.accounts
    old = old.filter(pc.invert(pc.is_in(old["account"], value_set=rows["account"].combine_chunks())))
    return pa.concat_tables([old, rows]).unify_dictionaries().combine_chunks()


def _taken_inside(readings: Sequence[Reading]) -> pa.Table:
    """Decisions that readers took inside one file, in the order of the files."""
    from ledger.reconcile import decision_id

    rows = [row | {"decision": decision_id(row)} for reading in readings for row in reading.decisions]
    return decision_rows({row["decision"]: row for row in rows}.values())


def _fresh(taken: pa.Table, standing: pa.Table) -> pa.Table:
    """Decisions that are not in force already, as applied or as switched off."""
    return taken.filter(pc.invert(pc.is_in(taken["decision"], value_set=standing["decision"].combine_chunks())))


def earlier_candidates(new: pa.Table, stored: StoredTransfers, before: Published) -> pa.Table:
    """Published rows that can matter to the new ones, in the same form; a corrected row as it counts now."""
    rows = stored.matching(_CHEAP, _matters)
    for name, wanted in (("reference", new["reference"]), ("transfer", _originals(new))):
        texts = pc.unique(wanted.drop_null())
        if len(texts):
            rows = np.union1d(rows, stored.matching((name,), partial(_one_of, name, texts)))
    table = counting(stored.fetch_stored(rows, TRANSFERS.names), before.superseded)
    return named(table, before.accounts["account"].combine_chunks())


def _one_of(name: str, texts: pa.Array, table: pa.Table) -> NDArray[np.bool_]:
    return _mask(pc.is_in(table[name], value_set=texts))


def _originals(new: pa.Table) -> pa.ChunkedArray:
    """Ids that a refund's id may begin with: the part before each mark in it."""
    ids = new.filter(_gives_back(new))["transfer"].to_pylist()
    return pa.chunked_array([[name[: mark.start()] for name in ids for mark in re.finditer(r"[_/#-]", name)]], pa.string())


def _gives_back(new: pa.Table) -> pa.ChunkedArray:
    return pc.fill_null(pc.or_kleene(pc.equal(new["operation"], "refund"), pc.equal(new["status"], "reversed")), False)


def _matters(table: pa.Table) -> NDArray[np.bool_]:
    """Told by one side, failed, given back, or giving back."""
    odd = pc.or_(pc.is_valid(table["witness"]), pc.is_valid(table["reverses"]))
    odd = pc.or_(odd, pc.not_equal(table["status"].cast(pa.string()), "done"))
    return _mask(pc.or_(odd, pc.fill_null(pc.equal(table["operation"].cast(pa.string()), "refund"), False)))


def named(rows: pa.Table, accounts: pa.Array) -> pa.Table:
    """Transfers with their accounts by name and their words as text."""
    columns = {name: rows[name] for name in rows.column_names}
    for side in ("source", "target"):
        columns[side] = accounts.take(rows[side].combine_chunks())
    return pa.table({f.name: columns[f.name] for f in PLAIN}).cast(PLAIN)


def _mask(values: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(values, False).to_numpy(), bool)

"""The straight line of reconciliation: names united, witnesses matched, refunds tied, statements checked."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.reconcile.aliases import same_accounts
from ledger.reconcile.candidates import Book
from ledger.reconcile.holders import failed_transfers, own_account_hops
from ledger.reconcile.known import Names, code_of, names_of
from ledger.reconcile.masked import masked_accounts
from ledger.reconcile.periods import Period, period_gaps
from ledger.reconcile.references import references_of
from ledger.reconcile.reversals import reversals
from ledger.reconcile.rows import Rows, rows_of
from ledger.reconcile.standing import Row, delta, drafted_rows, identified, in_standing, is_refused, kinds_off
from ledger.reconcile.statements import BREAK, balance_breaks, chains_of, implied_openings
from ledger.reconcile.witnesses import witnesses

_OF_ACCOUNTS = ("masked_account", "own_account_hop", "implied_opening", "period_gap")
"""Kinds that may speak of accounts alone."""


def reconcile(new: pa.Table, old: pa.Table, accounts: pa.Table, standing: pa.Table, periods: Sequence[Period] = ()) -> pa.Table:
    """Decisions (`DECISIONS`) that the rows of a new batch call for: what differs from those that stand.

    The rows of all batches are looked at as one set, so neither the order of rows, files nor batches changes what is decided. A
    decision that has lost its ground comes back as `off`; one that an officer switched stays as he left it.

    Args:
        new, old: candidate rows of this run and of earlier ones: `TRANSFERS` columns with accounts by name.
        accounts: all accounts known (`ACCOUNTS`). standing: last state per id, those that readers took included.
        periods: what the run's statements cover.
    """
    stands = in_standing(standing)
    rows = rows_of(new, old)
    further = {name for row in stands.values() for name in (row["account"], row["other_account"]) if name}
    names = names_of(rows, accounts.combine_chunks(), further)
    off = kinds_off(standing)
    same = same_accounts(rows, names, stands)
    names = _united(names, [] if "same_account" in off else same, stands)
    masked = masked_accounts(names, stands)
    names = _united(names, [] if "masked_account" in off else masked, stands)
    book = Book(rows, names, references_of(rows))
    drafts, matches = witnesses(book, stands)
    chains = chains_of(book)
    dropped = np.concatenate([np.empty(0, np.int64), *(match.other for match in matches)])
    drafts += [drafted_rows([*same, *masked]), *reversals(book, matches, stands), own_account_hops(book, dropped)]
    drafts += [failed_transfers(book, stands), implied_openings(book, chains), balance_breaks(book, chains, stands)]
    drafts.append(drafted_rows(period_gaps(book, chains, periods, stands)))
    return delta(identified(drafts), stands, _reviewed(rows, names, stands))


def _united(names: Names, decisions: Sequence[Row], standing: Mapping[str, Row]) -> Names:
    """The names after the decisions that are in force."""
    refused = {(row["account"], row["other_account"]) for row in standing.values() if is_refused(row)}
    acting = [row for row in decisions if row["state"] == "applied" and (row["account"], row["other_account"]) not in refused]
    ones, others = (code_of(names, [row[side] for row in acting]).tolist() for side in ("account", "other_account"))
    return names.united(zip(others, ones, strict=True))


def _reviewed(rows: Rows, names: Names, standing: Mapping[str, Row]) -> Callable[[Row], bool]:
    """Says of a standing decision whether all that it speaks of was looked at."""
    told = pa.array(
        sorted({row[name] for row in standing.values() for name in ("transfer", "other") if row[name]}), pa.string()
    )
    ids = frozenset(told.filter(pc.is_in(told, value_set=rows.table["transfer"].combine_chunks())).to_pylist())
    accounts = sorted({row["account"] for row in standing.values() if row["account"]})
    known = {name for name, code in zip(accounts, code_of(names, accounts).tolist(), strict=True) if code >= 0}

    def reviewed(row: Row) -> bool:
        if row["kind"] == "balance_break" and not row["evidence"].startswith(BREAK):
            return False
        if row["transfer"] or row["other"]:
            return all(row[name] is None or row[name] in ids for name in ("transfer", "other"))
        return row["account"] in known and row["kind"] in _OF_ACCOUNTS

    return reviewed

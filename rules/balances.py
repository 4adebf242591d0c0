"""What every account held after each of its transfers, where the records tell one balance at all."""

import numpy as np
import pyarrow as pa

from rules.scope import Flags, Ints, Scope, taken
from rules.windows import Entries, entries_in, entries_of, sorting, woven

UNKNOWN = -(2**62)


def every_entry(scope: Scope) -> Entries:
    """Credits and debits of all transfers in view, moves between own accounts too: what a balance is made of."""
    moves = scope.transfers
    return entries_in(scope) if len(scope.dealings()) == len(moves) else scope.once("every entry", lambda: entries_of(moves))


def balances(scope: Scope, entries: Entries) -> tuple[Ints, Flags]:
    """Balance after each of `every_entry`, and for each whether it is known.

    A declared opening balance counts, else the first balance a record tells; the others follow from the transfers.
    """
    return scope.once("balances", lambda: balances_of(scope, entries))


def balances_of(scope: Scope, entries: Entries) -> tuple[Ints, Flags]:
    """As `balances`, made anew."""
    begins = np.searchsorted(entries.account, np.arange(len(scope.hub)))
    net = np.cumsum(entries.fen)
    net -= np.concatenate([[0], net])[begins][entries.account]
    opening = scope.ledger.accounts["opening_fen"].fillna(UNKNOWN).to_numpy(dtype=np.int64).copy()
    told = reported(scope)
    if told is not None:
        first = np.flatnonzero(told != UNKNOWN)
        account, at = np.unique(entries.account[first], return_index=True)
        follows = told[first[at]] - net[first[at]]
        opening[account] = np.where(opening[account] == UNKNOWN, follows, opening[account])
    known = opening != UNKNOWN
    return np.where(known, opening, 0)[entries.account] + net, known[entries.account]


def reported(scope: Scope) -> Ints | None:
    """The balance the records tell after each of `every_entry`, UNKNOWN where none; None where none at all."""
    names = ("source_balance_fen", "target_balance_fen")
    table = scope.ledger.read(names)
    if all(table[name].null_count == len(table) for name in names):
        return None
    rows = scope.transfers["row"].to_numpy(dtype=np.int64)
    after = [taken(table[name], rows).fill_null(pa.scalar(UNKNOWN, pa.int64())).to_numpy() for name in names]
    source, target = (scope.transfers[name].to_numpy(dtype=np.int64) for name in ("source", "target"))
    return np.asarray(woven(*after)[sorting(woven(source, target))], dtype=np.int64)

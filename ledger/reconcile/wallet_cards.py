"""Card payments through a wallet: told by the wallet, and by the bank, which only names the wallet's clearing account."""

import numpy as np
from numpy.typing import NDArray

from ledger.reconcile.both_sides import Match
from ledger.reconcile.candidates import WINDOW_US, Book
from ledger.reconcile.pairing import Entries, Pairs, degrees, mixed, near, together
from ledger.reconcile.rows import BY_SOURCE, BY_TARGET, Bools, Ints, Rows

BY_WALLET = "wallet"


def match_cards(book: Book, free: Bools) -> tuple[Match, Pairs]:
    """The wallet's row stays: it knows the shop. Both rows speak of one card, on the same side of the payment.

    Args:
        free: rows that are no witness of another row and are not in doubt.
    Returns:
        matches, and pairs that are not unique.
    """
    rows, names = book.rows, book.names
    purse = (names.wallet[rows.own] > 0) & (names.main[rows.own] != rows.own)
    bank = free & ~purse & (names.clearing[rows.other] > 0) & (names.wallet[rows.own] == 0)
    parts = []
    for side in (BY_SOURCE, BY_TARGET):
        ours = rows.live & (rows.side == side)
        wallet_rows, bank_rows = (np.flatnonzero(ours & one) for one in (purse, bank))
        system = names.wallet[rows.own[wallet_rows]], names.clearing[rows.other[bank_rows]]
        parts.append(near(_entries(book, wallet_rows, system[0]), _entries(book, bank_rows, system[1]), WINDOW_US, WINDOW_US))
    pairs = together(parts)
    pairs = pairs.only(_alike(rows, book, pairs))
    left, right = degrees(pairs, rows.count)
    sole = (left[pairs.left] == 1) & (right[pairs.right] == 1)
    return Match(pairs.left[sole], pairs.right[sole], BY_WALLET), pairs.only(~sole)


def _entries(book: Book, side: Ints, system: NDArray[np.int8]) -> Entries:
    rows = book.rows
    return Entries(
        side,
        mixed(book.names.main[rows.own[side]], rows.amount[side], rows.currency[side], system.astype(np.int64)),
        rows.time_us[side],
    )


def _alike(rows: Rows, book: Book, pairs: Pairs) -> Bools:
    one, other = pairs.left, pairs.right
    main = book.names.main
    same = (main[rows.own[one]] == main[rows.own[other]]) & (rows.amount[one] == rows.amount[other])
    return np.asarray(same & (rows.currency[one] == rows.currency[other]) & ~rows.dated[other])

"""Equal payments between the same two accounts, as many on either side: matched in the order of their times."""

import numpy as np

from ledger.reconcile.candidates import RIVAL_US, Book, Candidates, within
from ledger.reconcile.pairing import mixed
from ledger.reconcile.rows import DAY_US, Bools, Ints


def in_order(book: Book, found: Candidates) -> Bools:
    """Which pairs are the k-th of k equal payments on either side.

    A cluster of payments that lie close together counts only when both sides tell equally many at distinct times, the k-th of
    one is a candidate of the k-th of the other on the same day and in the window, and no row of it fits anything else.
    """
    rows, pairs = book.rows, found.pairs
    chosen = np.zeros(len(pairs.left), bool)
    if not len(chosen):
        return chosen
    key = mixed(
        book.names.main[rows.source[pairs.left]],
        book.names.main[rows.target[pairs.right]],
        rows.arrived[pairs.right],
        rows.currency[pairs.right],
    )
    row, side, group, odd = _nodes(found, key)
    order = np.lexsort((row, rows.time_us[row], group))
    row, side, group, odd = row[order], side[order], group[order], odd[order]
    dated = rows.dated[row]
    step = np.where(dated[1:] | dated[:-1], 2 * DAY_US, RIVAL_US)
    breaks = (group[1:] != group[:-1]) | (np.diff(rows.time_us[row]) > step)
    cluster = np.concatenate([[0], np.cumsum(breaks)])
    lefts, rights = side == 0, side == 1
    count = np.bincount(cluster[lefts], minlength=cluster[-1] + 1)
    bad = count != np.bincount(cluster[rights], minlength=len(count))
    bad[cluster[odd]] = True
    for one in (lefts, rights):
        same = (cluster[one][1:] == cluster[one][:-1]) & (rows.time_us[row[one]][1:] == rows.time_us[row[one]][:-1])
        bad[cluster[one][1:][same]] = True
    lefts, rights = lefts & ~bad[cluster], rights & ~bad[cluster]
    wanted = row[lefts] * rows.count + row[rights]
    packed = pairs.left * rows.count + pairs.right
    fits = packed[within(book, found) & _same_day(book, found)]
    bad[cluster[lefts][~np.isin(wanted, fits)]] = True
    return np.asarray(np.isin(packed, wanted[~bad[cluster[lefts]]]))


def _nodes(found: Candidates, key: Ints) -> tuple[Ints, Ints, Ints, Bools]:
    """Every row of the pairs once per kind of payment it may be: row, side (0 left), kind, whether it is unfit."""
    pairs = found.pairs
    _, group = np.unique(key, return_inverse=True)
    parts = []
    for side, rows, crowded in ((0, pairs.left, pairs.crowded_left), (1, pairs.right, pairs.crowded_right)):
        packed = np.unique(rows * (int(group.max()) + 1) + group)
        row, kind = packed // (int(group.max()) + 1), packed % (int(group.max()) + 1)
        odd = (np.bincount(row)[row] > 1) | np.isin(row, crowded)
        parts.append((row, np.full(len(row), side), kind, odd))
    row, sides, kind, odd = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return row, sides, kind, np.asarray(odd, bool)


def _same_day(book: Book, found: Candidates) -> Bools:
    """Pairs of the same day, where one of the two has only a date."""
    one, other = book.rows.dated[found.pairs.left], book.rows.dated[found.pairs.right]
    gap = found.gap_us
    same = np.where(
        one & other, np.abs(gap) < DAY_US // 4, np.where(one, (gap >= 0) & (gap < DAY_US), (gap <= 0) & (gap > -DAY_US))
    )
    return np.asarray(same | ~(one | other))

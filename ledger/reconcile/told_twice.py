"""Records of both sides that several files tell: the same transfer when everything but the id is equal."""

import numpy as np

from ledger.reconcile.candidates import WINDOW_US, Book
from ledger.reconcile.rows import Ints


def told_twice(book: Book, two_sided: Ints) -> tuple[Ints, Ints, Ints]:
    """Rows that stay, their second tellings, and the first rows of groups in which a file repeats itself.

    Rows are one transfer when accounts, amounts, currency and reference are equal, they come from different files and lie
    within `WINDOW_US`; the earliest stays, of equal times the first id.
    """
    rows, names = book.rows, book.names
    reference = book.references.reference
    keep = two_sided[reference[two_sided] >= 0]
    columns = (names.main[rows.source], names.main[rows.target], rows.amount, rows.arrived, rows.currency, reference)
    order = keep[np.lexsort((keep, *(column[keep] for column in columns)))]
    if len(order) < 2:
        return order[:0], order[:0], order[:0]
    new = np.zeros(len(order) - 1, bool)
    for column in columns:
        new |= column[order[1:]] != column[order[:-1]]
    new |= np.diff(rows.time_us[order]) > WINDOW_US
    group = np.concatenate([[0], np.cumsum(new)])
    starts = np.flatnonzero(np.concatenate([[True], new]))
    file = rows.table["file"].to_numpy().astype(np.int64)[order]
    pairs, counts = np.unique(group * (file.max() + 1) + file, return_counts=True)
    of_pair = pairs // (file.max() + 1)
    size, files = np.bincount(group), np.bincount(of_pair)
    repeated = np.bincount(of_pair, counts > 1, minlength=len(size)) > 0
    ends = np.append(starts[1:], len(order)) - 1
    wide = rows.time_us[order[ends]] - rows.time_us[order[starts]] > WINDOW_US
    doubtful = (files > 1) & (repeated | wide)
    good = ((files > 1) & ~doubtful)[group] & (np.arange(len(order)) != starts[group])
    assert (size >= files).all()
    return order[starts[group[good]]], order[good], order[starts[doubtful]]

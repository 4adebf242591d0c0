"""One transfer told by both sides' statements: which two rows are its witnesses, and which could be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from ledger.reconcile.candidates import Book, Candidates, by_name, by_reference, within
from ledger.reconcile.in_order import in_order
from ledger.reconcile.pairing import Pairs, degrees
from ledger.reconcile.references import References
from ledger.reconcile.rows import BY_SOURCE, BY_TARGET, FEE_CHANNEL, TWO_SIDED, Bools, Ints, Rows, without

BY_REFERENCE, BY_TIME, IN_ORDER, WITH_FEE = "reference", "time", "in order", "with fee"


@dataclass(frozen=True)
class Match:
    """Pairs taken for one transfer each: the row that stays, the second witness, and how they were found."""

    stays: Ints
    other: Ints
    how: str


@dataclass(frozen=True)
class Doubt:
    """Pairs of which no more than one can be true, and rows with more partners than are listed."""

    found: Candidates
    crowded: Ints


@dataclass(frozen=True)
class Verdict:
    """What was found about one pool of rows."""

    matches: tuple[Match, ...]
    doubt: Doubt

    @property
    def stays(self) -> Ints:
        """Rows that stay."""
        return np.concatenate([np.empty(0, np.int64), *(match.stays for match in self.matches)])

    @property
    def others(self) -> Ints:
        """Rows that are second witnesses."""
        return np.concatenate([np.empty(0, np.int64), *(match.other for match in self.matches)])


def payments(rows: Rows) -> tuple[Ints, Ints, Ints]:
    """Rows that can have a second witness: told by the payer, by the payee, by a record of both sides."""
    channels = rows.table["channel"].combine_chunks()
    fees = np.asarray(pc.fill_null(pc.equal(channels, FEE_CHANNEL), False).to_numpy(False), bool)
    moved = rows.live & ~fees & (rows.source != rows.target)
    told = [np.flatnonzero(moved & (rows.side == side)) for side in (BY_SOURCE, BY_TARGET, TWO_SIDED)]
    return told[0], told[1], told[2]


def match_sides(book: Book, left: Ints, right: Ints, refused: Iterable[tuple[int, int]] = ()) -> Verdict:
    """Match payers' rows (left) with payees' rows (right).

    First by a shared reference; then, among the rest, by amount, time and a named account; then k equal payments with k; last
    with a split-off fee added to the payer's amount. A row that fits several rows equally well is matched with none.

    Args:
        refused: pairs an officer switched off.
    """
    rows = book.rows
    no = np.array([one * rows.count + other for one, other in refused], np.int64)
    told = _allowed(by_reference(book, left, right), rows.count, no)
    told = told.only(_speaks(book.references, told))
    first = told.only(_unique(told, rows.count, np.zeros(len(told.gap_us), bool)))
    matches = [Match(first.pairs.left, first.pairs.right, BY_REFERENCE)]
    left, right = without(left, first.pairs.left), without(right, first.pairs.right)
    told = _without(told, first)
    named = _allowed(by_name(book, left, right, rows.arrived), rows.count, no)
    named = named.only(_undisputed(named, told, rows.count))
    near = within(book, named)
    chosen = near & _unique(named, rows.count, (named.named == 2) & near)
    matches.append(Match(named.pairs.left[chosen], named.pairs.right[chosen], BY_TIME))
    rest = _without(named, named.only(chosen))
    chosen = in_order(book, rest)
    ordered = rest.only(chosen)
    matches.append(Match(ordered.pairs.left, ordered.pairs.right, IN_ORDER))
    rest = _without(rest, ordered)
    taken = np.concatenate([match.stays for match in matches]), np.concatenate([match.other for match in matches])
    charged = _charged(book, without(left, np.concatenate([taken[0], rest.pairs.left])), without(right, taken[1]))
    charged = _allowed(charged, rows.count, no)
    chosen = within(book, charged) & _unique(charged, rows.count, np.zeros(len(charged.gap_us), bool))
    chosen &= ~np.isin(charged.pairs.right, np.concatenate([rest.pairs.right, rest.pairs.crowded_right]))
    matches.append(Match(charged.pairs.left[chosen], charged.pairs.right[chosen], WITH_FEE))
    return Verdict(tuple(match for match in matches if len(match.stays)), _doubt(book, (told, rest), matches))


def _doubt(book: Book, parts: Sequence[Candidates], matches: Sequence[Match]) -> Doubt:
    """Pairs both rows of which are still without a partner; those too far apart in time are no candidates."""
    stays, others = (np.concatenate([getattr(match, name) for match in matches]) for name in ("stays", "other"))
    told, named = parts
    named = named.only(within(book, named) & ~np.isin(named.pairs.left, told.pairs.left))
    kept = [part.only(~np.isin(part.pairs.left, stays) & ~np.isin(part.pairs.right, others)) for part in (told, named)]
    crowded = np.unique(np.concatenate([part.pairs.crowded_left for part in kept]))
    return Doubt(joined(kept), without(crowded, stays))


def joined(parts: Sequence[Candidates]) -> Candidates:
    """Candidates of several joins behind each other."""
    names = ("left", "right", "crowded_left", "crowded_right")
    pairs = Pairs(*(np.concatenate([getattr(part.pairs, name) for part in parts]) for name in names))
    rest = (np.concatenate([getattr(part, name) for part in parts]) for name in ("payee", "payer", "reference", "gap_us"))
    return Candidates(pairs, *rest)


def _allowed(found: Candidates, count: int, refused: Ints) -> Candidates:
    if not len(refused):
        return found
    return found.only(~np.isin(found.pairs.left * count + found.pairs.right, refused))


def _speaks(references: References, told: Candidates) -> Bools:
    """A short reference is not enough by itself: one row must say something of the other."""
    return np.asarray(references.telling[told.reference] | (np.maximum(told.payee, told.payer) > 0))


def _unique(found: Candidates, count: int, mutual: Bools) -> Bools:
    """Pairs whose rows have no other partner; in a mutual one, one of the rows may have partners that name less."""
    left, right = degrees(found.pairs, count)
    best = degrees(found.pairs, count, mutual)
    one, other = found.pairs.left, found.pairs.right
    alone = (left[one] == 1) & (right[other] == 1)
    forced = mutual & (((left[one] == 1) & (best[1][other] == 1)) | ((right[other] == 1) & (best[0][one] == 1)))
    return np.asarray(alone | forced)


def _without(found: Candidates, gone: Candidates) -> Candidates:
    return found.only(~np.isin(found.pairs.left, gone.pairs.left) & ~np.isin(found.pairs.right, gone.pairs.right))


def _undisputed(named: Candidates, told: Candidates, count: int) -> Bools:
    """A row that shares its reference with some row is matched with no other one."""
    pairs = told.pairs
    left, right = np.zeros(count, bool), np.zeros(count, bool)
    left[pairs.left] = right[pairs.right] = left[pairs.crowded_left] = right[pairs.crowded_right] = True
    return np.asarray((named.reference >= 0) | ~(left[named.pairs.left] | right[named.pairs.right]))


def _charged(book: Book, left: Ints, right: Ints) -> Candidates:
    """Pairs whose amounts are equal once a fee that was split off is added to the payer's."""
    rows = book.rows
    fees = np.flatnonzero(rows.fee_of >= 0)
    total = rows.arrived.copy()
    np.add.at(total, rows.fee_of[fees], rows.amount[fees])
    return by_name(book, left[total[left] != rows.arrived[left]], right, total)

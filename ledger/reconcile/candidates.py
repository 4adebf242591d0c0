"""Pairs of rows that may tell one transfer: the payer's row on the left, the payee's on the right."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.reconcile.agreement import BY_MASK, SILENT, agreement
from ledger.reconcile.known import ACCOUNT, MASKED, Names
from ledger.reconcile.masked import MOST_SHAPES
from ledger.reconcile.pairing import Entries, Pairs, mixed, near, nothing, together
from ledger.reconcile.references import References
from ledger.reconcile.rows import DAY_US, HOUR_US, Bools, Ints, Rows

WINDOW_US = HOUR_US // 6
"""Two clocks may differ by so much (P)."""
RIVAL_US = HOUR_US // 2
"""A further candidate within so much makes a match doubtful (P)."""
REFERENCE_US = 3 * DAY_US
"""Rows with one reference may lie so far apart (P)."""
_ZONES_US = 2 * HOUR_US


@dataclass(frozen=True)
class Book:
    """What all steps look at."""

    rows: Rows
    names: Names
    references: References


@dataclass(frozen=True)
class Candidates:
    """Pairs that nothing speaks against.

    payee: how far the left row names the account of the right one; payer: the other way. reference: code they share, -1.
    """

    pairs: Pairs
    payee: NDArray[np.int8]
    payer: NDArray[np.int8]
    reference: Ints
    gap_us: Ints

    @property
    def named(self) -> NDArray[np.int8]:
        """How many of the two rows name the account of the other."""
        return (self.payee >= BY_MASK).astype(np.int8) + (self.payer >= BY_MASK)

    def only(self, keep: Bools) -> "Candidates":
        """Some of the pairs."""
        return Candidates(self.pairs.only(keep), self.payee[keep], self.payer[keep], self.reference[keep], self.gap_us[keep])


def weighed(book: Book, pairs: Pairs) -> Candidates:
    """The pairs whose rows do not contradict each other."""
    rows, names = book.rows, book.names
    left, right = pairs.left, pairs.right
    keep = names.main[rows.source[left]] != names.main[rows.target[right]]
    keep &= ~book.references.contradict(left, right) & (rows.currency[left] == rows.currency[right])
    pairs = pairs.only(keep)
    left, right = pairs.left, pairs.right
    payee = agreement(names, rows.source[left], rows.target[left], rows.target[right])
    payer = agreement(names, rows.target[right], rows.source[right], rows.source[left])
    found = Candidates(pairs, payee, payer, book.references.shared(left, right), rows.time_us[right] - rows.time_us[left])
    return found.only((payee >= SILENT) & (payer >= SILENT))


def by_reference(book: Book, left: Ints, right: Ints) -> Candidates:
    """Pairs of equal amount that share a reference or an order number."""
    rows, references = book.rows, book.references

    def entries(side: Ints) -> Entries:
        codes = np.concatenate([references.reference[side], references.order[side]])
        twice = np.concatenate([side, side])
        twice, codes = twice[codes >= 0], codes[codes >= 0]
        return Entries(twice, mixed(codes, rows.arrived[twice], rows.currency[twice]), rows.time_us[twice])

    found = weighed(book, near(entries(left), entries(right), REFERENCE_US, REFERENCE_US))
    return found.only((found.reference >= 0) & _equal(rows.arrived, found.pairs))


def by_name(book: Book, left: Ints, right: Ints, arrived: Ints) -> Candidates:
    """Pairs of equal amount, near in time, of which at least one row names the account of the other.

    Args:
        arrived: amount per row of the table, as it counts for the left rows.
    """
    rows, names = book.rows, book.names
    sure = names.sort[names.main] == ACCOUNT
    source, target = names.main[rows.source], names.main[rows.target]
    joins = [
        (left[sure[rows.target[left]]], right[sure[rows.source[right]]], (source, target)),
        (left[sure[rows.target[left]]], right[~sure[rows.source[right]]], (target,)),
        (left[~sure[rows.target[left]]], right[sure[rows.source[right]]], (source,)),
    ]
    parts = [
        _windows(rows, one, other, _keys(rows, keys, arrived), _keys(rows, keys, rows.arrived)) for one, other, keys in joins
    ]
    parts += _by_mask(book, left, right, arrived)
    found = weighed(book, together([part for part in parts if len(part.left) or len(part.crowded_left)] or [nothing()]))
    equal = arrived[found.pairs.left] == rows.arrived[found.pairs.right]
    return found.only(equal & (found.named > 0))


def _by_mask(book: Book, left: Ints, right: Ints, arrived: Ints) -> list[Pairs]:
    """Pairs of which one row shows digits of the other's account, but several known accounts have these digits."""
    rows, names = book.rows, book.names
    parts = []
    open_masks = {code: mask for code, mask in names.masks.items() if mask.strong and names.main[code] == code}
    shapes = sorted({(len(mask.prefix), len(mask.suffix)) for mask in open_masks.values()})
    for shape in shapes[:MOST_SHAPES]:
        shown = _shown_digits(names, shape)
        known = np.where(names.sort == MASKED, -1, shown)
        masked = np.full(len(shown), -1, np.int64)
        masked[list(open_masks)] = shown[list(open_masks)]
        one, other = left[masked[rows.target[left]] >= 0], right[known[rows.target[right]] >= 0]
        parts.append(
            _windows(
                rows, one, other, _keys(rows, (masked[rows.target],), arrived), _keys(rows, (known[rows.target],), rows.arrived)
            )
        )
        one, other = left[known[rows.source[left]] >= 0], right[masked[rows.source[right]] >= 0]
        parts.append(
            _windows(
                rows, one, other, _keys(rows, (known[rows.source],), arrived), _keys(rows, (masked[rows.source],), rows.arrived)
            )
        )
    return parts


def _shown_digits(names: Names, shape: tuple[int, int]) -> Ints:
    """Code of the first and last digits of every name; masks of another shape have -1."""
    head, tail = pc.utf8_slice_codeunits(names.text, 0, shape[0]), pc.utf8_slice_codeunits(names.text, -shape[1], 512)
    codes = pc.binary_join_element_wise(head, tail, "*").dictionary_encode()
    shown: Ints = codes.indices.to_numpy().astype(np.int64)
    wanted = [(code, f"{m.prefix}*{m.suffix}") for code, m in names.masks.items() if (len(m.prefix), len(m.suffix)) == shape]
    shown[list(names.masks)] = -1
    at = pc.fill_null(pc.index_in(pa.array([text for _, text in wanted]), value_set=codes.dictionary), -1).to_numpy()
    shown[[code for code, _ in wanted]] = at
    return shown


def _keys(rows: Rows, names: tuple[Ints, ...], arrived: Ints) -> Ints:
    return mixed(*names, arrived, rows.currency)


def _windows(rows: Rows, left: Ints, right: Ints, left_key: Ints, right_key: Ints) -> Pairs:
    """Pairs of one key: within half an hour where both have clocks, on the same or the next day where one has none."""
    parts = []
    for left_dated in (False, True):
        for right_dated in (False, True):
            one, other = left[rows.dated[left] == left_dated], right[rows.dated[right] == right_dated]
            before, after = _window(left_dated, right_dated)
            entries = Entries(one, left_key[one], rows.time_us[one]), Entries(other, right_key[other], rows.time_us[other])
            parts.append(near(*entries, before, after))
    return together(parts)


def _window(left_dated: bool, right_dated: bool) -> tuple[int, int]:
    if left_dated and right_dated:
        return DAY_US + _ZONES_US, DAY_US + _ZONES_US
    if left_dated:
        return DAY_US, 2 * DAY_US
    return (2 * DAY_US, DAY_US) if right_dated else (RIVAL_US, RIVAL_US)


def _equal(values: Ints, pairs: Pairs) -> Bools:
    return np.asarray(values[pairs.left] == values[pairs.right])


def within(book: Book, found: Candidates) -> Bools:
    """Pairs near enough in time to be one transfer, not only to be rivals."""
    dated = book.rows.dated[found.pairs.left] | book.rows.dated[found.pairs.right]
    return np.asarray(dated | (np.abs(found.gap_us) <= WINDOW_US))

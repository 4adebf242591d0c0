"""Rows joined by a key and a window of time, and which of the joined pairs are beyond doubt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ledger.reconcile.rows import Bools, Ints

MOST_PARTNERS = 16
"""A row with more partners than this is not looked at any closer: it is ambiguous, and counted."""
_SECOND_US = 1_000_000


@dataclass(frozen=True)
class Entries:
    """Rows under their keys; a row may have several. Equal keys may be chance: the caller compares what they stand for."""

    row: Ints
    key: Ints
    time_us: Ints


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows, each once. crowded_left, crowded_right: rows with too many partners, of which some are missing here."""

    left: Ints
    right: Ints
    crowded_left: Ints
    crowded_right: Ints

    def only(self, keep: Bools) -> "Pairs":
        """Some of the pairs."""
        return Pairs(self.left[keep], self.right[keep], self.crowded_left, self.crowded_right)


def mixed(*columns: Ints) -> Ints:
    """One 64-bit key per row from several columns."""
    key = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        key = (key ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return key.view(np.int64)


def near(left: Entries, right: Entries, before_us: int, after_us: int) -> Pairs:
    """All pairs of one key whose right time lies within [left - before, left + after].

    Time and memory are linear: partners beyond `MOST_PARTNERS` are not listed.
    """
    if not len(left.row) or not len(right.row):
        return nothing()
    right = _among(right, left.key)
    order = np.lexsort((right.time_us, right.key))
    keys, starts = np.unique(right.key[order], return_index=True)
    if not len(keys):
        return nothing()
    at = np.minimum(np.searchsorted(keys, left.key), len(keys) - 1)
    left, at = _kept(left, keys[at] == left.key), at[keys[at] == left.key]
    low, high = _ranges(
        left,
        at,
        right.time_us[order],
        np.repeat(np.arange(len(keys)), np.diff(np.append(starts, len(order)))),
        (before_us, after_us),
    )
    many = high - low > MOST_PARTNERS
    depth = np.zeros(len(order) + 1, np.int64)
    np.add.at(depth, low[many], 1)
    np.add.at(depth, high[many], -1)
    crowded_right = right.row[order[np.cumsum(depth[:-1]) > 0]]
    crowded_left = left.row[many]
    count = np.where(many, 0, high - low)
    one = np.repeat(np.arange(len(low)), count)
    other = order[np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)]
    gap = right.time_us[other] - left.time_us[one]
    inside = (gap >= -before_us) & (gap <= after_us)
    return distinct(Pairs(left.row[one[inside]], right.row[other[inside]], np.unique(crowded_left), np.unique(crowded_right)))


def nothing() -> Pairs:
    """No pairs."""
    none = np.empty(0, np.int64)
    return Pairs(none, none, none, none)


def together(parts: Sequence[Pairs]) -> Pairs:
    """Pairs of several joins, each once."""
    joined = [
        np.concatenate([getattr(part, name) for part in parts]) for name in ("left", "right", "crowded_left", "crowded_right")
    ]
    return distinct(Pairs(joined[0], joined[1], np.unique(joined[2]), np.unique(joined[3])))


def distinct(pairs: Pairs) -> Pairs:
    """Every pair once, in order of (left, right)."""
    if not len(pairs.left):
        return pairs
    order = np.lexsort((pairs.right, pairs.left))
    left, right = pairs.left[order], pairs.right[order]
    fresh = np.concatenate([[True], (left[1:] != left[:-1]) | (right[1:] != right[:-1])])
    return Pairs(left[fresh], right[fresh], pairs.crowded_left, pairs.crowded_right)


def _among(entries: Entries, keys: Ints) -> Entries:
    """Entries whose key occurs among the keys."""
    known = np.sort(keys)
    at = np.minimum(np.searchsorted(known, entries.key), len(known) - 1)
    return _kept(entries, known[at] == entries.key)


def _kept(entries: Entries, keep: Bools) -> Entries:
    return Entries(entries.row[keep], entries.key[keep], entries.time_us[keep])


def _ranges(left: Entries, at: Ints, time_us: Ints, group: Ints, window: tuple[int, int]) -> tuple[Ints, Ints]:
    """Per left entry the stretch of right entries of its group that the window holds, to the second."""
    first = min(int(time_us.min()), int(left.time_us.min()) if len(left.row) else 0) // _SECOND_US - 1
    span = (max(int(time_us.max()), int(left.time_us.max()) if len(left.row) else 0)) // _SECOND_US - first + 2
    unit = 1 + span * (int(group[-1]) + 1) // 2**62  # coarser than a second only for absurd times in very many groups
    span = span // unit + 2
    right_at = group * span + (time_us // _SECOND_US - first) // unit
    low = np.clip(((left.time_us - window[0]) // _SECOND_US - first) // unit, 0, span - 1)
    high = np.clip(((left.time_us + window[1]) // _SECOND_US - first) // unit, 0, span - 1)
    return np.searchsorted(right_at, at * span + low, "left"), np.searchsorted(right_at, at * span + high, "right")


def degrees(pairs: Pairs, rows: int, chosen: Bools | None = None) -> tuple[Ints, Ints]:
    """Number of partners per left and per right row; a crowded row has more than it can count."""
    left, right = (pairs.left, pairs.right) if chosen is None else (pairs.left[chosen], pairs.right[chosen])
    one, other = np.bincount(left, minlength=rows), np.bincount(right, minlength=rows)
    one[pairs.crowded_left] += MOST_PARTNERS + 1
    other[pairs.crowded_right] += MOST_PARTNERS + 1
    return one, other

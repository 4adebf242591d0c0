"""Sliding windows over the entries of every account at once: sums, counts and lowest balances, without a loop per transfer."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.scope import Flags, Ints, columns

LONGEST_US = 31 * 86_400_000_000
"""No window is longer than this."""


@dataclass(frozen=True)
class Axis:
    """One number line for the times of all accounts: account by account, no window reaching into the next."""

    base_us: int
    reach: int
    tick_us: int

    def at(self, account: Ints, time_us: Ints) -> Ints:
        """Where an account's instant lies; grows with (account, time). Exact to the microsecond, on vast ledgers to 1 ms."""
        return np.asarray(account * self.reach + (time_us - self.base_us) // self.tick_us, dtype=np.int64)


def axis_of(time_us: Ints, accounts: int) -> Axis:
    """The axis for these times and account codes below `accounts`."""
    base_us = int(time_us.min()) if len(time_us) else 0
    reach_us = (int(time_us.max()) - base_us if len(time_us) else 0) + 2 * LONGEST_US
    tick_us = 1 if reach_us * (accounts + 1) < 2**62 else 1_000
    return Axis(base_us, reach_us // tick_us, tick_us)


@dataclass(frozen=True)
class Entries:
    """Credits and debits of every account, sorted by account, then ledger order.

    account, other (the other end), time_us, fen (positive: a credit), row (transfer row), key (place on the axis).
    """

    account: Ints
    other: Ints
    time_us: Ints
    fen: Ints
    row: Ints
    key: Ints
    axis: Axis

    def __len__(self) -> int:
        return len(self.account)

    @property
    def credit(self) -> Flags:
        """Which entries are credits."""
        return np.asarray(self.fen > 0, dtype=np.bool_)

    def end_of(self, window_us: int) -> Ints:
        """For each entry: the position behind the last entry of its account within the window after it."""
        return self.behind(self.account, self.time_us + window_us)

    def start_of(self, window_us: int) -> Ints:
        """For each entry: the position of the first entry of its account within the window before it."""
        return self.before(self.account, self.time_us - window_us)

    def behind(self, account: Ints, time_us: Ints) -> Ints:
        """Position behind the last entry of each account up to each instant."""
        return np.searchsorted(self.key, self.axis.at(account, time_us), side="right").astype(np.int64)

    def before(self, account: Ints, time_us: Ints) -> Ints:
        """Position of the first entry of each account from each instant on."""
        return np.searchsorted(self.key, self.axis.at(account, time_us), side="left").astype(np.int64)


def entries_of(moves: pd.DataFrame) -> Entries:
    """Every transfer as a debit of its source and a credit of its target."""
    row, time_us, source, target, amount, received = columns(
        moves, "row", "time_us", "source", "target", "amount_fen", "received_fen"
    )
    account, other = np.concatenate([source, target]), np.concatenate([target, source])
    fen, row = np.concatenate([-amount, received]), np.concatenate([row, row])
    return sorted_entries(account, other, np.concatenate([time_us, time_us]), fen, row)


def sorted_entries(account: Ints, other: Ints, time_us: Ints, fen: Ints, row: Ints) -> Entries:
    """Entries in the order of account and row."""
    order = np.lexsort([row, account])
    account, time_us = account[order], time_us[order]
    axis = axis_of(time_us, int(account.max()) + 1 if len(account) else 1)
    return Entries(account, other[order], time_us, fen[order], row[order], axis.at(account, time_us), axis)


def sums(values: Ints, start: Ints, end: Ints) -> Ints:
    """Sum of values[start:end] for every window."""
    total = np.concatenate([[0], np.cumsum(values)])
    return np.asarray(total[end] - total[start], dtype=np.int64)


def lowest(values: Ints, start: Ints, end: Ints) -> Ints:
    """Smallest of values[start:end] for every window that is not empty, by doubling; one level in memory at a time."""
    found = np.zeros(len(start), dtype=np.int64)
    length = end - start
    level, width = values, 1
    while len(level):
        here = np.flatnonzero((length >= width) & (length < 2 * width))
        found[here] = np.minimum(level[start[here]], level[end[here] - width])
        if not (length >= 2 * width).any():
            break
        level = np.minimum(level[:-width], level[width:])
        width *= 2
    return found


def left_again(entries: Entries, window_us: int) -> Ints:
    """How much of each credit had left again at the end of the window, the newest money spent first; 0 for debits.

    A credit is gone as far as the balance fell back to what it was before it: no opening balance is needed, and no fen of a
    debit counts for two credits.
    """
    balance = np.cumsum(entries.fen)
    here = np.arange(len(entries))
    end = np.maximum(entries.end_of(window_us), here + 1)
    floor = lowest(balance, here, end) - (balance - entries.fen)
    gone = entries.fen - np.clip(floor, 0, np.maximum(entries.fen, 0))
    return np.where(entries.fen > 0, gone, 0)


def distinct(groups: Ints, values: Ints, size: int) -> NDArray[np.int64]:
    """How many different values each group 0 … size-1 has."""
    pairs = pd.DataFrame({"group": groups, "value": values}).drop_duplicates()
    return np.bincount(pairs["group"].to_numpy(dtype=np.int64), minlength=size).astype(np.int64)


def spread(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Positions inside the windows, window by window, and the number of the window of each."""
    length = np.maximum(end - start, 0)
    window = np.repeat(np.arange(len(start)), length)
    inside = np.arange(int(length.sum())) + np.repeat(start - (np.cumsum(length) - length), length)
    return inside.astype(np.int64), window.astype(np.int64)


def members(start: Ints, end: Ints) -> Ints:
    """Positions inside any of the windows, ascending."""
    return np.unique(spread(start, end)[0])


def best_per(groups: Ints, worth: Ints) -> Ints:
    """Position of the worthiest row of each group, the first among equals; groups ascending."""
    order = np.lexsort([np.arange(len(groups)), -worth, groups])
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = groups[order][1:] != groups[order][:-1]
    return np.asarray(order[first], dtype=np.int64)

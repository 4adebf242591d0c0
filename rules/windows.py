"""Sliding windows over the entries of every account at once: sums, counts and lowest balances, without a loop per transfer."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.scope import Flags, Ints, Scope, columns

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

    account, other (the other end), time_us, fen (positive: a credit), row (transfer row). Own by `key`, places on `axis`.
    """

    account: Ints
    other: Ints
    time_us: Ints
    fen: Ints
    row: Ints

    def __len__(self) -> int:
        return len(self.account)

    @cached_property
    def axis(self) -> Axis:
        """The number line of all entries."""
        return axis_of(self.time_us, int(self.account[-1]) + 1 if len(self) else 1)

    @cached_property
    def key(self) -> Ints:
        """Place of each entry on the axis, ascending."""
        return self.axis.at(self.account, self.time_us)

    @cached_property
    def credit(self) -> Flags:
        """Which entries are credits."""
        return np.asarray(self.fen > 0, dtype=np.bool_)

    def end_of(self, window_us: int) -> Ints:
        """For each entry: the position behind the last entry of its account within the window after it."""
        from rules.window_kernels import ends

        return np.asarray(ends(self.account, self.time_us, window_us), dtype=np.int64)

    def start_of(self, window_us: int) -> Ints:
        """For each entry: the position of the first entry of its account within the window before it."""
        from rules.window_kernels import starts

        return np.asarray(starts(self.account, self.time_us, window_us), dtype=np.int64)

    def behind(self, account: Ints, time_us: Ints) -> Ints:
        """Position behind the last entry of each account up to each instant."""
        return np.searchsorted(self.key, self.axis.at(account, time_us), side="right").astype(np.int64)

    def before(self, account: Ints, time_us: Ints) -> Ints:
        """Position of the first entry of each account from each instant on."""
        return np.searchsorted(self.key, self.axis.at(account, time_us), side="left").astype(np.int64)


def entries_in(scope: Scope) -> Entries:
    """The entries of all dealings in view, made once."""
    return scope.once("entries", lambda: entries_of(scope.dealings()))


def entries_of(moves: pd.DataFrame) -> Entries:
    """Every transfer as a debit of its source and a credit of its target."""
    row, time_us, source, target, amount, received = columns(
        moves, "row", "time_us", "source", "target", "amount_fen", "received_fen"
    )
    account = woven(source, target)
    order = sorting(account)
    place = order // 2
    return Entries(account[order], woven(target, source)[order], time_us[place], woven(-amount, received)[order], row[place])


def woven(first: Ints, second: Ints) -> Ints:
    """first[0], second[0], first[1], …: both ends of a transfer side by side."""
    both = np.empty(2 * len(first), dtype=np.int64)
    both[0::2], both[1::2] = first, second
    return both


def sorting(codes: Ints) -> Ints:
    """Positions that sort codes ≥ 0, equal ones in their order."""
    from rules.window_kernels import order_by

    return np.asarray(order_by(codes, int(codes.max()) + 1 if len(codes) else 0), dtype=np.int64)


def sorted_entries(account: Ints, other: Ints, time_us: Ints, fen: Ints, row: Ints) -> Entries:
    """Entries in the order of account and row."""
    order = np.lexsort([row, account])
    return Entries(account[order], other[order], time_us[order], fen[order], row[order])


def account_spans(entries: Entries, accounts: int) -> tuple[Ints, Ints]:
    """Where the entries of each account 0 … accounts-1 begin and end."""
    edges = np.searchsorted(entries.account, np.arange(accounts + 1)).astype(np.int64)
    return edges[:-1], edges[1:]


def part(entries: Entries, chosen: Flags) -> Entries:
    """Some of the entries, in their order."""
    every = (entries.account, entries.other, entries.time_us, entries.fen, entries.row)
    return Entries(*(values[chosen] for values in every))


def densest(entries: Entries, window_us: int, least: int) -> tuple[Ints, Ints]:
    """The window with the most entries of every account that has one with at least so many: where it starts and ends."""
    end = entries.end_of(window_us)
    count = end - np.arange(len(entries))
    at = np.flatnonzero(count >= least)
    at = at[best_per(entries.account[at], count[at])]
    return at, end[at]


def sums(values: Ints | Flags, start: Ints, end: Ints) -> Ints:
    """Sum of values[start:end] for every window."""
    total = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    return np.asarray(total[end] - total[start], dtype=np.int64)


def lowest(values: Ints, end: Ints) -> Ints:
    """Smallest of values[k:end[k]] for every k; the ends never fall and lie behind k."""
    from rules.window_kernels import lowest_until

    return np.asarray(lowest_until(values, end), dtype=np.int64)


def left_again(entries: Entries, window_us: int) -> Ints:
    """How much of each credit had left again at the end of the window, the newest money spent first; 0 for debits.

    A credit is gone as far as the balance fell back to what it was before it: no opening balance is needed, and no fen of a
    debit counts for two credits.
    """
    from rules.window_kernels import spent_again

    return np.asarray(spent_again(entries.account, entries.time_us, entries.fen, window_us), dtype=np.int64)


def different_within(group: Ints, value: Ints, time_us: Ints, window_us: int) -> Ints:
    """For each row, sorted by group and time: how many different values ≥ 0 its group has in the window up to it."""
    from rules.window_kernels import different

    size = int(value.max()) + 1 if len(value) else 0
    return np.asarray(different(group, value, time_us, window_us, size), dtype=np.int64)


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

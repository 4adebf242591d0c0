"""What an account did in a stretch of time, as ten figures that can be compared with its peers'."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.scope import Ints, columns
from rules.windows import entries_of
from rules.wording import HOUR_US, MINUTE_US

CHINA_US = 8 * HOUR_US
"""Local time of the records: UTC+8 all year."""
NIGHT_FROM, NIGHT_TO = 22, 6
"""Hours of the night rule (domain: 22–06)."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """One figure. is_count: a number of things, else the logarithm of an amount or of a time. words: for sentences."""

    name: str
    is_count: bool
    words: str


FEATURES = (
    Feature("credits", True, "credits"),
    Feature("debits", True, "debits"),
    Feature("payers", True, "different payers"),
    Feature("payees", True, "different payees"),
    Feature("night", True, "transfers at night"),
    Feature("vouchers", True, "vouchers bought or redeemed"),
    Feature("inflow", False, "money in"),
    Feature("largest_credit", False, "largest credit"),
    Feature("largest_debit", False, "largest debit"),
    Feature("haste", False, "haste from credit to debit"),
)
"""What is looked at; high values are unusual. haste: minus the mean log minutes from a credit to the next debit."""
COUNTS = tuple(at for at, feature in enumerate(FEATURES) if feature.is_count)
AMOUNTS = tuple(at for at, feature in enumerate(FEATURES) if not feature.is_count)


def activity(moves: pd.DataFrame, accounts: int, begin_us: int, end_us: int) -> Floats:
    """The features of every account between two instants: accounts × `FEATURES`; NaN where there is nothing to measure.

    Counts are exact in a float; amounts are logarithms and never shown as money.
    """
    part = moves[((moves["time_us"] >= begin_us) & (moves["time_us"] < end_us)).to_numpy(dtype=bool)]
    source, target, fen, received = columns(part, "source", "target", "amount_fen", "received_fen")
    time_us = part["time_us"].to_numpy(dtype=np.int64)
    voucher = (part["purchase"] | part["redemption"]).to_numpy(dtype=bool)
    hour = (time_us + CHINA_US) // HOUR_US % 24
    night = (hour >= NIGHT_FROM) | (hour < NIGHT_TO)
    found = np.full((accounts, len(FEATURES)), np.nan)
    both = np.concatenate([source, target])
    counts = (target, source, partners(target, source, accounts), partners(source, target, accounts))
    for at, who in enumerate((*counts, both[np.tile(night, 2)], both[np.tile(voucher, 2)])):
        found[:, at] = np.bincount(who, minlength=accounts)
    found[:, 6] = logarithm(sums_of(target, received, accounts))
    found[:, 7] = logarithm(largest(target, received, accounts))
    found[:, 8] = logarithm(largest(source, fen, accounts))
    found[:, 9] = haste(part, accounts)
    return found


def partners(account: Ints, other: Ints, accounts: int) -> Ints:
    """The account of every different pair of account and counterparty."""
    return np.unique(account * np.int64(accounts) + other) // accounts


def sums_of(account: Ints, fen: Ints, accounts: int) -> Ints:
    """Sum of fen per account."""
    total = np.zeros(accounts, np.int64)
    np.add.at(total, account, fen)
    return total


def largest(account: Ints, fen: Ints, accounts: int) -> Ints:
    """Largest fen per account, 0 where there is none."""
    most = np.zeros(accounts, np.int64)
    np.maximum.at(most, account, fen)
    return most


def logarithm(fen: Ints) -> Floats:
    """Natural logarithm; NaN for nothing."""
    return np.log(np.where(fen > 0, fen, 1)) + np.where(fen > 0, 0.0, np.nan)


def haste(moves: pd.DataFrame, accounts: int) -> Floats:
    """Minus the mean logarithm of the minutes from each credit to the account's next debit; NaN where no debit follows."""
    entries = entries_of(moves)
    debit = np.flatnonzero(~entries.credit)
    credit = np.flatnonzero(entries.credit)
    following = np.searchsorted(debit, credit)
    there = following < len(debit)
    credit, after = credit[there], debit[following[there]]
    same = entries.account[credit] == entries.account[after]
    credit, after = credit[same], after[same]
    minutes = np.log1p((entries.time_us[after] - entries.time_us[credit]) / MINUTE_US)
    count = np.bincount(entries.account[credit], minlength=accounts)
    total = np.bincount(entries.account[credit], weights=minutes, minlength=accounts)
    return -total / np.where(count > 0, count, np.nan)

"""From rows in any order to a ledger: files, lines, ledger order, ids and balances."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.generate.columns import STATUSES, Accounts, Rows
from ledger.generate.draft import DAY

FILES = ("gift_card", "q_coin", "bank", "wallet", "bank_date_only")
"""In the order in which ids break ties between files: G before Q before T."""

READABLE = 20_000
"""Up to so many rows no two payments share a second (date-only rows apart) and the truth is computed."""

DATE_ONLY = FILES.index("bank_date_only")
FAILED = STATUSES.index("failed")
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Book:
    """n rows in ledger order with the file each is written to, its line there and its id.

    opening: reported opening balance per account in fen, `known` where one is reported.
    place: position in the book of every row of the draft.
    source_balance, target_balance: fen after the row, valid where the account's opening is known.
    """

    rows: Rows
    file: NDArray[np.int8]
    line: NDArray[np.int32]
    ids: pa.Array
    place: Ints
    opening: Ints
    known: NDArray[np.bool_]
    source_balance: Ints
    target_balance: Ints


def assemble(rows: Rows, accounts: Accounts, overdrawn: dict[int, int]) -> Book:
    """Put rows into ledger order: (time, line in the own file, id)."""
    rows = rows.take(np.argsort(rows.time, kind="stable"))
    if len(rows) <= READABLE:
        rows.time[~rows.date_only] = apart(rows.time[~rows.date_only])
    file = np.where(rows.date_only, DATE_ONLY, rows.kind).astype(np.int8)
    rows.time[rows.date_only] -= rows.time[rows.date_only] % DAY
    line = np.zeros(len(rows), np.int32)
    for number in range(len(FILES)):
        inside = np.flatnonzero(file == number)
        line[inside] = 2 + np.arange(len(inside))
    order = np.lexsort((file, line, rows.time))
    rows, file, line = rows.take(order), file[order], line[order]
    opening, source_balance, target_balance = balances(rows, accounts, overdrawn)
    ours = np.flatnonzero(rows.draft >= 0)
    place = np.zeros(len(ours), np.int64)
    place[rows.draft[ours]] = ours
    return Book(
        rows=rows,
        file=file,
        line=line,
        ids=identifiers(file),
        place=place,
        opening=opening,
        known=accounts.opening_extra >= 0,
        source_balance=source_balance,
        target_balance=target_balance,
    )


def apart(time: Ints) -> Ints:
    """The times, each at least one second after the one before."""
    steps = np.arange(len(time))
    return np.asarray(np.maximum.accumulate(time - steps) + steps)


def identifiers(file: NDArray[np.int8]) -> pa.Array:
    """G, Q or T and a running number in ledger order."""
    letter = pa.array(["G", "Q", "T", "T", "T"]).take(pa.array(file))
    number = pa.array(np.arange(1, len(file) + 1)).cast(pa.string())
    return pc.binary_join_element_wise(letter, pc.utf8_lpad(number, 8, "0"), "")


def balances(rows: Rows, accounts: Accounts, overdrawn: dict[int, int]) -> tuple[Ints, Ints, Ints]:
    """Reported openings and the balances after each row: two entries per row, debit before credit, summed per account."""
    count = len(rows)
    account = np.empty(2 * count, np.int32)
    account[0::2], account[1::2] = rows.source, rows.target
    change = np.empty(2 * count, np.int64)
    moved = np.where(rows.status == FAILED, 0, rows.amount)
    change[0::2], change[1::2] = -moved, moved
    order = np.argsort(account, kind="stable")
    account = account[order]
    running = np.cumsum(change[order])
    begins = np.flatnonzero(np.concatenate([[True], account[1:] != account[:-1]])) if count else np.zeros(0, np.int64)
    lengths = np.diff(np.append(begins, len(account)))
    running -= np.repeat(running[begins] - change[order[begins]], lengths)
    opening = np.maximum(accounts.opening_extra, 0)
    if count:
        opening[account[begins]] += np.maximum(0, -np.minimum.reduceat(running, begins))
    for code, fen in overdrawn.items():
        opening[code] -= fen
    after = np.empty(2 * count, np.int64)
    after[order] = running + opening[account]
    return opening, after[0::2], after[1::2]

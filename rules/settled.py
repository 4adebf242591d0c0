"""The transfers rules look at: what took place, and of it what stayed."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.book import Ledger, filled
from tracing.identified import reversals
from tracing.legs import Flags, Ints, mask, plain_legs

WANTED = ("time", "source", "target", "amount_fen", "received_fen", "currency", "operation", "status", "reverses")


def settled_transfers(ledger: Ledger, as_of_us: int | None, currency: str | None = None) -> pd.DataFrame:
    """Transfers up to `as_of_us` that took place and stayed, in one currency or in all, as the trace sees them.

    What a reversal gave back is gone from its payment: nothing is left of one wholly given back, and a token refund hides
    nothing. A reversal that fits no payment moved money and stays.

    Returns:
        row, time_us, source, target (account codes), amount_fen, received_fen, purchase, redemption; in ledger order.
    """
    table, moved, back, returned = movements(ledger, as_of_us)
    moved[back] = False
    return transfers(table, moved, currency, returned)


def moved_transfers(ledger: Ledger, as_of_us: int | None, currency: str | None = None) -> pd.DataFrame:
    """Transfers up to `as_of_us` that took place, each for itself: payments as they were, reversals as payments back.

    Returns:
        the columns of `settled_transfers`.
    """
    table, moved, _, _ = movements(ledger, as_of_us)
    return transfers(table, moved, currency)


def movements(ledger: Ledger, as_of_us: int | None) -> tuple[pa.Table, Flags, Ints, Ints | None]:
    """The records, which of them moved money, the rows that give a payment back, and how much of each row came back."""
    table = filled(ledger.read(WANTED))
    if as_of_us is not None:
        time_us = np.asarray(table["time"].cast(pa.int64()).to_numpy())
        table = table.slice(0, int(np.searchsorted(time_us, as_of_us, side="right")))
    none = np.zeros(0, np.int64)
    if table["reverses"].null_count == len(table):
        return table, is_word(table["status"], "done"), none, None
    legs = plain_legs(ledger, table)
    moved, returned = np.ones(len(table), np.bool_), np.zeros(len(table), np.int64)
    moved[legs.idle_row] = False
    pairs, _ = reversals(ledger, legs, table["reverses"])
    np.add.at(returned, pairs["paid"].to_numpy(dtype=np.int64), pairs["fen"].to_numpy(dtype=np.int64))
    return table, moved, pairs["back"].to_numpy(dtype=np.int64), returned


def transfers(table: pa.Table, moved: Flags, currency: str | None, returned: Ints | None = None) -> pd.DataFrame:
    """The moved rows as a frame, less what came back of them; a row of which nothing stayed is left out."""
    given = np.asarray(table["amount_fen"].to_numpy())
    if currency is not None:
        moved = moved & is_word(table["currency"], currency)
    if returned is not None:
        moved = moved & (returned < given)
    row = np.flatnonzero(moved)
    gone = np.int64(0) if returned is None else returned[row]
    return pd.DataFrame(
        {
            "row": row,
            "time_us": np.asarray(table["time"].cast(pa.int64()).to_numpy())[row],
            "source": np.asarray(table["source"].to_numpy())[row].astype(np.int64),
            "target": np.asarray(table["target"].to_numpy())[row].astype(np.int64),
            "amount_fen": given[row] - gone,
            "received_fen": np.asarray(table["received_fen"].to_numpy())[row] - gone,
            "purchase": is_word(table["operation"], "purchase")[row],
            "redemption": is_word(table["operation"], "redemption")[row],
        }
    )


def is_word(column: pa.ChunkedArray, word: str) -> Flags:
    """Which rows of a dictionary column have this word, by its number: no text is made of a row."""
    found = [pc.equal(chunk.indices, chunk.dictionary.index(word)) for chunk in column.chunks]
    return mask(pa.chunked_array(found, pa.bool_()))

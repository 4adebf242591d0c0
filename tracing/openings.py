"""What a slot held before its first record."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ledger.book import Ledger
from tracing.legs import Codes, Flags, Ints, Legs
from tracing.result import Opening

SOURCES = ("implied", "reported", "zero")


@dataclass(frozen=True)
class Openings:
    """Per slot: fen held before the first record (negative: overdrawn), and where the figure comes from.

    source: index into `SOURCES`. known: the figure is a record's, so a debit beyond it overdraws the account.
    """

    fen: Ints
    source: NDArray[np.int8]
    known: Flags


def declared_openings(ledger: Ledger, legs: Legs, mode: Opening) -> Openings:
    """Openings before the flow of the records is looked at: an accounts record's, else none.

    A declared balance belongs to the currency its account is used in first; identified slots start empty.
    """
    slots = legs.slots
    if mode == "zero":
        zero = np.full(len(slots), SOURCES.index("zero"), dtype=np.int8)
        return Openings(np.zeros(len(slots), dtype=np.int64), zero, ~slots.ends)
    declared = ledger.accounts["opening_fen"]
    has = declared.notna().to_numpy(dtype=bool) if mode == "reported" else np.zeros(len(declared), dtype=bool)
    reported = has[slots.account] & ~slots.ends & ~slots.identified & main_slots(legs)
    fen = np.where(reported, declared.fillna(0).to_numpy(dtype=np.int64)[slots.account], 0)
    source = np.where(reported, SOURCES.index("reported"), SOURCES.index("implied")).astype(np.int8)
    return Openings(fen, source, reported | slots.identified)


def main_slots(legs: Legs) -> Flags:
    """For each slot whether it is the one its account used first (an account has a slot per currency)."""
    slots = legs.slots
    if len(slots.currencies) < 2:
        return ~slots.identified
    used = np.column_stack([legs.source, legs.target]).ravel()
    first = pd.Series(np.arange(len(used))).groupby(used).min().reindex(np.arange(len(slots)), fill_value=len(used))
    ranked = pd.DataFrame({"account": slots.account, "identified": slots.identified, "first": first.to_numpy()})
    main = ~ranked.sort_values(["account", "identified", "first"]).duplicated("account")
    return main.sort_index().to_numpy(dtype=bool)


def settled_openings(ledger: Ledger, order: Codes, legs: Legs, declared: Openings, lowest_fen: Ints, mode: Opening) -> Openings:
    """Openings once the trace order is known: what is not declared follows from a reported balance, at least the implied.

    Args:
        lowest_fen: lowest running balance of each slot that starts at 0; the implied opening covers it exactly.
    """
    if mode == "zero":
        return declared
    implied = np.where(declared.known, declared.fen, -lowest_fen)
    stated = stated_openings(ledger, order, legs) if mode == "reported" else None
    if stated is None:
        return replace(declared, fen=implied)
    usable = ~declared.known & ~legs.slots.ends & (stated >= implied)
    source = np.where(usable, SOURCES.index("reported"), declared.source).astype(np.int8)
    return Openings(np.where(usable, stated, implied), source, declared.known)


def stated_openings(ledger: Ledger, order: Codes, legs: Legs) -> Ints | None:
    """Opening of each slot by the first balance its records report; None when no record reports any."""
    from tracing.kernels import NO_BALANCE, reported_openings

    table = ledger.read(("source_balance_fen", "target_balance_fen")).slice(0, legs.rows)
    if all(column.null_count == table.num_rows for column in table.columns):
        return None
    source, target = (np.asarray(column.fill_null(NO_BALANCE).to_numpy()) for column in table.columns)
    moved = (legs.source, legs.target, legs.given_fen, legs.received_fen)
    return np.asarray(reported_openings(order, *moved, source, target, len(legs.slots)))

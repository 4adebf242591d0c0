"""Lot links under first in, first out: which fen of which credit each debit spends.

The k-th fen out of a slot is the k-th fen in. Credits and debits of a slot lie on one axis of cumulative fen, and every
slot has a stretch of one global int64 axis to itself, so that a hop for any number of claims is one binary search.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ledger.book import Ledger
from ledger.problems import LiushuiError
from tracing.holders import Apart, declared_in_pools, pools_of, settled_in_pools
from tracing.identified import rows_by_id
from tracing.legs import Codes, Ints, Legs, Slots, rows_of
from tracing.openings import Openings, declared_openings, settled_openings
from tracing.result import TIES, Level, Opening, Ties
from tracing.settle import traceable_legs

UNSPENT = -1
"""Stands in `debit_leg` for what a slot still holds after its last debit."""
OVERDRAWN = -2
"""Stands in `debit_leg` for an opening debt: money that comes in repays it. `OVERDRAWN - 1 - leg` stands for the part of a
debit that the bank paid."""
LARGE = 1_000_000
"""Transfers from which on memory is worth the milliseconds it takes to give it back."""


@dataclass(frozen=True)
class Conversions:
    """The legs whose target receives another quantity than their source gives; sorted by leg."""

    leg: Ints
    given_fen: Ints
    received_fen: Ints


@dataclass(frozen=True)
class LotAxis:
    """The lot links of n legs over m slots, folded up: intervals of one axis instead of a table of overlaps.

    credit_start: position of each leg's first received fen. slot_start: where each slot's stretch begins (m + 1).
    debit_start, debit_leg: all debits by position, an `UNSPENT` entry closing each slot; debit_start ends with the end of
        the axis. debits: how many debits each slot has. balance_fen: what each slot holds in the end (meaningless where
        tracing ends). report_row: transfer row each of the ledger's reports disputes, -1 where it is not in the ledger.
        apart: at holder level, the accounts by themselves.
    """

    slots: Slots
    openings: Openings
    credit_start: Ints
    slot_start: Ints
    debit_start: Ints
    debit_leg: NDArray[np.int32]
    debits: Ints
    balance_fen: Ints
    conversions: Conversions
    extra_row: Ints
    extra_part_fen: Ints
    idle_row: Ints
    report_row: Ints
    end_us: int
    warnings: tuple[str, ...] = ()
    apart: Apart | None = None

    @property
    def rows(self) -> int:
        """How many transfers there are."""
        return len(self.credit_start) - len(self.extra_row)

    def row(self, leg: Ints) -> Ints:
        """Transfer row of each leg."""
        return rows_of(leg, self.rows, self.extra_row)

    @property
    def extra_legs(self) -> Ints:
        """The legs behind the transfers' own, by `extra_row`."""
        return self.rows + np.arange(len(self.extra_row))

    def slot_at(self, position: Ints) -> Ints:
        """The slot each position of the axis belongs to."""
        return np.searchsorted(self.slot_start, position, side="right") - 1

    def target(self, leg: Ints) -> Ints:
        """The slot each leg pays into."""
        return self.slot_at(self.credit_start[leg])


@dataclass(frozen=True)
class Settled:
    """Legs in the order in which they count, and what every slot held before and moved in all."""

    legs: Legs
    order: Codes
    openings: Openings
    credited_fen: Ints
    debited_fen: Ints
    apart: Apart | None = None


def settled_legs(
    ledger: Ledger,
    as_of_us: int | None = None,
    opening: Opening = "reported",
    ties: Ties = "ledger",
    level: Level = "account",
    inferred: pd.DataFrame | None = None,
) -> Settled:
    """What every method works on.

    Args:
        as_of_us: only transfers up to this instant exist.
        opening: `reported` balances where there are any and else the implied minimum; only `implied`; or `zero`.
        ties: within one instant, beyond what the balances demand: the order of the `ledger`, credits first, or debits first.
        level: a balance per account, or per holder.
        inferred: inferred links to follow, see `tracing.inferred`.
    """
    settled = settled_in(ledger, traceable_legs(ledger, as_of_us, level, inferred), opening, ties)
    give_back(ledger)
    return settled


def settled_in(ledger: Ledger, legs: Legs, opening: Opening, ties: Ties) -> Settled:
    """The legs with their ties and openings settled; arguments as for `settled_legs`."""
    from tracing.kernels import totals
    from tracing.tie_kernels import tie_order

    apart = None if legs.apart is None else apart_of(ledger, settled_in(ledger, legs.apart, opening, ties))
    if apart is None:
        declared = declared_openings(ledger, legs, opening)
    else:
        declared = declared_in_pools(apart.pool, apart.openings, legs.slots)
    moved = (legs.source, legs.target, legs.given_fen, legs.received_fen, legs.slots.ends)
    order = np.arange(len(legs.time_us), dtype=np.int32) if legs.order is None else legs.order
    time_us = legs.time_us if legs.order is None else legs.time_us[order]
    if np.any(time_us[1:] == time_us[:-1]):
        order = tie_order(order, legs.time_us, *moved, declared.fen, declared.known, TIES.index(ties))
    lowest, credited, debited = totals(order, *moved, len(legs.slots))
    if apart is None:
        openings = settled_openings(ledger, order, legs, declared, lowest, opening)
    else:
        openings = settled_in_pools(apart.pool, apart.openings, declared, lowest)
    return Settled(legs, order, openings, credited, debited, apart)


def apart_of(ledger: Ledger, settled: Settled) -> Apart:
    """The accounts by themselves, from their own settled legs."""
    legs, plain = settled.legs, int((~settled.legs.slots.identified).sum())
    balance = settled.openings.fen + settled.credited_fen - settled.debited_fen
    openings = Openings(settled.openings.fen[:plain], settled.openings.source[:plain], settled.openings.known[:plain])
    debits = np.bincount(legs.source[legs.given_fen > 0], minlength=len(legs.slots))[:plain]
    return Apart(pools_of(ledger, legs.slots)[0][:plain], balance[:plain], openings, debits)


def lot_axis(
    ledger: Ledger,
    as_of_us: int | None = None,
    opening: Opening = "reported",
    ties: Ties = "ledger",
    level: Level = "account",
) -> LotAxis:
    """Match every slot's debits to the credits they spend, first in first out.

    Args:
        as_of_us, opening, ties, level: as for `settled_legs`.
    Source: Clayton's case (1816); tracing.md section 2.
    """
    return axis_of(ledger, settled_legs(ledger, as_of_us, opening, ties, level))


def axis_of(ledger: Ledger, settled: Settled) -> LotAxis:
    """The lot links of settled legs."""
    found = report_rows(ledger)  # reads every id: before the axis takes its place in memory
    give_back(ledger)
    return replace(laid_out(settled), report_row=found)


def give_back(ledger: Ledger) -> None:
    """Return the memory that decoding the columns of a large ledger left behind, a quarter of what its trace keeps."""
    if ledger.transfer_count >= LARGE:
        pa.default_memory_pool().release_unused()


def laid_out(settled: Settled) -> LotAxis:
    """The axis of the legs in their order."""
    from tracing.kernels import lay_out

    legs, order, openings = settled.legs, settled.order, settled.openings
    credited, debited = settled.credited_fen, settled.debited_fen
    check_total(legs, openings)
    held, owed = np.maximum(openings.fen, 0), np.maximum(-openings.fen, 0)
    stretch = np.maximum(held + credited, owed + np.where(legs.slots.ends, 0, debited))
    # a conversion to nothing has no fen of its own: one more keeps its place within its slot's stretch
    stretch[np.unique(legs.target[(legs.given_fen > 0) & (legs.received_fen == 0)])] += 1
    start = np.concatenate([[0], np.cumsum(stretch)])
    moved = (order, legs.source, legs.target, legs.given_fen, legs.received_fen, legs.slots.ends)
    no_start, no_leg = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)
    count = (owed > 0).astype(np.int64)
    lay_out(*moved, start[:-1] + held, start[:-1] + owed, count, no_start, no_leg, False)
    place = np.concatenate([[0], np.cumsum(count + 1)])
    debit_start, debit_leg = np.empty(place[-1] + 1, dtype=np.int64), np.full(place[-1], UNSPENT, dtype=np.int32)
    owing = np.flatnonzero(owed)
    debit_start[place[owing]], debit_leg[place[owing]] = start[owing], OVERDRAWN
    debit_end = start[:-1] + owed
    credit_start = lay_out(*moved, start[:-1] + held, debit_end, place[:-1] + (owed > 0), debit_start, debit_leg, True)
    debit_start[place[1:] - 1] = debit_end
    debit_start[-1] = start[-1]
    return LotAxis(
        slots=legs.slots,
        openings=openings,
        credit_start=credit_start,
        slot_start=start,
        debit_start=debit_start,
        debit_leg=debit_leg,
        debits=count,
        balance_fen=openings.fen + credited - debited,
        conversions=conversions_of(legs),
        extra_row=legs.extra_row,
        extra_part_fen=legs.extra_part_fen,
        idle_row=legs.idle_row,
        report_row=np.zeros(0, dtype=np.int64),
        end_us=int(legs.time_us.max()) if len(legs.time_us) else 0,
        warnings=legs.warnings,
        apart=settled.apart,
    )


def report_rows(ledger: Ledger) -> Ints:
    """Transfer row each report disputes, -1 where the ledger has no such transfer."""
    ids = ledger.reports["transfer"].tolist()
    row = rows_by_id(ledger, set(ids))
    return np.asarray([row.get(identifier, -1) for identifier in ids], dtype=np.int64)


def conversions_of(legs: Legs) -> Conversions:
    """The legs that convert."""
    leg = np.flatnonzero(legs.given_fen != legs.received_fen)
    return Conversions(leg, legs.given_fen[leg], legs.received_fen[leg])


def check_total(legs: Legs, openings: Openings) -> None:
    """Refuse a ledger whose fen do not fit one int64 axis.

    Raises: LiushuiError TRC-too-much-money above 9.2e18 fen in total.
    """
    total = sum(exact_sum(values) for values in (legs.given_fen, legs.received_fen, np.abs(openings.fen)))
    if total >= 2**63:
        raise LiushuiError(
            "TRC-too-much-money", f"the ledger moves {total} fen in total, more than the {2**63 - 1} a trace can lay out"
        )


def exact_sum(values: Ints) -> int:
    """The sum as a Python integer: no overflow."""
    return int((values >> 32).sum()) * 2**32 + int((values & 0xFFFFFFFF).sum())

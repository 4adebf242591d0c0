"""Overdrafts seen backward: who repaid what a bank had paid. The dual of `tracing.overdrafts`.

The bank's part of a debit is a stretch of the axis, and the credits over that stretch repay it: it is theirs, one fen each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracing.legs import Ints
from tracing.links import first_entries
from tracing.lots import OVERDRAWN, LotAxis
from tracing.overdrafts import OFF, overdrafts_of
from tracing.result import Parameters

NO_DEBITS = np.zeros((0, 4), dtype=np.int64)
NO_SLOTS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Repayments:
    """What the way back needs to go on behind an overdraft.

    reach_us: as in `Overdrafts`. banked: per debit a bank paid a part of, by leg: leg, what the account paid itself, position
    and length of the bank's part on the axis. credit_end: where the credits of each slot end on the axis.
    """

    reach_us: int
    banked: NDArray[np.int64]
    credit_end: Ints


def repayments_of(axis: LotAxis, parameters: Parameters) -> Repayments:
    """The overdrafts that the parameters open again; none under `dissipate`."""
    found = overdrafts_of(axis, parameters)
    if found.reach_us == OFF:
        return Repayments(OFF, NO_DEBITS, NO_SLOTS)
    entry = np.flatnonzero(axis.debit_leg < OVERDRAWN)
    leg = OVERDRAWN - 1 - axis.debit_leg[entry].astype(np.int64)
    entry = entry[np.argsort(leg)]
    at = axis.debit_start[entry]
    banked = np.column_stack([found.leg, found.own_fen, at, axis.debit_start[entry + 1] - at])
    debit_end = axis.debit_start[first_entries(axis) + axis.debits]
    return Repayments(found.reach_us, np.ascontiguousarray(banked), debit_end + axis.balance_fen)

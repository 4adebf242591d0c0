"""Overdrafts backward: money that repays a bank went where the overdraft was spent.

A debit beyond the balance has a part the bank paid, its last fen. Whoever repays those fen later takes the bank's place: his
money goes on with them, at the fen of the debit that the bank paid.
"""

from dataclasses import dataclass

import numpy as np

from tracing.legs import Ints
from tracing.lots import OVERDRAWN, LotAxis
from tracing.result import Parameters

OFF, ANY_TIME = -2, -1


@dataclass(frozen=True)
class Overdrafts:
    """What a walk needs to go on behind a repayment.

    reach_us: how long before the repayment the overdraft may have been spent; `ANY_TIME`, or `OFF`. leg: the debits a bank
    paid a part of, sorted; own_fen: what of each the account paid itself, which is where the bank's part begins.
    """

    reach_us: int
    leg: Ints
    own_fen: Ints


def overdrafts_of(axis: LotAxis, parameters: Parameters) -> Overdrafts:
    """The overdrafts that the parameters open again; none under `dissipate`."""
    none = np.zeros(0, dtype=np.int64)
    if parameters.overdraft != "backward":
        return Overdrafts(OFF, none, none)
    entry = np.flatnonzero(axis.debit_leg < OVERDRAWN)
    leg = OVERDRAWN - 1 - axis.debit_leg[entry].astype(np.int64)
    before = np.maximum(entry - 1, 0)
    cut = axis.debit_leg[before] == leg  # the part the account paid stands just before the bank's
    own = np.where(cut, axis.debit_start[entry] - axis.debit_start[before], 0)
    order = np.argsort(leg)
    reach = ANY_TIME if parameters.overdraft_window_us is None else parameters.overdraft_window_us
    return Overdrafts(reach, leg[order], own[order])

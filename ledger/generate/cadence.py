"""Wages and rents fall due once a month: what the draw made too many of is spent in shops instead."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ledger.generate.columns import CHANNELS, REMARKS, Rows
from ledger.generate.draft import DAY

MONTH = 30
"""Days from one payday to the next."""
REGULAR = (REMARKS.index("工资"), REMARKS.index("房租"))

Ints = NDArray[np.int64]


def monthly(rows: Rows, start: int, days: int) -> tuple[Rows, Ints]:
    """Wages on the firm's payday and rents on the tenant's; and the rows that are one too many of a month.

    The first row drawn for a month stays, at its time of day. A month that ends before its payday has none: its row is one too
    many, too.
    """
    at = np.flatnonzero(np.isin(rows.remark, REGULAR))
    payer, payee = rows.source[at].astype(np.int64), rows.target[at].astype(np.int64)
    month = (rows.time[at] - start) // DAY // MONTH
    due = month * MONTH + payer * 2_654_435_761 % 1_000_003 % MONTH
    _, first = np.unique(np.stack([payer, payee, rows.remark[at].astype(np.int64), month]), axis=1, return_index=True)
    stays = np.zeros(len(at), dtype=np.bool_)
    stays[first] = True
    stays &= due < days
    time, kept = rows.time.copy(), at[stays]
    time[kept] = start + due[stays] * DAY + (rows.time[kept] - start) % DAY
    return replace(rows, time=time), at[~stays]


def spent(rows: Rows, at: Ints, payer: Ints, shop: Ints, amount: Ints) -> Rows:
    """These rows as payments to shops from the bank accounts given."""
    columns = {name: getattr(rows, name).copy() for name in ("source", "target", "amount", "channel", "remark")}
    for name, value in (("source", payer), ("target", shop), ("amount", amount)):
        columns[name][at] = value
    columns["channel"][at] = CHANNELS.index("quick_pay")
    columns["remark"][at] = REMARKS.index("消费")
    return replace(rows, **columns)

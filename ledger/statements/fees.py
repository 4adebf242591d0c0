"""Fees told in a remark or a column of their own: split off as transfers after their principal."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.fields import Field
from ledger.records import WORD
from ledger.statements.profile import Profile
from ledger.text.cells import check_column

CHANNEL = "fee"


def split_fees(table: pa.Table, profile: Profile, fee: pa.Array, target: pa.Array) -> pa.Table:
    """The rows with the fee taken out of their amount, followed by one row per fee.

    Args:
        fee: the fee as text per row, null where there is none. target: the account it goes to.
    Returns:
        a fee has the id of its principal with `/fee` behind it, the same time and line, and channel `fee`; the own account
        pays it, also where it got the principal.
    """
    assert profile.fee
    cells = fee.combine_chunks() if isinstance(fee, pa.ChunkedArray) else fee
    fen = pc.fill_null(check_column(Field("fee", "amount"), cells).values, 0).to_numpy()
    amount = table["amount"].to_numpy()
    charged = (fen > 0) & ((fen < amount) | (not profile.fee.included))
    rows = np.flatnonzero(charged)
    left = pa.array(np.where(charged, amount - fen, amount) if profile.fee.included else amount)
    principal = _set(table, "amount", left)
    fees = principal.take(pa.array(rows))
    fees = _set(fees, "transfer", pc.binary_join_element_wise(fees["transfer"], "/fee", ""))
    fees = _set(fees, "amount", pa.array(fen[rows]))
    earned = pc.fill_null(pc.equal(fees["witness"].cast(pa.string()), "target"), False)
    payer = pc.if_else(earned, fees["target"].cast(pa.string()), fees["source"].cast(pa.string()))
    fees = _set(fees, "source", payer.combine_chunks().dictionary_encode().cast(WORD))
    ours = pc.if_else(earned, "source", fees["witness"].cast(pa.string()))
    fees = _set(fees, "witness", ours.combine_chunks().dictionary_encode().cast(WORD))
    fees = _set(fees, "target", target.take(pa.array(rows)).dictionary_encode().cast(WORD))
    fees = _set(fees, "channel", pa.repeat(pa.scalar(CHANNEL), len(rows)).dictionary_encode().cast(WORD))
    for name in ("source_balance", "target_balance", "operation", "reverses"):
        fees = _set(fees, name, pa.nulls(len(rows), table.schema.field(name).type))
    return pa.concat_tables([principal, fees.select(principal.column_names)]).unify_dictionaries().combine_chunks()


def _set(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    if name not in table.column_names:
        return table.append_column(name, column)
    return table.set_column(table.column_names.index(name), name, column)

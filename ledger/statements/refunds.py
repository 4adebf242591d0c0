"""Refunds told beside the amount they give back: a row of their own, unless the file has that row."""

from collections import defaultdict, deque

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.fields import Field
from ledger.records import WORD
from ledger.text.cells import check_column

REFUND = "refund"
Fen = NDArray[np.int64]


def with_refunds(table: pa.Table) -> pa.Table:
    """The rows that told refunds need, to be added to the table; and none for those the file has rows for.

    Args:
        table: mapped rows with `#refunded` (text), `#refunded_whole` and `#refund_key`.
    Returns:
        rows of the table's columns: the id of the original with `/refund` behind it, the opposite direction, `reverses` the
        original, the time of the original since the refund's own is not known.
    """
    told = _told(table)
    rows, amounts = _without_rows(table, told)
    made = table.take(pa.array(rows, pa.int64()))
    turned = {"source": "target", "target": "source", "source_balance": "", "target_balance": ""}
    for name, other in turned.items():
        column = table[other].take(pa.array(rows, pa.int64())) if other else pa.nulls(len(rows), made.schema.field(name).type)
        made = _set(made, name, column)
    witness = made["witness"].cast(pa.string())
    other = pc.if_else(pc.equal(witness, "source"), "target", pc.if_else(pc.equal(witness, "target"), "source", witness))
    made = _set(made, "witness", other.combine_chunks().dictionary_encode().cast(WORD))
    made = _set(made, "reverses", made["transfer"])
    made = _set(made, "transfer", pc.binary_join_element_wise(made["transfer"], f"/{REFUND}", ""))
    made = _set(made, "amount", pa.array(amounts, pa.int64()))
    return _set(made, "operation", pa.repeat(pa.scalar(REFUND), len(rows)).dictionary_encode().cast(WORD))


def tied_refunds(table: pa.Table) -> pa.Table:
    """The table with `reverses` filled where one told refund and one refund row share key and amount, and only they."""
    told = _told(table)
    keys, operation = table["#refund_key"].to_pylist(), table["operation"].cast(pa.string()).to_pylist()
    amount, ids = table["amount"].to_pylist(), table["transfer"].to_pylist()
    originals, backs = defaultdict(list), defaultdict(list)
    for row in np.flatnonzero(told).tolist():
        originals[keys[row], int(told[row])].append(row)
    for row, word in enumerate(operation):
        if word == REFUND and keys[row] is not None:
            backs[keys[row], amount[row]].append(row)
    reverses = table["reverses"].to_pylist()
    for place, rows in backs.items():
        if len(rows) == 1 and len(originals[place]) == 1 and reverses[rows[0]] is None:
            reverses[rows[0]] = ids[originals[place][0]]
    return _set(table, "reverses", pa.array(reverses, pa.string()))


def _told(table: pa.Table) -> Fen:
    """Fen each row says were given back; zero where it says nothing, says more than it paid, or is a refund itself."""
    fen = pc.fill_null(check_column(Field(REFUND, "amount"), table["#refunded"].combine_chunks()).values, 0).to_numpy()
    amount = table["amount"].to_numpy()
    told = np.where(table["#refunded_whole"].to_numpy(zero_copy_only=False), amount, fen)
    back = pc.fill_null(pc.equal(table["operation"].cast(pa.string()), REFUND), False).to_numpy(zero_copy_only=False)
    return np.where((told > 0) & (told <= amount) & ~back, told, 0)


def _without_rows(table: pa.Table, told: Fen) -> tuple[list[int], list[int]]:
    """Rows whose told refund the file's own refund rows do not cover, and how much is missing.

    Covered is what a refund of the same key and amount gives back, then what refunds of the key give back together, then
    any refund of that amount, then any refund left over: a refund made by us beside one that is there would count twice.
    """
    keys, amount = table["#refund_key"].to_pylist(), table["amount"].to_pylist()
    operation = table["operation"].cast(pa.string()).to_pylist()
    left = {row: amount[row] for row, word in enumerate(operation) if word == REFUND}
    missing = {row: int(told[row]) for row in np.flatnonzero(told).tolist()}
    for by_key, by_amount in ((True, True), (True, False), (False, True), (False, False)):
        places: defaultdict[tuple[str | None, int], deque[int]] = defaultdict(deque)
        for back, fen in left.items():
            if fen and not (by_key and keys[back] is None):
                places[keys[back] if by_key else None, fen if by_amount else 0].append(back)
        for row, fen in missing.items():
            backs = places[keys[row] if by_key else None, fen if by_amount else 0]
            while backs and missing[row]:
                used = min(missing[row], left[backs[0]])
                missing[row] -= used
                left[backs[0]] -= used
                if not left[backs[0]]:
                    backs.popleft()
    rows = [row for row, fen in missing.items() if fen]
    return rows, [missing[row] for row in rows]


def _set(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    if name not in table.column_names:
        return table.append_column(name, column)
    return table.set_column(table.column_names.index(name), name, column)

"""Running balances of one-sided statements: does every balance follow from the one before?"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.complaints import LISTED
from ledger.statements.sequence import Statement, instant, yuan


@dataclass(frozen=True)
class Breaks:
    """Rows whose balance does not follow, in order of (account, time, place).

    rows: position of the row. previous: of the row before it in its account. expected: fen that should stand before the row.
    checked: balances that were looked at.
    """

    rows: NDArray[np.int64]
    previous: NDArray[np.int64]
    expected: NDArray[np.int64]
    checked: int


def chain_breaks(rows: Statement, sequence: NDArray[np.int32] | None) -> Breaks:
    """Find the balances that do not follow; rows without a balance are walked over with what they move."""
    place = rows.line if sequence is None else sequence
    order = np.lexsort((place, rows.time_us, rows.account))
    order = order[rows.account[order] >= 0]
    moved = np.cumsum(rows.change[order])
    at = np.flatnonzero(rows.known[order])
    known, level = order[at], rows.after[order[at]] - moved[at]
    same = rows.account[known[1:]] == rows.account[known[:-1]]
    broken = np.flatnonzero(same & (level[1:] != level[:-1])) + 1
    rows_broken = known[broken]
    expected = level[broken - 1] + moved[at[broken]] - rows.change[rows_broken]
    return Breaks(rows_broken, known[broken - 1], expected, len(known))


def break_messages(rows: Statement, breaks: Breaks) -> list[tuple[int, str]]:
    """The total, then every break with its line."""
    if not len(breaks.rows):
        return []
    total = f"{len(breaks.rows):,} of {breaks.checked:,} running balances do not follow from the one before"
    return [(0, total), *((int(rows.line[row]), _told(rows, breaks, at)) for at, row in enumerate(breaks.rows))]


def break_decisions(rows: Statement, breaks: Breaks, ids: pa.Array) -> list[dict[str, object]]:
    """Rows of `DECISIONS` of kind `balance_break`, the first thousand; then one with the exact count.

    Args:
        ids: transfer id per row.
    """
    decisions: list[dict[str, object]] = []
    for at, row in enumerate(breaks.rows[:LISTED]):
        before = int(rows.after[row] - rows.change[row])
        decisions.append(
            {
                "kind": "balance_break",
                "state": "noted",
                "transfer": ids[int(row)].as_py(),
                "account": rows.names[rows.account[row]],
                "from_time": instant(int(rows.time_us[breaks.previous[at]])),
                "to_time": instant(int(rows.time_us[row])),
                "amount_fen": before - int(breaks.expected[at]),
                "evidence": f"line {rows.line[row]}: {_told(rows, breaks, at)}",
            }
        )
    if len(breaks.rows) > LISTED:
        told = f"{len(breaks.rows):,} of {breaks.checked:,} balances do not follow, the first {LISTED:,} are listed"
        decisions.append({"kind": "balance_break", "state": "noted", "evidence": told})
    return decisions


def statement_of(table: pa.Table) -> Statement:
    """The own side of a mapped file's rows.

    Args:
        table: rows in file order with `#own`, source, target, amount, status and the two balances. Failed rows move nothing.
    """
    own = table["#own"].combine_chunks().dictionary_encode()
    outward = np.asarray(pc.fill_null(pc.equal(table["source"].cast(pa.string()), table["#own"]), False).to_numpy(), bool)
    inward = np.asarray(pc.fill_null(pc.equal(table["target"].cast(pa.string()), table["#own"]), False).to_numpy(), bool)
    done = np.asarray(pc.fill_null(pc.not_equal(table["status"].cast(pa.string()), "failed"), True).to_numpy(), bool)
    balance = pc.if_else(pa.array(outward), table["source_balance"], table["target_balance"])
    amount = table["amount"].to_numpy() * done
    return Statement(
        account=own.indices.fill_null(-1).to_numpy(),
        names=own.dictionary.to_pylist(),
        time_us=table["time"].cast(pa.int64()).to_numpy(),
        change=np.where(outward & ~inward, -amount, np.where(inward & ~outward, amount, 0)),
        after=pc.fill_null(balance, 0).to_numpy(),
        known=np.asarray(balance.is_valid().to_numpy(), bool) & done & (outward != inward),
        line=table["line"].to_numpy(),
    )


def _told(rows: Statement, breaks: Breaks, at: int) -> str:
    row = breaks.rows[at]
    after, before = int(rows.after[row]), int(rows.after[row] - rows.change[row])
    return f"balance {yuan(after)}: {yuan(int(breaks.expected[at]))} stood before, the row implies {yuan(before)}"

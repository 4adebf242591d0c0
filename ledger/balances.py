"""Running balances of one-sided statements: does every balance follow from the one before?"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DAY_US = 86_400_000_000


def chain_breaks(table: pa.Table, check: str) -> list[tuple[int, str]]:
    """The lines whose balance does not follow, each with what was expected.

    Args:
        table: rows of one file with `#own`, amount and the own side's balance.
        check: `row` where the rows of an account stand in order; `day` where only the date is known: then the rows of a
            day may be taken in any order, and the one that chains is looked for.
    """
    from ledger.kernels import walk_chain

    own = table["#own"].combine_chunks()
    outward = np.asarray(pc.equal(table["source"].cast(pa.string()), table["#own"]).to_numpy(), bool)
    balance = pc.coalesce(table["source_balance"], table["target_balance"])
    known = np.asarray(pc.and_(balance.is_valid(), table["#own"].is_valid()).to_numpy(), bool)
    amount = table["amount"].to_numpy()
    after = pc.fill_null(balance, 0).to_numpy()
    before = after - np.where(outward, -amount, amount)
    account = own.dictionary_encode().indices.fill_null(-1).to_numpy()
    line = table["line"].to_numpy()
    day = table["time"].cast(pa.int64()).to_numpy() // (DAY_US if check == "day" else 1)
    rows = np.flatnonzero(known)
    rows = rows[np.lexsort((line[rows], day[rows], account[rows]))]
    expected = np.zeros(len(rows), np.int64)
    broken = np.zeros(len(rows), bool)
    group = day[rows] if check == "day" else np.arange(len(rows))
    walk_chain(account[rows], group, before[rows], after[rows], expected, broken)
    if not broken.any():
        return []
    total = (0, f"{int(broken.sum()):,} of {len(rows):,} running balances do not follow from the one before")
    return [
        total,
        *(
            (int(line[row]), f"balance {_yuan(after[row])}: {_yuan(wanted)} stood before, the row implies {_yuan(before[row])}")
            for row, wanted in zip(rows[broken], expected[broken], strict=True)
        ),
    ]


def _yuan(fen: np.int64) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(int(fen)) // 100}.{abs(int(fen)) % 100:02d}"

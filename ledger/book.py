"""An opened ledger: the value every later step reads. Nothing in it is ever changed in place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ledger.records import DECISIONS, TRANSFERS


@dataclass(frozen=True)
class Ledger:
    """Accounts, transfers, reports and links of one published state.

    accounts: frame of `ledger.records.ACCOUNTS`, row position = account code.
    reports, links: frames of `REPORTS` and `LINKS`.
    read: columns of `TRANSFERS` by name, in ledger order, `transfer_count` rows; stored ledgers read them on demand.
    files: names of the source files by their number (evidence: file and line of every transfer).
    digest: SHA-256 over the published segments; batch: number of the last published batch.
    index_folder: where derived indexes of this digest may be kept; None for a ledger in memory.
    fetch: columns of some rows by row number, for stored ledgers; see `rows`.
    decisions: frame of `DECISIONS`, the decisions of reconciliation in force; the transfers are as these leave them.
    """

    digest: str
    batch: int
    accounts: pd.DataFrame
    reports: pd.DataFrame
    links: pd.DataFrame
    files: Sequence[str]
    transfer_count: int
    read: Callable[[Sequence[str]], pa.Table]
    index_folder: Path | None = None
    fetch: Callable[[NDArray[np.int64], Sequence[str]], pa.Table] | None = None
    decisions: pd.DataFrame = field(default_factory=lambda: frame(DECISIONS.empty_table()))

    def transfers(self, *columns: str) -> pd.DataFrame:
        """Transfers in ledger order as a frame, all columns or the named ones; row i is transfer row i.

        Integers stay int64 (a null `received_fen` is filled with `amount_fen`), text stays Arrow strings.
        """
        names = columns or tuple(TRANSFERS.names)
        wanted = dict.fromkeys(names)
        if "received_fen" in wanted:
            wanted["amount_fen"] = None
        table = self.read(tuple(wanted))
        return frame(filled(table).select(list(names)))

    def rows(self, row_numbers: NDArray[np.int64], *columns: str) -> pd.DataFrame:
        """Some transfers by row number, in the order given; a stored ledger reads only the parts they stand in."""
        names = columns or tuple(TRANSFERS.names)
        wanted = list(dict.fromkeys([*names, *(["amount_fen"] if "received_fen" in names else [])]))
        numbers = np.asarray(row_numbers, np.int64)
        table = self.fetch(numbers, wanted) if self.fetch else self.read(wanted).take(pa.array(numbers))
        return frame(filled(table).select(list(names)))


def filled(table: pa.Table) -> pa.Table:
    """The table with a null `received_fen` replaced by `amount_fen`."""
    if "received_fen" not in table.column_names:
        return table
    import pyarrow.compute as pc

    received = table["received_fen"]
    received = table["amount_fen"] if received.null_count == len(received) else pc.coalesce(received, table["amount_fen"])
    return table.set_column(table.column_names.index("received_fen"), "received_fen", received)


def frame(table: pa.Table) -> pd.DataFrame:
    """A pandas frame over Arrow memory: exact integers, no float detour for nulls."""
    made: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return made

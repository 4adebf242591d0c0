"""The records behind the lines of an explanation: what moved, and where it was read."""

from dataclasses import dataclass

import numpy as np

from ledger.book import Ledger
from tracing.exchanges import made_by_link
from tracing.legs import Ints
from tracing.lots import Settled


@dataclass(frozen=True)
class Record:
    """A transfer as the ledger has it; file and line say where it was read.

    exchanged: no record says so: at this redemption an inferred link exchanges what the source's holder really paid with.
    """

    transfer: str
    time_us: int
    source: str
    target: str
    amount_fen: int
    received_fen: int
    file: str
    line: int
    exchanged: bool = False


def records_of(ledger: Ledger, settled: Settled, shown: Ints) -> dict[int, Record]:
    """The record behind each leg, with the leg's amounts; what a link exchanged is between the accounts it is exchanged for."""
    legs = settled.legs
    found = ledger.rows(legs.row(shown), "transfer", "time", "source", "target", "file", "line")
    exchanged = made_by_link(ledger, legs, shown)
    ends = {
        name: np.where(exchanged, legs.slots.account[slot[shown]], found[name].to_numpy(dtype=np.int64))
        for name, slot in (("source", legs.source), ("target", legs.target))
    }
    account = ledger.accounts["account"].to_numpy(dtype=object)
    columns = (
        shown, found["transfer"], found["time"].astype("int64[pyarrow]"), account[ends["source"]], account[ends["target"]],
        legs.given_fen[shown], legs.received_fen[shown], found["file"], found["line"], exchanged,
    )  # fmt: skip
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {
        leg: Record(transfer, at, source, target, given, received, file_name(ledger, file), line, by_link)
        for leg, transfer, at, source, target, given, received, file, line, by_link in rows
    }


def file_name(ledger: Ledger, number: int) -> str:
    """Name of a source file by its number."""
    return ledger.files[number] if 0 <= number < len(ledger.files) else f"file {number}"

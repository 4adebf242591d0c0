"""Which records of a live trace hang together: a reversal and what it names, and all that an order or reference number ties.

Whether such records make an identified link, and which, follows from these records alone. A group is therefore looked at as a
small ledger of its own, by the code that looks at a whole one (`tracing.live_relink`).
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.names import Key, new_key, text_hashes
from ledger.book import Ledger
from tracing.identified import VOUCHER_KINDS
from tracing.legs import Flags, Ints
from tracing.live_rows import LiveRows, mask_of, text

COLUMNS = ("transfer", "reverses", "status", "reference", "order", "kind", "operation", "source", "target")
PAID, ONWARD = 1, 2
"""Sides of a number: a payment into a hub; one out of a hub, or a voucher bought. A link needs both."""
MOST = 20_000
"""Records that hang together; more are matched with the whole ledger again."""


@dataclass(frozen=True)
class Numbered:
    """Rows that carry a number which may tie them, by the hash of the number; and the side of each."""

    hashes: NDArray[np.uint64]
    rows: Ints
    sides: NDArray[np.int8]


@dataclass
class LiveGroups:
    """What ties rows. naming: rows by the id they reverse. base: of the opened ledger. later: of what came since, by number."""

    rows: LiveRows
    key: Key
    base: Numbered
    naming: dict[str, list[int]] = field(default_factory=dict)
    later: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, ledger: Ledger, rows: LiveRows, ends: Flags) -> "LiveGroups":
        """The groups of an opened ledger. ends: per account whether tracing ends there."""
        key, none = new_key(), Numbered(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int8))
        groups = cls(rows, key, none)
        reverses = ledger.read(("reverses",))["reverses"]
        if reverses.null_count < len(reverses):
            named = np.flatnonzero(mask_of(pc.is_valid(reverses)))
            for name, row in zip(reverses.take(pa.array(named)).to_pylist(), named.tolist(), strict=True):
                groups.naming.setdefault(name, []).append(row)
        if ends.any():
            table = ledger.read(COLUMNS)
            side = sides_of(table, ends)
            some = np.flatnonzero(side)
            if len(some):
                hashes = text_hashes(plain(numbers_of(table).take(pa.array(some))), key)
                order = np.argsort(hashes, kind="stable")
                groups.base = Numbered(hashes[order], some[order], side[some][order])
        return groups

    def note(self, table: pa.Table, begin: int, ends: Flags) -> None:
        """Remember rows that came, numbered from `begin` on."""
        for name, row in valued(table["reverses"]):
            self.naming.setdefault(name, []).append(begin + row)
        side = sides_of(table, ends)
        for row, number in zip(*numbered(table, side), strict=True):
            self.later.setdefault(number, []).append((begin + row, int(side[row])))

    def keys(self, table: pa.Table, ends: Flags) -> tuple[set[str], set[str]]:
        """The ids and the numbers by which rows are tied to others, or may be: those of no use are not among them."""
        names = table["transfer"].to_pylist()
        marked = mask_of(pc.equal(text(table, "status"), "reversed")).tolist()
        ids = {one for one, flag in zip(names, marked, strict=True) if flag or one in self.naming}
        ids |= {name for name, _ in valued(table["reverses"])}
        found = set(numbered(table, sides_of(table, ends))[1])
        return ids, {number for number in found if self.both_sides(number)}

    def both_sides(self, number: str) -> bool:
        """Whether a number is carried by a payment into a hub and by something onward."""
        low, high = self.places(number)
        side = int(np.bitwise_or.reduce(self.base.sides[low:high])) if high > low else 0
        for _, one in self.later.get(number, ()):
            side |= one
        return side == PAID | ONWARD

    def places(self, number: str) -> tuple[int, int]:
        """Where the base rows of a number stand."""
        if not len(self.base.hashes):
            return 0, 0
        value = text_hashes(pa.array([number], pa.string()), self.key)[0]
        return (
            int(np.searchsorted(self.base.hashes, value, side="left")),
            int(np.searchsorted(self.base.hashes, value, side="right")),
        )

    def carrying(self, numbers: set[str]) -> set[int]:
        """The rows that carry one of the numbers and may be tied by it."""
        found = {row for number in numbers for row, _ in self.later.get(number, ())}
        for number in numbers:
            low, high = self.places(number)
            found |= set(self.base.rows[low:high].tolist())
        return found - self.rows.gone

    def together(self, ids: set[str], numbers: set[str], ends: Flags) -> Ints | None:
        """The rows that hang together by the ids and numbers, in ledger order; None when they are more than `MOST`."""
        found: set[int] = set()
        known_ids: set[str] = set()
        known_numbers: set[str] = set()
        while ids or numbers:
            new = set(self.rows.find(ids).values()) if ids else set()
            new |= {row for name in ids for row in self.naming.get(name, ())} - self.rows.gone
            new |= self.carrying(numbers)
            known_ids, known_numbers = known_ids | ids, known_numbers | numbers
            new -= found
            found |= new
            if len(found) > MOST:
                return None
            if not new:
                break
            ids, numbers = self.keys(self.rows.fetch(np.asarray(sorted(new), np.int64), COLUMNS), ends)
            ids, numbers = ids - known_ids, numbers - known_numbers
        some = np.asarray(sorted(found), np.int64)
        order = sorted(range(len(some)), key=self.rows.keys(some).__getitem__)
        return some[order]


def sides_of(table: pa.Table, ends: Flags) -> NDArray[np.int8]:
    """The sides of every row by its number: 0 where it has none, or none that could tie it."""
    side = np.zeros(table.num_rows, np.int8)
    if not ends.any() or all(table[name].null_count == table.num_rows for name in ("reference", "order")):
        return side
    source, target = (np.asarray(table[name].to_numpy(), np.int32) for name in ("source", "target"))
    kinds = pc.is_in(text(table, "kind"), value_set=pa.array(VOUCHER_KINDS))
    bought = mask_of(pc.and_(kinds, pc.equal(text(table, "operation"), "purchase")))
    side |= PAID * ends[target].astype(np.int8)
    side |= ONWARD * (ends[source] | bought).astype(np.int8)
    return side * mask_of(pc.is_valid(numbers_of(table)))


def numbers_of(table: pa.Table) -> pa.ChunkedArray:
    """The order number of every row, else its reference."""
    return pc.coalesce(table["order"], table["reference"])


def numbered(table: pa.Table, side: NDArray[np.int8]) -> tuple[list[int], list[str]]:
    """The rows that have a side, and their numbers."""
    some = np.flatnonzero(side)
    return some.tolist(), numbers_of(table).take(pa.array(some)).to_pylist() if len(some) else []


def valued(column: pa.ChunkedArray) -> list[tuple[str, int]]:
    """Every value that is there, with its place."""
    if column.null_count == len(column):
        return []
    some = np.flatnonzero(mask_of(pc.is_valid(column)))
    return list(zip(column.take(pa.array(some)).to_pylist(), some.tolist(), strict=True))


def plain(column: pa.ChunkedArray) -> pa.Array:
    """One array of plain texts."""
    found = column.cast(pa.string()).combine_chunks()
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found

"""The records behind a live trace: an opened ledger, and the rows that came, were corrected or voided since."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.batch.order import ledger_order
from ledger.book import Ledger
from ledger.problems import LiushuiError
from ledger.records import TRANSFERS
from tracing.legs import Codes, Flags, Ints
from tracing.live_ids import IdIndex

MOST_TABLES = 64
"""So many updates are kept as tables of their own before they are made one."""
KEY = ("time", "sequence", "line", "transfer")


@dataclass
class LiveRows:
    """Rows by number: those of `base` first, then `gap` numbers nobody has, then what came later, in order of arrival.

    later: what came, one table per update. place: (row, id) of what came by id, the last one of an id. gone: rows that do not
    count any more. accounts, reports: the frames that are true now.
    """

    base: Ledger
    gap: int
    accounts: pd.DataFrame
    reports: pd.DataFrame
    later: list[pa.Table] = field(default_factory=list)
    row_of: dict[str, int] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)

    @property
    def first_later(self) -> int:
        """The number of the first row that came later."""
        return self.base.transfer_count + self.gap

    @property
    def count(self) -> int:
        """Behind the last row number."""
        later: int = sum(table.num_rows for table in self.later)
        return self.first_later + later

    @cached_property
    def index(self) -> IdIndex:
        """The opened ledger's rows by id."""
        return IdIndex.of(self.base)

    def add(self, rows: pa.Table) -> int:
        """Take rows that are in ledger order among themselves; the number of the first."""
        begin = self.keep(rows)
        self.row_of.update(zip(rows["transfer"].to_pylist(), range(begin, begin + rows.num_rows), strict=True))
        return begin

    def keep(self, rows: pa.Table) -> int:
        """Give rows numbers; the first of them."""
        begin = self.count
        self.later.append(rows)
        if len(self.later) > MOST_TABLES:
            self.later = [pa.concat_tables(self.later).unify_dictionaries().combine_chunks()]
        return begin

    def reserve(self, numbers: Ints) -> int:
        """Numbers for legs behind rows, which are no rows themselves; the first of them."""
        begin = self.keep(self.fetch(numbers, TRANSFERS.names).unify_dictionaries().combine_chunks())
        self.gone |= set(range(begin, begin + len(numbers)))
        return begin

    def fetch(self, numbers: Ints, names: Sequence[str]) -> pa.Table:
        """Columns of some rows, in the order asked for."""
        wanted = list(names)
        if self.later and len(numbers) and (last := self.count - self.later[-1].num_rows) <= numbers.min():
            return self.later[-1].select(wanted).take(pa.array(numbers - last))
        new = numbers >= self.first_later
        if not new.any():
            return self.base_rows(numbers, wanted)
        behind = pa.concat_tables(self.later).select(wanted).unify_dictionaries()
        if new.all():
            return behind.take(pa.array(numbers - self.first_later))
        old = self.base_rows(numbers[~new], wanted)
        both = pa.concat_tables([old, behind.take(pa.array(numbers[new] - self.first_later))]).unify_dictionaries()
        place = np.empty(len(numbers), np.int64)
        place[np.concatenate([np.flatnonzero(~new), np.flatnonzero(new)])] = np.arange(len(numbers))
        return both.take(pa.array(place))

    def base_rows(self, numbers: Ints, names: list[str]) -> pa.Table:
        """Columns of some of the opened ledger's rows."""
        base = self.base
        return base.fetch(numbers, names) if base.fetch else base.read(names).take(pa.array(numbers))

    def find(self, ids: set[str]) -> dict[str, int]:
        """Row number of each id that counts."""
        found = {name: row for name in ids if (row := self.row_of.get(name)) is not None}
        rest = ids - set(found)
        found |= self.index.find(rest) if rest else {}
        return {name: row for name, row in found.items() if row not in self.gone}

    def ids(self, numbers: Ints) -> list[str]:
        """Transfer id of each row."""
        new = numbers >= self.first_later
        found = np.empty(len(numbers), object)
        if not new.all():  # a stored ledger keeps this column decoded; single rows would be read from disk each time
            found[~new] = self.base.read(("transfer",))["transfer"].take(pa.array(numbers[~new])).to_pylist()
        if new.any():
            found[new] = self.fetch(numbers[new], ["transfer"])["transfer"].to_pylist()
        return list(found)

    def keys(self, numbers: Ints) -> list[tuple[int, int, str]]:
        """What puts rows into ledger order: time, place in their file, id."""
        table = self.fetch(numbers, KEY)
        time_us = table["time"].cast(pa.int64()).to_pylist()
        return list(zip(time_us, places(table).tolist(), table["transfer"].to_pylist(), strict=True))

    def as_numbered(self) -> Ledger:
        """The records by row number, for whoever asks for single rows."""
        return replace(
            self.base, accounts=self.accounts, reports=self.reports, fetch=self.fetch, transfer_count=self.count, read=unread
        )

    def ledger(self, *, whole: bool = False) -> tuple[Ledger, Ints]:
        """The ledger as it is now, in ledger order, and the number of each of its rows. whole: with all columns in memory."""
        numbers = np.concatenate([np.arange(self.base.transfer_count), np.arange(self.first_later, self.count)])
        keep = ~np.isin(numbers, sorted(self.gone))
        numbers = numbers[keep]
        laid = self.laid(KEY).filter(pa.array(keep))
        order = ledger_order(laid["time"].cast(pa.int64()).to_numpy(), places(laid), laid["transfer"])
        order = np.arange(len(numbers)) if order is None else order

        @cache
        def column(name: str) -> pa.ChunkedArray:
            return self.laid((name,)).filter(pa.array(keep)).take(pa.array(order)).combine_chunks()[name]

        def read(names: Sequence[str]) -> pa.Table:
            return pa.table({name: column(name) for name in names}, pa.schema([TRANSFERS.field(name) for name in names]))

        table = read(TRANSFERS.names) if whole else None
        made = replace(
            self.base,
            accounts=self.accounts,
            reports=self.reports,
            transfer_count=len(numbers),
            read=read if table is None else lambda names: table.select(list(names)),
            fetch=None,
            index_folder=None,
        )
        return made, numbers[order]

    def laid(self, names: Sequence[str]) -> pa.Table:
        """Columns of all rows that exist, by number."""
        parts = [self.base.read(names), *(table.select(list(names)) for table in self.later)]
        return pa.concat_tables(parts).unify_dictionaries()


def places(table: pa.Table) -> Codes:
    """Place of each row in its own file."""
    return np.asarray(pc.coalesce(table["sequence"], table["line"]).to_numpy(), np.int32)


def in_ledger_order(rows: pa.Table) -> pa.Table:
    """Rows of `TRANSFERS`, checked against the schema, in ledger order."""
    rows = rows.select(TRANSFERS.names)
    rows = (rows if rows.schema == TRANSFERS else rows.cast(TRANSFERS)).combine_chunks()
    order = ledger_order(np.asarray(rows["time"].cast(pa.int64()).to_numpy()), places(rows), rows["transfer"])
    return rows if order is None else rows.take(pa.array(order))


def unread(names: Sequence[str]) -> pa.Table:
    """Nobody reads whole columns by number."""
    raise AssertionError(f"whole columns {names} were asked of numbered rows")


def text(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A column of words or texts as plain text."""
    return table[name].cast(pa.string())


def mask_of(values: pa.ChunkedArray) -> Flags:
    """An Arrow boolean column as numpy; null is false."""
    return np.asarray(pc.fill_null(values, False).to_numpy(), np.bool_)


def with_codes(transfers: pa.Table, accounts: pd.DataFrame) -> pa.Table:
    """Transfers with account codes where they have names. Raises: LiushuiError TRC-live for an unknown account."""
    known = None
    for name in ("source", "target"):
        at = transfers.column_names.index(name)
        column = transfers[name]
        if pa.types.is_integer(column.type):
            if len(column) and not 0 <= pc.min(column).as_py() <= pc.max(column).as_py() < len(accounts):
                raise LiushuiError("TRC-live", f"{name}: an account code is not in the accounts")
            continue
        known = pa.array(accounts["account"]) if known is None else known
        codes = pc.index_in(column.cast(pa.string()), value_set=known.cast(pa.string()))
        if codes.null_count:
            raise LiushuiError("TRC-live", f"{name}: {column.filter(pc.is_null(codes))[0].as_py()} is not in the accounts")
        transfers = transfers.set_column(at, name, codes.cast(pa.int32()))
    return transfers


def reported_balances(rows: pa.Table, *, known: bool) -> tuple[Ints, Ints]:
    """Balances in fen that rows report, of source and target; empty where neither they nor earlier rows (known) report any."""
    from tracing.kernels import NO_BALANCE

    columns = [rows[name] for name in ("source_balance_fen", "target_balance_fen")]
    if not known and all(column.null_count == rows.num_rows for column in columns):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    one, other = (np.asarray(column.fill_null(NO_BALANCE).to_numpy(), np.int64) for column in columns)
    return one, other

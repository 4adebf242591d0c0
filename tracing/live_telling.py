"""What the records say of the transfers whose money moved."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tracing.legs import Ints
from tracing.live_arrays import LOWEST
from tracing.live_events import ROW, SHIFT, AccountWords, Snapshot, Told, gathered
from tracing.live_rows import LiveRows, mask_of, text
from tracing.live_slots import LiveSlots

COLUMNS = ("transfer", "time", "target", "channel")


def told_of(rows: LiveRows, slots: LiveSlots, words: AccountWords, wanted: Ints, vanished: pa.Table | None) -> Told:
    """The transfers of some rows.

    Args:
        wanted: row numbers; those from `rows.count` on stand in `vanished`, rows of `COLUMNS` that are in the ledger no more.
    """
    if vanished is not None and (wanted >= rows.count).any():
        return told_by_table(rows, wanted, vanished)
    leg, account = slots.leg, slots.slot.account  # a row's own leg has its number
    target = account[leg.target[wanted]].astype(np.int64)
    fee = np.zeros(len(wanted), np.bool_)
    ended = np.flatnonzero(slots.slot.ends[leg.target[wanted]])
    if len(ended):
        fee[ended] = mask_of(pc.equal(text(rows.fetch(wanted[ended], ["channel"]), "channel"), "fee"))
    time_us = leg.moment_us[wanted]
    gone = np.flatnonzero(time_us == LOWEST)
    if len(gone):
        time_us[gone] = rows.fetch(wanted[gone], ["time"])["time"].cast(pa.int64()).to_numpy()
    return Told(rows.ids(wanted), time_us, target, fee)


def told_by_table(rows: LiveRows, wanted: Ints, vanished: pa.Table) -> Told:
    """The same where some rows have vanished."""
    here = wanted < rows.count
    both = pa.concat_tables([rows.fetch(wanted[here], COLUMNS), vanished.take(pa.array(wanted[~here] - rows.count))])
    place = np.empty(len(wanted), np.int64)
    place[np.concatenate([np.flatnonzero(here), np.flatnonzero(~here)])] = np.arange(len(wanted))
    table = both.unify_dictionaries().take(pa.array(place))
    target = table["target"].to_numpy().astype(np.int64)
    fee = mask_of(pc.equal(text(table, "channel"), "fee"))
    return Told(table["transfer"].to_pylist(), table["time"].cast(pa.int64()).to_numpy(), target, fee)


def renamed(before: Snapshot, number: list[int], old: LiveRows, new: LiveRows) -> tuple[Snapshot, pa.Table]:
    """A snapshot under new numbers of claims and rows, and the rows that are in the ledger no more.

    Args:
        number: the new number of every claim, -1 where it is no more; what it had is left out.
        old, new: the rows by which the snapshot is numbered, and those by which it is to be.
    """
    rows = before.carried.key & ROW
    ids = old.ids(rows)
    place = new.find(set(ids))
    vanished = np.unique(rows[[one not in place for one in ids]])
    row = np.asarray([place.get(one, -1) for one in ids], np.int64)
    row = np.where(row < 0, new.count + np.searchsorted(vanished, rows), row)
    return numbered_anew(before, number, row), old.fetch(vanished, COLUMNS)


def under_new_numbers(before: Snapshot, number: list[int]) -> Snapshot:
    """A snapshot under new numbers of claims, -1 for those that are no more; rows keep theirs."""
    return numbered_anew(before, number, before.carried.key & ROW)


def numbered_anew(before: Snapshot, number: list[int], row: Ints) -> Snapshot:
    """A snapshot under new numbers of claims, -1 for those that are no more, and of what is carried. row: the new ones."""
    claim = np.asarray([*number, -1], np.int64)
    carried = replace(before.carried, key=claim[before.carried.key >> SHIFT] << SHIFT | row)
    carried = carried.take(claim[before.carried.key >> SHIFT] >= 0)
    held, at_held = moved_keys(before.held, claim)
    arrived, _ = moved_keys(before.arrived, claim)
    return Snapshot(gathered(carried, carried.hop), held, before.held_fen[at_held], arrived)


def moved_keys(keys: Ints, claim: Ints) -> tuple[Ints, Ints]:
    """Keys of accounts with other claim numbers, ascending, and where each stood."""
    number = claim[keys >> SHIFT]
    found = number << SHIFT | keys & ROW
    at = np.argsort(found, kind="stable")
    at = at[number[at] >= 0]
    return found[at], at

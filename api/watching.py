"""Following a ledger that others publish to: new batches through the live trace, what moved as plain values."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from api.parameters import moment_of
from api.results import money
from ledger.book import Ledger
from ledger.records import DECISIONS, TRANSFERS
from ledger.store.changes import SWITCH, in_force, united_names
from ledger.store.manifest import Segment, State, read_state
from ledger.store.opening import open_ledger
from ledger.store.segments import read_columns
from ledger.store.stored import read_small
from tracing.live import LiveTrace
from tracing.live_events import MoneyMoved, Update
from tracing.result import Parameters

CHANGING = ("both_sides", "reversal", "masked_account", "same_account")
"""Decisions of these kinds change records that were there before."""


@dataclass
class Watch:
    """A ledger folder whose batches are followed. batch: the last one that was taken in."""

    folder: Path
    live: LiveTrace
    batch: int

    def look(self) -> dict[str, Any] | None:
        """Take in what was published since; None when nothing was.

        Returns:
            batch, transfers, rebuilt (why, or null), warnings, and events: one value per `MoneyMoved`.
        """
        state = read_state(self.folder)
        if state.batch == self.batch:
            return None
        new = [segment for segment in state.segments if segment.batch > self.batch and segment.batch not in upkeep(state)]
        opened = open_ledger(self.folder, state.batch)  # what is published meanwhile is for the next look
        rows = new_transfers(self.folder, state, new, opened)
        if why := why_reload(self.folder, new):
            update = self.live.reload(opened, why)
        else:
            update = self.live.append(rows, opened.accounts, opened.reports, whole=lambda: opened)
        self.batch = state.batch
        return {
            "batch": state.batch,
            "transfers": rows.num_rows,
            "rebuilt": update.rebuilt or None,
            "warnings": list(update.warnings),
            "events": list(told(update)),
        }


def watch(folder: Path, parameters: Parameters, since: int | None = None) -> Watch:
    """Open a ledger as it is, or as it was when a batch was published, and follow its claims."""
    ledger = open_ledger(folder, since)
    return Watch(folder, LiveTrace.open(ledger, parameters), ledger.batch)


def upkeep(state: State) -> frozenset[int]:
    """Batches that bring no records: compactions."""
    return frozenset(batch.number for batch in state.batches if batch.replaces or batch.drops)


def new_transfers(folder: Path, state: State, new: list[Segment], opened: Ledger) -> pa.Table:
    """The transfers of new segments, accounts by their main names."""
    parts = [read_columns(folder, segment, TRANSFERS.names) for segment in new if segment.kind == "transfers"]
    if not parts:
        return TRANSFERS.empty_table()
    rows = pa.concat_tables(parts).unify_dictionaries().cast(TRANSFERS)
    standing = in_force(read_small(folder, state, "reconciliation", DECISIONS))
    names = united_names(standing, pa.array(opened.accounts["account"]).cast(pa.string()))
    for name in ("source", "target") if len(names) else ():
        main = pa.array(names[rows[name].to_numpy()])
        rows = rows.set_column(rows.column_names.index(name), TRANSFERS.field(name), main)
    return rows


def why_reload(folder: Path, new: list[Segment]) -> str:
    """Why new segments change records that were there before; empty when they only add."""
    if any(segment.kind == "superseded" and segment.rows for segment in new):
        return "records were corrected"
    for segment in new:
        if segment.kind == "reconciliation":
            rows = read_columns(folder, segment, ["decision", "kind", "state"])
            words = zip(*(rows[name].cast(pa.string()).to_pylist() for name in ("decision", "kind", "state")), strict=True)
            if any(id_.startswith(SWITCH) or (kind in CHANGING and state in ("applied", "off")) for id_, kind, state in words):
                return "reconciliation decided about records that were there before"
    return ""


def told(update: Update) -> Iterator[dict[str, Any]]:
    """The events as values for machines; amounts are decimal strings, times UTC."""
    for event in update.events:
        yield {
            "event": event.kind,
            "claim": event.claim,
            "transfer": event.transfer,
            "time": moment_of(event.time_us).isoformat(),
            "source": event.source,
            "target": event.target,
            "amount": money(event.amount_fen),
            "hop": event.hop,
            "held_before": money(event.held_before_fen),
            "held_after": money(event.held_after_fen),
            "target_held": money(event.target_held_fen),
            "sink": event.sink or None,
            "new_account": event.is_new_account,
            "next": next_step(event),
        }


def next_step(event: MoneyMoved) -> str:
    """What a desk can do about it."""
    if event.sink:
        return f"left for good by {event.sink}: ask {event.target} for the order or the receiver"
    if event.target_held_fen > 0:
        return f"stop payment of {money(event.target_held_fen)} at {event.target}"
    return f"nothing is left at {event.target}: follow it on"

"""A trace that stays open: records that come later change it in place, and what moved is told as events.

Lot links know no claims, so a record touches the slots it pays and is paid by, and no other. Claims are followed again only
where such a slot holds or carried their money. The answer is always that of a trace of the whole ledger from scratch.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.book import Ledger
from ledger.problems import LiushuiError
from ledger.records import TRANSFERS
from tracing.claim_overlaps import with_overlaps
from tracing.claims import Claims
from tracing.legs import Flags, Ints
from tracing.live_accounts import LiveAccounts
from tracing.live_arrays import LegArrays
from tracing.live_claims import (
    LiveAxis,
    as_followed,
    claims_now,
    followed_again,
    limits_of,
    live_axis,
    no_claims,
    pieces_of,
    touched_claims,
)
from tracing.live_events import ROW, MoneyMoved, Snapshot, Update, differences, events_of, snapshot
from tracing.live_links import Arrival, LinkMarks, codes_of, marks_of, why_rebuild
from tracing.live_opening import opened_slots
from tracing.live_rows import LiveRows, in_ledger_order, mask_of, places, reported_balances, text, with_codes
from tracing.live_slots import LiveSlots
from tracing.live_telling import renamed, told_of
from tracing.lots import exact_sum, laid_out, settled_legs
from tracing.result import Parameters, Trace
from tracing.settle import fees
from tracing.trace import told

NONE = np.zeros(0, np.int64)
BEHIND = 1 << 32
"""Behind every place in a file."""


class LiveTrace:
    """The claims of a ledger, first in first out, kept current while records come in. Open it with `LiveTrace.open`."""

    def __init__(self, ledger: Ledger, parameters: Parameters) -> None:
        self.parameters = parameters
        self._claims = no_claims()
        self._load(ledger)
        self._renew_claims(NONE, np.zeros(0, np.int8))

    @classmethod
    def open(cls, ledger: Ledger, parameters: Parameters | None = None) -> "LiveTrace":
        """Match a ledger and follow its claims. Raises: LiushuiError TRC-live for what only a trace of its own can answer."""
        parameters = parameters or Parameters()
        plain = Parameters(
            reports=parameters.reports,
            currency=parameters.currency,
            opening=parameters.opening,
            ties=parameters.ties,
            max_hops=parameters.max_hops,
            hop_window_us=parameters.hop_window_us,
            min_amount_fen=parameters.min_amount_fen,
        )
        if plain != parameters:
            raise LiushuiError("TRC-live", "a live trace runs forward, by fifo, per account, to the end of the records")
        return cls(ledger, parameters)

    def append(
        self,
        transfers: pa.Table,
        accounts: pd.DataFrame | None = None,
        reports: pd.DataFrame | None = None,
        whole: Callable[[], Ledger] | None = None,
    ) -> Update:
        """Take transfers that were not there before, at any time of their own.

        Args:
            transfers: `ledger.records.TRANSFERS`; source and target may be account names instead of codes.
            accounts, reports: the whole frames as they are now, new rows included; None: as before.
            whole: opens the ledger with these transfers, should it have to be matched again; None: it is put together here.
        Raises: LiushuiError TRC-live for an account that is not in the accounts, or an id that is there already.
        """
        accounts = self._rows.accounts if accounts is None else accounts
        rows = in_ledger_order(with_codes(transfers, accounts))
        repeated = sorted(name for name in rows["transfer"].to_pylist() if name in self._rows.row_of)
        if repeated:
            raise LiushuiError("TRC-live", f"already there: transfer {', '.join(repeated[:3])}; correct it instead")
        return self._update(Arrival(rows, NONE, accounts, self._rows.reports if reports is None else reports, whole))

    def correct(
        self, transfers: pa.Table | None = None, voided: Sequence[str] = (), reports: pd.DataFrame | None = None
    ) -> Update:
        """Let rows take the place of those with their ids, and void others. Arguments and errors as for `append`."""
        rows = TRANSFERS.empty_table() if transfers is None else in_ledger_order(with_codes(transfers, self._rows.accounts))
        ids = {*rows["transfer"].to_pylist(), *voided}
        found = self._rows.find(ids)
        if missing := sorted(ids - set(found)):
            raise LiushuiError("TRC-live", f"not there to be corrected: transfer {', '.join(missing[:3])}")
        gone = np.asarray(sorted(found.values()), np.int64)
        return self._update(Arrival(rows, gone, self._rows.accounts, self._rows.reports if reports is None else reports))

    def reload(self, ledger: Ledger, why: str) -> Update:
        """Match another state of the ledger from the start, because records were changed in ways that are not told here."""
        arrival = Arrival(TRANSFERS.empty_table(), NONE, ledger.accounts, ledger.reports, lambda: ledger)
        return Update(self._rebuild(arrival), (), self._slots.slots, why, self._claims.warnings)

    def held(self) -> pd.DataFrame:
        """What is held now: claim, account, account_code, held_fen, basis_fen; sorted by claim and account."""
        from tracing.piece_kernels import BASIS, CLAIM, FEN, KIND, LEG, RESTED

        pieces = self._claims.pieces()
        slot = self._slots.leg.target[pieces[:, LEG]]
        here = (pieces[:, KIND] == RESTED) & ~self._slots.slot.ends[slot]
        pieces, code = pieces[here], self._slots.slot.account[slot[here]]
        table = pd.DataFrame(
            {"claim": pieces[:, CLAIM], "account_code": code, "held_fen": pieces[:, FEN], "basis_fen": pieces[:, BASIS]}
        )
        table = table.groupby(["claim", "account_code"]).sum().reset_index()
        names, account = (
            self._claims.table["claim"].to_numpy(dtype=object),
            self._rows.accounts["account"].to_numpy(dtype=object),
        )
        table = table.assign(claim=names[table["claim"]], account=account[table["account_code"]])
        columns = ["claim", "account", "account_code", "held_fen", "basis_fen"]
        return table[columns].sort_values(["claim", "account"], ignore_index=True)

    def ledger(self) -> Ledger:
        """The ledger with everything that came, in ledger order."""
        return self._rows.ledger()[0]

    def trace(self) -> Trace:
        """All tables, as `trace_claims` makes them of the ledger as it is now; takes time in proportion to the ledger."""
        ledger, numbers = self._rows.ledger()
        place = np.full(self._rows.count, -1, np.int64)
        place[numbers] = np.arange(len(numbers))
        axis = live_axis(self._slots, self._part, NONE, place[self._slots.row(np.arange(self._slots.legs))], self._warnings)
        table = self._claims.table
        claims = Claims(table.assign(transfer_row=place[table["transfer_row"]]), self._claims.warnings)
        followed = as_followed(self._claims.pieces())
        trace = told(ledger, axis, claims, pieces_of(self._claims.final_seeds()), followed, self.parameters)
        trace = with_overlaps(trace, claims.table, pieces_of(self._claims.seeds), followed)
        assert trace.unbalanced().empty, f"claims that do not balance: {trace.unbalanced().to_dict('index')}"
        return trace

    def _load(self, ledger: Ledger) -> None:
        """Match the whole ledger."""
        settled = settled_legs(ledger, None, self.parameters.opening, self.parameters.ties)
        axis = laid_out(settled)
        self._moved_fen = exact_sum(settled.legs.given_fen) + exact_sum(settled.legs.received_fen)
        self._rows = LiveRows(ledger, len(axis.extra_row), ledger.accounts, ledger.reports)
        self._slots: LiveSlots = opened_slots(ledger, self._rows, settled, axis, self.parameters)
        self._part, self._idle, self._warnings = axis.extra_part_fen, set(axis.idle_row.tolist()), axis.warnings
        self._people = LiveAccounts.of(self._rows, self._slots, self.parameters)
        self._marks: LinkMarks = marks_of(ledger, self._people.ends)

    def _update(self, arrival: Arrival) -> Update:
        self._check_total(arrival.rows)
        why = why_rebuild(arrival, self._rows, self._slots, self._people, self._marks)
        accounts = tuple(np.unique([arrival.rows[name].to_numpy() for name in ("source", "target")]).tolist())
        asked = self._asks_for_claims(arrival)
        if why:
            events = self._rebuild(arrival)
            return Update(events, accounts, self._slots.slots, why, self._claims.warnings)
        if len(arrival.accounts) > len(self._rows.accounts):
            self._people.add(arrival.accounts)
        self._rows.reports = arrival.reports
        self._retire(arrival.gone)
        self._put(arrival.rows)
        touched, changes = self._slots.lay()
        events = self._renew_claims(touched, changes) if asked else self._follow(touched, changes)
        return Update(events, accounts, int(np.count_nonzero(changes)), "", self._claims.warnings)

    def _check_total(self, rows: pa.Table) -> None:
        """Raises: LiushuiError TRC-too-much-money where the ledger with these rows would not fit one int64 axis."""
        received = pc.coalesce(rows["received_fen"], rows["amount_fen"])
        more = sum(exact_sum(np.asarray(column.to_numpy(), np.int64)) for column in (rows["amount_fen"], received))
        before = exact_sum(np.abs(self._slots.slot.opening_fen[: self._slots.slots]))
        if self._moved_fen + more + before >= 2**63:
            raise LiushuiError("TRC-too-much-money", "the ledger would move more fen in total than a trace can lay out")
        self._moved_fen += more

    def _asks_for_claims(self, arrival: Arrival) -> bool:
        """Whether the arrival may change what is claimed, not only where it lies."""
        if arrival.reports is not self._rows.reports or len(arrival.gone):
            return True
        missing = self._missing
        return bool(missing) and not missing.isdisjoint(arrival.rows["transfer"].to_pylist())

    def _retire(self, gone: Ints) -> None:
        """Take rows that count no more out of their slots."""
        if not len(gone):
            return
        self._slots.remove(gone.tolist())
        self._rows.gone |= set(gone.tolist())
        self._idle -= set(gone.tolist())
        for name in ("given_fen", "received_fen"):
            getattr(self._slots.leg, name)[gone] = 0
        for name in ("time_us", "moment_us"):
            getattr(self._slots.leg, name)[gone] = np.iinfo(np.int64).min

    def _put(self, rows: pa.Table) -> None:
        """Put new rows into their slots."""
        if not rows.num_rows:
            return
        begin = self._rows.add(rows)
        assert begin == self._slots.legs
        failed = mask_of(pc.equal(text(rows, "status"), "failed"))
        self._idle |= set((begin + np.flatnonzero(failed)).tolist())
        self._marks.note(rows, self._people.ends)
        currency = codes_of(rows, self._slots.currencies)
        source, target = (self._people.slots_of(np.asarray(rows[name].to_numpy()), currency) for name in ("source", "target"))
        given = np.where(failed, 0, rows["amount_fen"].to_numpy())
        received = np.where(failed, 0, pc.coalesce(rows["received_fen"], rows["amount_fen"]).to_numpy())
        place, fee = places(rows).astype(np.int64), fees(rows)
        if fee is not None:  # behind the payments of their instant, and to where tracing ends
            place[fee] += BEHIND
            self._slots.later_fees |= set((begin + np.flatnonzero(fee)).tolist())
            apart = fee & (received > 0) & ~self._slots.slot.ends[target]
            target[apart] = self._people.fee_slots_of(np.asarray(rows["target"].to_numpy())[apart], currency[apart])
        time_us = np.asarray(rows["time"].cast(pa.int64()).to_numpy())
        balances = reported_balances(rows, known=bool(len(self._slots.leg.source_balance)))
        self._slots.add_legs(LegArrays(time_us, time_us, source, target, given, received, given * 0, *balances), place)

    def _axis(self) -> LiveAxis:
        """The axis by row number, for the claims."""
        place = self._rows.find(set(self._rows.reports["transfer"]))
        ids = self._rows.reports["transfer"].tolist()
        self._missing = set(ids) - set(place)
        idle = np.asarray(sorted(self._idle), np.int64)
        axis = live_axis(self._slots, self._part, idle, self._slots.row(np.arange(self._slots.legs)), self._warnings)
        return replace(axis, report_row=np.asarray([place.get(name, -1) for name in ids], np.int64))

    def _renew_claims(self, touched: Ints, changes: "np.ndarray[tuple[int], np.dtype[np.int8]]") -> tuple[MoneyMoved, ...]:
        """Read the reports again, and follow what is new or touched."""
        old = set(self._claims.table["claim"])
        self._claims, other = claims_now(self._claims, self._rows.as_numbered(), self._axis(), self.parameters)
        opened = np.asarray([name not in old for name in self._claims.table["claim"]], np.bool_)
        return self._follow(touched, changes, other, opened)

    def _follow(
        self,
        touched: Ints,
        changes: "np.ndarray[tuple[int], np.dtype[np.int8]]",
        other: Flags | None = None,
        opened: Flags | None = None,
    ) -> tuple[MoneyMoved, ...]:
        """Follow the claims whose money may lie elsewhere. other, opened: claims that start elsewhere, and new ones."""
        again = touched_claims(self._claims, self._slots, touched, changes)
        again |= False if other is None else other
        if not again.any():
            return ()
        limits = limits_of(self.parameters)
        new = followed_again(self._claims, self._slots, again, self._people.holder, limits)
        spoken = again | new.cut
        before, after = self._snapshot(self._claims.pieces(spoken)), self._snapshot(new.pieces(spoken))
        self._claims = new
        return self._told(before, after, np.zeros(len(again), np.bool_) if opened is None else opened)

    def _snapshot(self, pieces: Ints) -> Snapshot:
        from tracing.piece_kernels import LEG

        leg, slot = pieces[:, LEG], self._slots.slot
        return snapshot(pieces, self._slots.row(leg), self._slots.leg.target[leg], slot.account, slot.ends)

    def _told(
        self, before: Snapshot, after: Snapshot, opened: Flags, vanished: pa.Table | None = None
    ) -> tuple[MoneyMoved, ...]:
        """The events between two snapshots by row number; vanished: rows that only the first one knows."""
        changed = differences(before, after)
        rows = changed[0] & ROW
        if not len(rows):
            return ()
        parts = told_of(self._rows, self._slots, self._people.words, rows, vanished)
        claims = (self._claims.table["claim"].tolist(), opened)
        return events_of((before, after), changed, parts, claims, self._people.words)

    def _rebuild(self, arrival: Arrival) -> tuple[MoneyMoved, ...]:
        """Match the whole ledger again; the events are what is other than before, by transfer id."""
        before, old_table = self._snapshot(self._claims.pieces()), self._claims.table["claim"].tolist()
        old = self._rows
        old.gone |= set(arrival.gone.tolist())
        if arrival.rows.num_rows:
            old.add(arrival.rows)
        old.accounts, old.reports = arrival.accounts, arrival.reports
        self._claims = no_claims()
        self._load(old.ledger(whole=True)[0] if arrival.whole is None else arrival.whole())
        self._renew_claims(NONE, np.zeros(0, np.int8))
        names = self._claims.table["claim"].tolist()
        number = {name: k for k, name in enumerate(names)}
        before, vanished = renamed(before, [number.get(name, -1) for name in old_table], old, self._rows)
        opened = np.asarray([name not in set(old_table) for name in names], np.bool_)
        return self._told(before, self._snapshot(self._claims.pieces()), opened, vanished)

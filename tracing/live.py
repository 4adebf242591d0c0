"""A trace that stays open: records that come later change it in place, and what moved is told as events.

Lot links know no claims, so a record touches the slots it pays and is paid by, and those of the records it hangs together with.
Claims are followed again only where such a slot holds or carried their money. The answer is always that of a trace of the whole
ledger from scratch.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from ledger.book import Ledger
from ledger.problems import LiushuiError
from ledger.records import TRANSFERS
from tracing.claim_overlaps import with_overlaps
from tracing.claims import Claims
from tracing.legs import Flags, Ints
from tracing.live_claims import (
    LiveAxis,
    as_followed,
    claims_now,
    followed_again,
    held_now,
    limits_of,
    live_axis,
    no_claims,
    pieces_of,
    touched_claims,
)
from tracing.live_events import ROW, MoneyMoved, Snapshot, Update, differences, events_of, snapshot
from tracing.live_links import Arrival
from tracing.live_match import LiveMatch, Taken
from tracing.live_rows import in_ledger_order, with_codes
from tracing.live_telling import renamed, told_of, under_new_numbers
from tracing.result import Parameters, Trace
from tracing.trace import told

NONE = np.zeros(0, np.int64)
NOTHING = Taken(NONE, np.zeros(0, np.int8), NONE, NONE)
TOO_MANY = "more records hang together by a reversal or an order number than are looked at apart"


class LiveTrace:
    """The claims of a ledger, first in first out, kept current while records come in. Open it with `LiveTrace.open`."""

    def __init__(self, ledger: Ledger, parameters: Parameters) -> None:
        self.parameters = parameters
        self._claims = no_claims()
        self._match = LiveMatch.of(ledger, parameters)
        self._renew_claims(NOTHING)

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
        accounts = self._match.rows.accounts if accounts is None else accounts
        rows = in_ledger_order(with_codes(transfers, accounts))
        repeated = sorted(name for name in rows["transfer"].to_pylist() if name in self._match.rows.row_of)
        if repeated:
            raise LiushuiError("TRC-live", f"already there: transfer {', '.join(repeated[:3])}; correct it instead")
        return self._update(Arrival(rows, NONE, accounts, self._match.rows.reports if reports is None else reports, whole))

    def correct(
        self, transfers: pa.Table | None = None, voided: Sequence[str] = (), reports: pd.DataFrame | None = None
    ) -> Update:
        """Let rows take the place of those with their ids, and void others. Arguments and errors as for `append`."""
        known = self._match.rows
        rows = TRANSFERS.empty_table() if transfers is None else in_ledger_order(with_codes(transfers, known.accounts))
        ids = {*rows["transfer"].to_pylist(), *voided}
        found = known.find(ids)
        if missing := sorted(ids - set(found)):
            raise LiushuiError("TRC-live", f"not there to be corrected: transfer {', '.join(missing[:3])}")
        gone = np.asarray(sorted(found.values()), np.int64)
        return self._update(Arrival(rows, gone, known.accounts, known.reports if reports is None else reports))

    def reload(self, ledger: Ledger, why: str) -> Update:
        """Match another state of the ledger from the start, because records were changed in ways that are not told here."""
        arrival = Arrival(TRANSFERS.empty_table(), NONE, ledger.accounts, ledger.reports, lambda: ledger)
        return Update(self._rebuild(arrival), (), self._match.slots.slots, why, self._claims.warnings)

    def held(self) -> pd.DataFrame:
        """What is held now: claim, account, account_code, held_fen, basis_fen; sorted by claim and account."""
        return held_now(self._claims, self._match.slots, self._match.rows.accounts)

    def ledger(self) -> Ledger:
        """The ledger with everything that came, in ledger order."""
        return self._match.rows.ledger()[0]

    def trace(self) -> Trace:
        """All tables, as `trace_claims` makes them of the ledger as it is now; takes time in proportion to the ledger."""
        rows, slots = self._match.rows, self._match.slots
        ledger, numbers = rows.ledger()
        place = np.full(rows.count, -1, np.int64)
        place[numbers] = np.arange(len(numbers))
        axis = live_axis(slots, NONE, place[slots.leg_rows()], self._match.warnings)
        table = self._claims.table
        claims = Claims(table.assign(transfer_row=place[table["transfer_row"]]), self._claims.warnings)
        followed = as_followed(self._claims.pieces())
        trace = told(ledger, axis, claims, pieces_of(self._claims.final_seeds()), followed, self.parameters)
        trace = with_overlaps(trace, claims.table, pieces_of(self._claims.seeds), followed)
        assert trace.unbalanced().empty, f"claims that do not balance: {trace.unbalanced().to_dict('index')}"
        return trace

    def _update(self, arrival: Arrival) -> Update:
        match = self._match
        match.check_total(arrival.rows)
        accounts = tuple(np.unique([arrival.rows[name].to_numpy() for name in ("source", "target")]).tolist())
        asked = self._asks_for_claims(arrival)
        if why := match.why_not(arrival):
            events = self._rebuild(arrival)
            return Update(events, accounts, self._match.slots.slots, why, self._claims.warnings)
        ties = match.ties(arrival)
        # where money lay is told by the slots, and links move legs between them
        before = self._snapshot(self._claims.pieces()) if any(ties) else None
        taken = match.take(arrival, ties)
        if taken is None:
            events = self._rebuild(arrival, before, is_there=True)
            return Update(events, accounts, self._match.slots.slots, TOO_MANY, self._claims.warnings)
        asked = asked or bool(np.isin(taken.group, self._report_row).any())
        events = self._renew_claims(taken, before) if asked else self._follow(taken, before)
        return Update(events, accounts, int(np.count_nonzero(taken.changes)), "", self._claims.warnings)

    def _asks_for_claims(self, arrival: Arrival) -> bool:
        """Whether the arrival may change what is claimed, not only where it lies."""
        if arrival.reports is not self._match.rows.reports or len(arrival.gone):
            return True
        missing = self._missing
        return bool(missing) and not missing.isdisjoint(arrival.rows["transfer"].to_pylist())

    def _axis(self) -> LiveAxis:
        """The axis by row number, for the claims."""
        rows, slots = self._match.rows, self._match.slots
        place = rows.find(set(rows.reports["transfer"]))
        ids = rows.reports["transfer"].tolist()
        self._missing = set(ids) - set(place)
        axis = live_axis(slots, np.asarray(sorted(self._match.idle), np.int64), slots.leg_rows(), self._match.warnings)
        self._report_row = np.asarray([place.get(name, -1) for name in ids], np.int64)
        return replace(axis, report_row=self._report_row)

    def _renew_claims(self, taken: Taken, before: Snapshot | None = None) -> tuple[MoneyMoved, ...]:
        """Read the reports again, and follow what is new or touched. before: all claims' money, where it lay before."""
        old = self._claims.table["claim"].tolist()
        self._claims, other = claims_now(self._claims, self._match.rows.as_numbered(), self._axis(), self.parameters)
        names, known = self._claims.table["claim"].tolist(), set(old)
        if before is not None:
            number = {name: k for k, name in enumerate(names)}
            before = under_new_numbers(before, [number.get(name, -1) for name in old])
        opened = np.asarray([name not in known for name in names], np.bool_)
        return self._follow(taken, before, other, opened)

    def _follow(
        self, taken: Taken, before: Snapshot | None = None, other: Flags | None = None, opened: Flags | None = None
    ) -> tuple[MoneyMoved, ...]:
        """Follow the claims whose money may lie elsewhere. other, opened: claims that start elsewhere, and new ones."""
        again = touched_claims(self._claims, self._match.slots, taken)
        again |= False if other is None else other
        if not again.any():
            return ()
        limits = limits_of(self.parameters)
        new = followed_again(self._claims, self._match.slots, again, self._match.people.holder, limits)
        spoken = again | new.cut
        before = self._snapshot(self._claims.pieces(spoken)) if before is None else before.of(spoken)
        after = self._snapshot(new.pieces(spoken))
        self._claims = new
        return self._told(before, after, np.zeros(len(again), np.bool_) if opened is None else opened)

    def _snapshot(self, pieces: Ints) -> Snapshot:
        from tracing.piece_kernels import LEG

        leg, slots = pieces[:, LEG], self._match.slots
        ends_at = slots.leg.source[leg], slots.leg.target[leg]
        return snapshot(pieces, slots.row(leg), ends_at, slots.slot.account, slots.slot.ends)

    def _told(
        self, before: Snapshot, after: Snapshot, opened: Flags, vanished: pa.Table | None = None
    ) -> tuple[MoneyMoved, ...]:
        """The events between two snapshots by row number; vanished: rows that only the first one knows."""
        changed = differences(before.carried, after.carried)
        rows = changed.key & ROW
        if not len(rows):
            return ()
        match = self._match
        parts = told_of(match.rows, match.slots, match.people.words, rows, vanished)
        claims = (self._claims.table["claim"].tolist(), opened)
        return events_of((before, after), changed, parts, claims, match.people.words)

    def _rebuild(self, arrival: Arrival, before: Snapshot | None = None, *, is_there: bool = False) -> tuple[MoneyMoved, ...]:
        """Match the whole ledger again; the events are what is other than before, by transfer id.

        Args:
            before: all claims' money where it lay before, if that is not what the slots say now. is_there: the rows are taken.
        """
        before = self._snapshot(self._claims.pieces()) if before is None else before
        old_table, old = self._claims.table["claim"].tolist(), self._match.rows
        if not is_there:
            old.gone |= set(arrival.gone.tolist())
            if arrival.rows.num_rows:
                old.add(arrival.rows)
        old.accounts, old.reports = arrival.accounts, arrival.reports
        self._claims = no_claims()
        whole = old.ledger(whole=True)[0] if arrival.whole is None else arrival.whole()
        self._match = LiveMatch.of(whole, self.parameters)
        self._renew_claims(NOTHING)
        names = self._claims.table["claim"].tolist()
        number = {name: k for k, name in enumerate(names)}
        before, vanished = renamed(before, [number.get(name, -1) for name in old_table], old, self._match.rows)
        opened = np.asarray([name not in set(old_table) for name in names], np.bool_)
        return self._told(before, self._snapshot(self._claims.pieces()), opened, vanished)

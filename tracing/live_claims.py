"""The claims of a live trace: every piece of their money as it lies now, followed again only where something changed."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ledger.book import Ledger
from tracing.claims import claims_of, seeds_of, without_overlaps
from tracing.follow import Followed, Pieces
from tracing.legs import Codes, Flags, Ints, Slots
from tracing.live_match import Taken
from tracing.live_slots import LiveSlots
from tracing.lots import Conversions, LotAxis
from tracing.openings import SOURCES, Openings
from tracing.result import Parameters
from tracing.trace import holders_of_accounts, with_tiers

LIMITS = ("max_hops", "hop_window", "min_amount")


@dataclass(frozen=True, kw_only=True)
class LiveAxis(LotAxis):
    """What traces read of an axis, over the slots of a live trace: legs know their target, positions are the slots' own."""

    leg_row: Ints
    leg_target: Codes
    row_limit: int
    behind: Ints

    @property
    def extra_legs(self) -> Ints:
        """The legs behind the transfers' own, by `extra_row`."""
        return self.behind

    @property
    def rows(self) -> int:
        """How many transfers there are."""
        return self.row_limit

    def row(self, leg: Ints) -> Ints:
        """Transfer row of each leg."""
        return self.leg_row[leg]

    def target(self, leg: Ints) -> Ints:
        """The slot each leg pays into."""
        return self.leg_target[leg].astype(np.int64)


def live_axis(slots: LiveSlots, idle_row: Ints, leg_row: Ints, warnings: tuple[str, ...] = ()) -> LiveAxis:
    """The axis as it is now. leg_row: transfer row of each leg, in whatever ledger is asked beside it."""
    behind = slots.behind
    count, legs = slots.slots, slots.legs
    own = {name: values[:count] for name, values in slots.slot._asdict().items()}
    source = np.where(own["is_stated"], SOURCES.index("reported"), own["origin"]).astype(np.int8)
    none = np.zeros(0, np.int64)
    time_us = slots.leg.time_us[:legs]
    return LiveAxis(
        slots=Slots(own["account"], own["currency"], slots.currencies, own["ends"], own["identified"]),
        openings=Openings(own["opening_fen"], source, own["known"]),
        credit_start=slots.leg.credit_start[:legs],
        slot_start=none,
        debit_start=none,
        debit_leg=none.astype(np.int32),
        debits=own["entry_count"],
        balance_fen=own["opening_fen"] + own["credited_fen"] - own["debited_fen"],
        conversions=Conversions(none, none, none),
        extra_row=behind.row[behind.counts],
        extra_part_fen=behind.part_fen[behind.counts],
        idle_row=idle_row,
        report_row=none,
        end_us=max(int(time_us.max(initial=0)), 0),
        warnings=warnings,
        leg_row=leg_row,
        leg_target=slots.leg.target[:legs],
        row_limit=slots.rows.count,
        behind=behind.leg[behind.counts],
    )


@dataclass
class LiveClaims:
    """Claims and their pieces; rows of KIND … LINKED of `tracing.piece_kernels`.

    table: as `Trace.claims` before overlaps. seeds: the disputed payments, raw: their pieces as if no claim overlapped another.
    crossing: pieces of raw on another claim's disputed payment. cut: claims that lose something to an earlier one, and
    again: their pieces without it, disjoint: their seeds.
    """

    table: pd.DataFrame
    warnings: tuple[str, ...]
    payer: Ints
    seeds: Ints
    raw: Ints
    crossing: Ints
    cut: Flags
    disjoint: Ints
    again: Ints

    def pieces(self, of: Flags | None = None) -> Ints:
        """All pieces as they count, or those of some claims."""
        from tracing.piece_kernels import CLAIM

        wanted = ~self.cut if of is None else ~self.cut & of
        again = self.again if of is None else self.again[of[self.again[:, CLAIM]]]
        return np.concatenate([self.raw[wanted[self.raw[:, CLAIM]]], again])

    def final_seeds(self) -> Ints:
        """The disputed payments less what belongs to earlier claims."""
        from tracing.piece_kernels import CLAIM

        return np.concatenate([self.seeds[~self.cut[self.seeds[:, CLAIM]]], self.disjoint])


def no_claims() -> LiveClaims:
    """Before anybody looked."""
    from tracing.piece_kernels import WIDTH

    none = np.zeros((0, WIDTH), np.int64)
    table = pd.DataFrame({"claim": pd.Series([], dtype=object)})
    return LiveClaims(table, (), none[:, 0], none, none, none, np.zeros(0, np.bool_), none, none)


def held_now(claims: LiveClaims, slots: LiveSlots, accounts: pd.DataFrame) -> pd.DataFrame:
    """What is held: claim, account, account_code, held_fen, basis_fen; sorted by claim and account."""
    from tracing.piece_kernels import BASIS, CLAIM, FEN, KIND, LEG, RESTED

    pieces = claims.pieces()
    slot = slots.leg.target[pieces[:, LEG]]
    here = (pieces[:, KIND] == RESTED) & ~slots.slot.ends[slot]
    pieces, code = pieces[here], slots.slot.account[slot[here]]
    table = pd.DataFrame(
        {"claim": pieces[:, CLAIM], "account_code": code, "held_fen": pieces[:, FEN], "basis_fen": pieces[:, BASIS]}
    )
    table = table.groupby(["claim", "account_code"]).sum().reset_index()
    names, account = claims.table["claim"].to_numpy(dtype=object), accounts["account"].to_numpy(dtype=object)
    table = table.assign(claim=names[table["claim"]], account=account[table["account_code"]])
    columns = ["claim", "account", "account_code", "held_fen", "basis_fen"]
    return table[columns].sort_values(["claim", "account"], ignore_index=True)


def claims_now(claims: LiveClaims, ledger: Ledger, axis: LiveAxis, parameters: Parameters) -> tuple[LiveClaims, Flags]:
    """The claims as the reports are now, with the pieces of those that stay, and which are new or start elsewhere.

    Args:
        ledger: the records by row number; axis.report_row: of each report.
    """
    found = claims_of(ledger, axis, parameters)
    holder = holders_of_accounts(ledger)
    payer = holder[found.table["payer_code"].to_numpy(dtype=np.int64)]
    seeds = with_tiers(axis, seeds_of(found.table, axis), holder[axis.slots.account], payer)
    table = table_of(seeds)
    place = {name: k for k, name in enumerate(found.table["claim"])}
    new_number = np.asarray([place.get(name, -1) for name in claims.table["claim"]], np.int64)
    raw, disjoint, again = (renumbered(part, new_number) for part in (claims.raw, claims.disjoint, claims.again))
    cut = np.zeros(len(place), np.bool_)
    cut[new_number[claims.cut & (new_number >= 0)]] = True
    old = renumbered(claims.seeds, new_number)
    other = np.asarray([seed_set(table, k) != seed_set(old, k) for k in range(len(place))], np.bool_)
    return LiveClaims(found.table, found.warnings, payer, table, raw, onto(raw, table), cut, disjoint, again), other


def onto(pieces: Ints, seeds: Ints) -> Ints:
    """The pieces that came onto a disputed payment."""
    from tracing.piece_kernels import CARRIED, HOP, KIND, LEG

    onward: Ints = pieces[(pieces[:, KIND] == CARRIED) & (pieces[:, HOP] > 1)]
    return np.asarray(onward[np.isin(onward[:, LEG], seeds[:, LEG])])


def seed_set(table: Ints, claim: int) -> set[tuple[int, ...]]:
    """The disputed payments of one claim."""
    from tracing.piece_kernels import CLAIM

    return {tuple(row) for row in table[table[:, CLAIM] == claim].tolist()}


def renumbered(table: Ints, number: Ints) -> Ints:
    """The rows of claims that still exist, under their new numbers."""
    from tracing.piece_kernels import CLAIM

    if not len(table):
        return table
    found = table.copy()
    found[:, CLAIM] = number[table[:, CLAIM]]
    return found[found[:, CLAIM] >= 0]


def followed_again(claims: LiveClaims, slots: LiveSlots, again: Flags, holder: Ints, limits: Ints) -> LiveClaims:
    """The claims with the pieces of some of them followed anew; the first claim on a piece of money wins.

    What a claim loses to an earlier one is looked at again until it stays: a limit may stop what is left of that one before it.
    """
    from tracing.piece_kernels import CLAIM

    new = follow(slots, claims.seeds[again[claims.seeds[:, CLAIM]]], holder, limits)
    raw = np.concatenate([claims.raw[~again[claims.raw[:, CLAIM]]], new])
    crossing = np.concatenate([claims.crossing[~again[claims.crossing[:, CLAIM]]], onto(new, claims.seeds)])
    uncut, none = np.zeros(len(again), np.bool_), claims.seeds[:0]
    claims = replace(claims, raw=raw, crossing=crossing, cut=uncut, disjoint=none, again=none)
    arrived = crossing
    while True:
        cut, disjoint = less_arrivals(claims, slots, arrived, holder)
        if np.array_equal(cut, claims.cut) and np.array_equal(disjoint, claims.disjoint):
            return claims
        claims = replace(claims, cut=cut, disjoint=disjoint, again=follow(slots, disjoint, holder, limits))
        arrived = np.concatenate([crossing[~cut[crossing[:, CLAIM]]], onto(claims.again, claims.seeds)])


def less_arrivals(claims: LiveClaims, slots: LiveSlots, arrived: Ints, holder: Ints) -> tuple[Flags, Ints]:
    """Which claims lose something to pieces that arrived on their disputed payments, and the seeds these have without it."""
    from tracing.piece_kernels import CLAIM, LEG

    cut = np.zeros(len(claims.cut), np.bool_)
    if not len(arrived):
        return cut, claims.seeds[:0]
    cut[claims.seeds[np.isin(claims.seeds[:, LEG], arrived[:, LEG]), CLAIM]] = True
    left = without_overlaps(pieces_of(claims.seeds), pieces_of(arrived))
    left = left.take(cut[left.claim])
    tier = claims.payer[left.claim] != holder[slots.leg.target[left.leg]]
    return cut, table_of(replace(left, tier=tier.astype(np.int64)))


def follow(slots: LiveSlots, seeds: Ints, holder: Ints, limits: Ints) -> Ints:
    """The pieces of the seeds."""
    from tracing.piece_kernels import follow_pieces

    return np.asarray(follow_pieces(slots.leg, slots.slot, slots.arena, holder, seeds, limits))


def touched_claims(claims: LiveClaims, slots: LiveSlots, taken: Taken) -> Flags:
    """The claims some of whose money may lie elsewhere after what an update took in."""
    from tracing.live_lay_kernels import ALL, TAIL
    from tracing.piece_kernels import CARRIED, CLAIM, KIND, LEG, RESTED

    change = np.zeros(slots.slots, np.int8)
    change[taken.touched] = taken.changes
    found = claims.cut.copy()
    for pieces in (claims.raw, claims.again):
        kind, at = pieces[:, KIND], change[slots.leg.target[pieces[:, LEG]]]
        hit = ((kind == RESTED) & (at >= TAIL)) | ((kind == CARRIED) & (at == ALL)) | np.isin(pieces[:, LEG], taken.moved)
        found[pieces[hit, CLAIM]] = True
    return found


def limits_of(parameters: Parameters) -> Ints:
    """The limits as the compiled follow takes them."""
    return np.asarray([parameters.max_hops or 0, parameters.hop_window_us or 0, parameters.min_amount_fen], np.int64)


def table_of(pieces: Pieces) -> Ints:
    """Pieces as rows, each as it leaves its source."""
    columns = (pieces.claim, pieces.leg, pieces.start_fen, pieces.fen, pieces.basis_fen, pieces.hop, pieces.tier, pieces.linked)
    return np.ascontiguousarray(np.column_stack([np.zeros(len(pieces), np.int64), *columns]).astype(np.int64))


def pieces_of(table: Ints) -> Pieces:
    """Rows as pieces."""
    columns = np.column_stack([table[:, 1:], np.zeros(len(table), np.int64)])  # nothing a live trace follows flags money
    return Pieces(*columns.T.copy())


def as_followed(table: Ints) -> Followed:
    """All pieces by what became of them."""
    from tracing.piece_kernels import CARRIED, CUT, KIND, LOST, REPAID, RESTED

    carried, rested, repaid, lost = (pieces_of(table[table[:, KIND] == kind]) for kind in (CARRIED, RESTED, REPAID, LOST))
    cut = tuple((name, pieces_of(table[table[:, KIND] == CUT + k])) for k, name in enumerate(LIMITS))
    return Followed(carried, rested, repaid, lost, cut)

"""Explain: what rests of a claim at an account, redone by hand from the disputed payment on, every line with its record.

The accounts on the way are replayed in plain Python (`tracing.hand_replay`) and compared with the trace: an explanation that
does not come out at the traced figure is a mistake of ours and is never shown.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ledger.book import Ledger
from ledger.problems import LiushuiError
from tracing.claims import claims_of
from tracing.flags import CERTAIN_BP
from tracing.follow import Followed, Pieces
from tracing.hand_records import Record
from tracing.hand_replay import Draft, Entry, Followings, Wanted, Way, replayed_by_hand, way_to
from tracing.holders import one_balance
from tracing.inferred import doubts_by_row, likely_links
from tracing.legs import Ints
from tracing.lots import Settled, axis_of
from tracing.openings import SOURCES
from tracing.purse import Part
from tracing.result import ALLOCATING, Level, Parameters
from tracing.trace import followed_claims, holders_of_accounts, settled_for, way_of

__all__ = ["Entry", "Explanation", "Page", "Record", "Step", "explain_held"]


@dataclass(frozen=True)
class Page:
    """An account on the way: where it begins, its lines, and what lies in it in the end (in the order of the lots).

    accounts: those that are one balance, at the level of holders all of the holder's. identified: kept apart by a record;
    by_link: kept apart by an inferred link of probability_bp.
    """

    accounts: tuple[str, ...]
    identified: bool
    opening_fen: int
    opening_source: str
    entries: tuple[Entry, ...]
    rests: tuple[Part, ...]
    by_link: bool = False
    probability_bp: int = CERTAIN_BP


@dataclass(frozen=True)
class Step:
    """A payment on the way.

    parts: the parts of it that are the claim's money and lead there. ranges: which fen of the disputed payment, from … until,
    come to rest there by way of it; none where the method mixes. linked: a record, not the method, made it. by_link: an
    inferred link of probability_bp did.
    """

    record: Record
    hop: int
    linked: bool
    parts: tuple[Part, ...]
    ranges: tuple[tuple[int, int], ...]
    by_link: bool = False
    probability_bp: int = CERTAIN_BP


@dataclass(frozen=True)
class Explanation:
    """The way of a claim's money to an account. claims: names by number. rests: the claim's money that rests there.

    accounts: those that are one balance with it, itself among them.

    steps: in ledger order. pooled: the method mixes the claim's money, so that a part has no place in the payment.
    """

    parameters: Parameters
    ledger_digest: str
    account: str
    accounts: tuple[str, ...]
    report: str
    claims: tuple[str, ...]
    claim_fen: int
    currency: str
    ends: bool
    pooled: bool
    steps: tuple[Step, ...]
    pages: tuple[Page, ...]
    rests: tuple[Part, ...]

    @property
    def held_fen(self) -> int:
        """What rests there."""
        return sum(part.fen for part in self.rests)

    @property
    def probability_bp(self) -> int:
        """The smallest probability of the inferred links on the way; 10,000 where there is none."""
        return min([step.probability_bp for step in self.steps], default=CERTAIN_BP)


def explain_held(
    ledger: Ledger,
    account: str,
    report: str,
    parameters: Parameters,
    every: bool = False,
    inferred: pd.DataFrame | None = None,
) -> Explanation:
    """How a claim's money came to rest at an account; at the level of holders at any account of its holder.

    Args:
        parameters: method (one that allocates), as_of_us, opening, ties, currency, level and inferred are observed.
        every: entries that move none of the claim's money are shown one by one too.
        inferred: the inferred links, as `trace_claims` takes them.
    Raises:
        LiushuiError TRC-account, TRC-report, TRC-method; TRC-explain for what cannot be redone account by account.
        AssertionError when the account by hand and the trace differ: a mistake of ours.
    """
    check_explainable(parameters)
    codes = np.flatnonzero((ledger.accounts["account"] == account).to_numpy(dtype=bool))
    if not len(codes):
        raise LiushuiError("TRC-account", f"not in the ledger: account {account}")
    likely = likely_links(parameters, inferred)
    settled = settled_for(ledger, parameters, likely)
    axis = axis_of(ledger, settled)
    claims = claims_of(ledger, axis, parameters)
    names = claims.table["claim"].tolist()
    if report not in names:
        told = next(
            (one for one in claims.warnings if one.startswith(f"report {report} ")), f"not in the ledger: report {report}"
        )
        raise LiushuiError("TRC-report", told)
    links = way_of(axis, settled, parameters.method)
    seeds, followed = followed_claims(ledger, axis, claims, holders_of_accounts(ledger), parameters, links)
    claim = names.index(report)
    accounts = one_balance(ledger, int(codes[0]), parameters.level)
    ends_at = np.flatnonzero(np.isin(settled.legs.slots.account, accounts))
    way = way_to(ledger, settled, followed.carried, Wanted(claim, ends_at, parameters.method, every))
    pieces, drafts, ended = replayed_by_hand(way)
    rests = [part for slot in ends_at.tolist() if slot in drafts for part in drafts[slot].purse.lots() if part.claim == claim]
    rests += ended
    check(settled, followed, claim, ends_at, rests)
    pooled = parameters.method == "pro_rata"
    leads = pieces.with_ancestors({part.piece for part in rests})
    own = seeds.take(seeds.claim == claim)
    return Explanation(
        parameters=parameters,
        ledger_digest=ledger.digest,
        account=account,
        accounts=tuple(ledger.accounts["account"].iloc[accounts]),
        report=report,
        claims=tuple(map(str, names)),
        claim_fen=int(own.basis_fen.sum()),
        currency=str(claims.table["currency"].iloc[claim]),
        ends=bool(settled.legs.slots.ends[ends_at].all()),
        pooled=pooled,
        steps=with_links(ledger, settled, steps_of(way, followed.carried, pieces, rests, pooled), likely) if rests else (),
        pages=pages_of(ledger, way, drafts, leads, pooled) if rests else (),
        rests=tuple(rests),
    )


def check(settled: Settled, followed: Followed, claim: int, ends_at: Ints, rests: list[Part]) -> None:
    """What rests by hand is what rests by the trace, in fen and in victims' money."""
    traced = followed.rested.take((followed.rested.claim == claim) & np.isin(settled.legs.target[followed.rested.leg], ends_at))
    by_hand = sum(part.fen for part in rests), sum(part.basis for part in rests)
    by_trace = int(traced.fen.sum()), int(traced.basis_fen.sum())
    assert by_hand == by_trace, f"by hand {by_hand} rest, by the trace {by_trace}"


def check_explainable(parameters: Parameters) -> None:
    """Refuse what cannot be redone account by account, in the order of time. Raises: LiushuiError TRC-method, TRC-explain."""
    if parameters.method not in ALLOCATING:
        raise LiushuiError("TRC-method", f"{parameters.method} shares nothing out, so there are no amounts to explain")
    if parameters.overdraft == "backward":
        told = "money that goes back through an overdraft arrives before it was sent, and no page in order of time shows that"
        raise LiushuiError("TRC-explain", f"{told}; explain the trace without --overdraft backward")
    if parameters.direction != "forward" or parameters.max_hops or parameters.hop_window_us or parameters.min_amount_fen:
        raise LiushuiError("TRC-explain", "an explanation goes forward and stops at no limit")


def with_links(ledger: Ledger, settled: Settled, steps: Mapping[int, Step], links: pd.DataFrame | None) -> tuple[Step, ...]:
    """The steps, by leg, with the inferred links that made them."""
    slots, found = settled.legs.slots, []
    doubts = doubts_by_row(ledger, links)
    for leg, step in steps.items():
        by_link = step.record.exchanged or (slots.inferred is not None and bool(slots.inferred[settled.legs.source[leg]]))
        doubt = doubts[int(settled.legs.row(np.asarray([leg]))[0])] if by_link else 0
        found.append(replace(step, by_link=by_link, linked=step.linked and not by_link, probability_bp=CERTAIN_BP - doubt))
    return tuple(found)


def steps_of(way: Way, carried: Pieces, pieces: Followings, rests: list[Part], pooled: bool) -> dict[int, Step]:
    """The payments on the way by leg, in ledger order."""
    on_leg: dict[int, list[Part]] = defaultdict(list)
    ranges: dict[int, list[tuple[int, int]]] = defaultdict(list)
    resting = pieces.ranges(rests)
    for leg, part in zip(pieces.leg, pieces.part, strict=True):
        if leg in way.kept and (pooled or part.piece in resting):
            on_leg[leg].append(part)
            ranges[leg] += resting.get(part.piece, [])
    own = carried.take(carried.claim == way.wanted.claim)
    rows = sorted(zip(own.leg.tolist(), own.hop.tolist(), own.linked.tolist(), strict=True), reverse=True)
    first = {leg: (hop, bool(linked) and hop > 1) for leg, hop, linked in rows}
    legs = [leg for leg in way.legs.tolist() if leg in on_leg]
    return {leg: Step(way.records[leg], *first[leg], tuple(on_leg[leg]), merged(ranges[leg])) for leg in legs}


def merged(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Ranges in order, neighbours as one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(ranges):
        if found and found[-1][1] == begin:
            found[-1] = (found[-1][0], end)
        elif end > begin:
            found.append((begin, end))
    return tuple(found)


def pages_of(ledger: Ledger, way: Way, drafts: Mapping[int, Draft], leads: set[int], pooled: bool) -> tuple[Page, ...]:
    """A page for every account on the way, in the order in which the money came to them."""
    legs, openings = way.settled.legs, way.settled.openings
    names = ledger.accounts["account"].tolist()
    pages = []
    for slot in dict.fromkeys(int(legs.target[leg]) for leg in way.legs.tolist() if leg in way.kept):
        if slot not in drafts:
            continue
        draft = drafts[slot]
        entries = tuple(
            replace(entry, leads=entry.leads and (pooled or any(part.piece in leads for part in entry.parts)))
            for entry in draft.entries
        )
        if not any(entry.leads for entry in entries):
            continue
        opening = int(openings.fen[slot]), SOURCES[int(openings.source[slot])]
        rests, apart = tuple(draft.purse.lots()), bool(legs.slots.identified[slot])
        by_link = legs.slots.inferred is not None and bool(legs.slots.inferred[slot])
        bp = CERTAIN_BP - int(legs.slots.doubt_bp[slot]) if by_link and legs.slots.doubt_bp is not None else CERTAIN_BP
        level: Level = "account" if apart or way.settled.apart is None else "holder"
        accounts = tuple(names[one] for one in one_balance(ledger, int(legs.slots.account[slot]), level))
        pages.append(Page(accounts, apart and not by_link, *opening, entries, rests, by_link, bp))
    return tuple(pages)

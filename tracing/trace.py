"""A trace: every claim followed through the lot links, told in five tables, conservation asserted."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from ledger.book import Ledger
from ledger.problems import LiushuiError
from tracing.certainty import with_doubts
from tracing.claim_overlaps import with_overlaps
from tracing.claims import Claims, claims_of, seeds_of, without_overlaps
from tracing.envelope import yuan
from tracing.exchanges import AS_RECORDED, HIDDEN, paid_from
from tracing.flags import ANY_FLAG, flagged, told_flags
from tracing.follow import Followed, Pieces, follow
from tracing.frontier import frontier_of
from tracing.holdings import held_of, sinks_of
from tracing.index import indexed_axis, indexed_lifo
from tracing.inferred import likely_links
from tracing.legs import Ints, Slots
from tracing.links import Links, fifo_links, lifo_links
from tracing.lots import LotAxis, Settled, axis_of, settled_legs
from tracing.poison import poison
from tracing.replay import replay
from tracing.result import METHODS, Limit, Parameters, Trace

LINKED = ("fifo", "lifo")
"""Methods under which the same fen are spent whoever the victim is: their links are made once, and walked."""


def trace_claims(ledger: Ledger, parameters: Parameters | None = None, inferred: pd.DataFrame | None = None) -> Trace:
    """Follow the reported payments to where their money is, or with direction `backward` to what is behind them.

    Args:
        inferred: the links to follow when the parameters say so: transfer, redemptions, probability_bp; see `tracing.inferred`.
    Raises:
        LiushuiError TRC-method for a method that does not exist; TRC-too-much-money for a ledger beyond int64;
            TRC-too-many-rows when poison reaches more payments than a result can hold.
        AssertionError when a claim does not balance: a mistake of ours, never to be passed over.
    """
    parameters = parameters or Parameters()
    check_overdraft(parameters, (parameters.method,))
    if parameters.method not in METHODS:
        raise LiushuiError("TRC-method", f"there is no method {parameters.method}; there is: {', '.join(METHODS)}")
    likely = likely_links(parameters, inferred)
    if parameters.direction == "backward":
        from tracing.backward import trace_backward  # it stands on this module

        return trace_backward(ledger, parameters, likely)
    if parameters.method in LINKED:
        axis, links = links_for(ledger, parameters, likely)
        return traced_by(ledger, axis, links, parameters, likely)
    settled = settled_for(ledger, parameters, likely)
    return traced_by(ledger, axis_of(ledger, settled), settled, parameters, likely)


def trace_methods(
    ledger: Ledger, parameters: Parameters, methods: Sequence[str] = METHODS, inferred: pd.DataFrame | None = None
) -> dict[str, Trace]:
    """The same claims by several methods, side by side; the legs are settled once. Arguments and errors as `trace_claims`."""
    check_overdraft(parameters, methods)
    likely = likely_links(parameters, inferred)
    settled = settled_for(ledger, parameters, likely)
    axis = axis_of(ledger, settled)
    return {
        method: traced_by(ledger, axis, way_of(axis, settled, method), replace(parameters, method=method), likely)
        for method in methods
    }


def check_overdraft(parameters: Parameters, methods: Sequence[str]) -> None:
    """Refuse to go backward through overdrafts where no links say which fen repaid which.

    Raises: LiushuiError TRC-overdraft.
    """
    others = [method for method in methods if method in METHODS and method not in LINKED]
    if parameters.overdraft == "backward" and others:
        told = f"{', '.join(others)} cannot tell which fen repaid a bank: overdraft backward is for {' and '.join(LINKED)}"
        raise LiushuiError("TRC-overdraft", told)


def way_of(axis: LotAxis, settled: Settled, method: str) -> Links | Settled:
    """What a method follows: FIFO and LIFO their links, every other the legs themselves."""
    if method == "fifo":
        return fifo_links(axis)
    return lifo_links(axis, settled) if method == "lifo" else settled


def traced_by(
    ledger: Ledger, axis: LotAxis, way: Links | Settled, parameters: Parameters, inferred: pd.DataFrame | None = None
) -> Trace:
    """One method's trace.

    Args:
        way: the links to walk, or the legs to replay where what leaves depends on whose it is.
        inferred: the inferred links that are in them.
    """
    claims = claims_of(ledger, axis, parameters)
    holder = holders_of_accounts(ledger)
    seeds, followed = followed_claims(ledger, axis, claims, holder, parameters, way)
    trace = replace(told(ledger, axis, claims, seeds, followed, parameters), inferred=inferred)
    lost = bool(trace.claims["overlap_fen"].any())
    trace = with_overlaps(trace, claims.table, seeds_of(claims.table, axis) if lost else seeds, followed)
    unbalanced = trace.unbalanced()
    assert unbalanced.empty or not trace.allocates, f"claims that do not balance: {unbalanced.to_dict('index')}"
    return trace


def links_for(ledger: Ledger, parameters: Parameters, inferred: pd.DataFrame | None = None) -> tuple[LotAxis, Links]:
    """The axis and the links FIFO or LIFO asks for: from the stored index where they fit, else built now."""
    usual = Parameters()
    plain = all(getattr(parameters, name) == getattr(usual, name) for name in ("as_of_us", "opening", "ties", "level"))
    if plain and inferred is None:
        axis = indexed_axis(ledger)
        return axis, fifo_links(axis) if parameters.method == "fifo" else indexed_lifo(ledger, axis)
    settled = settled_for(ledger, parameters, inferred)
    axis = axis_of(ledger, settled)
    return axis, fifo_links(axis) if parameters.method == "fifo" else lifo_links(axis, settled)


def settled_for(ledger: Ledger, parameters: Parameters, inferred: pd.DataFrame | None = None) -> Settled:
    """The settled legs the parameters ask for."""
    return settled_legs(ledger, parameters.as_of_us, parameters.opening, parameters.ties, parameters.level, inferred)


def holders_of_accounts(ledger: Ledger) -> Ints:
    """A number per account, the same for all accounts of one holder; accounts without a holder are their own."""
    code, _ = pd.factorize(ledger.accounts["holder"])
    alone = -1 - np.arange(len(code))
    return np.asarray(np.where(code < 0, alone, code), dtype=np.int64)


def followed_claims(
    ledger: Ledger, axis: LotAxis, claims: Claims, holder: Ints, parameters: Parameters, way: Links | Settled
) -> tuple[Pieces, Followed]:
    """The disputed payments and where they went; money another claim already covers belongs to that claim.

    Args:
        way: as for `traced_by`.
    """
    seeds, followed = walked_claims(ledger, axis, claims, holder, parameters, way)
    if axis.slots.inferred is None:
        return seeds, followed

    def again(slots: Slots) -> Followed:
        if isinstance(way, Settled):
            marked: Links | Settled = replace(way, legs=replace(way.legs, slots=slots))
        else:
            marked = way
        return walked_claims(ledger, replace(axis, slots=slots), claims, holder, parameters, marked)[1]

    many = isinstance(way, Settled) and parameters.method != "poison"
    return seeds, with_doubts(axis, followed, again, many=many)


def walked_claims(
    ledger: Ledger, axis: LotAxis, claims: Claims, holder: Ints, parameters: Parameters, way: Links | Settled
) -> tuple[Pieces, Followed]:
    """As `followed_claims`, with the flags alone."""
    needs_time = parameters.hop_window_us is not None or parameters.overdraft_window_us is not None
    time_us = np.array(ledger.read(("time",))["time"].cast(pa.int64()).to_numpy()) if needs_time else None
    payer = holder[claims.table["payer_code"].to_numpy(dtype=np.int64)]
    holder = holder[axis.slots.account]
    seeds = with_tiers(axis, seeds_of(claims.table, axis), holder, payer)
    if isinstance(way, Settled):
        if parameters.method == "poison":
            return poison(way, seeds, holder, axis.balance_fen)
        return replay(way, seeds, holder, parameters)
    asked = seeds
    while True:  # a limit may stop money short of a later claim, so what that one loses is looked at again
        followed = follow(axis, way, seeds, holder, parameters, time_us)
        disjoint = without_overlaps(asked, followed.carried)
        if disjoint is seeds or same_pieces(disjoint, seeds):
            return seeds, followed
        seeds = with_tiers(axis, disjoint, holder, payer)


def same_pieces(one: Pieces, other: Pieces) -> bool:
    """Whether both are the same fen of the same claims."""
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("claim", "leg", "start_fen", "fen"))


def with_tiers(axis: LotAxis, seeds: Pieces, holder: Ints, payer: Ints) -> Pieces:
    """Seeds with tier 1, or 0 where the victim paid an own account.

    Args:
        holder: of each slot. payer: holder of the account each claim's payment left.
    """
    return replace(seeds, tier=(payer[seeds.claim] != holder[axis.target(seeds.leg)]).astype(np.int64))


def told(ledger: Ledger, axis: LotAxis, claims: Claims, seeds: Pieces, followed: Followed, parameters: Parameters) -> Trace:
    """The result tables of a followed trace, all but that of the overlaps."""
    traced_fen = np.bincount(seeds.claim, minlength=len(claims.table)) * 0
    np.add.at(traced_fen, seeds.claim, seeds.basis_fen)
    overlap = claims.table["reported_fen"].to_numpy() - traced_fen
    table = claims.table.drop(columns=["paid_fen", "payer_code", "reported_us"])
    table = table.assign(overlap_fen=overlap, claim_fen=traced_fen)
    names = table["claim"].to_numpy(dtype=object)
    overlapped = [
        f"{yuan(int(fen))} of report {name} are already claimed by an earlier report: overlaps.csv"
        for name, fen in zip(names, overlap, strict=True)
        if fen
    ]
    held = held_of(ledger, axis, followed, names)
    traced = traced_of(ledger, axis, followed, names)
    return Trace(
        parameters=parameters,
        ledger_digest=ledger.digest,
        batch=ledger.batch,
        claims=table,
        traced=traced,
        held=held,
        sinks=sinks_of(ledger, axis, followed, names),
        frontier=frontier_of(ledger, axis, followed, names),
        limits=limits_hit(parameters, followed),
        warnings=axis.warnings + claims.warnings + tuple(overlapped),
    )


def limits_hit(parameters: Parameters, followed: Followed) -> tuple[Limit, ...]:
    """The limits that cut something off, with what they cut."""
    value = {"max_hops": parameters.max_hops, "hop_window": parameters.hop_window_us, "min_amount": parameters.min_amount_fen}
    return tuple(Limit(name, str(value[name]), len(cut), int(cut.basis_fen.sum())) for name, cut in followed.cut if len(cut))


def traced_of(
    ledger: Ledger, axis: LotAxis, followed: Followed, names: "np.ndarray[tuple[int], np.dtype[np.object_]]"
) -> pd.DataFrame:
    """The `traced` table: one row per claim and transfer."""
    pieces = followed.carried
    if not len(pieces):
        return pd.DataFrame(columns=TRACED_COLUMNS)
    by_piece = pd.DataFrame(
        {
            "claim": pieces.claim,
            "transfer_row": axis.row(pieces.leg),
            "hop": pieces.hop,
            "tier": pieces.tier,
            "traced_fen": pieces.fen,
            "basis_fen": pieces.basis_fen,
            "linked": pieces.linked,
            "payer_code": paid_from(axis, pieces.leg),
            **flagged(pieces.flags),
        }
    )
    parts = by_piece[by_piece["payer_code"] != HIDDEN].groupby(["claim", "transfer_row", "payer_code"], sort=True)
    summed = {"hop": "min", "tier": "min", "traced_fen": "sum", "basis_fen": "sum", "linked": "min", **ANY_FLAG}
    table = told_flags(parts.agg(summed).reset_index())
    return with_transfers(ledger, table.assign(claim=names[table["claim"]]))


TRACED_COLUMNS = [
    "claim", "transfer", "transfer_row", "hop", "tier", "time_us", "source", "target", "source_code", "target_code",
    "amount_fen", "traced_fen", "basis_fen", "made_by", "flags", "probability_bp",
]  # fmt: skip


def with_transfers(ledger: Ledger, table: pd.DataFrame) -> pd.DataFrame:
    """The traced rows with what the ledger says of their transfers, sorted by claim, hop, time and transfer."""
    rows, place = np.unique(table["transfer_row"].to_numpy(), return_inverse=True)
    found = ledger.rows(rows, "transfer", "time", "source", "target", "amount_fen").iloc[place]
    account = ledger.accounts["account"].to_numpy(dtype=object)
    # the number of a card ties its redemption to its purchase
    is_card = ledger.accounts["kind"].astype(object).eq("card").to_numpy(dtype=bool)
    source, target = (found[name].to_numpy(dtype=np.int32) for name in ("source", "target"))
    by_payer = table["payer_code"].to_numpy(dtype=np.int64)
    source = np.where(by_payer >= 0, by_payer, source).astype(np.int32)
    made_by = np.where((table["linked"] == 1) | is_card[source], "reference", "method")
    full = table.assign(
        transfer=found["transfer"].to_numpy(dtype=object),
        time_us=found["time"].astype("int64[pyarrow]").to_numpy(dtype=np.int64),
        source=account[source],
        target=account[target],
        source_code=source,
        target_code=target,
        amount_fen=found["amount_fen"].to_numpy(dtype=np.int64),
        made_by=np.where(by_payer == AS_RECORDED, made_by, "inferred"),
    )
    return full[TRACED_COLUMNS].sort_values(["claim", "hop", "transfer_row", "source"], ignore_index=True)

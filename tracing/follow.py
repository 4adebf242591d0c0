"""Following claims through the lot links: interval translation, hop by hop, all claims at once."""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tracing.legs import Flags, Ints
from tracing.lots import OVERDRAWN, UNSPENT, LotAxis, Overlaps, overlaps
from tracing.result import Parameters


@dataclass(frozen=True)
class Pieces:
    """k pieces of victims' money: `fen` of a leg, from `start_fen` on.

    claim: number of the claim. leg: the leg that carried it. basis_fen: victims' money in it. hop: 1 = the disputed
    payment. tier: hops between different holders. linked: 1 where a record, not the method, chose the leg. flags: bits of
    `tracing.legs.OVERDRAFT` and `INFERRED`, kept from there on.
    """

    claim: Ints
    leg: Ints
    start_fen: Ints
    fen: Ints
    basis_fen: Ints
    hop: Ints
    tier: Ints
    linked: Ints
    flags: Ints

    def __len__(self) -> int:
        return len(self.claim)

    def take(self, where: Ints | Flags) -> Self:
        """The pieces at the given positions."""
        return type(self)(**{f.name: getattr(self, f.name)[where] for f in fields(self)})


def joined(parts: list[Pieces]) -> Pieces:
    """The parts end to end."""
    return Pieces(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Pieces)})


@dataclass(frozen=True)
class Followed:
    """Where the pieces went. The basis of rested, overdrawn, lost and cut adds up to that of the seeds, per claim.

    carried: every piece as it left a source, seeds included (start_fen is in given fen). rested: pieces no leg spends.
    overdrawn: pieces that repaid an overdraft. lost: pieces a conversion rounded to nothing, on the converting leg.
    cut: (limit, pieces) not followed because of a limit. allocates: False where the pieces are a bound, not a share-out.
    """

    carried: Pieces
    rested: Pieces
    overdrawn: Pieces
    lost: Pieces
    cut: tuple[tuple[str, Pieces], ...]
    allocates: bool = True


def follow(axis: LotAxis, seeds: Pieces, holder: Ints, limits: Parameters, time_us: Ints | None = None) -> Followed:
    """Follow disputed payments forward until their money rests.

    Args:
        seeds: the disputed payments, in given fen, hop 1; disjoint.
        holder: number of each slot's holder; a move between slots of one holder adds no tier.
        limits: max_hops, hop_window_us and min_amount_fen are observed; nothing else is read.
        time_us: time of each transfer row; needed for hop_window_us only.
    """
    carried, rested, overdrawn, lost = [seeds], [empty()], [empty()], [empty()]
    cut: dict[str, list[Pieces]] = {}
    arrived, gone = received(axis, seeds)
    lost.append(gone)
    while len(arrived):
        overlap = overlaps(axis, axis.credit_start[arrived.leg] + arrived.start_fen, arrived.fen)
        parts = cut_into(axis, arrived, overlap)
        onward = axis.debit_leg[overlap.entry]
        rested.append(parts.take(onward == UNSPENT))
        overdrawn.append(parts.take(onward == OVERDRAWN))
        going = onward >= 0
        for name, stops in stopped(axis, parts, onward, limits, time_us):
            cut.setdefault(name, []).append(parts.take(going & stops))
            going &= ~stops
        sent = moved(axis, parts.take(going), onward[going], debit_offset(axis, overlap)[going], holder)
        carried.append(sent)
        arrived, gone = received(axis, sent)
        lost.append(gone)
    limited = tuple((name, joined(pieces)) for name, pieces in cut.items())
    return Followed(joined(carried), joined(rested), joined(overdrawn), joined(lost), limited)


def debit_offset(axis: LotAxis, overlap: Overlaps) -> Ints:
    """Where in its debit each overlap begins."""
    return overlap.start - axis.debit_start[overlap.entry]


def empty() -> Pieces:
    """No piece."""
    return Pieces(*(np.zeros(0, dtype=np.int64) for _ in fields(Pieces)))


def received(axis: LotAxis, sent: Pieces) -> tuple[Pieces, Pieces]:
    """Pieces as the target gets them, and those a conversion rounds to nothing.

    A conversion scales positions by received/given, rounded down, so that the parts add up; basis stays.
    """
    conversions = axis.conversions
    place = np.searchsorted(conversions.leg, sent.leg)
    converted = np.flatnonzero(np.isin(sent.leg, conversions.leg)) if len(conversions.leg) else place[:0]
    if not len(converted):
        return sent, empty()
    given, got = conversions.given_fen[place[converted]], conversions.received_fen[place[converted]]
    start, end = sent.start_fen.copy(), sent.start_fen + sent.fen
    start[converted] = multiplied(start[converted], got, given)
    end[converted] = multiplied(end[converted], got, given)
    arrived = replace(sent, start_fen=start, fen=end - start)
    some = arrived.fen > 0
    return arrived.take(some), sent.take(~some)


def multiplied(value: Ints, by: Ints, over: Ints) -> Ints:
    """value * by // over, exactly, also where the product does not fit 64 bits."""
    if not len(value) or int(value.max()) * int(by.max()) < 2**63:
        return value * by // over
    wide = [v * b // o for v, b, o in zip(value.tolist(), by.tolist(), over.tolist(), strict=True)]
    return np.asarray(wide, dtype=np.int64)


def cut_into(axis: LotAxis, pieces: Pieces, overlap: Overlaps) -> Pieces:
    """The pieces cut where the debits cut them; basis is split by cumulative floor over the piece."""
    whole = pieces.take(overlap.piece)
    begin = overlap.start - axis.credit_start[whole.leg] - whole.start_fen
    basis = overlap.length.copy()
    uneven = whole.basis_fen != whole.fen
    if uneven.any():
        total, fen, first = whole.basis_fen[uneven], whole.fen[uneven], begin[uneven]
        until = multiplied(first + overlap.length[uneven], total, fen)
        basis[uneven] = until - multiplied(first, total, fen)
    return replace(whole, start_fen=whole.start_fen + begin, fen=overlap.length, basis_fen=basis)


def stopped(
    axis: LotAxis, parts: Pieces, onward: NDArray[np.int32], limits: Parameters, time_us: Ints | None
) -> list[tuple[str, Flags]]:
    """For each limit that is set, which parts it stops."""
    stops: list[tuple[str, Flags]] = []
    if limits.max_hops is not None:
        stops.append(("max_hops", parts.hop >= limits.max_hops))
    if limits.hop_window_us is not None and time_us is not None:
        rested_us = time_us[axis.row(np.maximum(onward, 0).astype(np.int64))] - time_us[axis.row(parts.leg)]
        stops.append(("hop_window", rested_us > limits.hop_window_us))
    if limits.min_amount_fen > 0:
        stops.append(("min_amount", parts.fen < limits.min_amount_fen))
    return stops


def moved(axis: LotAxis, parts: Pieces, onward: NDArray[np.int32], start_fen: Ints, holder: Ints) -> Pieces:
    """The parts on the leg that spends them."""
    leg = onward.astype(np.int64)
    source = axis.target(parts.leg)
    other = holder[source] != holder[axis.target(leg)]
    linked = axis.slots.identified[source].astype(np.int64)
    flags = parts.flags if axis.slots.inferred is None else parts.flags | axis.slots.flags[source]
    tier = parts.tier + other
    return replace(parts, leg=leg, start_fen=start_fen, hop=parts.hop + 1, tier=tier, linked=linked, flags=flags)

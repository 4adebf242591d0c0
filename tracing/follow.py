"""Following claims through the lot links: interval translation, hop by hop, all claims at once, in compiled code.

One claim takes microseconds on an open ledger: nothing here may be as long as the ledger.
"""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tracing.legs import INFERRED, OVERDRAFT, Flags, Ints
from tracing.links import Links
from tracing.lots import LotAxis
from tracing.overdrafts import OFF, overdrafts_of
from tracing.result import LIMITS, Parameters

ALL_FLAGS = OVERDRAFT | INFERRED
NONE = np.zeros(0, dtype=np.int64)


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


def follow(
    axis: LotAxis, links: Links, seeds: Pieces, holder: Ints, limits: Parameters, time_us: Ints | None = None
) -> Followed:
    """Follow disputed payments forward until their money rests.

    Args:
        links: which debit spends each stretch of the axis, by the method.
        seeds: the disputed payments, in given fen, hop 1; disjoint.
        holder: number of each slot's holder; a move between slots of one holder adds no tier.
        limits: max_hops, hop_window_us, min_amount_fen, overdraft and its window are observed; nothing else is read.
        time_us: time of each transfer row; needed for the two windows only.
    """
    from tracing import follow_kernels as kernels

    overdrafts = overdrafts_of(axis, limits)
    by_leg = NONE if overdrafts.reach_us == OFF else np.lexsort([seeds.start_fen, seeds.leg])
    carried, rested, other = kernels.walked(
        table_of(seeds),
        links.start,
        links.leg,
        links.offset_fen,
        axis.credit_start,
        axis.slot_start,
        axis.slots.identified,
        NONE if axis.slots.inferred is None else axis.slots.flags,
        holder,
        axis.conversions.leg,
        axis.conversions.given_fen,
        axis.conversions.received_fen,
        limits_of(limits, time_us),
        NONE if time_us is None else time_us,
        axis.rows,
        axis.extra_row,
        overdrafts.reach_us,
        overdrafts.leg,
        overdrafts.own_fen,
        by_leg,
    )
    if not len(other):
        return Followed(pieces_of(carried), pieces_of(rested), empty(), empty(), ())
    parts = [pieces_of(other[other[:, -1] == what]) for what in range(kernels.CUT + len(LIMITS))]
    cut = tuple((name, part) for name, part in zip(LIMITS, parts[kernels.CUT :], strict=True) if len(part))
    return Followed(pieces_of(carried), pieces_of(rested), parts[kernels.OVERDRAWN_PIECE], parts[kernels.LOST], cut)


def limits_of(limits: Parameters, time_us: Ints | None) -> Ints:
    """Most hops, longest rest and least fen in the kernels' form: 0 = none."""
    window = limits.hop_window_us if time_us is not None else None
    return np.array([limits.max_hops or 0, window or 0, limits.min_amount_fen], dtype=np.int64)


def table_of(pieces: Pieces) -> "NDArray[np.int64]":
    """The pieces as rows, with a column more for the kernel's own use."""
    table = np.zeros((len(pieces), len(fields(Pieces)) + 1), dtype=np.int64)
    for column, part in enumerate(fields(Pieces)):
        table[:, column] = getattr(pieces, part.name)
    return table


def pieces_of(table: "NDArray[np.int64]") -> Pieces:
    """The rows as pieces."""
    pieces = Pieces(*table.T[:-1])
    return pieces if not pieces.flags.any() else replace(pieces, flags=pieces.flags & ALL_FLAGS)


def empty() -> Pieces:
    """No piece."""
    return Pieces(*(NONE for _ in fields(Pieces)))

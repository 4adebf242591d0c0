"""Methods that depend on labels: every lot moved leg by leg, all claims in one pass, in compiled code.

FIFO spends the same fen whoever the victim is, so its links can be kept; under the methods here what leaves depends on whose
money is there, so each trace replays the legs. The answer has the form of `tracing.follow`.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ledger.problems import LiushuiError
from tracing.follow import Followed, Pieces, joined
from tracing.legs import Ints
from tracing.lots import Settled
from tracing.result import LIMITS, Parameters

CODES = {"pro_rata": 0, "clean_first": 1, "taint_first": 2}
MOST_ROWS = 30_000_000
"""Pieces one trace may have, 80 bytes each while it runs; one backward needs half as much again for each and may have half."""
FIRST_ROOM = 16_000_000
"""Carried pieces, and lots or pools, there is room for at first; memory nobody has touched costs nothing."""

Table = NDArray[np.int64]


def replay(settled: Settled, seeds: Pieces, holder: Ints, parameters: Parameters) -> tuple[Pieces, Followed]:
    """Follow disputed payments under the parameters' method.

    Args:
        seeds: the disputed payments, in given fen; what is another claim's by then is left out of them.
        holder: number of each slot's holder.
    Returns:
        the seeds that counted, and where their money went.
    Raises: LiushuiError TRC-too-many-rows when that is more than a result can hold.
    """
    from tracing import replay_kernels as kernels

    legs = settled.legs
    converted = parameters.method != "pro_rata" or not np.array_equal(legs.given_fen, legs.received_fen)
    *tables, rows = _replayed(settled, seeds, holder, parameters, wide=False, converted=converted)
    carried, left = (Pieces(*columns) for columns in tables)
    if not converted:  # every fen is a victim's fen
        carried, left = (replace(pieces, basis_fen=pieces.fen) for pieces in (carried, left))
    parts = [_pieces(rows, what) for what in range(kernels.RESTED, kernels.CUT + len(LIMITS))]
    ended, overdrawn, lost, counted, *stopped = parts
    cut = tuple((name, part) for name, part in zip(LIMITS, stopped, strict=True) if len(part))
    return counted, Followed(carried, joined([ended, left]) if len(ended) else left, overdrawn, lost, cut)


def replayed_rows(settled: Settled, seeds: Pieces, holder: Ints, parameters: Parameters) -> Table:
    """What became of every piece, as `tracing.replay_kernels` writes it down for a trace backward; arguments as `replay`."""
    from tracing import replay_kernels as kernels

    carried, left, other = _replayed(settled, seeds, holder, parameters, wide=True, converted=True)
    moved, rested = (
        np.vstack([np.full(columns.shape[1], what), columns]).T
        for what, columns in ((kernels.CARRIED, carried), (kernels.RESTED, left))
    )
    return np.concatenate([moved, other, rested])


def _replayed(
    settled: Settled, seeds: Pieces, holder: Ints, parameters: Parameters, *, wide: bool, converted: bool
) -> tuple[Table, Table, Table]:
    """The carried pieces and those in slots in the end, a row per column, and rows of what else became of pieces.

    Args:
        wide: with what a trace backward needs. converted: some basis may not be the fen; else that of the first two stays 0.
    """
    from tracing import replay_kernels as kernels
    from tracing.block_kernels import empty_blocks
    from tracing.parcel_kernels import parcels_for
    from tracing.slot_kernels import COUNT, slots_table

    claims = int(seeds.claim.max(initial=0)) + 1
    legs, most = settled.legs, MOST_ROWS // 2 if wide else MOST_ROWS
    limits = [parameters.max_hops or 0, parameters.hop_window_us or 0, parameters.min_amount_fen]
    slots = slots_table(settled.openings.fen, legs.slots, holder)
    fixed: tuple[Any, ...] = (
        CODES[parameters.method],
        settled.order,
        legs.time_us,
        legs.source,
        legs.target,
        legs.given_fen,
        legs.received_fen,
        slots,
        placed_seeds(settled, seeds),
        np.array(limits, np.int64),
    )
    state, free = np.zeros(kernels.PLACES + 1, np.int64), np.full(64, -1, np.int64)
    columns, room = kernels.OUT_COLUMNS if wide else kernels.PLAIN_COLUMNS, min(16 * len(settled.order), FIRST_ROOM) + 568
    carried, other = np.zeros((columns - 1, room), np.int64), np.empty((room, columns), np.int64)
    blocks = empty_blocks(room, lots=parameters.method != "pro_rata", converted=converted)
    parcels = parcels_for(64, claims)
    while state[kernels.PLACE] < len(settled.order):
        rooms: tuple[Any, ...] = (state, free, blocks, parcels, carried, other)
        kernels.replayed(*fixed, *rooms)
        _, _, moved, written, used, entries, places = state.tolist()
        check_rows(moved + written, most, parameters)
        parcels = parcels_for(2 * entries, claims) if entries > len(parcels[0]) else parcels
        carried, other = longer(carried, moved, entries, axis=1), longer(other, written, 4 * entries)
        fens, names, facts, bases, whence = (longer(column, used, 2 * places) for column in blocks)
        blocks = fens, names, facts, bases, whence
    left = int(slots[:, COUNT].sum())
    check_rows(moved + written + left, most, parameters)
    rested = np.zeros((columns - 1, left), np.int64)
    kernels.left_over(slots, *blocks, rested)
    return carried[:, :moved], rested, other[:written]


def longer(table: NDArray[Any], used: int, more: int, axis: int = 0) -> NDArray[Any]:
    """The table with room for more behind what is used, at least twice as long when it has none; one without rows stays."""
    from tracing.slot_kernels import aligned

    if not len(table) or used + more <= table.shape[axis]:
        return table
    shape = list(table.shape)
    shape[axis] = 2 * shape[axis] + more
    larger = aligned(int(np.prod(shape)), table.dtype).reshape(shape)
    larger[(slice(None),) * axis + (slice(used),)] = table[(slice(None),) * axis + (slice(used),)]
    return larger


def check_rows(rows: int, most: int, parameters: Parameters) -> None:
    """Refuse a trace whose pieces are more than a result can hold. Raises: LiushuiError TRC-too-many-rows."""
    if rows > most:
        told = f"{parameters.method} cuts the claims' money into more than {most:,} pieces; trace fewer reports at a time"
        raise LiushuiError("TRC-too-many-rows", f"{told}, set a least amount, or take fifo")


def placed_seeds(settled: Settled, seeds: Pieces) -> Table:
    """Per seed its leg's place in the order, start, fen, claim and tier; sorted by place and start."""
    disputed = np.zeros(len(settled.order), np.bool_)
    disputed[seeds.leg] = True
    places = np.flatnonzero(disputed[settled.order])
    by_leg = places[np.argsort(settled.order[places])]
    place = by_leg[np.searchsorted(settled.order[by_leg], seeds.leg)]
    table = np.column_stack([place, seeds.start_fen, seeds.fen, seeds.claim, seeds.tier])
    return np.ascontiguousarray(table[np.lexsort([table[:, 1], table[:, 0]])], np.int64)


def _pieces(rows: Table, what: int) -> Pieces:
    """The pieces of which this became, in the order they were written."""
    _, claim, leg, start, fen, basis, hop, tier, linked, flags = rows[rows[:, 0] == what, :10].T.copy()
    return Pieces(claim, leg, start, fen, basis, hop, tier, linked, flags)

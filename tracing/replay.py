"""Methods that depend on labels: every lot moved leg by leg, all claims in one pass, in compiled code.

FIFO spends the same fen whoever the victim is, so its links can be kept; under the methods here what leaves depends on whose
money is there, so each trace replays the legs. The answer has the form of `tracing.follow`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ledger.problems import LiushuiError
from tracing.follow import Followed, Pieces
from tracing.legs import Ints
from tracing.lots import Settled
from tracing.result import LIMITS, Parameters

CODES = {"fifo": 0, "lifo": 1, "pro_rata": 2, "clean_first": 3, "taint_first": 4}
MOST_ROWS = 30_000_000
"""Pieces one trace may have, 80 bytes each while it runs; one backward needs half as much again for each and may have half."""
FIRST_ROOM = 4_000_000
"""Carried pieces pro rata has room for at first."""

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

    if parameters.method == "pro_rata":
        carried, rows = _shared(settled, seeds, holder, parameters, wide=False)
        moved = Pieces(*carried)
    else:
        rows = _replayed(settled, seeds, holder, parameters, wide=False)
        moved = _pieces(rows, kernels.CARRIED)
    parts = [_pieces(rows, what) for what in range(kernels.RESTED, kernels.CUT + len(LIMITS))]
    rested, overdrawn, lost, counted, *stopped = parts
    cut = tuple((name, part) for name, part in zip(LIMITS, stopped, strict=True) if len(part))
    return counted, Followed(moved, rested, overdrawn, lost, cut)


def replayed_rows(settled: Settled, seeds: Pieces, holder: Ints, parameters: Parameters) -> Table:
    """What became of every piece, as `tracing.replay_kernels` writes it down for a trace backward; arguments as `replay`."""
    from tracing import replay_kernels as kernels

    if parameters.method != "pro_rata":
        return _replayed(settled, seeds, holder, parameters, wide=True)
    carried, other = _shared(settled, seeds, holder, parameters, wide=True)
    rows = np.zeros((carried.shape[1], kernels.OUT_COLUMNS), np.int64)
    rows[:, 0], rows[:, kernels.FROM] = kernels.CARRIED, -1
    rows[:, 1 : kernels.PLAIN_COLUMNS] = carried[: kernels.PLAIN_COLUMNS - 1].T
    rows[:, [kernels.ARRIVED, kernels.POOLED, kernels.PAYER]] = carried[kernels.PLAIN_COLUMNS - 1 :].T
    return np.concatenate([rows, other])


def _replayed(settled: Settled, seeds: Pieces, holder: Ints, parameters: Parameters, *, wide: bool) -> Table:
    """Rows of the methods that keep lots."""
    from tracing import replay_kernels as kernels

    most = MOST_ROWS // 2 if wide else MOST_ROWS
    arguments: tuple[Any, ...] = (*_arguments(settled, seeds, holder, parameters), wide, most)
    rows = np.asarray(kernels.replayed(CODES[parameters.method], *arguments))
    check_rows(len(rows), most, parameters)
    return rows


def _shared(settled: Settled, seeds: Pieces, holder: Ints, parameters: Parameters, *, wide: bool) -> tuple[Table, Table]:
    """Pro rata: the carried pieces, a row per column, and rows of what else became of pieces."""
    from tracing.pro_rata_kernels import replayed_shares

    most = MOST_ROWS // 2 if wide else MOST_ROWS
    # memory nobody has touched costs nothing, and numpy asks for it in large pages
    room = np.empty((12 if wide else 9, min(16 * len(settled.order), FIRST_ROOM) + 568), np.int64)
    arguments: tuple[Any, ...] = (*_arguments(settled, seeds, holder, parameters), room, most)
    carried, moved, other, written = replayed_shares(*arguments)
    check_rows(moved + written, most, parameters)
    return carried[:, :moved], other[:written]


def check_rows(rows: int, most: int, parameters: Parameters) -> None:
    """Refuse a trace whose pieces are more than a result can hold. Raises: LiushuiError TRC-too-many-rows."""
    if rows > most:
        told = f"{parameters.method} cuts the claims' money into more than {most:,} pieces; trace fewer reports at a time"
        raise LiushuiError("TRC-too-many-rows", f"{told}, set a least amount, or take fifo")


def _arguments(settled: Settled, seeds: Pieces, holder: Ints, parameters: Parameters) -> tuple[Any, ...]:
    """What both replays start from."""
    legs = settled.legs
    limits = [parameters.max_hops or 0, parameters.hop_window_us or 0, parameters.min_amount_fen]
    return (
        settled.order,
        legs.time_us,
        legs.source,
        legs.target,
        legs.given_fen,
        legs.received_fen,
        legs.slots.ends,
        legs.slots.identified,
        legs.slots.flags,
        holder,
        settled.openings.fen,
        placed_seeds(settled, seeds),
        np.array(limits, np.int64),
    )


def placed_seeds(settled: Settled, seeds: Pieces) -> Table:
    """Per seed its leg's place in the order, start, fen, claim and tier; sorted by place and start."""
    place = np.empty(len(settled.order), np.int64)
    place[settled.order] = np.arange(len(settled.order))
    table = np.column_stack([place[seeds.leg], seeds.start_fen, seeds.fen, seeds.claim, seeds.tier])
    return np.ascontiguousarray(table[np.lexsort([table[:, 1], table[:, 0]])], np.int64)


def _pieces(rows: Table, what: int) -> Pieces:
    """The pieces of which this became, in the order they were written."""
    _, claim, leg, start, fen, basis, hop, tier, linked, flags = rows[rows[:, 0] == what, :10].T.copy()
    return Pieces(claim, leg, start, fen, basis, hop, tier, linked, flags)

"""Methods that depend on labels: every lot moved leg by leg, all claims in one pass, in compiled code.

FIFO spends the same fen whoever the victim is, so its links can be kept; under the methods here what leaves depends on whose
money is there, so each trace replays the legs. The answer has the form of `tracing.follow`.
"""

import numpy as np

from tracing.follow import Followed, Pieces
from tracing.legs import Ints
from tracing.lots import Settled
from tracing.result import LIMITS, Parameters

CODES = {"fifo": 0, "lifo": 1, "pro_rata": 2, "clean_first": 3, "taint_first": 4}


def replay(settled: Settled, seeds: Pieces, holder: Ints, parameters: Parameters) -> tuple[Pieces, Followed]:
    """Follow disputed payments under the parameters' method.

    Args:
        seeds: the disputed payments, in given fen; what is another claim's by then is left out of them.
        holder: number of each slot's holder.
    Returns:
        the seeds that counted, and where their money went.
    """
    from tracing import replay_kernels as kernels

    rows = replayed_rows(settled, seeds, holder, parameters)
    parts = [_pieces(rows, what) for what in range(kernels.CUT + len(LIMITS))]
    cut = tuple((name, parts[kernels.CUT + at]) for at, name in enumerate(LIMITS) if len(parts[kernels.CUT + at]))
    followed = Followed(parts[kernels.CARRIED], parts[kernels.RESTED], parts[kernels.OVERDRAWN], parts[kernels.LOST], cut)
    return parts[kernels.SEED], followed


def replayed_rows(
    settled: Settled, seeds: Pieces, holder: Ints, parameters: Parameters
) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """What became of every piece, as `tracing.replay_kernels` writes it down; arguments as for `replay`."""
    from tracing import replay_kernels as kernels

    legs = settled.legs
    limits = [parameters.max_hops or 0, parameters.hop_window_us or 0, parameters.min_amount_fen]
    return np.asarray(
        kernels.replayed(
            CODES[parameters.method],
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
    )


def placed_seeds(settled: Settled, seeds: Pieces) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """Per seed its leg's place in the order, start, fen, claim and tier; sorted by place and start."""
    place = np.empty(len(settled.order), np.int64)
    place[settled.order] = np.arange(len(settled.order))
    table = np.column_stack([place[seeds.leg], seeds.start_fen, seeds.fen, seeds.claim, seeds.tier])
    return np.ascontiguousarray(table[np.lexsort([table[:, 1], table[:, 0]])], np.int64)


def _pieces(rows: "np.ndarray[tuple[int, int], np.dtype[np.int64]]", what: int) -> Pieces:
    """The pieces of which this became, in the order they were written."""
    _, claim, leg, start, fen, basis, hop, tier, linked, flags = rows[rows[:, 0] == what, :10].T.copy()
    return Pieces(claim, leg, start, fen, basis, hop, tier, linked, flags)

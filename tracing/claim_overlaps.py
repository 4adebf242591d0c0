"""Which piece of money several reports claim: how much of a claim an earlier one has already, and which."""

from dataclasses import replace

import numpy as np
import pandas as pd

from tracing.follow import Followed, Pieces
from tracing.result import OVERLAP_COLUMNS, Trace

Overlap = tuple[int, int, int, str]
"""Number of the claim, fen, number of the earlier claim, why that has them."""


def with_overlaps(trace: Trace, claims: pd.DataFrame, asked: Pieces, followed: Followed) -> Trace:
    """The trace with its table of overlaps; arguments as for `claim_overlaps`."""
    overlaps = claim_overlaps(claims, asked, followed)
    assert int(overlaps["overlap_fen"].sum()) == int(trace.claims["overlap_fen"].sum()), "overlaps that do not add up"
    return replace(trace, overlaps=overlaps)


def claim_overlaps(claims: pd.DataFrame, asked: Pieces, followed: Followed) -> pd.DataFrame:
    """The table `overlaps`: per claim and earlier claim the fen that count for the earlier one.

    Args:
        claims: `Claims.table`. asked: the disputed payments as `seeds_of` gives them. followed: where they went.
    Returns:
        claim, transfer, overlap_fen, earlier, why: `reported` (both dispute this payment), `traced` (the earlier claim's money
        is what was paid); sorted.
    """
    rows = [*_reported(claims), *(_traced(asked, followed) if followed.allocates else [])]
    claim, fen, earlier, why = zip(*rows, strict=True) if rows else ([],) * 4
    names, transfers = (claims[name].to_numpy(dtype=object) for name in ("claim", "transfer"))
    table = pd.DataFrame(
        {
            "claim": names[np.asarray(claim, np.int64)],
            "transfer": transfers[np.asarray(claim, np.int64)],
            "overlap_fen": np.asarray(fen, np.int64),
            "earlier": names[np.asarray(earlier, np.int64)],
            "why": np.asarray(why, object),
        }
    )
    parts = table.groupby(["claim", "transfer", "earlier", "why"], sort=True)["overlap_fen"].sum().reset_index()
    return parts[OVERLAP_COLUMNS]


def _reported(claims: pd.DataFrame) -> list[Overlap]:
    """Reports of one payment that together ask for more than was paid: the later ones share fen with the first ones."""
    many = claims[claims.duplicated("transfer_row", keep=False).to_numpy(dtype=bool)]
    found: list[Overlap] = []
    for _, group in many.groupby("transfer_row", sort=True):
        served: list[tuple[int, int]] = []
        left = int(group["paid_fen"].iloc[0])
        for number in group.sort_values(["reported_us", "claim"]).index.tolist():
            wanted = int(claims["reported_fen"].iloc[number])
            own = min(wanted, left)
            found += [(number, fen, other, "reported") for other, fen in _first(served, wanted - own)]
            served.append((number, own))
            left -= own
    return found


def _first(served: list[tuple[int, int]], fen: int) -> list[tuple[int, int]]:
    """The first fen of what earlier claims have."""
    taken = []
    for number, own in served:
        part = min(own, fen)
        if part:
            taken.append((number, part))
        fen -= part
    return taken


def _traced(asked: Pieces, followed: Followed) -> list[Overlap]:
    """Disputed fen that are another claim's money by then."""
    carried = followed.carried
    others = carried.take((carried.hop > 1) & np.isin(carried.leg, asked.leg))
    others = others.take(np.lexsort([others.start_fen, others.leg]))
    low = np.searchsorted(others.leg, asked.leg, side="left")
    high = np.searchsorted(others.leg, asked.leg, side="right")
    found: list[Overlap] = []
    for seed in np.flatnonzero(high > low).tolist():
        at = slice(low[seed], high[seed])
        begin = np.maximum(others.start_fen[at], asked.start_fen[seed])
        end = np.minimum(others.start_fen[at] + others.fen[at], asked.start_fen[seed] + asked.fen[seed])
        claim = int(asked.claim[seed])
        for one in np.flatnonzero(end > begin).tolist():
            found.append((claim, int(end[one] - begin[one]), int(others.claim[at][one]), "traced"))
    return found

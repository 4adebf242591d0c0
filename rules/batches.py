"""Which batch of redemptions a payout paid for: every batch that fits at a rate, each with its probability.

A payout is for exactly one batch or for none, a redemption is paid for at most once. The probability of a batch weighs how well
it fits against all other batches that fit, against other payouts that need the same redemptions, and against the payout being
an ordinary payment of that amount. docs/inferred-links.md has the formula.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.beliefs import chances_by_payee, settled_chances
from rules.rule import FULL
from rules.scope import Flags, Ints, columns
from rules.wording import HOUR_US

Floats = NDArray[np.float64]

PAYOUT_WINDOW_US = 24 * HOUR_US
"""From the last redemption of a batch to its payout. Grade S."""
BATCH_SPAN_US = 12 * HOUR_US
"""From the first to the last redemption of a batch. Grade P."""
TOLERANCE_BP, LEAST_TOLERANCE_FEN = 10, 60
"""A payout fits a batch at a rate within 0.1 %, at least 0.60: people round to whole yuan. Grade P."""
LOOK_BACK = 400
"""Redemptions looked at per payout, the latest. Grade P."""
MOST_BATCHES, FEWEST_BATCHES, ALL_BATCHES = 4_096, 64, 500_000
"""Batches weighed per payout, fewer where all payouts together would have more; the rest count against them. Grade P."""
USUAL_GAP_US = HOUR_US // 3
"""Two redemptions so far apart are as likely of one batch as not. Grade P."""
ROUNDED_FEN, EXACT_BP = 51, 1
"""A payout at the rate itself is off by rounding to a whole yuan and by 0.01 % of the face. Grade P."""
EXACT_SHARE = 0.9
"""Payouts for vouchers that are that exact. Grade P."""
AMOUNT_SPAN = float(np.log(100_000.0))
"""Ordinary payments are spread evenly over the logarithm of amounts from 1 to 100,000. Grade P."""
ROUND_WEIGHT = ((10_000, 3_000.0, 34.0), (100, 30.0, 34.0), (1, 0.4, 0.67))
"""Per roundness of a payout in fen: how much likelier than evenly spread for an ordinary payment, and for a batch. Grade P."""
OWN_SELLER, OTHER_SELLER = 20.0, 0.05
"""Weight of a batch whose buyer the payee is, and of one with a card of another buyer who gets payouts himself. Grade P."""


@dataclass(frozen=True)
class Window:
    """Which redemptions, by position, are open for each payout (begin … end), and for how many payouts some were left out."""

    begin: Ints
    end: Ints
    shortened: int


@dataclass(frozen=True)
class Weighed:
    """Batches with their probability. members: positions of redemptions, a row per batch, -1 behind the last.

    by_payee: probability that the payout is for vouchers and its payee was paid for these, by whichever payout. spilt: payouts
    with more batches than are weighed. settled: whether the probabilities did.
    """

    payout: Ints
    face_fen: Ints
    members: NDArray[np.int32]
    probability: Floats
    by_payee: Floats
    spilt: int
    settled: bool


def limits() -> Ints:
    """The limits in the order the kernels take them."""
    return np.array([PAYOUT_WINDOW_US, BATCH_SPAN_US, TOLERANCE_BP, LEAST_TOLERANCE_FEN], np.int64)


def window_of(redeemed: pd.DataFrame, payouts: pd.DataFrame) -> Window:
    """The redemptions open for each payout: redeemed before it, not too long ago."""
    (time_us,), (paid_us,) = columns(redeemed, "time_us"), columns(payouts, "time_us")
    end = np.searchsorted(time_us, paid_us, side="right")
    begin = np.searchsorted(time_us, paid_us - PAYOUT_WINDOW_US - BATCH_SPAN_US, side="left")
    shortened = int((end - begin > LOOK_BACK).sum())
    return Window(np.maximum(begin, end - LOOK_BACK).astype(np.int64), end.astype(np.int64), shortened)


def weigh_batches(redeemed: pd.DataFrame, payouts: pd.DataFrame, window: Window, rate_bp: int) -> Weighed:
    """Every batch that explains a payout at the rate, with its probability.

    Args:
        redeemed: time_us, face_fen, seller (holder of the buyer, -1 unknown), by time.
        payouts: time_us, amount_fen, target (account), payee (its holder), by time.
    """
    from rules.batch_kernels import batches_that_fit

    time_us, face = columns(redeemed, "time_us", "face_fen")
    paid_us, paid = columns(payouts, "time_us", "amount_fen")
    members, facts, totals = batches_that_fit(
        time_us, face, window.begin, window.end, paid_us, paid, limits(), rate_bp, most_per_payout(len(paid)), USUAL_GAP_US
    )
    payout, face_fen = facts[:, 0].astype(np.int64), facts[:, 1].astype(np.int64)
    weight = facts[:, 2] * sellers(redeemed, payouts, payout, members) / totals[payout, 0]
    spare = totals[:, 1] / totals[:, 0]
    fit = fit_density(face_fen, paid[payout], rate_bp)
    spare = spare / np.maximum(2 * paid * TOLERANCE_BP / FULL, 1.0)
    payee = np.unique(payouts["target"].to_numpy(dtype=np.int64), return_inverse=True)[1]
    chance, settled = settled_chances(payout, members, weight * fit, ordinary_density(paid), spare)
    by_payee = chances_by_payee(payout, members, chance, payee)
    return Weighed(payout, face_fen, members, chance, by_payee, int((totals[:, 1] > 0).sum()), settled)


def most_per_payout(payouts: int) -> int:
    """How many batches of each payout are weighed."""
    return min(max(ALL_BATCHES // max(payouts, 1), FEWEST_BATCHES), MOST_BATCHES)


def sellers(redeemed: pd.DataFrame, payouts: pd.DataFrame, payout: Ints, members: NDArray[np.int32]) -> Floats:
    """Weight of each batch by who bought its vouchers: the payee himself, or somebody who is paid himself at other times."""
    (seller,), (payee,) = columns(redeemed, "seller"), columns(payouts, "payee")
    there = members >= 0
    bought = np.where(there, seller[np.maximum(members, 0)], -1)
    own = (bought == payee[payout][:, None]) | ~there
    others = np.isin(bought, payee) & (bought >= 0) & ~own
    return np.where(own.all(axis=1), OWN_SELLER, np.where(others.any(axis=1), OTHER_SELLER, 1.0))


def roundness(paid: Ints, column: int) -> Floats:
    """The weight of each payout's roundness."""
    return np.select([paid % row[0] == 0 for row in ROUND_WEIGHT], [row[column] for row in ROUND_WEIGHT])


def fit_density(face_fen: Ints, paid: Ints, rate_bp: int) -> Floats:
    """Chance per fen of a payout for such a face at the rate."""
    off = np.abs(face_fen * rate_bp - paid * FULL) / FULL
    exact, wide = ROUNDED_FEN + face_fen * EXACT_BP / FULL, np.maximum(face_fen * TOLERANCE_BP / FULL, LEAST_TOLERANCE_FEN)
    near = EXACT_SHARE * (off <= exact) / (2 * exact) + (1 - EXACT_SHARE) / (2 * wide)
    return np.asarray(near * roundness(paid, 2), dtype=np.float64)


def ordinary_density(paid: Ints) -> Floats:
    """Chance per fen of an ordinary payment of that amount."""
    return np.asarray(roundness(paid, 1) / (AMOUNT_SPAN * np.maximum(paid, 100)), dtype=np.float64)


def explained(fits: Flags) -> Floats:
    """Weight of every payout: one that few rates explain weighs more; -log of the share of rates that do."""
    share = fits.mean(axis=1)
    return np.where(share > 0, -np.log(np.maximum(share, 1e-6)), 0.0)

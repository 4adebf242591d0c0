"""At what rate recyclers pay for vouchers: payouts matched to batches of redemptions, the rate by robust regression.

Cards and Q-coins are sold outside the records: a payout carries no reference. What the records show is that one holder redeems
vouchers and pays somebody within a day. The rate is first guessed as the one that explains the most payouts by batches of
redemptions, then estimated on the matched batches with its interval.
"""

from dataclasses import dataclass
from math import lgamma

import numpy as np
import pandas as pd

from rules.batches import Window, explained, limits, window_of
from rules.beliefs import Floats
from rules.matches import Match, match_payouts
from rules.rule import FULL
from rules.scope import Scope, columns
from rules.vouchers import redemptions_of

LEAST_BATCHES = 3
"""Fewer matched batches give no rate. Grade P."""
LOWEST_RATE_BP, HIGHEST_RATE_BP, STEP_BP = 5_000, 10_000, 5
"""Rates looked at: nobody pays more than the face. Grade P."""
GUESSED_ON = 1_000
"""Payouts the rate is guessed on, evenly spread over all. Grade P."""
KNOWN_RATES_BP = {"card": (9_700, 100), "q_coin": (8_600, 150)}
"""Rate and margin that case reports tell, by voucher kind. Grade S."""
REVIEW_BELOW_BP = 9_000
"""Clearly below market: good faith of the buyer needs a look. Grade A+P."""
KNOWN_EVIDENCE, OTHER_EVIDENCE = 7.5, 10.0
"""How unlikely by chance the matches must be before a recycler is as likely as not, in natural logarithms; a rate nobody knew
before needs more: about a thousand rates are tried. Grade P."""
SURE_BATCHES = 4
"""With fewer matched batches at least half of all payouts must be matched. Grade P."""


@dataclass(frozen=True)
class RecyclerRate:
    """The rate of one recycler for one voucher kind.

    holder: holder number. accounts: codes of his accounts that redeem or pay. kind: card or q_coin. rate_bp, low_bp, high_bp:
    payout over face and its 95 % interval (given the matches), in basis points; None where there are too few batches. payouts:
    how many payments to others there were. evidence: how unlikely so many fits are by chance, in natural logarithms.
    matched: one row per matched payout: payout_row, payer, payee, time_us, payout_fen, face_fen, redemption_rows,
        probability_bp (of this batch, if he is a recycler at this rate).
    linked: rows of the same kind with `set`, 0 for a payout linked to this very batch; payouts of one set were for its batches
        together, and probability_bp is that the payee was paid for the batch. limits: what bounded the work, in sentences.
    """

    holder: int
    accounts: tuple[int, ...]
    kind: str
    rate_bp: int | None
    low_bp: int | None
    high_bp: int | None
    payouts: int
    evidence: float
    matched: pd.DataFrame
    linked: pd.DataFrame
    limits: tuple[str, ...] = ()


def estimate_rates(scope: Scope) -> list[RecyclerRate]:
    """The rate of every holder in view who redeems vouchers that are not all his own and pays others, by holder and kind."""
    redeemed = redemptions_of(scope)
    redeemed = redeemed[redeemed["face_fen"] > 0]
    if not len(redeemed):
        return []
    kinds = scope.ledger.accounts["kind"].astype("string[pyarrow]")
    redeemed["kind"] = kinds.iloc[redeemed["voucher"]].to_numpy(dtype=object)
    redeemed["holder"] = scope.holder[redeemed["redeemer"].to_numpy(dtype=np.int64)]
    (buyer,) = columns(redeemed, "buyer")
    redeemed["seller"] = np.where(buyer >= 0, scope.holder[np.maximum(buyer, 0)], -1)
    moves = scope.dealings()
    source, target = columns(moves, "source", "target")
    paid = moves[np.isin(scope.holder[source], redeemed["holder"].unique()) & ~scope.hub[target]]
    source, target = columns(paid, "source", "target")
    paid = paid.assign(holder=scope.holder[source], payee=scope.holder[target])
    by_holder = {str(name): group for name, group in paid.groupby("holder")}
    rates = []
    for (holder, kind), group in redeemed.groupby(["holder", "kind"], sort=True):
        payouts = by_holder.get(str(holder))
        if payouts is not None:
            of_kind = group.sort_values(["time_us", "row"], ignore_index=True)
            rates.append(recycler_rate(int(str(holder)), str(kind), of_kind, payouts.reset_index(drop=True)))
    return rates


def is_trade(rate: RecyclerRate) -> bool:
    """Whether the estimated rate is one of the two known ones or below market, and enough batches show it."""
    if rate.rate_bp is None or len(rate.matched) < LEAST_BATCHES:
        return False
    if len(rate.matched) < SURE_BATCHES and 2 * len(rate.matched) < rate.payouts:
        return False
    if any(abs(rate.rate_bp - known) <= margin for known, margin in KNOWN_RATES_BP.values()):
        return rate.evidence >= KNOWN_EVIDENCE
    return rate.rate_bp < REVIEW_BELOW_BP and rate.evidence >= OTHER_EVIDENCE


def pooled_rate(rates: list[RecyclerRate], kind: str) -> tuple[int, int, int] | None:
    """The rate of a voucher kind over all recyclers with its interval (rate_bp, low_bp, high_bp); None with too few batches."""
    matched = [rate.matched for rate in rates if rate.kind == kind and rate.rate_bp is not None]
    return regressed(pd.concat(matched)) if matched else None


def recycler_rate(holder: int, kind: str, redeemed: pd.DataFrame, payouts: pd.DataFrame) -> RecyclerRate:
    """Guess the rate, match at it, estimate it on what was matched, and match once more at the estimate."""
    accounts = tuple(sorted({int(code) for code in (*redeemed["redeemer"], *payouts["source"])}))
    window = window_of(redeemed, payouts)
    some = window.end > window.begin  # no redemption before: no batch, whatever the rate
    near, window = payouts[some].reset_index(drop=True), Window(window.begin[some], window.end[some], window.shortened)
    guess, evidence = guessed_rate(redeemed, near, window, len(payouts))
    found = match_payouts(redeemed, near, window, guess)
    estimate = regressed(found.matched)
    if estimate is not None and estimate[0] != guess:
        again = match_payouts(redeemed, near, window, estimate[0])
        if len(again.matched) >= len(found.matched):
            found, estimate = again, regressed(again.matched)
    rate, low, high = estimate if estimate else (None, None, None)
    told = limits_met(window, found, len(near))
    return RecyclerRate(holder, accounts, kind, rate, low, high, len(payouts), evidence, found.matched, found.linked, told)


def limits_met(window: Window, found: Match, payouts: int) -> tuple[str, ...]:
    """What bounded the work, in sentences."""
    met = [(window.shortened, "payouts have more redemptions before them than are looked at")]
    met += [(found.spilt, "payouts have more batches that fit than are weighed")]
    met += [(max(payouts - GUESSED_ON, 0), "payouts did not count for the guess of the rate")]
    met += [(found.unsettled, "payouts have probabilities that had not settled after all rounds")]
    return tuple(f"{count} {what}" for count, what in met if count)


def guessed_rate(redeemed: pd.DataFrame, payouts: pd.DataFrame, window: Window, whole: int) -> tuple[int | None, float]:
    """The rate that explains payouts best, in basis points, and the evidence for it.

    A payout that few rates explain weighs more than one that fits any. A rate that would need clearly more face than was
    redeemed is out; the middle one of equals wins. whole: all payments of the holder to others: some fit by chance.
    """
    if not len(payouts):
        return None, 0.0
    from rules.batch_kernels import rates_that_fit

    grid = np.arange(LOWEST_RATE_BP, HIGHEST_RATE_BP + STEP_BP, STEP_BP)
    some = np.unique(np.linspace(0, len(payouts) - 1, min(len(payouts), GUESSED_ON)).astype(np.int64))
    time_us, faces = columns(redeemed, "time_us", "face_fen")
    paid_us, paid = (values[some] for values in columns(payouts, "time_us", "amount_fen"))
    steps = np.array([LOWEST_RATE_BP, STEP_BP, len(grid)], np.int64)
    fits = rates_that_fit(time_us, faces, window.begin[some], window.end[some], paid_us, paid, limits(), steps)
    support = fits.T.astype(np.float64) @ explained(fits)
    needed = (fits.T.astype(np.int64) @ paid) * FULL // grid
    support[needed > int(faces.sum()) * 11 // 10] = 0.0
    most = support.max()
    tied = np.flatnonzero(support >= most - 1e-9)
    if most <= 0:
        return None, 0.0
    at = int(tied[len(tied) // 2])
    return int(grid[at]), float(most) - log_choices(whole, int(fits[:, at].sum()))


def log_choices(whole: int, part: int) -> float:
    """Logarithm of how many ways there are to choose a part: with many payouts some fit by chance."""
    return lgamma(whole + 1) - lgamma(part + 1) - lgamma(whole - part + 1)


def regressed(matched: pd.DataFrame) -> tuple[int, int, int] | None:
    """Payout on face through the origin, robust against wrong matches (Huber): rate and its 95 % interval in basis points.

    The interval is never narrower than rounding a payout to a whole yuan makes it.
    """
    if len(matched) < LEAST_BATCHES:
        return None
    face = matched["face_fen"].to_numpy(dtype=np.float64)
    paid = matched["payout_fen"].to_numpy(dtype=np.float64)
    rate, half = robust_slope(face, paid)
    half = max(half, 50.0 / float(face.mean()))
    return round(rate * FULL), int(np.floor((rate - half) * FULL)), int(np.ceil((rate + half) * FULL))


def robust_slope(face: Floats, paid: Floats) -> tuple[float, float]:
    """Slope and half of its 95 % interval."""
    middle = float(np.median(paid / face))
    residual = paid - middle * face
    if np.median(np.abs(residual - np.median(residual))) < 1e-6:
        return middle, 0.0  # more than half of the payouts fit exactly: no scale to weigh the others by
    from statsmodels.robust.norms import HuberT
    from statsmodels.robust.robust_linear_model import RLM

    fit = RLM(paid, face[:, None], M=HuberT()).fit()
    low, high = fit.conf_int()[0]
    return float(fit.params[0]), float(high - low) / 2

"""At what rate recyclers pay for vouchers: payouts matched to batches of redemptions, the rate by robust regression.

Cards and Q-coins are sold outside the records: a payout carries no reference. What the records show is that one holder redeems
vouchers and pays somebody within a day. The rate is first guessed as the one that explains the most payouts by batches of
redemptions, then estimated on the matched batches with its interval.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.rule import FULL
from rules.scope import Ints, Scope, columns, records
from rules.vouchers import redemptions_of
from rules.wording import HOUR_US

PAYOUT_WINDOW_US = 24 * HOUR_US
"""From the last redemption of a batch to its payout. Grade S."""
BATCH_SPAN_US = 12 * HOUR_US
"""From the first to the last redemption of a batch. Grade P."""
LEAST_BATCHES = 3
"""Fewer matched batches give no rate. Grade P."""
LOWEST_RATE_BP, HIGHEST_RATE_BP, STEP_BP = 5_000, 10_000, 5
"""Rates looked at: nobody pays more than the face. Grade P."""
TOLERANCE_BP, LEAST_TOLERANCE_FEN = 10, 60
"""A payout fits a batch at a rate within 0.1 %, at least 0.60: people round to whole yuan. Grade P."""
RECENT, LARGEST_BATCH = 14, 4
"""Unpaid redemptions that are combined freely, and how many at once; longer batches only as unbroken runs. Grade P."""
LOOK_BACK, LONGEST_RUN = 120, 40
"""Redemptions looked at per payout, and the longest unbroken run: they bound the work. Grade P."""

GIFT_CARD_RATE_BP, GIFT_CARD_MARGIN_BP = 9_700, 100
"""Grade S."""
Q_COIN_RATE_BP, Q_COIN_MARGIN_BP = 8_600, 150
"""Grade S."""
REVIEW_BELOW_BP = 9_000
"""Clearly below market: good faith of the buyer needs a look. Grade A+P."""
KNOWN_EVIDENCE, OTHER_EVIDENCE = 7.5, 10.0
"""How unlikely by chance the matches must be, in natural logarithms; a rate nobody knew before needs more. Grade P."""
SURE_BATCHES = 4
"""With fewer matched batches at least half of all payouts must be matched. Grade P."""


@dataclass(frozen=True)
class RecyclerRate:
    """The rate of one recycler for one voucher kind.

    holder: holder number. accounts: codes of his accounts that redeem or pay. kind: card or q_coin. rate_bp, low_bp, high_bp:
    payout over face and its 95 % interval (given the matches), in basis points; None where there are too few batches. payouts:
    how many payments to others there were. evidence: how unlikely so many fits are by chance, in natural logarithms.
    matched: one row per matched payout: payout_row, payer, payee, time_us, payout_fen, face_fen, redemption_rows.
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


@dataclass(frozen=True)
class Batches:
    """Possible batches behind each payout. payout: its number; face_fen: their faces; members: redemptions (positions)."""

    payout: Ints
    face_fen: Ints
    members: list[tuple[int, ...]]


def estimate_rates(scope: Scope) -> list[RecyclerRate]:
    """The rate of every holder in view who redeems vouchers that are not all his own and pays others, by holder and kind."""
    redeemed = redemptions_of(scope)
    if not len(redeemed):
        return []
    kinds = scope.ledger.accounts["kind"].astype("string[pyarrow]")
    redeemed["kind"] = kinds.iloc[redeemed["voucher"]].to_numpy(dtype=object)
    redeemed["holder"] = scope.holder[redeemed["redeemer"].to_numpy(dtype=np.int64)]
    moves = scope.dealings()
    source, target = columns(moves, "source", "target")
    paid = moves[np.isin(scope.holder[source], redeemed["holder"].unique()) & ~scope.hub[target]]
    paid = paid.assign(holder=scope.holder[paid["source"].to_numpy(dtype=np.int64)])
    rates = []
    for key in records(redeemed[["holder", "kind"]].drop_duplicates().sort_values(["holder", "kind"])):
        group = redeemed[(redeemed["holder"] == key.holder) & (redeemed["kind"] == key.kind)]
        payouts = paid[paid["holder"] == key.holder]
        if len(payouts):
            rates.append(recycler_rate(key.holder, key.kind, group.reset_index(drop=True), payouts.reset_index(drop=True)))
    return rates


def is_trade(rate: RecyclerRate) -> bool:
    """Whether the estimated rate is one of the two known ones or below market, and enough batches show it."""
    if rate.rate_bp is None or len(rate.matched) < LEAST_BATCHES:
        return False
    if len(rate.matched) < SURE_BATCHES and 2 * len(rate.matched) < rate.payouts:
        return False
    near_card = abs(rate.rate_bp - GIFT_CARD_RATE_BP) <= GIFT_CARD_MARGIN_BP
    near_coin = abs(rate.rate_bp - Q_COIN_RATE_BP) <= Q_COIN_MARGIN_BP
    if near_card or near_coin:
        return rate.evidence >= KNOWN_EVIDENCE
    return rate.rate_bp < REVIEW_BELOW_BP and rate.evidence >= OTHER_EVIDENCE


def pooled_rate(rates: list[RecyclerRate], kind: str) -> tuple[int, int, int] | None:
    """The rate of a voucher kind over all recyclers with its interval (rate_bp, low_bp, high_bp); None with too few batches."""
    matched = [rate.matched for rate in rates if rate.kind == kind and rate.rate_bp is not None]
    return regressed(pd.concat(matched)) if matched else None


def recycler_rate(holder: int, kind: str, redeemed: pd.DataFrame, payouts: pd.DataFrame) -> RecyclerRate:
    """Guess the rate, match at it, estimate it on what was matched."""
    accounts = tuple(sorted({int(code) for code in (*redeemed["redeemer"], *payouts["source"])}))
    guess, evidence = guessed_rate(possible_batches(redeemed, payouts), redeemed, payouts)
    matched = match_payouts(redeemed, payouts, guess)
    estimate = regressed(matched)
    rate, low, high = estimate if estimate else (None, None, None)
    return RecyclerRate(holder, accounts, kind, rate, low, high, len(payouts), evidence, matched)


def possible_batches(redeemed: pd.DataFrame, payouts: pd.DataFrame) -> Batches:
    """Every batch that could be behind each payout, one per distinct face."""
    number, face, members = [], [], []
    time_us, faces = columns(redeemed, "time_us", "face_fen")
    for k, paid_us in enumerate(payouts["time_us"].tolist()):
        open_for_it = np.flatnonzero((time_us <= paid_us) & (time_us >= paid_us - PAYOUT_WINDOW_US - BATCH_SPAN_US))
        seen: dict[int, tuple[int, ...]] = {}
        for batch in batches_of(open_for_it, time_us, paid_us):
            seen.setdefault(int(faces[list(batch)].sum()), batch)
        number += [k] * len(seen)
        face += list(seen)
        members += list(seen.values())
    return Batches(np.asarray(number, dtype=np.int64), np.asarray(face, dtype=np.int64), members)


def batches_of(open_for_it: Ints, time_us: Ints, paid_us: int) -> list[tuple[int, ...]]:
    """Batches of these redemptions that end within the payout window: unbroken runs first, then free combinations."""
    chosen = open_for_it[-LOOK_BACK:].tolist()
    runs = [tuple(chosen[i:j]) for i in range(len(chosen)) for j in range(i + 1, min(len(chosen), i + LONGEST_RUN) + 1)]
    recent = chosen[-RECENT:]
    free = [batch for size in range(2, LARGEST_BATCH + 1) for batch in combinations(recent, size)]
    return [
        batch
        for batch in (*runs, *free)
        if time_us[batch[-1]] >= paid_us - PAYOUT_WINDOW_US and time_us[batch[-1]] - time_us[batch[0]] <= BATCH_SPAN_US
    ]


def guessed_rate(batches: Batches, redeemed: pd.DataFrame, payouts: pd.DataFrame) -> tuple[int | None, float]:
    """The rate that explains payouts best, in basis points, and the evidence for it.

    A payout that few rates explain weighs more than one that fits any: its weight is -log of the share of rates that do.

    A rate that would need clearly more face than was redeemed is out; the higher of equals wins.
    """
    if not len(batches.payout):
        return None, 0.0
    grid = np.arange(LOWEST_RATE_BP, HIGHEST_RATE_BP + STEP_BP, STEP_BP)
    fits = np.zeros((len(payouts), len(grid)), dtype=np.bool_)
    paid = payouts["amount_fen"].to_numpy(dtype=np.int64)
    slack = np.maximum(batches.face_fen * TOLERANCE_BP // FULL, LEAST_TOLERANCE_FEN)
    for k, paid_fen in enumerate(paid.tolist()):
        mine = batches.payout == k
        off = np.abs(batches.face_fen[mine][:, None] * grid[None, :] - paid_fen * FULL)
        fits[k] = (off <= slack[mine][:, None] * FULL).any(axis=0)
    share = fits.mean(axis=1)
    weight = np.where(share > 0, -np.log(np.maximum(share, 1e-6)), 0.0)
    support = (fits * weight[:, None]).sum(axis=0)
    needed = (fits * paid[:, None]).sum(axis=0) * FULL // grid
    support[needed > int(redeemed["face_fen"].sum()) * 11 // 10] = 0.0
    most = support.max()
    tied = np.flatnonzero(support >= most - 1e-9)
    if most <= 0:
        return None, 0.0
    at = int(tied[len(tied) // 2])
    return int(grid[at]), float(most) - log_choices(len(payouts), int(fits[:, at].sum()))


def log_choices(whole: int, part: int) -> float:
    """Logarithm of how many ways there are to choose a part: with many payouts some fit by chance."""
    return float(np.log(float(comb(whole, part))))


def match_payouts(redeemed: pd.DataFrame, payouts: pd.DataFrame, guess_bp: int | None) -> pd.DataFrame:
    """Give each payout, in time order, the batch of still unpaid redemptions that fits best at the guessed rate."""
    unpaid = np.ones(len(redeemed), dtype=np.bool_)
    time_us, faces, rows = columns(redeemed, "time_us", "face_fen", "row")
    found: list[dict[str, object]] = []
    for paid in records(payouts) if guess_bp is not None else ():
        near = (time_us <= paid.time_us) & (time_us >= paid.time_us - PAYOUT_WINDOW_US - BATCH_SPAN_US)
        batch = best_batch(
            batches_of(np.flatnonzero(near & unpaid), time_us, int(paid.time_us)),
            faces,
            time_us,
            (int(paid.amount_fen), guess_bp or 0),
        )
        if batch is None:
            continue
        unpaid[list(batch)] = False
        found.append(
            {
                "payout_row": paid.row,
                "payer": paid.source,
                "payee": paid.target,
                "time_us": paid.time_us,
                "payout_fen": paid.amount_fen,
                "face_fen": int(faces[list(batch)].sum()),
                "redemption_rows": tuple(int(rows[i]) for i in batch),
            }
        )
    names = ["payout_row", "payer", "payee", "time_us", "payout_fen", "face_fen", "redemption_rows"]
    return pd.DataFrame(found, columns=names)


def best_batch(batches: list[tuple[int, ...]], faces: Ints, time_us: Ints, wanted: tuple[int, int]) -> tuple[int, ...] | None:
    """The batch whose face at the rate comes nearest to the payout, within the tolerance; of equals the most compact."""
    paid_fen, guess_bp = wanted
    best: tuple[tuple[int, int, int], tuple[int, ...]] | None = None
    for batch in batches:
        face = int(faces[list(batch)].sum())
        off = abs(face * guess_bp - paid_fen * FULL)
        if off > max(face * 2 * TOLERANCE_BP, 2 * LEAST_TOLERANCE_FEN * FULL):
            continue
        key = (off // (100 * FULL), int(time_us[batch[-1]] - time_us[batch[0]]), batch[0])
        if best is None or key < best[0]:
            best = (key, batch)
    return best[1] if best else None


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


def robust_slope(face: NDArray[np.float64], paid: NDArray[np.float64]) -> tuple[float, float]:
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

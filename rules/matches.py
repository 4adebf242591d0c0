"""Which batch each payout is matched and linked to: pairs that are sure, and sets of payouts that were for batches together.

Equal batches before equal payouts cannot be told apart, but where all of them went to one payee, he was paid for all of them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rules.batches import Weighed, Window, weigh_batches
from rules.beliefs import Floats
from rules.rule import FULL
from rules.scope import Ints, columns
from tracing.networks import components

LEAST_MATCH = 0.2
"""Least probability of a batch that the rate is estimated on. Grade P."""
SURE_PAIR, LEAST_BY_PAYEE = 0.9, 0.5
"""A batch so likely is linked to its payout alone; others in sets, where their payee was so likely paid for them. Grade P."""
MATCHED = ["payout_row", "payer", "payee", "time_us", "payout_fen", "face_fen", "redemption_rows", "probability_bp"]
LEAST_TIE = 0.01
"""A less likely batch does not make two payouts one set. Grade P."""


@dataclass(frozen=True)
class Match:
    """What payouts were matched to at a rate: `matched` and `linked` of `RecyclerRate`.

    spilt: payouts whose batches were not all weighed. unsettled: payouts whose probabilities did not settle.
    """

    matched: pd.DataFrame
    linked: pd.DataFrame
    spilt: int
    unsettled: int


def match_payouts(redeemed: pd.DataFrame, payouts: pd.DataFrame, window: Window, rate_bp: int | None) -> Match:
    """The likeliest batch of each payout at the rate, and the links."""
    if rate_bp is None:
        return Match(pd.DataFrame(columns=MATCHED), pd.DataFrame(columns=[*MATCHED, "set"]), 0, 0)
    weighed = weigh_batches(redeemed, payouts, window, rate_bp)
    picked = chosen(weighed, LEAST_MATCH)
    matched = rows_of(redeemed, payouts, weighed, picked, weighed.probability)
    unsettled = 0 if weighed.settled else len(payouts)
    return Match(matched, linked(redeemed, payouts, weighed, picked), weighed.spilt, unsettled)


def linked(redeemed: pd.DataFrame, payouts: pd.DataFrame, weighed: Weighed, picked: Ints) -> pd.DataFrame:
    """The links as in `RecyclerRate`: pairs that are sure, then sets; then less sure pairs of what is in neither."""
    (time_us,), (target,) = columns(redeemed, "time_us"), columns(payouts, "target")
    last_us = time_us[weighed.members.max(axis=1)]  # redemptions are by time
    sure = picked[weighed.probability[picked] >= SURE_PAIR]
    joint = chosen_for_payees(weighed, sure, last_us, LEAST_BY_PAYEE)
    rest = without_overlaps(weighed, picked, np.concatenate([sure, joint]))
    alone = np.concatenate([sure, rest])
    parts = [
        rows_of(redeemed, payouts, weighed, alone, weighed.probability).assign(set=0),
        rows_of(redeemed, payouts, weighed, joint, weighed.by_payee).assign(set=1 + tied_sets(weighed, joint, target)),
    ]
    return pd.concat(parts, ignore_index=True)


def rows_of(redeemed: pd.DataFrame, payouts: pd.DataFrame, weighed: Weighed, picked: Ints, probability: Floats) -> pd.DataFrame:
    """Rows of `MATCHED` for picked batches."""
    (rows,) = columns(redeemed, "row")
    paid = payouts.iloc[weighed.payout[picked]]
    batches = [tuple(rows[one[one >= 0]].tolist()) for one in weighed.members[picked]]
    row, payer, payee, time_us, amount = columns(paid, "row", "source", "target", "time_us", "amount_fen")
    chance = np.floor(probability[picked] * FULL).astype(np.int64)
    values = (row, payer, payee, time_us, amount, weighed.face_fen[picked], batches, chance)
    return pd.DataFrame(dict(zip(MATCHED, values, strict=True)))


def chosen(weighed: Weighed, least: float) -> Ints:
    """The batches to go by: the likeliest first, no payout and no redemption twice, none below `least`; by payout."""
    order = np.lexsort([np.arange(len(weighed.payout)), -np.round(weighed.probability, 9)])
    return without_overlaps(weighed, order[weighed.probability[order] >= least], np.zeros(0, np.int64))


def chosen_for_payees(weighed: Weighed, sure: Ints, last_us: Ints, least: float) -> Ints:
    """Batches of which it is likely only that their payee was paid for them, beside those that are sure; by payout.

    Among equally likely ones the earliest payout takes the batch that was redeemed first.

    Args:
        last_us: last redemption of each batch. least: probability that the payee was paid for it.
    """
    order = np.lexsort([last_us, weighed.payout, -np.round(weighed.probability, 2)])
    return without_overlaps(weighed, order[weighed.by_payee[order] >= least], sure)


def without_overlaps(weighed: Weighed, order: Ints, taken: Ints) -> Ints:
    """The batches in this order that share no payout and no redemption with one before, nor with those taken; by payout."""
    used = {one for row in weighed.members[taken].tolist() for one in row if one >= 0}
    paid = set(weighed.payout[taken].tolist())
    picked = []
    for at in order.tolist():
        batch = [one for one in weighed.members[at].tolist() if one >= 0]
        if int(weighed.payout[at]) in paid or used.intersection(batch):
            continue
        paid.add(int(weighed.payout[at]))
        used.update(batch)
        picked.append(at)
    return np.asarray(sorted(picked, key=lambda at: int(weighed.payout[at])), dtype=np.int64)


def tied_sets(weighed: Weighed, picked: Ints, payee: Ints) -> Ints:
    """Number of the set of each picked batch: those of one payee whose redemptions the payouts may have been exchanged for.

    Args:
        payee: of each payout.
    """
    by_redemption = {one: at for at, row in enumerate(picked.tolist()) for one in weighed.members[row].tolist() if one >= 0}
    by_payout = weighed.payout[picked]
    pick, paid = list(range(len(picked))), by_payout.tolist()
    for row in np.flatnonzero((weighed.probability >= LEAST_TIE) & np.isin(weighed.payout, by_payout)).tolist():
        others = {by_redemption[one] for one in weighed.members[row].tolist() if one in by_redemption}
        same = [at for at in others if payee[by_payout[at]] == payee[weighed.payout[row]]]
        pick += same
        paid += [int(weighed.payout[row])] * len(same)
    return components(len(picked), np.asarray(pick, np.int64), np.asarray(paid, np.int64), len(payee))

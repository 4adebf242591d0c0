"""How likely each batch is, given all others: belief propagation between payouts, redemptions and the batches that join them.

A payout is for one batch at the most, and a redemption is in one batch at the most that was paid for. Every batch asks its
payout and each of its redemptions, and each of these leaves it what its other batches do not ask for. Source: the sum-product
algorithm (Kschischang, Frey, Loeliger 2001), exact where the batches form no loop, damped where they do.
"""

import numpy as np
from numpy.typing import NDArray

from rules.scope import Ints

Floats = NDArray[np.float64]

MOST_ROUNDS, FEWEST_ROUNDS, WORK = 1_000, 100, 200_000_000
"""Most rounds; fewer where all of them together would ask more often than `WORK` times. Grade P."""
DAMPED, MORE_DAMPED = 0.6, 0.95
"""How much of a round stays in the next, at first and in the last: crowds of equal batches swing to and fro. Grade P."""
STILL, SURE_LOG_ODDS = 0.02, 20.0
"""Settled once no log odds within the sure ones would move by more. Grade P."""
LARGEST_LOG_ODDS = 30.0
"""Bound of what is asked: sums of more could not tell their small parts any more."""
UNSEEN = 0.1
"""Share of payouts for vouchers whose redemptions are not in the records, and of redemptions whose payout is not. Grade P."""
FIRST_SHARE, LEAST_SHARE, MOST_SHARE = 0.5, 0.05, 0.95
"""Share of the payouts that are for vouchers: where it starts, and its bounds. Grade P."""


def settled_chances(
    payout: Ints, members: NDArray[np.int32], weight: Floats, ordinary: Floats, spare: Floats
) -> tuple[Floats, bool]:
    """Probability of every batch, and whether the probabilities settled; the share of payouts for vouchers is estimated along.

    Args:
        payout: of each batch. members: positions of its redemptions, -1 behind the last.
        weight: per batch the chance of the payout's amount for it.
        ordinary, spare: per payout the chance of its amount as an ordinary payment, and for batches that are not weighed.
    """
    if not len(payout):
        return np.zeros(0), True
    batch, place = np.nonzero(members >= 0)
    asking = np.concatenate([batch, np.arange(len(payout))])
    asked = np.concatenate([members[batch, place].astype(np.int64) + len(ordinary), payout])
    unasked = np.where(asked < len(ordinary), 1.0, UNSEEN / (1 - UNSEEN))
    asks, left, share = np.zeros(len(asking)), np.zeros(len(asking)), FIRST_SHARE
    chance = np.zeros(len(payout))
    rounds = int(min(max(WORK // len(asking), FEWEST_ROUNDS), MOST_ROUNDS))
    for number in range(rounds):
        seen = share * (1 - UNSEEN)
        odds = np.log(seen * weight) - np.log((1 - seen) * ordinary + share * spare)[payout]
        fresh = odds[asking] + np.bincount(asking, left)[asking] - left
        moved = np.abs(np.clip(fresh, -SURE_LOG_ODDS, SURE_LOG_ODDS) - np.clip(asks, -SURE_LOG_ODDS, SURE_LOG_ODDS)).max()
        stays = DAMPED + (MORE_DAMPED - DAMPED) * number / rounds if number else 0.0
        asks = np.clip(stays * asks + (1 - stays) * fresh, -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS)
        asked_for = np.exp(asks)
        left = -np.log(unasked + np.maximum(np.bincount(asked, asked_for)[asked] - asked_for, 0.0))
        whole = np.clip(odds + np.bincount(asking, left), -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS)
        chance = 1 / (1 + np.exp(-whole))
        share = float(np.clip(chance.sum() / len(ordinary), LEAST_SHARE, MOST_SHARE))
        if number and moved < STILL:
            return chance, True
    return chance, False


def chances_by_payee(payout: Ints, members: NDArray[np.int32], chance: Floats, payee: Ints) -> Floats:
    """Per batch: the chance that its payout is for vouchers and its payee was paid for its redemptions, by whatever payout.

    The least of these: where equal batches stand before equal payouts to one payee, it is high though no pairing is.

    Args:
        payee: of each payout.
    """
    batch, place = np.nonzero(members >= 0)
    redemption = members[batch, place].astype(np.int64)
    _, mine = np.unique(payee[payout[batch]] << 32 | redemption, return_inverse=True)
    found = np.bincount(payout, chance, minlength=len(payee))[payout]
    np.minimum.at(found, batch, np.bincount(mine, chance[batch])[mine])
    return np.minimum(found, 1.0)

"""Belief propagation: what counting every choice gives where batches form no loop; crowds of equal batches share evenly."""

from itertools import product

import numpy as np
import pytest

from rules.beliefs import FIRST_SHARE, UNSEEN, chances_by_payee, settled_chances


def counted(payout: list[int], members: list[tuple[int, ...]], weight: list[float], ordinary: list[float]) -> list[float]:
    """Probability of every batch by looking at every choice of batches; half of the payouts are for vouchers."""
    redemptions = {one for batch in members for one in batch}
    total, found = 0.0, np.zeros(len(payout))
    for choice in product((False, True), repeat=len(payout)):
        paid = [payout[at] for at, taken in enumerate(choice) if taken]
        used = [one for at, taken in enumerate(choice) if taken for one in members[at]]
        if len(paid) > len(set(paid)) or len(used) > len(set(used)):
            continue
        seen = FIRST_SHARE * (1 - UNSEEN)
        chance = float(np.prod([seen * weight[at] for at, taken in enumerate(choice) if taken]))
        chance *= float(np.prod([(1 - seen) * ordinary[one] for one in set(range(len(ordinary))) - set(paid)]))
        chance *= (UNSEEN / (1 - UNSEEN)) ** len(redemptions - set(used))
        total += chance
        found[list(choice)] += chance
    return list(found / total)


def settled(
    monkeypatch: pytest.MonkeyPatch,
    payout: list[int],
    members: list[tuple[int, ...]],
    weight: list[float],
    ordinary: list[float],
) -> list[float]:
    """The same by propagation, with the share of payouts for vouchers held at a half."""
    for name in ("LEAST_SHARE", "MOST_SHARE"):
        monkeypatch.setattr(f"rules.beliefs.{name}", FIRST_SHARE)
    width = max(map(len, members))
    table = np.asarray([[*batch, *[-1] * (width - len(batch))] for batch in members], np.int32)
    zero = np.zeros(len(ordinary))
    chance, still = settled_chances(np.asarray(payout), table, np.asarray(weight), np.asarray(ordinary), zero)
    assert still
    return list(chance)


@pytest.mark.parametrize("seed", range(8))
def test_without_loops_every_choice_counted_gives_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(seed)
    payout, members = [0, 0, 1, 1, 2], [(0,), (1, 2), (2, 3), (4,), (4, 5)]
    weight, ordinary = random.uniform(0.1, 3.0, 5).tolist(), random.uniform(0.1, 2.0, 3).tolist()
    ours = settled(monkeypatch, payout, members, weight, ordinary)
    assert np.allclose(ours, counted(payout, members, weight, ordinary), atol=0.01)


@pytest.mark.parametrize("many", [2, 5, 12])
def test_equal_batches_before_equal_payouts_share_evenly_and_all_are_paid(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    payout = [k for k in range(many) for _ in range(many)]
    members = [(one,) for _ in range(many) for one in range(many)]
    chance = settled(monkeypatch, payout, members, [1.0] * many**2, [1e-6] * many)
    assert np.allclose(chance, 1 / many, atol=0.02)
    table = np.asarray(members, np.int32)
    one_payee = chances_by_payee(np.asarray(payout), table, np.asarray(chance), np.zeros(many, np.int64))
    assert (one_payee > 0.95).all()
    two = chances_by_payee(np.asarray(payout), table, np.asarray(chance), np.arange(many, dtype=np.int64) % 2)
    assert (two < 0.7).all()


def test_nothing_to_weigh_is_settled() -> None:
    none = np.zeros(0)
    chance, still = settled_chances(np.zeros(0, np.int64), np.zeros((0, 40), np.int32), none, none, none)
    assert (len(chance), still) == (0, True)

"""The recyclers' rate: estimated, not assumed; innocents and chance are told apart."""

import numpy as np

from rules.recycling import estimate_rates, pooled_rate
from rules.scope import Scope
from tests.rules.cases import evaluated, fired, whole

PAYOUT = "RUL-RECYCLER-PAYOUT"


def recycler(rate: float, kind: str = "card", batches: int = 8, noise: int = 0, seed: int = 3) -> str:
    """A recycler who redeems batches of vouchers and pays a middleman for them, with unrelated payments beside."""
    random = np.random.default_rng(seed)
    lines = ["account store wallet holder=h", "account purse bank holder=h", "opening purse 900000"]
    number = 0
    for day in range(batches):
        face = 0
        for _ in range(int(random.integers(1, 5))):
            number += 1
            value = int(random.choice([500, 1000])) if kind == "card" else int(random.integers(2000, 5000))
            voucher = f"card:{number}" if kind == "card" else f"qq:{number}"
            lines.append(f"2025-03-{day + 1:02d} 08:{number % 60:02d} buyer{number % 7} -> {voucher} {value}")
            lines.append(f"2025-03-{day + 1:02d} 10:{number % 60:02d} {voucher} -> store {value}")
            face += value
        lines.append(f"2025-03-{day + 1:02d} 18:00 purse -> middleman {round(face * rate)}")
    for k in range(noise):
        lines.append(
            f"2025-03-{k % batches + 1:02d} 19:{k:02d} purse -> friend{k} {random.integers(10, 400)}.{random.integers(10, 99)}"
        )
    return "\n".join(lines)


def rate_of(scope: Scope) -> int:
    rates = estimate_rates(scope)
    assert len(rates) == 1
    assert rates[0].rate_bp is not None
    return rates[0].rate_bp


def test_the_card_rate_is_estimated_from_payouts_and_faces() -> None:
    assert abs(rate_of(whole(recycler(0.97))) - 9700) <= 20


def test_the_q_coin_rate_is_estimated_from_payouts_and_faces() -> None:
    assert abs(rate_of(whole(recycler(0.86, "q_coin"))) - 8600) <= 20


def test_unrelated_payments_do_not_move_the_rate() -> None:
    assert abs(rate_of(whole(recycler(0.86, "q_coin", noise=12))) - 8600) <= 20


def test_the_interval_holds_the_true_rate() -> None:
    pooled = pooled_rate(estimate_rates(whole(recycler(0.865, "q_coin"))), "q_coin")
    assert pooled is not None
    assert pooled[1] <= 8650 <= pooled[2]


def test_recycler_and_middleman_are_found() -> None:
    found = fired(whole(recycler(0.97)), PAYOUT)
    assert set(found) == {"store", "purse", "middleman"}
    assert found["purse"].inputs["below_market"] is False
    assert "Gave consideration" in found["purse"].consideration[0]


def test_a_rate_clearly_below_market_asks_for_a_review() -> None:
    found = fired(whole(recycler(0.80, "q_coin")), PAYOUT)
    assert found["purse"].inputs["below_market"] is True
    assert found["purse"].consideration == ()


def test_a_fair_price_of_another_market_is_not_found() -> None:
    assert fired(whole(recycler(0.93)), PAYOUT) == {}


def test_somebody_who_redeems_cards_and_pays_friends_at_random_is_no_recycler() -> None:
    found = [accounts for seed in range(20) if (accounts := fired(whole(at_random(seed)), PAYOUT))]
    assert found == []


def at_random(seed: int) -> str:
    """Redeemed cards, and payments that have nothing to do with them."""
    random = np.random.default_rng(seed)
    lines = ["account store wallet holder=h", "account purse bank holder=h"]
    for day in range(1, 9):
        for card in range(2):
            value = random.choice([100, 200, 500, 1000])
            lines.append(f"2025-03-{day:02d} 10:0{card} card:{day}-{card} -> store {value}")
        lines.append(f"2025-03-{day:02d} 18:00 purse -> friend{day} {random.integers(50, 1500)}.{random.integers(10, 99)}")
    return "\n".join(lines)


def test_a_redemption_is_paid_for_once() -> None:
    lines = ["account store wallet holder=h", "account purse bank holder=h", "opening purse 9000"]
    for day in range(1, 6):
        lines.append(f"2025-03-{day:02d} 10:00 card:{day} -> store {day * 100}")
        lines += [f"2025-03-{day:02d} {hour}:00 purse -> payee {day * 97}" for hour in (12, 14)]
    (rate,) = estimate_rates(whole("\n".join(lines)))
    rows = [row for rows in rate.matched["redemption_rows"] for row in rows]
    assert len(rows) == len(set(rows)) > 0


def test_too_few_batches_are_a_problem_not_a_zero() -> None:
    findings, problems = evaluated(whole(recycler(0.97, batches=2)), PAYOUT)
    assert findings == []
    assert [problem.code for problem in problems] == ["RUL-not-evaluated"]

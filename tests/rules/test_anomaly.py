"""The anomaly on null data: p-values are what they say, alpha is estimated, too little material is a problem."""

import numpy as np

from benchmarks.null_dealings import null_dealings, with_unusual
from rules.activity import FEATURES, activity
from rules.anomaly import Spans, compared, score_anomalies
from rules.discovery import combined, discovery_rate
from rules.expected import fit_amounts, fit_counts, upper_tail
from rules.settled import settled_transfers
from tests.rules.cases import case

SPANS = Spans(0, 10**12, 2 * 10**12, 3 * 10**12)


def null_counts(accounts: int = 40_000, alpha: float = 0.7, seed: int = 5) -> tuple["np.ndarray", "np.ndarray", "np.ndarray"]:
    """Counts of two peer groups that differ in their mean only, and the 0/1 columns of the groups."""
    random = np.random.default_rng(seed)
    group = random.integers(0, 2, accounts)
    mean = np.where(group == 0, 2.0, 9.0)
    levels = np.column_stack([group == 0, group == 1]).astype(float)
    return random.poisson(mean * random.gamma(1 / alpha, alpha, accounts)), levels, mean


def test_alpha_is_estimated_not_assumed() -> None:
    counts, levels, _ = null_counts()
    fitted = fit_counts(counts, levels, 1, seed=0)
    assert fitted is not None
    assert abs(fitted.alpha - 0.7) < 0.03


def test_p_values_of_null_data_are_calibrated_in_the_tail() -> None:
    counts, levels, _ = null_counts()
    fitted = fit_counts(counts, levels, 1, seed=0)
    assert fitted is not None
    p_value = upper_tail(counts, fitted.mean(levels, 1), fitted.alpha, np.random.default_rng(1))
    for limit in (0.5, 0.05, 0.01):
        assert abs((p_value < limit).mean() / limit - 1) < 0.15
    assert 0.0005 < (p_value < 0.001).mean() < 0.002


def test_amounts_of_null_data_have_calibrated_p_values_whatever_their_shape() -> None:
    baseline, score, levels = null_dealings(60_000, 0.0, seed=3)
    fitted = fit_amounts(baseline[:, 7], levels, seed=0)
    assert fitted is not None
    p_value = fitted.p_value(score[:, 7], levels, np.random.default_rng(1))
    there = ~np.isnan(score[:, 7])
    assert np.isnan(p_value[~there]).all()
    for limit in (0.5, 0.05, 0.01):
        assert abs((p_value[there] < limit).mean() / limit - 1) < 0.15


def test_figures_that_depend_on_each_other_are_combined_without_optimism() -> None:
    baseline, score, levels = null_dealings(60_000, 0.6, seed=4)
    found, problems = compared(baseline, score, (levels, levels), SPANS, 0)
    assert problems == []
    assert found is not None
    assert 0.0005 < (combined(found[0]) < 0.001).mean() < 0.002


def test_false_discoveries_stay_near_the_nominal_rate_and_most_unusual_accounts_are_found() -> None:
    baseline, score, levels = null_dealings(30_000, 0.6, seed=6)
    changed, unusual = with_unusual(score, 0.02, seed=6)
    found, _ = compared(baseline, changed, (levels, levels), SPANS, 0)
    assert found is not None
    taken = discovery_rate(combined(found[0])) < 0.1
    assert (taken & ~unusual).sum() <= 0.14 * taken.sum()
    assert taken[unusual].mean() > 0.8


def test_a_row_of_nothing_stays_nothing_when_combined() -> None:
    assert np.isnan(combined(np.full((1, 3), np.nan))[0])
    assert np.allclose(combined(np.array([[0.02, np.nan, np.nan]])), [0.02])


def test_the_figures_of_an_account_are_what_its_records_say() -> None:
    scope, _ = case(
        """
        2025-01-01 23:30 a -> b 100
        2025-01-02 09:00 c -> b 50
        2025-01-02 09:10 b -> card:1 120 gift_card
        """
    )
    moves = settled_transfers(scope.ledger, None)
    figures = activity(moves, len(scope.hub), 0, 2**60)
    code = [str(name) for name in scope.ledger.accounts["account"]].index("b")
    named = dict(zip((feature.name for feature in FEATURES), figures[code].tolist(), strict=True))
    counts = {name: named[name] for name in ("credits", "debits", "payers", "payees", "night", "vouchers")}
    assert counts == {"credits": 2, "debits": 1, "payers": 2, "payees": 1, "night": 1, "vouchers": 1}
    assert np.isclose(named["inflow"], np.log(150_00))
    assert np.isclose(named["haste"], -(np.log1p(580) + np.log1p(10)) / 2)


def test_a_tenth_of_a_percent_of_null_data_is_rarely_discovered() -> None:
    p_value = np.random.default_rng(2).random(10_000)
    assert (discovery_rate(p_value) < 0.05).sum() == 0


def test_the_discovery_rate_follows_benjamini_and_hochberg() -> None:
    assert np.allclose(discovery_rate(np.array([0.01, 0.04, 0.03, 0.5])), [0.04, 0.16 / 3, 0.16 / 3, 0.5])


def town(days: int) -> str:
    """People who deal with two neighbours a week, and a mule that deals with thirty strangers after the claim."""
    lines = [
        f"2025-01-{day:02d} {8 + k % 12:02d}:{k % 60:02d} p{k} -> p{(k * 7 + day) % 80} 20"
        for day in range(1, days + 1)
        for k in range(80)
    ]
    lines.append(f"2025-01-{days + 1:02d} 09:00 p1 -> p2 5000  # claim")
    lines += [f"2025-01-{days + 1:02d} 10:{k:02d} p2 -> p{k + 20} 100" for k in range(30)]
    return "\n".join(lines)


def test_an_account_that_suddenly_deals_with_many_has_the_smallest_q_value() -> None:
    scope, _ = case(town(20))
    anomaly, problems = score_anomalies(scope)
    (problem,) = problems
    assert "transfers at night, vouchers bought or redeemed: no regression" in problem.message
    assert anomaly is not None
    assert scope.name(int(np.nanargmin(anomaly.q_value))) == "p2"
    assert float(np.nanmin(anomaly.q_value)) < 0.01
    assert "30 different payees where peers have" in anomaly.reason(int(np.nanargmin(anomaly.q_value)))


def test_the_same_seed_gives_the_same_values() -> None:
    scope, _ = case(town(20))
    first, second = (score_anomalies(scope)[0] for _ in range(2))
    assert first is not None
    assert second is not None
    assert np.array_equal(first.q_value, second.q_value, equal_nan=True)


def test_a_baseline_of_a_few_days_is_a_problem_not_a_zero() -> None:
    anomaly, problems = score_anomalies(case(town(5))[0])
    assert anomaly is None
    assert [problem.code for problem in problems] == ["RUL-not-evaluated"]

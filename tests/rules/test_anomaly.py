"""The anomaly on null data: p-values are what they say, alpha is estimated, too little material is a problem."""

import numpy as np

from rules.anomaly import discovery_rate, fit, score_anomalies, upper_tail
from tests.rules.cases import case


def null_counts(accounts: int = 40_000, alpha: float = 0.7, seed: int = 5) -> tuple["np.ndarray", "np.ndarray", "np.ndarray"]:
    """Counts of two peer groups that differ in their mean only, and the 0/1 columns of the groups."""
    random = np.random.default_rng(seed)
    group = random.integers(0, 2, accounts)
    mean = np.where(group == 0, 2.0, 9.0)
    levels = np.column_stack([group == 0, group == 1]).astype(float)
    return random.poisson(mean * random.gamma(1 / alpha, alpha, accounts)), levels, mean


def test_alpha_is_estimated_not_assumed() -> None:
    counts, levels, _ = null_counts()
    fitted = fit(counts, levels, 1, seed=0)
    assert fitted is not None
    alpha = fitted[1]
    assert abs(alpha - 0.7) < 0.03


def test_p_values_of_null_data_are_calibrated_in_the_tail() -> None:
    counts, levels, _ = null_counts()
    fitted = fit(counts, levels, 1, seed=0)
    assert fitted is not None
    coefficients, alpha = fitted
    p_value = upper_tail(counts, np.exp(levels @ coefficients), alpha, seed=1)
    for limit in (0.5, 0.05, 0.01):
        assert abs((p_value < limit).mean() / limit - 1) < 0.15
    assert 0.0005 < (p_value < 0.001).mean() < 0.002


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
    assert problems == []
    assert anomaly is not None
    assert scope.name(int(np.nanargmin(anomaly.q_value))) == "p2"
    assert float(np.nanmin(anomaly.q_value)) < 0.01


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

"""Calibration and cost of the anomaly: `python -m benchmarks.anomaly [ACCOUNTS]`.

On null data every p-value must be what it says, alone and combined, also when an account's figures depend on each other; with
a known part of unusual accounts the share of false discoveries must stay below the nominal rate.
"""

import resource
import sys
import time

import numpy as np

from benchmarks.null_dealings import null_dealings, with_unusual
from rules.anomaly import Spans, compared
from rules.discovery import combined, discovery_rate

SPANS = Spans(0, 10**12, 2 * 10**12, 3 * 10**12)
SEEDS = 5


def main() -> None:
    """Print the calibration table, the discovery table, and what a large set costs."""
    print(
        "| correlation | accounts | P(p < 0.001) of the figures, least and most | P(p < 0.001) combined | discoveries at 0.05 |"
    )
    print("|---|---:|---|---:|---:|")
    for correlation in (0.0, 0.6):
        alone, whole, found = [], [], 0
        for seed in range(SEEDS):
            p_value = scored(100_000, correlation, seed)
            alone.append(np.nanmean(np.where(np.isnan(p_value), np.nan, p_value < 0.001), axis=0))
            whole.append(float((combined(p_value) < 0.001).mean()))
            found += int((discovery_rate(combined(p_value)) < 0.05).sum())
        mean = np.mean(alone, axis=0)
        print(f"| {correlation} | {SEEDS} × 100,000 | {mean.min():.5f} … {mean.max():.5f} | {np.mean(whole):.5f} | {found} |")
    print("\n| nominal rate | false among discoveries | found of the unusual |\n|---:|---:|---:|")
    for rate in (0.01, 0.05, 0.1):
        wrong, power = zip(*(discovered(rate, seed) for seed in range(SEEDS)), strict=True)
        print(f"| {rate} | {np.mean(wrong):.4f} | {np.mean(power):.3f} |")
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    baseline, score, levels = null_dealings(accounts, 0.6, 99)
    begun = time.perf_counter()
    found, _ = compared(baseline, score, (levels, levels), SPANS, 0)
    assert found is not None
    discovery_rate(combined(found[0]))
    took, peak = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"\n{accounts:,} accounts × 10 figures: {took:.1f} s, peak {peak:.1f} GB with the data")


def scored(accounts: int, correlation: float, seed: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """p-values of null data."""
    baseline, score, levels = null_dealings(accounts, correlation, seed)
    found, problems = compared(baseline, score, (levels, levels), SPANS, seed)
    assert found is not None
    assert not problems
    return found[0]


def discovered(rate: float, seed: int) -> tuple[float, float]:
    """Share of false discoveries, and of the unusual accounts found, with one in a hundred unusual."""
    baseline, score, levels = null_dealings(100_000, 0.6, 50 + seed)
    changed, unusual = with_unusual(score, 0.01, seed)
    found, _ = compared(baseline, changed, (levels, levels), SPANS, seed)
    assert found is not None
    taken = discovery_rate(combined(found[0])) < rate
    return float((taken & ~unusual).sum() / max(int(taken.sum()), 1)), float(taken[unusual].mean())


if __name__ == "__main__":
    main()

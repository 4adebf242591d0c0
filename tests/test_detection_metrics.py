"""The figures of the detection benchmark against counting by hand, and its split by time."""

import dataclasses
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.detection.desk import answer, ledger_in
from benchmarks.detection.metrics import average_precision, best_threshold, precision_at, quality
from benchmarks.detection.stretches import Table, truth_of

SCORED = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=7)


def columns(pairs: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    """Scores and truth."""
    return np.array([float(score) for score, _ in pairs]), np.array([positive for _, positive in pairs], dtype=np.bool_)


@given(SCORED)
def test_average_precision_is_the_sum_over_thresholds(pairs: list[tuple[int, bool]]) -> None:
    wanted = sum(positive for _, positive in pairs)
    told = average_precision(*columns(pairs))
    if not wanted:
        assert np.isnan(told)
        return
    expected, before = 0.0, 0
    for threshold in sorted({score for score, _ in pairs}, reverse=True):
        named = [positive for score, positive in pairs if score >= threshold]
        expected += (sum(named) - before) / wanted * sum(named) / len(named)
        before = sum(named)
    assert told == pytest.approx(expected)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=6), st.integers(1, 6))
def test_precision_at_k_is_the_mean_over_every_order_of_the_ties(pairs: list[tuple[int, bool]], most: int) -> None:
    most = min(most, len(pairs))
    orders = [order for order in permutations(pairs) if all(a[0] >= b[0] for a, b in pairwise(order))]
    expected = np.mean([sum(positive for _, positive in order[:most]) / most for order in orders])
    assert precision_at(*columns(pairs), most) == pytest.approx(expected)


@given(SCORED, st.randoms(use_true_random=False))
def test_figures_do_not_depend_on_the_order_of_the_rows(pairs: list[tuple[int, bool]], random: object) -> None:
    mixed = list(pairs)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert str(quality(*columns(pairs), 1.0)) == str(quality(*columns(mixed), 1.0))


@given(SCORED)
def test_the_best_threshold_has_the_highest_f1(pairs: list[tuple[int, bool]]) -> None:
    score, positive = columns(pairs)
    if positive.any():
        best = quality(score, positive, best_threshold(score, positive)).f1
        assert best == pytest.approx(max(quality(score, positive, float(one)).f1 for one in score))


def small(seed: int = 5, transfers: int = 600) -> Table:
    """Random transfers of 90 days between 60 accounts, a tenth of them in ten alerts."""
    draw = np.random.default_rng(seed)
    source = draw.integers(0, 60, transfers)
    target = (source + draw.integers(1, 60, transfers)) % 60
    attempt = np.where(draw.random(transfers) < 0.1, draw.integers(0, 10, transfers), -1)
    day = np.sort(draw.integers(0, 90, transfers))
    return Table(source, target, day, draw.integers(1, 10**6, transfers), attempt, pd.Series(["cycle"] * 10), 60)


@pytest.mark.parametrize("transfers", [True, False])
def test_what_the_product_says_of_a_stretch_knows_no_label_of_it_and_nothing_later(transfers: bool, tmp_path: Path) -> None:
    table = small(transfers=900)
    asked, later = table.day >= 60, table.day >= 84
    turned = np.where(asked, np.where(table.attempt < 0, 3, -1), table.attempt)
    changed = dataclasses.replace(table, fen=np.where(later, 1, table.fen), attempt=turned)
    told = []
    for name, one in (("as it is", table), ("changed", changed)):
        (tmp_path / name).mkdir()
        told.append(answer(one, ledger_in(one, tmp_path / name), ((24, 48), (36, 60)), (60, 84), transfers))
    assert told[0].score.any()
    assert told[0].score.tolist() == told[1].score.tolist()
    assert told[0].chance.tolist() == told[1].chance.tolist()
    pd.testing.assert_frame_equal(told[0].figures, told[1].figures)


def test_an_account_is_positive_where_its_alert_mostly_lies() -> None:
    day = np.array([1, 11, 12, 5, 13])
    ends = np.array([0, 0, 1, 4, 4]), np.array([1, 2, 3, 5, 6])
    table = Table(*ends, day, np.full(5, 100), np.array([0, 0, 0, 1, -1]), pd.Series(["fan_in", "cycle"]), 7)
    truth = truth_of(table, 10, 20)
    assert np.flatnonzero(truth.positive).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(truth.ranked).tolist() == [0, 1, 2, 3, 4, 6]
    assert np.flatnonzero(truth.known).tolist() == [0, 1, 4, 5]
    assert np.flatnonzero(truth.of_kind["fan_in"]).tolist() == [0, 1, 2, 3]


def test_an_account_touched_only_by_an_alert_that_lies_elsewhere_is_not_ranked() -> None:
    ends = np.array([0, 1, 2]), np.array([1, 2, 3])
    table = Table(*ends, np.array([1, 2, 12]), np.full(3, 100), np.array([0, 0, 0]), pd.Series(["cycle"]), 4)
    truth = truth_of(table, 10, 20)
    assert not truth.positive.any()
    assert not truth.ranked.any()

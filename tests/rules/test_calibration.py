"""Calibration: signs that make sense, nothing from too few labels, held back by ring; reliability against sums by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ledger.problems import LiushuiError
from rules.calibration import calibrate
from rules.evidence import Case, Evidence, folds_of, gather
from rules.labels import Label, read_labels
from rules.likeness import Likeness
from rules.reliability import average_precision, bins, brier
from rules.weights import default_weights, load_weights
from rules.weights_file import write_calibration
from tests.rules.test_weights import ranked


def labelled(text: str, folder: Path) -> list[Label]:
    path = folder / "labels.csv"
    path.write_bytes(text.encode())
    return read_labels(path)


def evidence(count: int = 200, rings: int = 4, seed: int = 1) -> Evidence:
    """Accounts of which a rule fires on members, long history on others, and two things point the wrong way."""
    random = np.random.default_rng(seed)
    member = random.random(count) < 0.5
    strength = pd.DataFrame(
        {
            "rules:RUL-PASS-THROUGH": (random.random(count) < np.where(member, 0.8, 0.1)).astype(float),
            "rules:RUL-FAN-IN": (random.random(count) < np.where(member, 0.1, 0.6)).astype(float),
            "counter_evidence:long_history": (random.random(count) < np.where(member, 0.1, 0.7)).astype(float),
            "counter_evidence:regular": (random.random(count) < np.where(member, 0.6, 0.1)).astype(float),
            "roles:boss": np.arange(count) < 2,
        }
    ).astype(float)
    group = np.asarray([f"0:{number % rings}" for number in range(count)], dtype=object)
    return Evidence(strength, member, group, np.zeros(count, dtype=np.int64), np.zeros((count, 2), dtype=np.int64))


def test_a_rule_never_takes_points_off_and_counter_evidence_never_adds_any() -> None:
    made = calibrate(evidence()).weights
    assert made.rules["RUL-PASS-THROUGH"] > 0
    assert made.rules["RUL-FAN-IN"] == 0
    assert made.counter_evidence["long_history"] < 0
    assert made.counter_evidence["regular"] == 0


def test_what_few_accounts_show_keeps_its_shipped_points() -> None:
    made = calibrate(evidence())
    assert made.kept == ["roles:boss"]
    assert made.weights.roles["boss"] == default_weights().roles["boss"]
    assert made.weights.rules["RUL-FEE-LADDER"] == default_weights().rules["RUL-FEE-LADDER"]


def test_the_same_labels_give_the_same_weights() -> None:
    one, other = calibrate(evidence()), calibrate(evidence())
    assert (one.weights, one.report) == (other.weights, other.report)


def test_labels_without_meaning_are_told_to_be_worth_nothing() -> None:
    found = evidence()
    shuffled = replace(found, member=np.random.default_rng(9).permutation(found.member))
    report = calibrate(shuffled).report
    assert report["brier"] > report["brier_of_the_share"] - 0.02
    assert calibrate(found).report["brier"] < report["brier_of_the_share"] - 0.08


def test_too_few_labels_are_refused_in_numbers() -> None:
    found = evidence(30)
    with pytest.raises(LiushuiError, match="20 of each are needed") as raised:
        calibrate(found)
    assert raised.value.code == "RUL-few-labels"


def test_a_ring_is_held_back_as_a_whole_and_time_stands_in_where_no_ring_is_named() -> None:
    rings = np.asarray(["0:1", "0:2", "0:1", "1:7"], dtype=object)
    fold, cut_by = folds_of(rings)
    assert (cut_by, fold[0] == fold[2], len(set(fold.tolist()))) == ("ring", True, 3)
    times = np.asarray([f"0@{second}" for second in (50, 10, 30, 20, 40)], dtype=object)
    fold, cut_by = folds_of(times)
    assert (cut_by, fold.tolist()) == ("time", [4, 0, 2, 1, 3])
    assert folds_of(np.asarray(["0@5", "1@6"], dtype=object))[1] == "case"


def test_beside_named_rings_accounts_of_none_are_held_back_in_parts() -> None:
    group = np.asarray([*(f"0:ring{ring}" for ring in range(6)), *(f"0@{second}" for second in range(10))], dtype=object)
    fold, cut_by = folds_of(group)
    assert (cut_by, fold[:6].tolist()) == ("ring", [0, 1, 2, 3, 4, 0])
    assert np.bincount(fold[6:]).tolist() == [2, 2, 2, 2, 2]


def test_two_names_that_always_go_together_are_fitted_all_the_same() -> None:
    found = evidence()
    twin = found.strength.assign(**{"rules:RUL-CHAIN": found.strength["rules:RUL-PASS-THROUGH"]})
    both, one = calibrate(replace(found, strength=twin)), calibrate(found)
    points = both.weights.rules
    assert points["RUL-PASS-THROUGH"] + points["RUL-CHAIN"] == pytest.approx(one.weights.rules["RUL-PASS-THROUGH"], abs=3)


def test_a_ring_with_all_members_cannot_be_held_back_alone() -> None:
    found = evidence(rings=1)
    group = np.asarray([f"0:{int(member)}" for member in found.member], dtype=object)
    with pytest.raises(LiushuiError, match="without one ring only one kind of label is left"):
        calibrate(replace(found, group=group))


def test_only_ranked_accounts_count_and_the_rest_is_told() -> None:
    labels = [Label("mule", True, ""), Label("nobody", False, ""), Label("victim", False, ""), Label("seller", False, "")]
    found = gather([Case(ranked(), labels)])
    assert found.member.tolist() == [True, False]
    assert found.left_out == {"not ranked": 1, "victim, hub or voucher": 1}
    assert found.strength.loc[1, "counter_evidence:good_faith"] == 1.0


def test_the_written_file_is_read_back_as_the_same_weights(tmp_path: Path) -> None:
    made = calibrate(evidence())
    path = write_calibration(made, tmp_path)[0]
    assert load_weights(path) == made.weights
    assert (tmp_path / "reliability.csv").read_text("utf-8").startswith("from,to,accounts,predicted,observed\n")


def test_a_model_of_dealings_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    made = calibrate(evidence())
    model = Likeness(61, -4.5, {"fan_in": 0.25, "cycle": 2.0}, {"fan_in": 1.5, "cycle": 0.01})
    weights = replace(made.weights, dealings=model)
    path = write_calibration(replace(made, weights=weights), tmp_path)[0]
    assert load_weights(path) == weights
    assert load_weights(path).digest != made.weights.digest


def test_labels_are_numbers_or_roles_and_the_unknown_are_left_out(tmp_path: Path) -> None:
    text = "\ufeffaccount,label,group\na,1,g\nb,0,\nc,boss,\nd,innocent,\ne,unknown,\nf,,\na,1,g\n"
    assert labelled(text, tmp_path) == [
        Label("a", True, "g"), Label("b", False, ""), Label("c", True, ""), Label("d", False, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: needs the columns account and label"),
        ("account,colour\na,1\n", "line 1: needs the columns account and label"),
        ("account,label\na,2\n", "line 2: label '2' is not 0, 1 or one of"),
        ("account,label\n,1\n", "line 2: the account is empty"),
        ("account,label\na,1\na,0\n", "line 3: account 'a' has two different labels"),
    ],
)
def test_labels_that_cannot_be_read_are_refused_with_file_and_line(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(LiushuiError, match=r"labels\.csv") as raised:
        labelled(text, tmp_path)
    assert (raised.value.code, told in str(raised.value)) == ("RUL-labels", True)


def test_average_precision_brier_and_bins_are_those_counted_by_hand() -> None:
    member = np.asarray([True, False, True, False])
    assert average_precision(member, np.asarray([0.9, 0.8, 0.7, 0.1])) == pytest.approx((1 + 2 / 3) / 2, abs=1e-6)
    assert average_precision(member, np.asarray([0.5, 0.5, 0.5, 0.5])) == 0.5
    truth = member.astype(float)
    assert brier(truth, np.asarray([1.0, 0.0, 0.5, 0.5])) == 0.125
    assert bins(truth, np.asarray([0.05, 0.05, 0.95, 1.0])) == [
        {"from": "0.0", "to": "0.1", "accounts": 2, "predicted": 0.05, "observed": 0.5},
        {"from": "0.9", "to": "1.0", "accounts": 2, "predicted": 0.975, "observed": 0.5},
    ]

"""The chance that money is still there: Cox against a model worked by hand, shipped curves where the case knows little."""

import json
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from rules.chance import PRIOR_RESTS, Chances, account_chances, chances_of, prior_curves, thinned
from rules.dwell import dwell_times, with_circumstances
from rules.hazard import Curves, fit_curves, levels
from rules.roles import ROLES, name_roles
from rules.score import rank_accounts
from rules.wording import HOUR_US, MINUTE_US
from tests.rules.cases import case
from tracing import Parameters, trace_claims

STORY = """
    09:00 victim -> mule 100   # claim
    09:10 mule -> next 60
    09:30 mule -> other 30
    10:00 x -> y 1
"""


def rests(count: int, dwell_minutes: list[int], left: list[bool], **columns: object) -> pd.DataFrame:
    """Rests that differ in what is named only."""
    same = {"role": "mule", "kind": "bank", "channel": "mobile", "tier": 1, "hour": 9, "amount_fen": 10_000_00}
    frame = pd.DataFrame({"dwell_us": np.array(dwell_minutes) * MINUTE_US, "left": left})
    assert len(frame) == count
    return frame.assign(**(same | columns))


def generated(seed: int, count: int = 300) -> pd.DataFrame:
    """Rests whose hazard is 0.02 a minute for a mule and a tenth of it for an unknown, censored after two hours."""
    random = np.random.default_rng(seed)
    mule = random.random(count) < 0.5
    minutes = random.exponential(np.where(mule, 50.0, 500.0))
    seen = np.minimum(minutes, 120.0)
    role = np.where(mule, "mule", "unknown").astype(object)
    return rests(count, [0] * count, (minutes <= 120.0).tolist(), role=role).assign(
        dwell_us=(seen * MINUTE_US).astype(np.int64)
    )


def test_the_model_finds_the_hazards_the_rests_were_drawn_with() -> None:
    curves = fit_curves(generated(1, 2000))
    assert curves is not None
    lots = rests(2, [0, 0], [False, False], role=np.asarray(["mule", "unknown"], dtype=object))
    stays = curves.stays(lots, np.asarray([0, 30 * MINUTE_US]), 30 * MINUTE_US)
    assert stays == pytest.approx([np.exp(-0.6), np.exp(-0.06)], abs=0.04)


def test_without_covariates_the_hazard_is_departures_over_those_at_risk() -> None:
    dwell = [*range(10, 130, 10)]
    curves = fit_curves(rests(12, dwell, [True] * 12))
    assert curves is not None
    weight = np.exp(levels(rests(1, [1], [True]), list(curves.coefficients)) @ np.array(list(curves.coefficients.values())))
    by_hand = np.cumsum([1 / at_risk for at_risk in range(12, 0, -1)])
    assert curves.hazard["account"][1] * weight[0] == pytest.approx(by_hand)


def test_a_rest_watched_from_an_age_on_is_at_risk_from_then_on_only() -> None:
    dwell, entry = [*range(10, 130, 10)], np.asarray([0] * 11 + [115]) * MINUTE_US
    curves = fit_curves(rests(12, dwell, [True] * 12), entry)
    assert curves is not None
    weight = np.exp(levels(rests(1, [1], [True]), list(curves.coefficients)) @ np.array(list(curves.coefficients.values())))
    by_hand = np.cumsum([*(1 / at_risk for at_risk in range(11, 0, -1)), 1.0])
    assert curves.hazard["account"][1] * weight[0] == pytest.approx(by_hand)


def test_too_few_departures_carry_no_model_and_the_shipped_curves_answer() -> None:
    few = rests(9, [10] * 9, [True] * 9)
    found = chances_of(few)
    assert found.own is None
    lot = few.iloc[:1]
    shipped = prior_curves().stays(lot, np.zeros(1, np.int64), 30 * MINUTE_US)[0]
    assert found.stays(lot, np.zeros(1, np.int64), 30 * MINUTE_US)[0] == pytest.approx((50 * shipped + 1) / 52)


def test_the_case_and_the_shipped_curves_are_weighted_by_counts() -> None:
    own = Curves({}, {"account": (np.asarray([HOUR_US]), np.asarray([1.0]))}, 10)
    shipped = Curves({}, {}, 10)
    lot, age = rests(1, [0], [False]), np.zeros(1, np.int64)
    found = Chances(own, shipped, np.asarray([1, 2, 3, 4, 5]))
    assert found.stays(lot, age, HOUR_US)[0] == pytest.approx(
        (5 * np.exp(-1.0) + PRIOR_RESTS * 1.0 + 1) / (5 + PRIOR_RESTS + 2)
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_chance_never_rises_with_the_latency_and_is_never_certain(seed: int) -> None:
    seen = generated(seed)
    found = chances_of(seen)
    ages = np.random.default_rng(seed).integers(0, 10 * HOUR_US, len(seen))
    over = np.array([found.stays(seen, ages, minutes * MINUTE_US) for minutes in (0, 1, 10, 30, 120, 2000)])
    assert (np.diff(over, axis=0) <= 1e-12).all()
    assert (over > 0).all()
    assert (over < 1).all()


def test_the_same_rests_give_the_same_curves_and_a_large_case_is_sampled() -> None:
    seen = generated(3, 800)
    assert str(fit_curves(seen)) == str(fit_curves(seen))
    sampled = fit_curves(seen, most=200)
    assert sampled is not None
    assert sampled.departures < 200
    assert str(sampled) == str(fit_curves(seen, most=200))


def test_a_role_channel_and_tier_nobody_has_seen_count_as_no_difference() -> None:
    strange = rests(1, [0], [False], role="king", channel="pigeon", tier=9)
    assert 0 < prior_curves().stays(strange, np.zeros(1, np.int64), 30 * MINUTE_US)[0] < 1


def test_the_shipped_curves_name_their_grade_seeds_and_only_roles_that_exist() -> None:
    told = json.loads((files("rules") / "dwell_prior.json").read_text(encoding="utf-8"))
    assert told["grade"] == "P"
    assert "benchmarks.dwell --fit" in told["provenance"]
    assert {name.partition(":")[2] for name in told["coefficients"] if name.startswith("role:")} <= set(ROLES)
    for one in told["hazard"].values():
        assert one["seconds"] == sorted(set(one["seconds"]))
        assert one["hazard"] == sorted(one["hazard"])


def test_thinned_curves_keep_their_ends() -> None:
    curves = fit_curves(generated(4))
    assert curves is not None
    told = thinned(curves, 10)["hazard"]["account"]
    assert len(told["seconds"]) <= 10
    assert told["hazard"][-1] == pytest.approx(curves.hazard["account"][1][-1], abs=1e-5)


def test_a_rest_carries_what_was_known_when_it_began() -> None:
    scope, _ = case(STORY)
    found = with_circumstances(scope, dwell_times(scope), name_roles(scope, []))
    first = found[found["account_code"] == 1].iloc[0]
    assert (first["role"], first["tier"], first["hour"], first["amount_fen"]) == ("mule", 1, 9, 100_00)


def test_an_account_has_the_chance_of_its_lots_by_their_fen() -> None:
    scope, _ = case("""
        09:00 victim -> mule 100   # claim
        11:50 victim -> mule 900   # claim
        12:00 x -> y 1
    """)
    roles = name_roles(scope, [])
    lots = with_circumstances(scope, dwell_times(scope), roles)
    found = chances_of(lots)
    each = found.stays(lots, scope.as_of_us - lots["arrived_us"].to_numpy(dtype=np.int64), 30 * MINUTE_US)
    frame = roles.assign(kind="bank", held_fen=[0, 1000_00], since_us=[0, scope.as_of_us])
    chance, _ = account_chances(scope, frame, 30 * MINUTE_US)
    assert chance[1] == pytest.approx(float(np.average(each, weights=[100, 900])))


@pytest.mark.parametrize("method", ["lifo", "pro_rata", "taint_first"])
def test_every_account_that_holds_money_has_a_chance_under_every_method(method: str) -> None:
    scope, _ = case(STORY)
    trace = trace_claims(scope.ledger, Parameters(method=method))
    frame = rank_accounts(scope.ledger, trace, []).frame
    assert (frame["chance_bp"].notna() == (frame["held_fen"] > 0)).all()

"""The baseline of Kaplan–Meier curves against an example worked by hand."""

import pandas as pd
import pytest

from benchmarks.survival import FALLBACK_BP, Survival, by_group, chance_still_there, curve_of
from rules.wording import MINUTE_US


def hand_made() -> Survival:
    """Rests of 10, 20, 30, 40 and 50 minutes that ended, one of 25 and one of 60 that did not.

    By hand: S(10) = 6/7, S(20) = 5/7, S(30) = 5/7 × 3/4, S(40) = 5/7 × 2/4, S(50) = 5/7 × 1/4.
    """
    rests = pd.DataFrame({"dwell_us": [10, 20, 25, 30, 40, 50, 60], "left": [True, True, False, True, True, True, False]})
    curve = curve_of(rests.assign(dwell_us=rests["dwell_us"] * MINUTE_US))
    return Survival({"role:mule": curve})


@pytest.mark.parametrize(
    ("age", "latency", "chance"),
    [
        (0, 10, 7778),  # 7 lots, ratio 6/7: (6 + 1) / 9
        (0, 30, 5278),  # ratio 15/28: (3.75 + 1) / 9
        (20, 20, 5000),  # 5 lots older than 20, ratio 1/2
        (35, 5, 6000),  # 3 lots, ratio 2/3
        (50, 30, 6667),  # one lot older than 50 and none seen to leave: (1 + 1) / 3
        (70, 30, 5000),  # no lot is as old
    ],
)
def test_the_chance_is_the_conditional_survival_drawn_towards_one_half(age: int, latency: int, chance: int) -> None:
    assert chance_still_there(hand_made(), "mule", "bank", age * MINUTE_US, latency * MINUTE_US) == chance


def test_without_any_departures_seen_the_chance_is_the_stated_fallback() -> None:
    assert chance_still_there(Survival(), "mule", "bank", 0) == FALLBACK_BP


def test_a_group_without_a_curve_of_its_own_takes_that_of_its_kind() -> None:
    curves = Survival({"kind:bank": hand_made().curves["role:mule"]})
    assert chance_still_there(curves, "collector", "bank", 0, 10 * MINUTE_US) == 7778


def test_a_group_of_few_departures_has_no_curve_of_its_own() -> None:
    rests = pd.DataFrame({"role": ["mule"] * 5 + ["boss"] * 4, "kind": "bank", "left": True, "dwell_us": range(9)})
    assert sorted(by_group(rests).curves) == ["all", "kind:bank", "role:mule"]

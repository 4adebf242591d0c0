"""What to watch: the lazy choice is the plain one, value grows ever more slowly, the best is not far above it."""

import math
from itertools import combinations, pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.coverage import Covers, covered_fen, lazy_greedy
from rules.plan import plan_freezes
from rules.refill import ways_from
from tests.rules.test_ranking import ranked

BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""
FEN = st.lists(st.integers(0, 1000_00), min_size=1, max_size=12)


@st.composite
def instances(draw: st.DrawFn) -> tuple[dict[int, list[int]], list[int]]:
    fen = draw(FEN)
    piece = st.integers(0, len(fen) - 1)
    covers = draw(st.dictionaries(st.integers(0, 9), st.lists(piece, unique=True, max_size=6), min_size=1, max_size=7))
    return covers, fen


def plain_greedy(covers: Covers, fen: list[int], limit: int) -> list[tuple[int, int]]:
    """The obviously right twin: every gain anew in every round."""
    chosen: list[tuple[int, int]] = []
    while len(chosen) < min(limit, len(covers)):
        names = [place for place, _ in chosen]
        gains = {
            place: covered_fen(covers, fen, [*names, place]) - covered_fen(covers, fen, names)
            for place in covers
            if place not in names
        }
        chosen.append(min(gains.items(), key=lambda one: (-one[1], one[0])))
    return chosen


@BUSY
@given(instances(), st.integers(0, 8))
def test_lazy_greedy_is_plain_greedy(instance: tuple[dict[int, list[int]], list[int]], limit: int) -> None:
    assert lazy_greedy(*instance, limit) == plain_greedy(*instance, limit)


@BUSY
@given(instances(), st.data())
def test_the_value_grows_and_a_place_adds_less_to_more(
    instance: tuple[dict[int, list[int]], list[int]], data: st.DataObject
) -> None:
    covers, fen = instance
    many = data.draw(st.lists(st.sampled_from(sorted(covers)), unique=True))
    few = many[: data.draw(st.integers(0, len(many)))]
    place = data.draw(st.sampled_from(sorted(covers)))
    added = [covered_fen(covers, fen, [*places, place]) - covered_fen(covers, fen, places) for places in (few, many)]
    assert covered_fen(covers, fen, few) <= covered_fen(covers, fen, many)
    assert added[0] >= added[1] or place in few
    assert min(added) >= 0


@BUSY
@given(instances(), st.integers(1, 4))
def test_greedy_is_within_1_minus_1_over_e_of_the_best_choice(
    instance: tuple[dict[int, list[int]], list[int]], limit: int
) -> None:
    covers, fen = instance
    best = max(covered_fen(covers, fen, places) for k in range(limit + 1) for places in combinations(sorted(covers), k))
    greedy = sum(gain for _, gain in lazy_greedy(covers, fen, limit))
    assert greedy >= (1 - 1 / math.e) * best - 1e-6


@BUSY
@given(instances())
def test_without_a_limit_every_place_is_named_once_and_all_money_is_counted_once(
    instance: tuple[dict[int, list[int]], list[int]],
) -> None:
    covers, fen = instance
    chosen = lazy_greedy(covers, fen)
    assert sorted(place for place, _ in chosen) == sorted(covers)
    assert sum(gain for _, gain in chosen) == covered_fen(covers, fen, sorted(covers))
    assert all(one[1] >= other[1] for one, other in pairwise(chosen))


def test_money_goes_on_in_the_proportion_in_which_it_went_before() -> None:
    routes = {1: [(2, 3000_00), (3, 1000_00)], 2: [(4, 500_00)], 4: [(1, 900_00), (5, 100_00)]}
    assert sorted(ways_from(routes, 1, 8000_00)) == [((2, 4, 5), 6000_00), ((3,), 2000_00)]


def test_no_way_is_made_for_money_that_stays() -> None:
    assert ways_from({}, 1, 8000_00) == []
    assert ways_from({1: [(2, 1_00)]}, 1, 0) == []


CHAIN = """
    09:00 v1 -> first 90000   # claim
    09:05 first -> near 60000
    09:10 near -> far 60000
    09:15 far -> end 60000
    10:00 v2 -> first 80000   # claim
    10:05 first -> near 60000
    10:10 near -> far 60000
    10:15 far -> end 60000
    10:20 v3 -> other 7000    # claim
    10:25 other -> aside 7000
    10:30 v4 -> other 7000    # claim
    10:35 other -> aside 7000
"""


def test_an_account_is_watched_for_what_held_money_will_pass_it_and_not_for_what_another_watch_sees() -> None:
    plan = plan_freezes(ranked(CHAIN))
    watched = plan[plan["act"] == "watch"]
    assert watched["target"].tolist()[0] in {"near", "far"}
    reasons = watched.set_index("target")["reason"]
    second = ({"near", "far"} - {watched["target"].iloc[0]}).pop()
    assert "0.00 of what is held elsewhere" not in reasons[watched["target"].iloc[0]].partition("again. ")[2][:6]
    assert reasons[second].partition("again. ")[2].startswith("0.00 of what is held elsewhere")


def test_what_may_be_an_innocents_stands_behind_as_much_that_is_not() -> None:
    plan = plan_freezes(
        ranked("""
        account seller bank opened=2020-01-01
        09:00 victim -> mule 50000     # claim
        09:05 mule -> seller 20000
        09:06 mule -> second 20000
        09:07 second -> third 10
        2025-03-04 09:00 x -> y 1
    """)
    )
    assert plan["target"].tolist()[:2] == ["second", "seller"]
    assert plan["expected_recovery_fen"].tolist()[0] < plan["expected_recovery_fen"].tolist()[1]
    reason = plan.set_index("target").loc["seller", "reason"]
    assert "weighs 5000.00 (25 % of the lien) against the line" in reason


def test_every_line_that_blocks_shows_what_is_expected_of_it() -> None:
    plan = plan_freezes(ranked())
    for line in plan[plan["act"] != "watch"].itertuples():
        assert f"Expected {line.expected_recovery_fen / 100:.2f} = lien × chance" in line.reason

"""What banks have blocked stays where it is: it is not asked for again, and does not hide what came after it."""

from datetime import datetime
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.blocked import CLEAN, REPORTED, SUSPECTED, Block, free_of_blocks, rest_of
from rules.plan import left_out, plan_freezes
from rules.score import RankingResult
from tests.rules.test_ranking import ranked
from tests.story import CHINA

TWICE = """
    account mule bank institution=ICBC
    09:00 v1 -> mule 30000     # claim
    10:00 boss -> mule 20000
    10:30 mule -> friend 20000
    11:00 v2 -> mule 10000     # claim
    11:30 x -> y 1
"""
"""By first in first out the 20,000.00 that left were v1's. Blocked money did not leave: they were the boss's."""


def at(clock: str) -> int:
    """An instant of the story's day in microseconds."""
    return round(datetime.fromisoformat(f"2025-03-01T{clock}:00").replace(tzinfo=CHINA).timestamp()) * 1_000_000


def planned(text: str, *blocks: Block) -> tuple[RankingResult, "pd.Series[int]"]:
    """The ranking beside the blocks, and the lien per target."""
    ranking = ranked(text)
    free = free_of_blocks(ranking.ledger, ranking.trace, blocks)
    ranking = free.taken_off(ranking)
    plan = plan_freezes(ranking, free=free)
    return ranking, plan[plan["lien_fen"] > 0].set_index("target")["lien_fen"]


def test_without_blocks_the_plan_is_the_plan() -> None:
    ranking = ranked(TWICE)
    free = free_of_blocks(ranking.ledger, ranking.trace, ())
    assert plan_freezes(free.taken_off(ranking), free=free).equals(plan_freezes(ranking))


def test_what_came_after_a_block_is_asked_for_though_older_money_left() -> None:
    assert planned(TWICE)[1]["mule"] == 20000_00
    assert planned(TWICE, Block("mule", at("09:30"), 30000_00))[1]["mule"] == 10000_00


def test_the_reason_says_what_is_blocked_already() -> None:
    ranking = planned(TWICE, Block("mule", at("09:30"), 30000_00))[0]
    reason = plan_freezes(ranking).set_index("target").loc["mule", "reason"]
    assert "lien 10000.00 = min(victims' money held 10000.00, balance 10000.00), both beside 30000.00 that is blocked" in reason


def test_what_is_blocked_is_not_asked_for_again_and_not_left_out() -> None:
    ranking, liens = planned(TWICE, Block("mule", at("09:30"), 30000_00), Block("mule", at("11:10"), 10000_00))
    assert "mule" not in liens
    lines = plan_freezes(ranking)
    assert left_out(ranking, lines) == (0, 0)
    watched = lines[(lines["target"] == "mule") & (lines["act"] == "watch")]
    assert watched["reason"].str.contains("nothing free beside what is blocked").tolist() == [True]


def test_a_block_that_took_less_than_victims_money_leaves_the_rest_to_be_asked_for() -> None:
    assert (
        planned(TWICE, Block("mule", at("09:30"), 25000_00))[1]["mule"] == 10000_00
    )  # 5,000.00 of v1 were the oldest to leave


def test_blocks_of_other_accounts_change_nothing() -> None:
    assert planned(TWICE, Block("boss", at("09:30"), 5_00))[1].equals(planned(TWICE)[1])


def test_a_voucher_that_is_blocked_whole_is_not_asked_for() -> None:
    bought = "09:00 victim -> mule 1000  # claim\n09:05 mule -> card:1 970=>1000\n09:30 x -> y 1"
    assert planned(bought)[1]["1"] == 1000_00
    assert "1" not in planned(bought, Block("card:1", at("09:10"), 1000_00))[1]


EVENTS = st.lists(st.tuples(st.integers(-6, 6).filter(bool), st.integers(0, 6), st.integers(0, 6)), max_size=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 5), EVENTS, st.lists(st.tuples(st.integers(-1, 8), st.integers(0, 9)), max_size=3))
def test_the_replay_of_an_account_is_that_of_its_single_fen(
    opening: int, events: list[tuple[int, int, int]], blocks: list[tuple[int, int]]
) -> None:
    change = np.asarray([fen for fen, _, _ in events], np.int64)
    parts = [(reported, suspected) for _, reported, suspected in events]
    landed = sorted((10 * after, fen) for after, fen in blocks)
    lots = rest_of(opening, np.arange(len(events), dtype=np.int64) * 10, change, parts, landed)
    assert [label for label, fen in lots for _ in range(fen)] == token_by_token(opening, events, landed)
    assert all(one[1] for one in lots)


def token_by_token(opening: int, events: list[tuple[int, int, int]], landed: list[tuple[int, int]]) -> list[int]:
    """The obviously right twin: every fen a token in a queue."""
    queue, waiting = [CLEAN] * opening, list(landed)
    for number, (fen, reported, suspected) in [*enumerate(events), (10**6, (0, 0, 0))]:
        while waiting and waiting[0][0] < number * 10:
            for _ in range(waiting.pop(0)[1]):
                victims = [at for at, label in enumerate(queue) if label != CLEAN]
                if queue:
                    queue.pop(victims[0] if victims else 0)
        if fen > 0:
            queue += (
                ([REPORTED] * reported + [SUSPECTED] * suspected + [CLEAN] * fen)[:fen] if reported <= fen else [REPORTED] * fen
            )
        else:
            queue = queue[-fen:]
    return queue


def test_suspected_money_is_free_apart() -> None:
    lots = rest_of(0, np.asarray([1, 2, 4]), np.asarray([50, 40, -10]), [(50, 0), (0, 40), (0, 0)], [(3, 45)])
    assert lots == [(SUSPECTED, 35)]
    assert all(one[0] <= other[0] for one, other in pairwise(lots))


@pytest.mark.parametrize("label", [REPORTED, SUSPECTED])
def test_a_block_takes_victims_money_before_others(label: int) -> None:
    part = (30, 0) if label == REPORTED else (0, 30)
    assert rest_of(20, np.asarray([1]), np.asarray([30]), [part], [(2, 10)]) == [(CLEAN, 20), (label, 20)]

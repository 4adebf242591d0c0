"""What the pattern rules leave out, beside the stories every rule has (`tests.rules.stories`)."""

import re

import pytest

from rules.catalogue import RULES
from rules.typologies import bipartite, chain, cycle, gather_scatter, scatter_gather, stack
from tests.rules.cases import evaluated, fired, whole
from tests.rules.stories import GATHERED, HANDED, SCATTERED, STACKED, STORIES

CYCLE, SCATTER, GATHER = "RUL-CYCLE", "RUL-SCATTER-GATHER", "RUL-GATHER-SCATTER"
STACK, BIPARTITE, CHAIN = "RUL-STACK", "RUL-BIPARTITE", "RUL-CHAIN"


def test_a_cycle_names_its_transfers_in_order() -> None:
    found = fired(whole(STORIES[CYCLE].story), CYCLE)
    assert found["b"].transfers == ("T1", "T2", "T3")
    assert found["b"].inputs == {"accounts": 3, "transfers": 3, "moved": "147000.00"}


@pytest.mark.parametrize("last", ["09:00", "10:00"])
def test_a_round_that_closes_before_it_began_is_no_cycle(last: str) -> None:
    assert fired(whole(STORIES[CYCLE].story.replace("11:00", last)), CYCLE) == {}


def test_a_cycle_through_a_platform_is_none() -> None:
    assert fired(whole("account b merchant hub=true\n" + STORIES[CYCLE].story), CYCLE) == {}


def test_scattered_money_is_evidence_from_the_first_to_the_last_transfer() -> None:
    assert fired(whole(SCATTERED), SCATTER)["a"].transfers == ("T1", "T2", "T3", "T4", "T5", "T6")


def test_who_pays_before_he_gathers_is_no_gather_scatter() -> None:
    assert fired(whole(GATHERED.replace("15:00", "08:00")), GATHER) == {}


def test_a_chain_says_how_often_money_was_handed_on() -> None:
    assert fired(whole(HANDED), CHAIN)["c"].explanation.startswith("20000.00 was handed on 3 times")


def test_a_search_that_was_given_up_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules.patterns.stack.MOST_TRANSFERS", 3)
    findings, problems = evaluated(whole(STACKED), STACK)
    assert findings == []
    assert [problem.code for problem in problems] == ["RUL-not-evaluated"]


NUMBERS = {
    CYCLE: {cycle.SHORTEST, cycle.LONGEST, cycle.LEAST_FEN // 100, cycle.LEAST_SHARE_BP // 100},
    SCATTER: {scatter_gather.LEAST_MIDDLE, scatter_gather.LEAST_FEN // 100, scatter_gather.LEAST_SHARE_BP // 100},
    GATHER: {gather_scatter.LEAST_PAYERS, gather_scatter.LEAST_FEN // 100, gather_scatter.MOST_SHARE_BP // 100},
    STACK: {stack.LEAST_MIDDLE, stack.LEAST_FEN // 100, stack.LEAST_SHARE_BP // 100, stack.MOST_SHARE_BP // 100},
    BIPARTITE: {bipartite.LEAST_PAYERS, bipartite.LEAST_PAYEES, bipartite.LEAST_FEN // 100},
    CHAIN: {chain.LEAST_TRANSFERS, chain.LEAST_FEN // 100, chain.LEAST_SHARE_BP // 100, chain.MOST_SHARE_BP // 100},
}


@pytest.mark.parametrize("code", sorted(NUMBERS))
def test_the_threshold_text_of_a_pattern_rule_holds_its_constants(code: str) -> None:
    text = next(rule.threshold for rule in RULES if rule.code == code)
    assert NUMBERS[code] <= {float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}

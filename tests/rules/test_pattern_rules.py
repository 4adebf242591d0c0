"""Each pattern rule: a story that fires, and its nearest innocent twin that does not."""

import re

import pytest

from rules.catalogue import RULES
from rules.typologies import bipartite, chain, cycle, gather_scatter, scatter_gather, stack
from tests.rules.cases import evaluated, fired, whole

CYCLE, SCATTER, GATHER = "RUL-CYCLE", "RUL-SCATTER-GATHER", "RUL-GATHER-SCATTER"
STACK, BIPARTITE, CHAIN = "RUL-STACK", "RUL-BIPARTITE", "RUL-CHAIN"

ROUND = """
    09:00 a -> b 50000
    10:00 b -> c 49000
    {last} c -> a {amount}
"""


def test_money_that_comes_home_is_a_cycle_for_all_on_it() -> None:
    found = fired(whole(ROUND.format(last="11:00", amount=48000)), CYCLE)
    assert set(found) == {"a", "b", "c"}
    assert found["b"].transfers == ("T1", "T2", "T3")
    assert found["b"].inputs == {"accounts": 3, "transfers": 3, "moved": "147000.00"}


@pytest.mark.parametrize(("last", "amount"), [("09:00", 48000), ("10:00", 48000), ("11:00", 20000)])
def test_a_round_that_never_comes_home_later_or_in_full_is_no_cycle(last: str, amount: int) -> None:
    assert fired(whole(ROUND.format(last=last, amount=amount)), CYCLE) == {}


def test_a_cycle_through_a_platform_is_none() -> None:
    assert fired(whole("account b merchant hub=true\n" + ROUND.format(last="11:00", amount=48000)), CYCLE) == {}


SCATTERED = """
    09:00 boss -> a 10000
    09:01 boss -> b 12000
    09:02 boss -> c 9000
    15:00 a -> nest {first}
    16:00 b -> nest 11000
    17:00 c -> nest 9000
"""


def test_money_scattered_and_gathered_again_is_found_at_origin_middle_and_destination() -> None:
    found = fired(whole(SCATTERED.format(first=9500)), SCATTER)
    assert set(found) == {"boss", "a", "b", "c", "nest"}
    assert found["a"].transfers == ("T1", "T2", "T3", "T4", "T5", "T6")


def test_three_workers_of_whom_one_pays_the_common_landlord_a_part_only_are_not() -> None:
    assert fired(whole(SCATTERED.format(first=3000)), SCATTER) == {}


GATHERED = """
    09:00 a -> m 5000
    09:10 b -> m 6000
    09:20 c -> m 7000
    {time} m -> x 6000
    {time} m -> y 6000
    {time} m -> z {last}
"""


def test_who_gathers_from_three_and_pays_three_is_found() -> None:
    assert set(fired(whole(GATHERED.format(time="15:00", last=5500)), GATHER)) == {"m"}


@pytest.mark.parametrize(("time", "last"), [("08:00", 5500), ("15:00", 1000)])
def test_who_pays_first_or_keeps_a_good_part_is_not(time: str, last: int) -> None:
    assert fired(whole(GATHERED.format(time=time, last=last)), GATHER) == {}


STACKED = """
    09:00 boss -> a 10000
    09:05 boss -> b 10000
    09:10 boss -> c 10000
    11:00 a -> x 9900
    11:05 b -> y 9900
    {time} c -> z 9900
"""


def test_three_accounts_in_one_layer_that_pass_on_what_one_payer_gave_are_a_stack() -> None:
    assert set(fired(whole(STACKED.format(time="11:10")), STACK)) == {"a", "b", "c"}


def test_two_that_pass_on_and_one_who_waits_are_none() -> None:
    assert fired(whole(STACKED.format(time="19:10")), STACK) == {}


def block(payees: str) -> str:
    lines = [f"{payer} -> {payee} 2000" for payer in "abc" for payee in payees]
    return "\n".join(f"09:{minute:02d} {line}" for minute, line in enumerate(lines))


def test_three_payers_of_the_same_three_payees_are_a_block() -> None:
    assert set(fired(whole(block("xyz")), BIPARTITE)) == set("abcxyz")


def test_three_customers_of_the_same_two_shops_are_none() -> None:
    assert fired(whole(block("xy")), BIPARTITE) == {}


HANDED = """
    09:00 a -> b 20000
    10:00 b -> c 19800
    11:00 c -> d 19500
    {time} d -> e 19500
"""


def test_money_handed_on_four_times_is_a_chain_at_those_between() -> None:
    found = fired(whole(HANDED.format(time="12:00")), CHAIN)
    assert set(found) == {"b", "c", "d"}
    assert found["c"].explanation.startswith("20000.00 was handed on 3 times")


def test_money_that_rests_overnight_is_no_chain() -> None:
    assert fired(whole(HANDED.format(time="22:00")), CHAIN) == {}


def test_a_search_that_was_given_up_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules.patterns.stack.MOST_TRANSFERS", 3)
    findings, problems = evaluated(whole(STACKED.format(time="11:10")), STACK)
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

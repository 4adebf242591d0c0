"""What the pattern rules leave out, beside the stories every rule has (`tests.rules.stories`)."""

import re
from itertools import combinations

import numpy as np
import pytest

from rules.catalogue import RULES
from rules.patterns import edges_of
from rules.rounds import loops
from rules.typologies import bipartite, chain, cycle, gather_scatter, scatter_gather, stack
from rules.wording import DAY_US
from tests.rules.cases import evaluated, fired, whole
from tests.rules.stories import GATHERED, HANDED, SCATTERED, STACKED, STORIES

LOOP, CYCLE, SCATTER, GATHER = "RUL-LOOP", "RUL-CYCLE", "RUL-SCATTER-GATHER", "RUL-GATHER-SCATTER"
STACK, BIPARTITE, CHAIN = "RUL-STACK", "RUL-BIPARTITE", "RUL-CHAIN"


def test_a_cycle_names_its_transfers_in_order() -> None:
    found = fired(whole(STORIES[CYCLE].story), CYCLE)
    assert found["b"].transfers == ("T1", "T2", "T3")
    assert found["b"].inputs == {"accounts": 3, "transfers": 3, "moved": "147000.00"}


@pytest.mark.parametrize("last", ["2025-03-01 09:00", "2025-03-02 10:00"])
def test_a_round_that_closes_before_it_began_is_no_cycle(last: str) -> None:
    assert fired(whole(STORIES[CYCLE].story.replace("2025-03-03 08:00", last)), CYCLE) == {}


ROUNDS = {
    "a day, nearly whole": ("09:00 a -> b 5000\n10:00 b -> c 4900\n11:00 c -> a 4800", LOOP),
    "a day, half of it kept": ("09:00 a -> b 5000\n10:00 b -> c 4000\n11:00 c -> a 2600", LOOP),
    "days only, in the order of the statement": ("00:00 a -> b 5000\n00:00 b -> c 4900\n00:00 c -> a 4800", LOOP),
    "over night": ("09:00 a -> b 5000\n22:00 b -> c 4900\n2025-03-02 01:00 c -> a 4800", CYCLE),
    "a day, seven accounts": ("\n".join(f"{9 + k:02d}:00 {'abcdefg'[k]} -> {'bcdefga'[k]} 5000" for k in range(7)), CYCLE),
}


@pytest.mark.parametrize("name", ROUNDS)
def test_a_round_is_told_by_one_rule_only(name: str) -> None:
    text, rule = ROUNDS[name]
    told = {code: set(fired(whole(text), code)) for code in (LOOP, CYCLE)}
    assert told[rule] == set(text.replace("->", "").split()) & set("abcdefg")
    assert told[LOOP if rule == CYCLE else CYCLE] == set()


def test_a_loop_is_told_with_its_way_and_in_its_order() -> None:
    found = fired(whole("09:00 a -> b 5000\n10:00 x -> y 5000\n10:00 b -> c 4900\n11:00 c -> a 4800"), LOOP)
    assert found["c"].transfers == ("T1", "T3", "T4")
    assert found["c"].explanation.endswith("at least 4800.00 went through 3 accounts and came back: a → b → c → a.")


def test_loops_are_those_found_by_trying_everything() -> None:
    some = 0
    for seed in range(120):
        draw = np.random.default_rng(seed)
        source = draw.integers(0, 5, 14)
        target = (source + draw.integers(1, 5, 14)) % 5
        time = np.sort(draw.integers(0, 3, 14)) * DAY_US
        edges = edges_of(source, target, time, draw.integers(50, 101, 14))
        few, found = loops(edges, 6_000)
        wanted = []
        for day in range(3):
            rows = [row for row in range(14) if time[row] == day * DAY_US]
            for size in range(3, 7):
                for path in combinations(rows, size):
                    ends = [(edges.source[row], edges.target[row]) for row in path]
                    closed = all(one[1] == two[0] for one, two in zip(ends, ends[1:] + ends[:1], strict=True))
                    fen = edges.fen[list(path)]
                    if closed and len({one for one, _ in ends}) == size and fen.min() * 10 >= fen.max() * 6:
                        wanted.append(path)
        assert sorted(tuple(few.row[found.of(at)].tolist()) for at in range(len(found))) == sorted(wanted)
        some += len(wanted)
    assert some > 20


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

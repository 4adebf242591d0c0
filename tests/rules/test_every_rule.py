"""What holds for every rule: it fires on its story, keeps quiet on the innocent twin, proves what it says, repeats itself."""

import re

import pytest

from rules.catalogue import RULES, apply_to
from rules.rule import Rule
from rules.scope import scope_of
from tests.rules.cases import case, fired, whole
from tests.rules.stories import STORIES
from tests.story import story
from tracing import trace_claims

EVERY = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
NEEDS_NO_TRANSFERS = {"RUL-SHARED-DEVICE"}
"""A link is evidence without a transfer."""


@EVERY
def test_a_rule_has_its_own_code_and_says_where_it_comes_from(rule: Rule) -> None:
    assert re.fullmatch(r"RUL(-[A-Z]+)+", rule.code)
    assert [other.code for other in RULES].count(rule.code) == 1
    assert rule.source
    assert (rule.points == 0) == (rule.weight == "tag")


@EVERY
def test_a_rule_fires_on_its_story_at_these_accounts(rule: Rule) -> None:
    assert set(fired(whole(STORIES[rule.code].story), rule.code)) == STORIES[rule.code].found


@EVERY
def test_a_rule_keeps_quiet_on_the_nearest_innocent_story(rule: Rule) -> None:
    assert fired(whole(STORIES[rule.code].innocent), rule.code) == {}, STORIES[rule.code].why


@EVERY
def test_a_finding_names_transfers_that_exist_and_shows_its_inputs(rule: Rule) -> None:
    scope = whole(STORIES[rule.code].story)
    known = set(scope.ledger.transfers("transfer")["transfer"])
    for finding in fired(scope, rule.code).values():
        assert set(finding.transfers) <= known
        assert finding.transfers or rule.code in NEEDS_NO_TRANSFERS
        assert finding.inputs
        assert (finding.grade, finding.threshold) == (rule.grade, rule.threshold)


@EVERY
def test_a_rule_says_the_same_twice(rule: Rule) -> None:
    first, second = (rule.evaluate(whole(STORIES[rule.code].story)) for _ in range(2))
    assert first == second


@EVERY
def test_a_ledger_in_which_nothing_took_place_has_no_finding(rule: Rule) -> None:
    assert rule.evaluate(whole("09:00 a -> b 1 status=failed"))[0] == []


def with_claim(text: str) -> str:
    """The story as a case: unless it has a claim, its every payment is disputed."""
    if "claim" in text:
        return text
    lines = text.splitlines()
    return "\n".join(f"{line} # claim" if "->" in line and not re.search("card:|qq:", line) else line for line in lines)


@EVERY
def test_what_is_found_in_a_case_is_found_in_the_whole_ledger(rule: Rule) -> None:
    text = with_claim(STORIES[rule.code].story)
    scoped, every = (fired(view, rule.code) for view in (case(text)[0], whole(text)))
    assert set(scoped) <= set(every)


@EVERY
def test_what_is_found_in_the_whole_ledger_is_found_in_a_case_about_it(rule: Rule) -> None:
    text = with_claim(STORIES[rule.code].story)
    ledger = story(text)
    scope = scope_of(ledger, trace_claims(ledger))
    every = fired(whole(text), rule.code)
    judged = {name for name, finding in every.items() if scope.judged[finding.account_code]}
    assert judged <= set(fired(scope, rule.code))


@EVERY
def test_more_findings_than_the_limit_are_counted_not_lost(rule: Rule) -> None:
    ledger = story(STORIES[rule.code].story)
    findings, problems = rule.evaluate(scope_of(ledger, most_findings=0))
    assert findings == []
    assert any(problem.code == "RUL-limit" for problem in problems)


def test_every_finding_shows_what_speaks_against_it() -> None:
    scope = whole("account firm bank holder_name=Yongsheng-Ltd\n09:00 v -> firm 6000\n09:20 firm -> a 5500")
    (finding,) = apply_to(scope)[0]
    assert finding.counter_evidence == ("Its holder is declared as a business.",)

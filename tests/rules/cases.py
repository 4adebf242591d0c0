"""What the rules say about a story, in the words the tests need."""

from ledger.problems import Problem
from rules.catalogue import RULES
from rules.rule import Finding
from rules.scope import Scope, scope_of
from tests.story import story
from tracing import Trace, trace_claims

CODES = [rule.code for rule in RULES]


def case(text: str) -> tuple[Scope, Trace]:
    """The story, traced where it has a claim."""
    ledger = story(text)
    trace = trace_claims(ledger)
    return scope_of(ledger, trace), trace


def whole(text: str) -> Scope:
    """The story without a trace: the whole ledger is in view."""
    return scope_of(story(text))


def evaluated(scope: Scope, code: str) -> tuple[list[Finding], list[Problem]]:
    """What one rule finds, and what it could not do."""
    return next(rule for rule in RULES if rule.code == code).evaluate(scope)


def fired(scope: Scope, code: str) -> dict[str, Finding]:
    """The findings of one rule by account."""
    return {scope.name(finding.account_code): finding for finding in evaluated(scope, code)[0]}

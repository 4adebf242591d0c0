"""Where the answer depends on the order within an instant, and by how much."""

from random import Random

import pytest

from tests.story import story
from tests.tracing.test_twin import as_ledger, random_world, told
from tests.twin import replay
from tracing.result import ALLOCATING, TIES, Parameters
from tracing.tie_range import with_tie_ranges
from tracing.trace import trace_claims, trace_methods

TIED = """
    opening mule 100
    09:00 mule -> shop 100
    09:00 victim -> mule 100   # claim
    09:01 mule -> a 60
"""


def ranged(text, **parameters):
    ledger, asked = story(text), Parameters(**parameters)
    return with_tie_ranges(ledger, {asked.method: trace_claims(ledger, asked)})[asked.method]


def test_an_account_paid_and_paying_in_one_instant_has_a_range_under_lifo() -> None:
    trace = ranged(TIED, method="lifo")
    rows = trace.ties[["account", "what", "ledger_fen", "credit_first_fen", "debit_first_fen", "least_fen", "most_fen"]]
    assert rows.values.tolist() == [
        ["a", "held", 60_00, 0, 60_00, 0, 60_00],
        ["mule", "held", 40_00, 0, 40_00, 0, 40_00],
        ["shop", "held", 0, 100_00, 0, 0, 100_00],
    ]
    assert trace.warnings == ("the order of transfers of one instant matters for 3 amounts, by up to 100.00: ties.csv",)


def test_first_in_first_out_does_not_mind_here_and_nothing_is_said() -> None:
    trace = ranged(TIED)
    assert (len(trace.ties), trace.warnings) == (0, ())


def test_money_that_ends_in_another_sink_is_a_difference_too() -> None:
    trace = ranged(TIED.replace("opening", "account shop merchant\n    opening"), method="lifo")
    assert ("shop", "merchant") in set(zip(trace.ties["account"], trace.ties["what"], strict=True))


def test_ties_of_accounts_the_money_never_came_to_cost_no_second_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracing.tie_range.settled_in", None)
    trace = ranged("""
        09:00 x -> y 5
        09:00 y -> z 5
        09:00 victim -> mule 100   # claim
        09:00 victim -> other 3
        09:01 mule -> a 60
    """)
    assert trace.ties.empty


@pytest.mark.parametrize("method", ALLOCATING)
def test_the_range_is_that_of_the_twin_on_random_ledgers(method: str) -> None:
    apart = 0
    for seed in range(40):
        world = random_world(Random(seed))
        ledger = as_ledger(*world)
        table = with_tie_ranges(ledger, {method: trace_claims(ledger, Parameters(method=method))})[method].ties
        found = {
            (row.claim, int(row.account_code), row.what): (row.ledger_fen, row.credit_first_fen, row.debit_first_fen)
            for row in table.itertuples()
        }
        expected: dict[tuple[str, int, str], list[int]] = {}
        for at, ties in enumerate(TIES):
            twin = replay(*world, method, ties)
            amounts = {(claim, code, "held"): fen for (claim, code), fen in twin.held()[0].items()}
            amounts |= {(claim, code, sink): fen for (claim, sink, code), fen in twin.sinks.items()}
            for key, fen in amounts.items():
                expected.setdefault(key, [0, 0, 0])[at] = fen
        assert found == {key: tuple(fen) for key, fen in expected.items() if len(set(fen)) > 1}, seed
        apart += len(found)
    assert apart


def test_every_method_is_asked_at_once() -> None:
    ledger = as_ledger(*random_world(Random(5)))
    plain = trace_methods(ledger, Parameters())
    ranges = with_tie_ranges(ledger, plain)
    assert {method: told(trace) for method, trace in ranges.items()} == {method: told(trace) for method, trace in plain.items()}
    assert all(trace.ties is not None for trace in ranges.values())

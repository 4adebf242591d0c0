"""Whose statement to ask for, when statements tell one side only."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd

from ledger.book import Ledger, frame
from ledger.reconcile.decisions import decision_rows
from tests.story import story
from tracing.result import Parameters, Trace
from tracing.trace import trace_claims

ONE_SIDED = """
    09:00 victim -> mule 100 witness=source      # claim
    09:10 mule   -> next 100 witness=target
"""


def traced(ledger: Ledger) -> Trace:
    return trace_claims(ledger, Parameters())


def with_gap(ledger: Ledger, account: str, start: datetime, end: datetime) -> Ledger:
    gap = {"decision": "g", "kind": "period_gap", "state": "noted", "account": account, "evidence": "two periods"}
    return replace(ledger, decisions=frame(decision_rows([gap | {"from_time": start, "to_time": end}])))


def asked(trace: Trace) -> list[tuple[str, str]]:
    return list(zip(trace.frontier["account"], trace.frontier["why"], strict=True))


def test_an_account_with_a_statement_of_its_own_is_not_asked_for() -> None:
    assert asked(traced(story(ONE_SIDED))) == []


def test_a_credit_that_only_the_payer_tells_leaves_the_receiver_on_the_frontier() -> None:
    trace = traced(story("09:00 victim -> mule 100 witness=source   # claim"))
    assert asked(trace) == [("mule", "no record of this account's own payments or balance")]


def test_a_debit_that_only_the_receiver_tells_is_no_statement_of_the_payer() -> None:
    trace = traced(
        story("""
        09:00 victim -> mule 100 witness=source      # claim
        09:10 mule   -> next 60 witness=target
    """)
    )
    assert asked(trace) == [("mule", "no record of this account's own payments or balance")]


def test_a_debit_that_both_sides_tell_is_a_record_of_the_payer() -> None:
    trace = traced(
        story("""
        09:00 victim -> mule 100 witness=source      # claim
        09:10 mule   -> next 60 witness=both
    """)
    )
    assert asked(trace) == []


GAP = (datetime(2025, 3, 2, tzinfo=UTC), datetime(2025, 3, 9, tzinfo=UTC))


def test_a_gap_after_the_money_came_is_asked_for_with_its_dates() -> None:
    trace = traced(with_gap(story(ONE_SIDED), "next", *GAP))
    assert asked(trace) == [("next", "its statement has a gap")]
    assert [pd.Timestamp(int(trace.frontier[name].iloc[0]), unit="us", tz="UTC") for name in ("from_us", "to_us")] == list(GAP)


def test_a_gap_before_the_money_came_is_not_asked_for() -> None:
    before = (datetime(2025, 1, 2, tzinfo=UTC), datetime(2025, 1, 9, tzinfo=UTC))
    assert asked(traced(with_gap(story(ONE_SIDED), "next", *before))) == []

"""Victims who have not reported yet: their payments are found, the nearest innocents' are not, no fen is asked twice."""

from dataclasses import replace

import pandas as pd
import pytest

from rules.catalogue import apply_to, signs
from rules.plan import plan_freezes
from rules.roles import name_roles
from rules.scope import Scope, scope_of
from rules.score import rank_accounts
from rules.suspected import PREFIX, Suspected, suspect, suspected_claims, with_suspected
from tests.rules.cases import case
from tests.story import story
from tracing import Parameters, trace_claims

RING = """
    account victim bank opened=2020-01-01 holder=hv
    account mule bank institution=ICBC opened=2025-02-20 holder=hm
    account stranger bank opened=2020-01-01 holder=hs
    opening mule 500
    09:00 victim -> mule 50000     # claim
    09:05 mule -> second 45000
    09:30 stranger -> mule 8000
    09:40 mule -> second 9000
"""
"""The mule's own 500.00 leave first, so the second payment carries 5,500.00 reported and 3,500.00 of the stranger's."""


def found(text: str) -> set[str]:
    """Payers of the suspected claims of a story."""
    scope, _ = case(text)
    findings, _ = apply_to(scope)
    return set(suspected_claims(scope, name_roles(scope, signs(findings)))["victim"])


def suspicion(scope: Scope) -> Suspected | None:
    findings, _ = apply_to(scope)
    return suspect(scope, name_roles(scope, signs(findings)), findings)


def planned(text: str) -> pd.DataFrame:
    scope, trace = case(text)
    findings, problems = apply_to(scope)
    ranking = rank_accounts(scope.ledger, trace, findings, problems, scope=scope)
    return plan_freezes(ranking, suspected=suspect(scope, ranking.frame[["account_code", "role"]], findings))


def test_a_strangers_first_payment_into_a_mules_account_is_a_suspected_claim() -> None:
    assert found(RING) == {"stranger"}


def test_payers_of_an_account_that_passes_the_money_of_several_on_to_the_ring_are_suspected_too() -> None:
    text = (
        RING
        + """
    10:00 p1 -> feeder 4000
    10:05 p2 -> feeder 5000
    10:10 feeder -> mule 8900
    """
    )
    assert found(text) == {"stranger", "feeder", "p1", "p2"} - {"feeder"}


@pytest.mark.parametrize(
    ("innocent", "lines"),
    [
        ("an employer", "account boss bank\n 10:00 boss -> mule 6000 channel=batch"),
        ("a tenant", "2025-01-01 09:00 tenant -> mule 2000\n 2025-02-01 09:00 tenant -> mule 2000\n 10:00 tenant -> mule 2000"),
        ("a friend who was paid before", "2025-01-20 09:00 mule -> friend 100\n 10:00 friend -> mule 900"),
        ("the holder himself", "account other bank holder=hm\n 10:00 other -> mule 900"),
        ("a shop that takes something back", "account shop merchant\n 10:00 shop -> mule 900"),
        ("somebody who pays for a coffee", "10:00 drinker -> mule 30"),
        ("another customer of a seller the ring bought from", "09:41 second -> seller 3000\n 10:00 buyer -> seller 3000"),
        ("who pays the victim", "10:00 debtor -> victim 3000"),
        ("who paid weeks before the ring's time", "2025-02-01 09:00 early -> mule 3000"),
    ],
)  # fmt: skip
def test_the_nearest_innocents_are_no_suspected_claims(innocent: str, lines: str) -> None:
    assert found(RING + "\n account seller bank opened=2020-01-01\n" + lines) == {"stranger"}, innocent


def test_a_payment_that_was_reported_is_not_suspected() -> None:
    assert found(RING.replace("stranger -> mule 8000", "stranger -> mule 8000 # claim")) == set()


def test_without_a_claim_nothing_is_suspected() -> None:
    assert suspected_claims(scope_of(story("09:00 a -> b 900")), pd.DataFrame({"account_code": [], "role": []})).empty
    scope, _ = case(RING.replace("09:30 stranger -> mule 8000", "09:30 stranger -> nobody 8000"))
    assert suspicion(scope) is None


def test_the_exact_trace_and_its_ledger_stay_as_they_are() -> None:
    scope, trace = case(RING)
    before = trace.held.copy()
    both = suspicion(scope)
    assert both is not None
    pd.testing.assert_frame_equal(trace.held, before)
    assert not trace.claims["claim"].str.startswith(PREFIX).any()
    assert with_suspected(scope.ledger, both.claims).digest != scope.ledger.digest


def test_a_trace_of_some_reports_suspects_beside_these_reports() -> None:
    ledger = story(RING + "10:00 v2 -> elsewhere 700 # claim V2")
    trace = trace_claims(ledger, Parameters(reports=("C1",)))
    both = suspicion(scope_of(ledger, trace))
    assert both is not None
    assert sorted(both.trace.claims["claim"]) == ["C1", f"{PREFIX}T3"]


def test_a_method_that_shares_nothing_out_is_refused() -> None:
    ledger = story(RING)
    with pytest.raises(AssertionError, match="shares the money out"):
        suspicion(scope_of(ledger, trace_claims(ledger, Parameters(method="poison"))))


def test_suspected_money_is_asked_for_by_stop_payments_on_lines_of_its_own() -> None:
    plan = planned(RING)
    apart = plan[plan["suspected"].astype(bool)]
    assert set(apart["act"]) == {"stop_payment"}
    assert apart["reports"].tolist() == [f"{PREFIX}T3"] * len(apart)
    line = apart.set_index("target").loc["second"]
    assert "not reported" in line["reason"]
    assert "1 payer over 8000.00" in line["reason"]
    assert "call them within the 48 h" in line["reason"]
    assert (line["payer_account"], line["evidence"]) == ("mule", "T4")


def test_old_suspected_money_is_never_frozen() -> None:
    plan = planned(RING.replace("45000", "45000\n    09:10 second -> third 44000") + "2025-03-09 09:00 p -> q 1")
    assert set(plan.loc[plan["suspected"].astype(bool), "act"]) == {"stop_payment"}
    assert "freeze" in set(plan.loc[~plan["suspected"].astype(bool), "act"])


def test_both_lines_of_an_account_together_never_ask_for_more_than_its_balance() -> None:
    plan = planned(RING)
    asked = plan.groupby("target")["lien_fen"].sum()
    scope, _ = case(RING)
    both = suspicion(scope)
    assert both is not None
    balance = both.trace.held.groupby("account")["balance_fen"].first()
    assert (asked <= balance.reindex(asked.index)).all()
    assert asked["second"] == 53500_00
    assert plan.groupby("target")["suspected"].nunique()["second"] == 2


def test_money_a_reported_claim_also_covers_is_asked_for_once() -> None:
    text = RING.replace(
        "09:30 stranger -> mule 8000", "09:20 own -> stranger 5000\n 09:30 stranger -> mule 8000 # claim C2 3000"
    )
    text += "\n    10:00 stranger -> mule 6000"
    plan = planned(text)
    scope, _ = case(text)
    both = suspicion(scope)
    assert both is not None
    held = both.trace.held.groupby("account")["held_fen"].sum()
    asked = plan.groupby("target")["lien_fen"].sum()
    assert (asked <= held.reindex(asked.index)).all()


def test_the_lines_of_reported_money_are_the_same_with_and_without_suspected_ones() -> None:
    scope, trace = case(RING)
    findings, problems = apply_to(scope)
    alone = plan_freezes(rank_accounts(scope.ledger, trace, findings, problems, scope=scope)).drop(columns="priority")
    both = planned(RING)
    exact = both[~both["suspected"].astype(bool)].drop(columns="priority")
    pd.testing.assert_frame_equal(
        alone.sort_values("target", ignore_index=True), exact.sort_values("target", ignore_index=True), check_dtype=False
    )


def test_a_recipient_in_good_faith_is_not_asked_to_wait_for_somebody_elses_report() -> None:
    text = (
        RING
        + """
    account seller bank opened=2020-01-01
    09:45 second -> third 50000
    09:50 second -> seller 3000
    """
    )
    plan = planned(text)
    assert "seller" not in set(plan.loc[plan["suspected"].astype(bool), "target"])


def test_suspected_claims_of_an_earlier_moment_do_not_see_later_payments() -> None:
    ledger = story(RING)
    until = int(ledger.read(("time",))["time"].cast("int64")[1].as_py())
    trace = trace_claims(ledger, replace(Parameters(), as_of_us=until))
    assert suspicion(scope_of(ledger, trace)) is None

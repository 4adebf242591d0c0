"""The shipped scenario against its truth: every role of the ring, both rates, no innocent asked for more than he holds."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.generate import generate
from ledger.ingest import ingest
from ledger.store.opening import open_ledger
from rules.catalogue import apply_to
from rules.plan import plan_freezes
from rules.recycling import estimate_rates, pooled_rate
from rules.scope import Scope, scope_of
from rules.score import RankingResult, rank_accounts
from tracing import trace_claims

RING = (
    "mule",
    "middleman",
    "gift_card_recycler",
    "q_coin_recycler",
    "collector",
    "cash_out_runner",
    "boss",
    "good_faith_recipient",
)


@dataclass(frozen=True)
class Demo:
    truth: Path
    scope: Scope
    result: RankingResult


@pytest.fixture(scope="module", params=[1, 2])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder / "records", "demo", request.param)
    ingest(folder / "ledger", sorted(path for path in (folder / "records").iterdir() if path.is_file()))
    ledger = open_ledger(folder / "ledger")
    trace = trace_claims(ledger)
    scope = scope_of(ledger, trace)
    findings, problems = apply_to(scope)
    return Demo(folder / "records" / "truth", scope, rank_accounts(ledger, trace, findings, problems, scope=scope))


def true_roles(demo: Demo) -> dict[str, tuple[str, str]]:
    with (demo.truth / "roles.csv").open(encoding="utf-8") as file:
        return {row["account"]: (row["role"], row["tier"]) for row in csv.DictReader(file)}


def test_every_role_of_the_ring_is_named(demo: Demo) -> None:
    named = demo.result.roles()
    wrong = {
        account: (role, named.get(account))
        for account, (role, _) in true_roles(demo).items()
        if role in RING and named.get(account) != role
    }
    assert wrong == {}


def test_nobody_else_is_named_a_member(demo: Demo) -> None:
    truth = true_roles(demo)
    members = set(RING) - {"good_faith_recipient"}
    assert [account for account, role in demo.result.roles().items() if role in members and truth[account][0] != role] == []


def test_every_mule_has_its_tier(demo: Demo) -> None:
    tiers = dict(zip(demo.result.frame["account"], demo.result.frame["tier"], strict=True))
    truth = {account: int(tier) for account, (role, tier) in true_roles(demo).items() if role == "mule"}
    assert {account: tiers[account] for account in truth} == truth


def test_both_conversion_rates_are_estimated_within_a_hundredth(demo: Demo) -> None:
    rates = estimate_rates(demo.scope)
    for kind, truth in (("card", 9700), ("q_coin", 8600)):
        pooled = pooled_rate(rates, kind)
        assert pooled is not None
        assert abs(pooled[0] - truth) <= 100
        assert pooled[1] <= truth <= pooled[2]


def test_no_line_asks_for_more_than_is_held_of_victims_money(demo: Demo) -> None:
    with (demo.truth / "held_fifo.csv").open(encoding="utf-8") as file:
        held: dict[str, int] = {}
        for row in csv.DictReader(file):
            held[row["account"]] = held.get(row["account"], 0) + round(float(row["held"]) * 100)
    plan = plan_freezes(demo.result)
    names = demo.scope.ledger.accounts["account"]
    assert len(plan) > 0
    assert [line.target for line in plan.itertuples() if line.lien_fen > held.get(str(names.iloc[line.account_code]), 0)] == []


def test_hubs_and_victims_are_not_in_the_plan(demo: Demo) -> None:
    roles = true_roles(demo)
    asked = plan_freezes(demo.result).query("target_kind == 'account'")["target"]
    assert {roles[account][0] for account in asked} & {"hub", "victim", "own_account", "innocent"} == set()


def test_what_the_ring_left_is_found_by_most_rules(demo: Demo) -> None:
    assert {finding.rule for finding in demo.result.findings} >= {
        "RUL-PASS-THROUGH",
        "RUL-FAN-OUT",
        "RUL-LOAN-OUT",
        "RUL-FEE-LADDER",
        "RUL-BUYER-REDEEMER",
        "RUL-RECYCLER-PAYOUT",
    }

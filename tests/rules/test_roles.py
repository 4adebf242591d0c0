"""Roles from a story, with their reasons."""

from rules.catalogue import apply_to
from rules.roles import ROLES, name_roles
from tests.rules.cases import case

RING = """
    account victim bank opened=2020-01-01
    account seller bank opened=2020-01-01
    account ATM cash hub=true
    account mule bank opened=2025-02-20
    account second bank opened=2025-02-20
    account late bank opened=2025-02-20
    account wallet wallet holder=hv
    account victim bank holder=hv
    09:00 victim -> mule 50000   # claim
    09:05 mule -> second 30000
    09:06 mule -> late 19990
    09:10 second -> card:1 10000
    09:20 second -> seller 5000
    09:40 late -> runner 9000
    09:45 late -> runner 9000
    10:00 runner -> ATM 17900
"""


def roles_of(text: str) -> dict[str, tuple[str, int]]:
    scope, _ = case(text)
    named = name_roles(scope, apply_to(scope)[0])
    return {scope.name(row.account_code): (row.role, row.tier) for row in named.itertuples()}


def test_a_ring_is_named_by_tier_and_part() -> None:
    roles = roles_of(RING)
    assert roles["victim"] == ("victim", 0)
    assert roles["wallet"] == ("own_account", 0)
    assert roles["mule"] == ("mule", 1)
    assert roles["second"] == ("mule", 2)
    assert roles["late"] == ("mule", 2)
    assert roles["runner"] == ("cash_out_runner", 3)
    assert roles["card:1"][0] == "voucher"
    assert roles["ATM"][0] == "hub"


def test_a_settled_seller_who_was_paid_once_is_probably_in_good_faith() -> None:
    assert roles_of(RING)["seller"] == ("good_faith_recipient", 3)


def test_a_new_account_that_was_paid_once_is_not_taken_for_a_seller() -> None:
    assert roles_of(RING.replace("account seller bank opened=2020-01-01", ""))["seller"][0] == "unknown"


def test_a_settled_account_that_sends_the_money_on_is_a_mule() -> None:
    roles = roles_of(RING + "    2025-03-02 09:00 seller -> another 4000\n")
    assert roles["seller"] == ("mule", 3)


def test_every_role_named_is_a_documented_one() -> None:
    assert {role for role, _ in roles_of(RING).values()} <= set(ROLES)


def test_who_gathers_from_many_and_draws_cash_is_the_collector() -> None:
    roles = roles_of("""
        account ATM cash hub=true
        09:00 v -> a 9000  # claim
        09:01 v -> b 9000  # claim
        09:02 v -> c 9000  # claim
        09:10 a -> pot 9000
        09:11 b -> pot 9000
        09:12 c -> pot 9000
        09:20 pot -> ATM 12000
        09:30 pot -> boss 12000
    """)
    assert roles["pot"] == ("collector", 2)

"""Examples from the literature and traps other tools fall into, each to the fen (tracing methods, section on traps)."""

import pytest

from tests.story import story
from tracing.result import ALLOCATING, Parameters
from tracing.trace import trace_claims


def held(text: str, method: str) -> dict[tuple[str, str], int]:
    """What each account holds of each claim, in fen."""
    trace = trace_claims(story(text), Parameters(method=method))
    return {(row.account, row.claim): int(row.held_fen) for row in trace.held.itertuples()}


@pytest.mark.parametrize("method", ALLOCATING)
def test_an_earlier_dip_does_not_cap_a_later_victim(method: str) -> None:
    """The lowest intermediate balance is each claim's own: 1,000 in, 900 out, 800 of another in leaves 100 and 800."""
    found = held("09:00 v1 -> a 1000  # claim V1\n09:10 a -> x 900\n09:20 v2 -> a 800  # claim V2", method)
    assert {key: fen for key, fen in found.items() if key[0] == "a"} == {("a", "V1"): 100_00, ("a", "V2"): 800_00}


@pytest.mark.parametrize("method", ALLOCATING)
def test_money_that_goes_round_is_counted_once(method: str) -> None:
    """100 to A, 60 of it to B and back: A holds 100, not 160."""
    assert held("09:00 v -> a 100  # claim V\n09:10 a -> b 60\n09:20 b -> a 60", method) == {("a", "V"): 100_00}


@pytest.mark.parametrize("method", ALLOCATING)
def test_money_that_left_before_the_victims_came_stays_clean(method: str) -> None:
    text = "opening a 500\n08:00 a -> x 500\n09:00 v -> a 100  # claim V\n10:00 x -> y 500"
    assert held(text, method) == {("a", "V"): 100_00}


@pytest.mark.parametrize("method", ALLOCATING)
def test_money_of_a_second_victim_at_an_account_already_visited_is_followed_on(method: str) -> None:
    """One visit per account would drop V2 at A and its way on to B."""
    text = """
        09:00 v1 -> a 100  # claim V1
        09:10 a -> b 100
        09:20 v2 -> a 50   # claim V2
        09:30 a -> b 50
    """
    assert held(text, method) == {("b", "V1"): 100_00, ("b", "V2"): 50_00}


@pytest.mark.parametrize("method", ALLOCATING)
def test_no_fen_goes_over_to_the_clean_money_by_rounding(method: str) -> None:
    """6,500.00 of three victims passes through a pool of 10,000.00 in three payments: 650,000 fen arrive, not 649,999."""
    text = """
        opening a 3500
        09:00 v1 -> a 2166.67  # claim V1
        09:01 v2 -> a 2166.67  # claim V2
        09:02 v3 -> a 2166.66  # claim V3
        09:10 a -> b 3333.33
        09:11 a -> b 3333.33
        09:12 a -> b 3333.34
    """
    found = held(text, method)
    assert sum(found.values()) == 650_000
    assert found == {("b", "V1"): 216_667, ("b", "V2"): 216_667, ("b", "V3"): 216_666}


@pytest.mark.parametrize("method", ALLOCATING)
def test_a_hop_from_the_own_wallet_to_the_own_bank_account_is_no_tier(method: str) -> None:
    text = """
        account wallet wallet holder=v
        account card bank holder=v
        09:00 loan -> wallet 50000
        09:01 wallet -> card 50000   # claim V
        09:03 card -> mule 49950
    """
    trace = trace_claims(story(text), Parameters(method=method))
    assert held(text, method) == {("card", "V"): 50_00, ("mule", "V"): 49_950_00}
    assert trace.traced["tier"].tolist() == [0, 1]


def test_claytons_case_the_first_paid_in_is_the_first_drawn_out() -> None:
    """Devaynes v Noble (1816): a later withdrawal is set against the earliest credit, whatever was paid in since."""
    text = "09:00 v1 -> a 100  # claim V1\n09:10 v2 -> a 200  # claim V2\n09:20 a -> x 100\n09:30 a -> y 50"
    assert held(text, "fifo") == {("x", "V1"): 100_00, ("y", "V2"): 50_00, ("a", "V2"): 150_00}


def test_the_three_rules_of_a_mixed_fund_on_one_account() -> None:
    """50 own, then 100 of a victim's; 80 buys an asset that keeps its worth, 70 is dissipated.

    Re Hallett's honest trustee spends his own first; under Re Oatway the victim may take the asset.
    """
    text = "opening f 50\n09:00 v -> f 100  # claim V\n09:10 f -> asset 80\n09:20 f -> living 70"
    assert held(text, "clean_first") == {("asset", "V"): 30_00, ("living", "V"): 70_00}
    assert held(text, "taint_first") == {("asset", "V"): 80_00, ("living", "V"): 20_00}
    assert held(text, "pro_rata") == {("asset", "V"): 53_33, ("living", "V"): 46_67}

"""Vouchers, refunds and hubs: what a record ties together is followed fen by fen, basis is never lost."""

import pytest

from tests.story import story
from tracing import Parameters, Trace, trace_claims
from tracing.result import ALLOCATING

THIRDS = """
09:00 a -> mule 33.33     # claim C1
09:00:01 b -> mule 33.33  # claim C2
09:00:02 c -> mule 33.34  # claim C3
09:01 mule -> card:1 100
"""


def traced(text: str, method: str = "fifo") -> Trace:
    return trace_claims(story(text), Parameters(method=method))


def held(trace: Trace) -> dict[tuple[str, str], tuple[int, int]]:
    return {(row.claim, row.account): (row.held_fen, row.basis_fen) for row in trace.held.itertuples()}


def sunk(trace: Trace) -> list[list[object]]:
    return trace.sinks[["claim", "sink", "account", "amount_fen"]].values.tolist()  # type: ignore[no-any-return]


def test_a_discount_scales_quantity_by_cumulative_floor_and_leaves_basis_alone() -> None:
    at = held(traced(THIRDS + "10:00 card:1 -> redeemer 100=>97"))
    assert at == {
        ("C1", "redeemer"): (32_33, 33_33),
        ("C2", "redeemer"): (32_33, 33_33),
        ("C3", "redeemer"): (32_34, 33_34),
    }


def test_spending_half_of_what_was_redeemed_takes_the_first_claim_and_half_of_the_second() -> None:
    trace = traced(THIRDS + "10:00 card:1 -> redeemer 100=>97\n11:00 redeemer -> out 48.50 id=S")
    spent = trace.traced[trace.traced["transfer"] == "S"]
    assert spent[["claim", "traced_fen"]].values.tolist() == [["C1", 32_33], ["C2", 16_17]]
    assert trace.unbalanced().empty


@pytest.mark.parametrize("method", ALLOCATING)
def test_many_cards_in_one_order_each_carry_their_own_part(method: str) -> None:
    trace = traced(
        """
        account shop issuer hub=true
        09:00 v -> mule 900                        # claim C1
        09:01 mule -> shop 900 order=O1
        09:01:10 mule -> card:1 500 order=O1
        09:01:11 mule -> card:2 300 order=O1
        09:01:12 mule -> card:3 100 order=O1
        10:00 card:1 -> r1 500
        10:01 card:2 -> r2 300
        """,
        method,
    )
    assert held(trace) == {
        ("C1", "r1"): (500_00, 500_00),
        ("C1", "r2"): (300_00, 300_00),
        ("C1", "card:3"): (100_00, 100_00),
    }
    assert sunk(trace) == []


def test_a_card_redeemed_in_part_keeps_the_rest() -> None:
    trace = traced(
        """
        09:00 v -> mule 100      # claim C1
        09:01 w -> mule 100      # claim C2
        09:02 mule -> card:1 200
        10:00 card:1 -> r 120
        """
    )
    assert held(trace) == {("C1", "r"): (100_00, 100_00), ("C2", "r"): (20_00, 20_00), ("C2", "card:1"): (80_00, 80_00)}


def test_a_card_redeemed_by_another_than_its_buyer_is_followed_by_its_number() -> None:
    trace = traced(
        """
        opening stranger 500
        09:00 v -> mule 1000              # claim C1
        09:01 mule -> card:1 1000
        09:02 other -> card:2 1000
        10:00 card:2 -> stranger 1000
        10:01 card:1 -> stranger 1000 id=R
        """
    )
    assert held(trace) == {("C1", "stranger"): (1000_00, 1000_00)}
    assert trace.traced.set_index("transfer").loc["R", "made_by"] == "reference"


def test_a_qq_number_filled_by_several_buyers_is_one_balance() -> None:
    trace = traced(
        """
        09:00 v -> m1 300         # claim C1
        09:01 w -> m2 200         # claim C2
        09:02 m1 -> qq:1 300
        09:03 clean -> qq:1 100
        09:04 m2 -> qq:1 200
        10:00 qq:1 -> r 450
        """
    )
    assert held(trace) == {("C1", "r"): (300_00, 300_00), ("C2", "r"): (50_00, 50_00), ("C2", "qq:1"): (150_00, 150_00)}


@pytest.mark.parametrize("method", ALLOCATING)
def test_a_victim_who_scans_a_code_is_followed_from_order_to_voucher_to_redeemer(method: str) -> None:
    trace = traced(
        """
        account shop merchant hub=true
        09:00 clean -> shop 700 order=O8
        09:01 v -> shop 1000 order=O9               # claim C1
        09:02 ring -> card:1 1000 order=O9
        09:40 card:1 -> redeemer 1000
        """,
        method,
    )
    assert held(trace) == {("C1", "redeemer"): (1000_00, 1000_00)}
    assert sunk(trace) == []


def test_a_refund_by_the_original_channel_returns_its_own_money() -> None:
    trace = traced(
        """
        opening mule 400
        09:00 v -> mule 100                   # claim C1
        09:01 mule -> shop 450 id=P
        09:02 w -> shop 50                    # claim C2
        10:00 shop -> mule 450 id=B reverses=P
        """
    )
    assert held(trace) == {("C1", "mule"): (100_00, 100_00), ("C2", "shop"): (50_00, 50_00)}


def test_a_hub_without_a_reference_is_a_named_sink_whatever_leaves_it() -> None:
    trace = traced(
        """
        account shop merchant hub=true
        09:00 v -> mule 100                   # claim C1
        09:01 mule -> shop 100
        09:02 shop -> seller 100
        """
    )
    assert held(trace) == {}
    assert sunk(trace) == [["C1", "merchant", "shop", 100_00]]


def test_what_a_conversion_rounds_to_nothing_is_the_discount_of_who_converted() -> None:
    for before in ("", "08:00 c -> r 5\n08:01 c -> z 5\n"):
        trace = traced(before + "09:00 v -> mule 0.01 # claim C1\n09:01 mule -> card:1 0.01\n10:00 card:1 -> r 0.01=>0")
        assert sunk(trace) == [["C1", "discount", "r", 1]]

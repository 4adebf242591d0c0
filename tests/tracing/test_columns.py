"""Where accounts stand: one exchange column, redeemers right of it, hops by what arrived."""

import pytest

from tests.story import story
from tests.tracing.test_graph import cell, graphed
from tracing.folding import fold
from tracing.graph import FlowGraph

RING = """
    account shop merchant
    09:00 victim -> mule 9000               # claim R1
    09:00 buyer -> qq:1 300                 # claim R2
    09:01 mule -> second 8000
    09:02 qq:1 -> recycler 300
    09:03 mule -> card:1 500
    09:04 second -> card:2 2000
    09:05 card:1 -> recycler 500
    09:06 card:2 -> recycler 2000
    09:07 second -> third 5000
    09:08 recycler -> middleman 2500
    09:09 middleman -> boss 2000
    09:10 third -> shop 4000
"""


@pytest.fixture(scope="module")
def ring() -> FlowGraph:
    return graphed(story(RING))


def heads(graph: FlowGraph) -> list[str]:
    """Columns as `kind hop`."""
    return [f"{kind} {hop}" for kind, hop in zip(graph.columns["kind"], graph.columns["hop"], strict=True)]


def column(graph: FlowGraph, account: str) -> str:
    return heads(graph)[int(str(cell(graph, account, "column")))]


def test_vouchers_bought_at_any_hop_share_one_column(ring: FlowGraph) -> None:
    assert [column(ring, voucher) for voucher in ("qq:1", "card:1", "card:2")] == ["exchange 0"] * 3
    assert [cell(ring, voucher, "tier") for voucher in ("qq:1", "card:1", "card:2")] == [1, 2, 3]


def test_the_exchange_stands_after_its_last_buyers(ring: FlowGraph) -> None:
    assert heads(ring) == ["victims 0", "hop 1", "hop 2", "exchange 0", "redeemed 0", "onward 1", "onward 2", "hop 3", "exit 0"]


def test_who_redeems_stands_right_of_the_exchange_however_early_it_was_reached(ring: FlowGraph) -> None:
    assert (column(ring, "recycler"), cell(ring, "recycler", "tier")) == ("redeemed 0", 2)
    assert not ring.flows["is_back"].any()


def test_who_is_paid_by_redeemers_stands_after_them(ring: FlowGraph) -> None:
    assert [column(ring, account) for account in ("middleman", "boss")] == ["onward 1", "onward 2"]


def test_who_gets_little_through_vouchers_stays_at_its_hop() -> None:
    graph = graphed(story(RING + "09:11 mule -> collector 400\n09:12 recycler -> collector 30"))
    assert column(graph, "collector") == "hop 2"


def test_a_few_yuan_by_a_shorter_way_move_no_account_to_the_left() -> None:
    graph = graphed(
        story("""
        09:00 victim -> a 9000   # claim R1
        09:00 other -> b 50      # claim R2
        09:01 a -> c 8000
        09:02 c -> boss 7000
        09:03 b -> boss 36
        """)
    )
    assert (column(graph, "boss"), cell(graph, "boss", "tier")) == ("hop 3", 2)
    assert not graph.flows["is_back"].any()


def test_a_tenth_of_the_money_by_a_shorter_way_does() -> None:
    graph = graphed(
        story("""
        09:00 victim -> a 9000   # claim R1
        09:00 other -> boss 1000 # claim R2
        09:01 a -> boss 9000
        """)
    )
    assert column(graph, "boss") == "hop 1"


def test_a_redeemer_that_buys_again_is_drawn_back_to_the_exchange() -> None:
    graph = graphed(story(RING + "09:11 recycler -> card:9 100"))
    back = graph.flows[graph.flows["is_back"]]
    assert back[["source", "target"]].values.tolist() == [["recycler", "card:9"]]


def test_without_vouchers_there_is_no_exchange() -> None:
    assert heads(graphed(story("09:00 victim -> a 9 # claim\n09:01 a -> b 9"))) == ["victims 0", "hop 1", "hop 2"]


def test_cash_out_without_a_mule_is_victim_exchange_redeemer() -> None:
    graph = graphed(story("09:00 victim -> card:1 97=>100 # claim\n09:01 card:1 -> recycler 100=>95"))
    assert heads(graph) == ["victims 0", "exchange 0", "redeemed 0"]


def test_vouchers_with_the_same_two_buyers_and_one_redeemer_are_one_box() -> None:
    graph = graphed(
        story("""
        09:00 victim -> a 600   # claim R1
        09:00 victim -> b 600   # claim R2
        09:01 a -> qq:1 100
        09:01 a -> qq:2 100
        09:02 b -> qq:1 100
        09:02 b -> qq:2 100
        09:03 a -> qq:3 100
        09:04 qq:1 -> recycler 200
        09:04 qq:2 -> recycler 200
        09:04 qq:3 -> recycler 100
        """)
    )
    boxes = fold(graph).nodes
    assert boxes.loc[boxes["state"] == "voucher", ["account", "count"]].values.tolist() == [["fold:qq:1", 2], ["qq:3", 1]]


def test_vouchers_bought_at_different_hops_fold_when_buyer_and_redeemer_are_the_same() -> None:
    graph = graphed(
        story("""
        09:00 victim -> a 600    # claim R1
        09:00 other -> b 600     # claim R2
        09:01 a -> card:1 100
        09:02 b -> a 300
        09:03 a -> card:2 700
        09:04 card:1 -> recycler 100
        09:04 card:2 -> recycler 700
        """)
    )
    assert cell(fold(graph), "fold:card:1", "in_fen") == 800_00

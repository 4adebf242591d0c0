"""The projected account graph: columns, merged flows, states, folding, layout."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ledger.book import Ledger
from tests.story import story
from tracing.folding import fold
from tracing.graph import FlowGraph, flow_graph
from tracing.layers import Net, crossings, ordered
from tracing.layout import SLACK, layered_layout
from tracing.networks import account_graph
from tracing.trace import trace_claims

CASE = """
    account victim bank holder_name=王芳 institution=ICBC
    account shop merchant
    account atm cash
    09:00 victim -> mule 50000             # claim R1
    09:04 mule -> card:1 1000
    09:04 mule -> card:2 1000
    09:05 card:1 -> recycler 1000=>970
    09:05 card:2 -> recycler 1000=>970
    09:06 mule -> second 20000
    09:07 mule -> second 10000
    09:08 second -> shop 5000
    09:09 second -> atm 4000
    09:10 second -> mule 1000
"""


def graphed(ledger: Ledger) -> FlowGraph:
    return flow_graph(ledger, trace_claims(ledger))


def cell(graph: FlowGraph, account: str, column: str) -> object:
    return graph.nodes.set_index("account")[column][account]


def flow(graph: FlowGraph, source: str, target: str) -> "pd.Series[object]":
    return graph.flows.set_index(["source", "target"]).loc[(source, target)]


@pytest.fixture(scope="module")
def case() -> FlowGraph:
    return graphed(story(CASE))


def test_columns_run_from_victims_over_hops_and_exchange_to_exits(case: FlowGraph) -> None:
    assert case.columns["kind"].tolist() == ["victims", "hop", "exchange", "redeemed", "hop", "exit"]
    assert case.columns["hop"].tolist() == [0, 1, 0, 0, 2, 0]


def test_an_account_stands_at_its_smallest_hop(case: FlowGraph) -> None:
    assert [cell(case, name, "tier") for name in ("victim", "mule", "second", "card:1", "recycler")] == [0, 1, 2, 2, 3]


def test_shops_and_cash_stand_in_the_last_column(case: FlowGraph) -> None:
    assert cell(case, "shop", "column") == cell(case, "atm", "column") == 5


def test_transfers_of_one_pair_become_one_flow_with_count_and_span(case: FlowGraph) -> None:
    merged = flow(case, "mule", "second")
    assert (merged["traced_fen"], merged["count"], merged["last_us"] - merged["first_us"]) == (30_000_00, 2, 60_000_000)


def test_money_to_an_earlier_hop_is_a_back_flow(case: FlowGraph) -> None:
    back = case.flows[case.flows["is_back"]]
    assert back[["source", "target"]].values.tolist() == [["second", "mule"]]


def test_columns_total_what_came_from_the_left(case: FlowGraph) -> None:
    assert case.columns["received_fen"].tolist() == [50_000_00, 50_000_00, 2_000_00, 1_940_00, 30_000_00, 9_000_00]


def test_states_follow_kind_and_place(case: FlowGraph) -> None:
    states = {name: cell(case, name, "state") for name in ("victim", "mule", "card:1", "shop", "atm")}
    assert states == {"victim": "victim", "mule": "tier", "card:1": "voucher", "shop": "hub", "atm": "cash_out"}


def test_held_and_recoverable_are_those_of_the_trace(case: FlowGraph) -> None:
    assert [cell(case, "mule", name) for name in ("held_fen", "balance_fen", "recoverable_fen")] == [19_000_00] * 3


def test_no_more_is_recoverable_than_the_balance() -> None:
    ledger = story("09:00 victim -> mule 50 # claim")
    trace = trace_claims(ledger)
    low = dataclasses.replace(trace, held=trace.held.assign(balance_fen=12_00))
    assert cell(flow_graph(ledger, low), "mule", "recoverable_fen") == 12_00


def test_a_card_nobody_redeemed_is_recoverable_at_face() -> None:
    graph = graphed(story("09:00 victim -> mule 97 # claim\n09:01 mule -> card:1 97=>100"))
    assert [cell(graph, "card:1", name) for name in ("in_fen", "held_fen", "recoverable_fen")] == [100_00] * 3


def test_what_lies_in_cash_or_at_a_shop_is_not_recoverable(case: FlowGraph) -> None:
    assert [cell(case, name, "recoverable_fen") for name in ("atm", "shop", "victim")] == [0, 0, 0]


def test_a_redeemed_card_arrives_as_its_payout(case: FlowGraph) -> None:
    assert cell(case, "recycler", "in_fen") == 1_940_00


def test_a_hub_that_passes_identified_money_on_stands_at_its_hop() -> None:
    graph = graphed(
        story("""
        account shop merchant hub=true
        09:00 victim -> shop 1000 ref=O1     # claim
        09:01 shop -> courier-1 1000 ref=O1
        """)
    )
    assert cell(graph, "shop", "column") == 1


def test_the_part_that_is_not_the_victims_is_told_apart() -> None:
    graph = graphed(
        story("""
        08:00 friend -> mule 100
        09:00 victim -> mule 200   # claim
        09:01 mule -> next 250
        """)
    )
    assert (flow(graph, "mule", "next")["traced_fen"], flow(graph, "mule", "next")["amount_fen"]) == (150_00, 250_00)


def test_roles_are_shown_where_given() -> None:
    ledger = story("09:00 victim -> mule 5 # claim")
    graph = flow_graph(ledger, trace_claims(ledger), {"mule": "collector"})
    assert [cell(graph, name, "role") for name in ("victim", "mule")] == ["", "collector"]


def test_a_trace_without_claims_is_an_empty_graph() -> None:
    graph = graphed(story("09:00 a -> b 5"))
    assert (len(graph.nodes), len(graph.flows), len(graph.columns)) == (0, 0, 0)


def test_account_graph_is_the_flows_in_igraph(case: FlowGraph) -> None:
    projected = account_graph(case)
    pairs = [(projected.vs[e.source]["account"], projected.vs[e.target]["account"]) for e in projected.es]
    assert pairs == list(zip(case.flows["source"], case.flows["target"], strict=True))


def test_cards_with_one_buyer_and_one_redeemer_fold_into_one_box(case: FlowGraph) -> None:
    folded = fold(case)
    assert (cell(folded, "fold:card:1", "count"), cell(folded, "fold:card:1", "in_fen"), folded.folded) == (2, 2_000_00, 2)


def test_cards_redeemed_by_different_accounts_stay_apart() -> None:
    graph = graphed(
        story("""
        09:00 victim -> mule 300   # claim
        09:01 mule -> card:1 100
        09:01 mule -> card:2 100
        09:02 card:1 -> a 100
        09:02 card:2 -> b 100
        """)
    )
    assert fold(graph).folded == 0


def test_an_account_called_like_a_box_is_not_taken_for_one() -> None:
    graph = graphed(story(CASE + "09:11 second -> fold:card:1 3"))
    assert {"fold:card:1", "fold:fold:card:1"} <= set(fold(graph).nodes["account"])


def fan(width: int) -> str:
    lines = ["09:00 victim -> mule 1000000   # claim"]
    lines += [f"09:01 mule -> m{i:03d} {1000 + i}" for i in range(width)]
    lines += [f"09:02 m{i:03d} -> n{i:03d} {900 + i}" for i in range(width)]
    return "\n".join(lines)


def test_a_large_graph_is_folded_to_the_limit_and_says_how_many() -> None:
    graph = graphed(story(fan(120)))
    folded = fold(graph, 60)
    kept = int((folded.nodes["count"] == 1).sum())
    assert len(folded.nodes) <= 60
    assert kept + folded.folded == len(graph.nodes) == int(folded.nodes["count"].sum())


def test_folding_changes_no_total() -> None:
    graph = graphed(story(fan(120)))
    folded = fold(graph, 60)
    assert folded.columns["received_fen"].tolist() == graph.columns["received_fen"].tolist()
    assert folded.flows["traced_fen"].sum() == graph.flows["traced_fen"].sum()
    assert folded.nodes["recoverable_fen"].sum() == graph.nodes["recoverable_fen"].sum()


def test_the_largest_accounts_stay_on_their_own() -> None:
    folded = fold(graphed(story(fan(120))), 60)
    assert {"victim", "mule", "m119", "m118"} <= set(folded.nodes["account"])


def test_many_small_victims_of_one_collector_fold_into_one_box() -> None:
    payments = "\n".join(f"09:00 v{i:03d} -> collector 39   # claim" for i in range(200))
    folded = fold(graphed(story(payments)), 20)
    boxes = folded.nodes[folded.nodes["state"] == "victim"]
    assert boxes["count"].sum() == 200
    assert len(folded.nodes) <= 20


def layers_do_not_overlap(graph: FlowGraph) -> bool:
    extents = [(30.0, 30.0)] * len(graph.nodes)
    slots = [(16.0, 6.0)] * len(graph.flows)
    placed = layered_layout(graph, extents, slots)
    layers: dict[int, list[tuple[float, float]]] = {}
    for column, y in zip(graph.nodes["column"], placed.node_y, strict=True):
        layers.setdefault(2 * column, []).append((y - 30, y + 30))
    for route, slot in zip(placed.routes, placed.slots, strict=True):
        for layer, y in route:
            above, below = (16, 6) if layer == slot else (6, 6)
            layers.setdefault(layer, []).append((y - above, y + below))
    spans = [np.array(sorted(layer)) for layer in layers.values()]
    return all((layer[1:, 0] >= layer[:-1, 1] - 1e-6).all() for layer in spans)


@pytest.mark.parametrize("seed", range(20))
def test_boxes_lines_and_label_slots_of_a_layer_never_overlap(seed: int) -> None:
    random = np.random.default_rng(seed)
    names = ["victim", *(f"a{i}" for i in range(14))]
    lines = ["09:00 victim -> a0 100000   # claim"]
    for minute in range(1, 45):
        source, target = random.choice(14, 2, replace=False)
        lines.append(f"09:{minute:02d} {names[source + 1]} -> {names[target + 1]} {random.integers(10, 20000)}")
    assert layers_do_not_overlap(graphed(story("\n".join(lines))))


def test_the_same_trace_is_laid_out_the_same_way(case: FlowGraph) -> None:
    extents, slots = [(30.0, 30.0)] * len(case.nodes), [(16.0, 6.0)] * len(case.flows)
    assert layered_layout(case, extents, slots) == layered_layout(graphed(story(CASE)), extents, slots)


def test_every_flow_has_its_label_slot_between_two_columns(case: FlowGraph) -> None:
    placed = layered_layout(case, [(30.0, 30.0)] * len(case.nodes), [(16.0, 6.0)] * len(case.flows))
    assert all(slot % 2 == 1 and slot in dict(route) for slot, route in zip(placed.slots, placed.routes, strict=True))


def test_a_straight_chain_is_drawn_straight() -> None:
    graph = graphed(story("09:00 victim -> a 9 # claim\n09:01 a -> b 9\n09:02 b -> c 9"))
    placed = layered_layout(graph, [(30.0, 30.0)] * 4, [(16.0, 6.0)] * 3)
    assert max(placed.node_y) - min(placed.node_y) < 1e-6


def test_the_picture_is_hardly_taller_than_its_tallest_layer() -> None:
    graph = graphed(story(fan(40)))
    placed = layered_layout(graph, [(30.0, 30.0)] * len(graph.nodes), [(16.0, 6.0)] * len(graph.flows))
    assert 40 * 60 <= placed.height <= 40 * 60 * SLACK + 1e-6


def test_neighbours_change_places_until_no_lines_cross() -> None:
    net = Net([0, 0, 0, 1, 1, 1], [(6.0, 6.0)] * 6)
    for left, right in ((0, 5), (1, 4), (2, 3)):
        net.join(left, right, 1.0)
    assert crossings(net, [[0, 1, 2], [3, 4, 5]]) == 3
    assert crossings(net, ordered(net)) == 0

"""Inferred links: each with a probability that is high where one batch fits and a half where two do."""

import numpy as np
import pandas as pd

from rules.inferred import infer_links, links_of
from rules.recycling import estimate_rates
from rules.score import rank_accounts
from tests.rules.cases import whole
from tests.rules.test_recycling import at_random, recycler
from tests.story import story
from tracing import Parameters, trace_claims


def links(text: str) -> pd.DataFrame:
    return infer_links(story(text)).links


def test_a_recyclers_payouts_are_linked_to_all_their_redemptions() -> None:
    found = links(recycler(0.86, "q_coin"))
    assert len(found) == 8
    assert (found["probability_bp"] > 9_000).all()
    assert (found["payout_fen"] - found["face_fen"] * 86 // 100).abs().max() <= 100


def equal_batches(one: str, other: str) -> str:
    """Two batches of one face before two payouts of one amount, to these payees."""
    return "\n".join(
        [
            recycler(0.86, "q_coin"),
            "2025-03-20 09:00 x -> qq:91 1234",
            "2025-03-20 09:01 y -> qq:92 1234",
            "2025-03-20 10:00 qq:91 -> store 1234 id=Q1",
            "2025-03-20 13:00 qq:92 -> store 1234 id=Q2",
            f"2025-03-20 18:00 purse -> {one} 1061 id=P1",
            f"2025-03-20 19:00 purse -> {other} 1061 id=P2",
        ]
    )


def test_two_equal_batches_before_equal_payouts_to_two_are_a_toss_up() -> None:
    unsure = links(equal_batches("middleman", "somebody")).set_index("transfer").loc[["P1", "P2"]]
    assert ((unsure["probability_bp"] > 2_000) & (unsure["probability_bp"] < 8_000)).all()
    assert unsure["set"].tolist() == [0, 0]


def test_two_equal_batches_before_equal_payouts_to_one_are_a_set() -> None:
    found = links(equal_batches("middleman", "middleman"))
    both = found.set_index("transfer").loc[["P1", "P2"]]
    assert both["set"].nunique() == 1
    assert (both["set"] > 0).all()
    assert (both["probability_bp"] > 9_000).all()
    assert both["redemptions"].tolist() == [("Q1",), ("Q2",)]  # in order of time
    assert (found.set_index("transfer")["set"].drop(["P1", "P2"]) == 0).all()


def test_a_set_lends_its_redemptions_to_its_payouts_by_the_method() -> None:
    ledger = story(equal_batches("middleman", "middleman").replace("x -> qq:91 1234", "x -> qq:91 1234 # claim R"))
    table = infer_links(ledger).links
    for method, payouts in (("fifo", ["P1"]), ("lifo", ["P2"]), ("pro_rata", ["P1", "P2"])):
        trace = trace_claims(ledger, Parameters(method=method, reports=("R",), inferred=True), table)
        assert sorted({"P1", "P2"} & set(trace.traced["transfer"])) == payouts
        assert trace.held.set_index("account")["basis_fen"]["middleman"] == 123_400
        assert trace.unbalanced().empty


def test_the_seller_who_bought_the_voucher_himself_is_told_from_the_other() -> None:
    text = (
        recycler(0.86, "q_coin")
        + "\n"
        + "\n".join(
            [
                "2025-03-20 09:00 anna -> qq:91 1234",
                "2025-03-20 09:01 bert -> qq:92 1234",
                "2025-03-20 10:00 qq:91 -> store 1234 id=QA",
                "2025-03-20 13:00 qq:92 -> store 1234 id=QB",
                "2025-03-20 18:00 purse -> bert 1061 id=PB",
                "2025-03-20 19:00 purse -> anna 1061 id=PA",
            ]
        )
    )
    told = links(text).set_index("transfer")
    assert told.loc["PA", "redemptions"] == ("QA",)
    assert told.loc["PB", "redemptions"] == ("QB",)
    assert (told.loc[["PA", "PB"], "probability_bp"] > 9_000).all()


def test_payments_at_random_give_no_likely_link() -> None:
    for seed in range(10):
        scope = whole(at_random(seed))
        found = links_of(scope, estimate_rates(scope))
        assert (found["probability_bp"].to_numpy(dtype=np.int64) < 9_000).all(), seed


def test_no_payout_and_no_redemption_is_linked_twice() -> None:
    found = links(recycler(0.97, noise=20))
    rows = [row for batch in found["redemption_rows"] for row in batch]
    assert len(rows) == len(set(rows))
    assert found["transfer"].is_unique


def test_the_ranking_says_what_is_held_by_estimate_only() -> None:
    ledger = story(
        recycler(0.86, "q_coin").replace(
            "opening purse 900000", "opening purse 900000\n2025-02-28 09:00 v -> buyer1 9000 # claim"
        )
    )
    table = infer_links(ledger).links
    trace = trace_claims(ledger, Parameters(inferred=True), table)
    frame = rank_accounts(ledger, trace, []).frame.set_index("account")
    assert "All of it came only through inferred links" in frame.loc["middleman", "explanation"]
    exact = rank_accounts(ledger, trace_claims(ledger), []).frame
    assert not exact["explanation"].str.contains("inferred").any()

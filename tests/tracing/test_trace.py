"""Stories of a trace: what each rule of tracing.md section 1 does to a case one can hold in one's head."""

from dataclasses import replace

import pytest

from ledger.problems import LiushuiError
from tests.story import story
from tracing import Parameters, Trace, trace_claims
from tracing.result import ALLOCATING


def traced(text: str, **parameters: object) -> Trace:
    return trace_claims(story(text), replace(Parameters(), **parameters))  # type: ignore[arg-type]


def held(trace: Trace) -> dict[str, int]:
    return {account: int(fen) for account, fen in trace.held.groupby("account")["held_fen"].sum().items()}


def sinks(trace: Trace) -> dict[tuple[str, str], int]:
    return {(row.sink, row.account): int(row.amount_fen) for row in trace.sinks.itertuples()}


def test_what_a_mule_does_not_pay_on_is_held_by_it() -> None:
    trace = traced("""
        09:00 victim -> mule 50000 bank     # claim
        09:04 mule   -> card:1  9700 gift_card
    """)
    assert held(trace) == {"mule": 40300_00, "card:1": 9700_00}


def test_money_paid_out_before_the_victims_came_in_is_not_the_victims() -> None:
    trace = traced("""
        opening mule 100
        08:00 mule -> shop 100
        09:00 victim -> mule 50   # claim
    """)
    assert held(trace) == {"mule": 50_00}


def test_a_reported_opening_balance_is_the_oldest_money() -> None:
    trace = traced("""
        opening mule 30
        09:00 victim -> mule 50   # claim
        09:01 mule -> x 40
    """)
    assert held(trace) == {"mule": 40_00, "x": 10_00}


def test_an_implied_opening_balance_covers_what_the_records_cannot() -> None:
    trace = traced("""
        09:00 victim -> mule 50   # claim
        09:01 mule -> x 70
    """)
    assert held(trace) == {"x": 50_00}
    assert trace.held["opening_source"].tolist() == ["implied"]


def test_with_opening_zero_the_bank_pays_what_is_missing() -> None:
    story_text = """
        09:00 mule -> x 70
        09:01 victim -> mule 100   # claim
    """
    trace = traced(story_text, opening="zero")
    assert held(trace) == {"mule": 30_00}
    assert sinks(trace) == {("overdraft", "mule"): 70_00}
    assert held(traced(story_text)) == {"mule": 100_00}


def test_a_reported_balance_in_the_record_gives_the_opening() -> None:
    trace = traced("""
        09:00 victim -> mule 50  target_balance_fen=80   # claim
        09:01 mule -> x 40
    """)
    assert held(trace) == {"mule": 40_00, "x": 10_00}
    assert set(trace.held["opening_source"]) == {"reported", "implied"}


def test_an_overdrawn_account_repays_the_bank_first() -> None:
    trace = traced("""
        opening mule -20
        09:00 victim -> mule 50   # claim
    """)
    assert held(trace) == {"mule": 30_00}
    assert sinks(trace) == {("overdraft", "mule"): 20_00}


def test_a_loop_is_counted_once() -> None:
    trace = traced("""
        09:00 v -> a 100   # claim
        09:01 a -> b 60
        09:02 b -> a 60
    """)
    assert held(trace) == {"a": 100_00}


def test_a_failed_transfer_is_no_transfer() -> None:
    trace = traced("""
        09:00 v -> a 100   # claim
        09:01 a -> b 60 status=failed
    """)
    assert held(trace) == {"a": 100_00}


def test_a_reversal_returns_its_own_lots() -> None:
    trace = traced("""
        opening a 100
        09:00 v -> b 50        # claim
        09:01 a -> b 100 id=P
        09:02 b -> a 100 reverses=P
        09:03 b -> c 50
    """)
    assert held(trace) == {"c": 50_00}
    assert set(trace.traced["made_by"]) == {"reference", "method"}


def test_a_partial_reversal_returns_the_first_part_of_its_payment() -> None:
    trace = traced("""
        09:00 v -> a 100          # claim
        09:01 a -> b 100 id=P
        09:02 b -> a 40 reverses=P
    """)
    assert held(trace) == {"a": 40_00, "b": 60_00}
    row = trace.traced.set_index("transfer").loc["P"]
    assert (row["traced_fen"], row["amount_fen"]) == (100_00, 100_00)


def test_a_claim_on_a_partly_reversed_payment_covers_both_parts() -> None:
    trace = traced("""
        09:00 v -> b 100 id=P     # claim C1 70
        09:02 b -> v 40 reverses=P
        09:03 b -> c 60
    """)
    assert held(trace) == {"v": 40_00, "c": 30_00}


def test_a_payment_marked_reversed_without_a_record_moved_nothing_and_the_trace_says_so() -> None:
    trace = traced("""
        09:00 v -> a 100   # claim
        09:01 a -> b 60 status=reversed
    """)
    assert held(trace) == {"a": 100_00}
    assert "marked reversed" in trace.warnings[0]


def test_a_hub_is_a_sink() -> None:
    trace = traced("""
        account shop merchant
        09:00 v -> a 100   # claim
        09:01 a -> shop 100
        09:02 shop -> x 100
    """)
    assert sinks(trace) == {("merchant", "shop"): 100_00}
    assert trace.frontier["account"].tolist() == ["shop"]


def test_an_order_number_leads_through_a_hub() -> None:
    trace = traced("""
        account shop merchant
        09:00 v -> shop 100 ref=O1          # claim
        09:01 other -> shop 100 ref=O2
        09:02 shop -> seller2 100 ref=O2
        09:03 shop -> seller1 100 ref=O1
    """)
    assert held(trace) == {"seller1": 100_00}
    assert set(trace.traced["made_by"]) == {"reference"}


def test_a_voucher_bought_under_the_order_of_a_payment_is_that_payment() -> None:
    trace = traced("""
        account shop merchant
        opening v 1000
        09:00 v -> shop 500 ref=O1          # claim
        09:00 v -> card:7 500 order=O1
        09:10 card:7 -> fence 500
    """)
    assert held(trace) == {"fence": 500_00}


def test_a_voucher_order_seen_before_the_payment_still_belongs_to_it() -> None:
    trace = traced("""
        account shop merchant
        08:59 v -> card:7 500 order=O1
        09:00 v -> shop 500 ref=O1          # claim
        09:10 card:7 -> fence 500
    """)
    assert held(trace) == {"fence": 500_00}


def test_a_voucher_ordered_by_another_is_paid_by_whoever_paid_the_order() -> None:
    trace = traced("""
        account shop merchant
        opening buyer 1000
        09:00 v -> shop 500 ref=O1          # claim
        09:00 buyer -> card:7 500 order=O1
        09:10 card:7 -> fence 500
    """)
    assert held(trace) == {"fence": 500_00}


def test_an_order_that_cost_more_than_was_paid_for_it_is_not_taken_for_the_payment() -> None:
    trace = traced("""
        account shop merchant
        opening buyer 1000
        09:00 v -> shop 500 ref=O1          # claim
        09:00 buyer -> card:7 600 order=O1
    """)
    assert sinks(trace) == {("merchant", "shop"): 500_00}


def test_a_reference_many_pay_under_identifies_nobody() -> None:
    trace = traced("""
        account shop merchant
        09:00 v -> shop 100 ref=goods       # claim
        09:01 other -> shop 100 ref=goods
        09:02 shop -> supplier 150 ref=goods
    """)
    assert sinks(trace) == {("merchant", "shop"): 100_00}


def test_a_refund_from_a_hub_brings_the_same_money_back() -> None:
    trace = traced("""
        account shop merchant
        09:00 v -> a 100                # claim
        09:01 a -> shop 100 id=P
        09:02 shop -> a 100 reverses=P
    """)
    assert held(trace) == {"a": 100_00}


def test_three_claims_share_a_card_and_its_redemption_to_the_fen() -> None:
    trace = traced("""
        09:00 v1 -> a 33.33    # claim C1
        09:01 v2 -> a 33.33    # claim C2
        09:02 v3 -> a 33.34    # claim C3
        09:03 a -> card:1 100
        09:04 card:1 -> b 100=>97
        09:05 b -> c 48.50
    """)
    at = {(row.claim, row.account): (row.held_fen, row.basis_fen) for row in trace.held.itertuples()}
    assert {key: fen for key, (fen, _) in at.items()} == {
        ("C1", "c"): 3233,
        ("C2", "c"): 1617,
        ("C2", "b"): 1616,
        ("C3", "b"): 3234,
    }
    assert at["C1", "c"] == (3233, 3333)
    assert at["C2", "c"][1] + at["C2", "b"][1] == 3333


def test_a_report_of_a_part_leaves_the_rest_clean_and_behind() -> None:
    trace = traced("""
        09:00 v -> a 100   # claim C1 30
        09:01 a -> b 50
    """)
    assert held(trace) == {"b": 30_00}


def test_two_reports_of_one_payment_do_not_overlap() -> None:
    ledger = story("""
        09:00 v -> a 100 id=P   # claim C1 70
        09:01 a -> b 100
    """)
    second = ledger.reports.assign(report="C2", amount_fen=5000)
    both = replace(ledger, reports=type(second)(_stacked(ledger.reports, second)))
    trace = trace_claims(both)
    claims = trace.claims.set_index("claim")
    assert (claims.loc["C1", "claim_fen"], claims.loc["C2", "claim_fen"], claims.loc["C2", "overlap_fen"]) == (7000, 3000, 2000)
    assert trace.warnings == ("20.00 of report C2 are already claimed by an earlier report: overlaps.csv",)
    assert trace.overlaps.values.tolist() == [["C2", "P", 20_00, "C1", "reported"]]


def _stacked(*frames):  # type: ignore[no-untyped-def]
    import pandas as pd

    return pd.concat(frames, ignore_index=True)


def test_the_first_claim_on_a_piece_of_money_wins_downstream_too() -> None:
    trace = traced("""
        opening a 50
        09:00 v -> a 100   # claim C1
        09:01 a -> b 120   # claim C2
    """)
    claims = trace.claims.set_index("claim")
    assert (claims.loc["C2", "claim_fen"], claims.loc["C2", "overlap_fen"]) == (50_00, 70_00)
    at = {(row.claim, row.account): row.held_fen for row in trace.held.itertuples()}
    assert at == {("C1", "a"): 30_00, ("C1", "b"): 70_00, ("C2", "b"): 50_00}
    assert trace.overlaps.values.tolist() == [["C2", "T2", 70_00, "C1", "traced"]]


@pytest.mark.parametrize("method", ALLOCATING)
def test_every_method_lists_which_earlier_claims_have_the_overlap(method: str) -> None:
    trace = traced(
        """
        09:00 v -> a 100         # claim C1 70
        09:00 w -> a 50          # claim C2
        09:01 a -> b 150 id=P    # claim C3
        """,
        method=method,
    )
    assert trace.overlaps.values.tolist() == [["C3", "P", 70_00, "C1", "traced"], ["C3", "P", 50_00, "C2", "traced"]]


@pytest.mark.parametrize("method", ALLOCATING)
def test_a_claim_that_a_limit_keeps_an_earlier_one_from_reaching_stays_whole(method: str) -> None:
    text = """
        09:00 v -> a 10   # claim C1
        09:01 a -> b 10   # claim C2
        09:02 b -> c 10   # claim C3
    """
    trace = traced(text, method=method, max_hops=2)
    assert trace.claims["claim_fen"].tolist() == [10_00, 0, 10_00]
    assert trace.overlaps.values.tolist() == [["C2", "T2", 10_00, "C1", "traced"]]


def test_a_hop_between_own_accounts_adds_no_tier() -> None:
    trace = traced("""
        account wallet wallet holder=h1
        account card bank holder=h1
        account mule bank holder=h2
        09:00 loan -> wallet 100   # claim
        09:01 wallet -> card 100
        09:02 card -> mule 100
    """)
    assert trace.traced[["hop", "tier"]].values.tolist() == [[1, 1], [2, 1], [3, 2]]


def test_within_one_instant_a_debit_waits_for_the_credit_it_needs() -> None:
    trace = traced("""
        09:00 a -> b 100
        09:00 v -> a 100   # claim
    """)
    assert held(trace) == {"b": 100_00}


def test_as_of_hides_everything_later() -> None:
    text = """
        09:00 v -> a 100   # claim
        09:01 a -> b 100
    """
    ledger = story(text)
    first = int(ledger.transfers("time")["time"].astype("int64[pyarrow]").iloc[0])
    trace = trace_claims(ledger, Parameters(as_of_us=first))
    assert held(trace) == {"a": 100_00}
    assert trace_claims(ledger, Parameters(as_of_us=first - 1)).warnings == ("report C1 names a payment later than as-of",)


@pytest.mark.parametrize(
    ("limit", "name", "cut"),
    [
        ({"max_hops": 1}, "max_hops", 60_00),
        ({"hop_window_us": 30_000_000}, "hop_window", 60_00),
        ({"min_amount_fen": 61_00}, "min_amount", 60_00),
    ],
)
def test_a_limit_that_was_hit_is_in_the_result(limit: dict[str, int], name: str, cut: int) -> None:
    text = """
        09:00 v -> a 100   # claim
        09:01 a -> b 60
        09:01:10 b -> c 60
    """
    trace = traced(text, **limit)
    assert [(hit.name, hit.basis_fen) for hit in trace.limits] == [(name, cut)]
    assert trace.sinks["amount_fen"].sum() == cut
    assert traced(text).limits == ()


def test_currencies_of_one_account_do_not_mix() -> None:
    trace = traced("""
        09:00 v -> a 100             # claim
        09:01 x -> a 100 currency=USD
        09:02 a -> b 60 currency=USD
        09:03 a -> c 10
    """)
    assert held(trace) == {"a": 90_00, "c": 10_00}


def test_a_trace_in_one_currency_says_which_reports_it_left_out() -> None:
    trace = traced("""
        09:00 v -> a 100             # claim C1
        09:01 w -> a 100 currency=USD  # claim C2
        09:01 w -> a 100             # claim C3
    """)
    assert trace.claims["claim"].tolist() == ["C1", "C3"]
    assert trace.warnings == ("report C2 is not in CNY",)


def test_a_report_of_an_unknown_payment_is_a_warning() -> None:
    ledger = story("09:00 v -> a 1   # claim")
    lost = replace(ledger, reports=ledger.reports.assign(transfer="T99"))
    trace = trace_claims(lost)
    assert trace.claims.empty
    assert trace.warnings == ("report C1 names a payment that is not in the ledger",)


def test_a_report_asked_for_that_does_not_exist_is_refused() -> None:
    with pytest.raises(LiushuiError, match="not in the ledger: report C9"):
        traced("09:00 v -> a 1   # claim", reports=("C1", "C9"))


def test_money_nobody_named_the_receiver_of_is_out_of_view() -> None:
    trace = traced("""
        09:00 v -> a 100   # claim
        09:01 a -> unknown:7 100
    """)
    assert sinks(trace) == {("out_of_view", "unknown:7"): 100_00}


def test_a_fee_ends_in_the_fee_sink() -> None:
    trace = traced("""
        account bank clearing
        09:00 v -> a 100   # claim
        09:01 a -> bank 1 channel=fee
    """)
    assert sinks(trace) == {("fee", "bank"): 1_00}


def test_a_fee_to_an_ordinary_account_ends_in_the_fee_sink_too() -> None:
    trace = traced("""
        09:00 v -> a 100   # claim
        09:01 a -> b 50
        09:01 a -> income 1 channel=fee
        09:02 income -> x 1
        09:03 a -> income 9
    """)
    assert held(trace) == {"a": 40_00, "b": 50_00, "income": 9_00}
    assert sinks(trace) == {("fee", "income"): 1_00}


@pytest.mark.parametrize("method", ALLOCATING)
def test_a_fee_is_debited_after_its_principal_whichever_is_written_first(method: str) -> None:
    text = """
        account bank clearing
        opening a 1
        09:00 v -> a 100   # claim
        {}
        {}
    """
    lines = ["09:01 a -> bank 1 channel=fee", "09:01 a -> b 100"]
    both = [traced(text.format(*order), method=method) for order in (lines, lines[::-1])]
    assert held(both[0]) == held(both[1])
    assert sinks(both[0]) == sinks(both[1])
    assert sum(sinks(traced(text.format(*lines))).values()) == 1_00


@pytest.mark.parametrize("method", ALLOCATING)
def test_a_reversed_fee_comes_back_and_is_no_sink(method: str) -> None:
    trace = traced(
        """
        account bank clearing
        09:00 v -> a 100   # claim
        09:01 a -> bank 1 channel=fee id=F
        09:02 bank -> a 1 reverses=F
        """,
        method=method,
    )
    assert (held(trace), sinks(trace)) == ({"a": 100_00}, {})


@pytest.mark.parametrize("method", ALLOCATING)
def test_under_every_method_a_reversal_returns_its_own_lots(method: str) -> None:
    trace = traced(
        """
        opening a 100
        09:00 v -> b 50        # claim
        09:01 a -> b 100 id=P
        09:02 b -> a 100 reverses=P
        09:03 b -> c 50
        """,
        method=method,
    )
    assert held(trace) == {"c": 50_00}


def test_the_frontier_names_accounts_whose_own_records_are_missing() -> None:
    trace = traced("""
        09:00 v -> a 100   # claim
        09:01 a -> b 60
    """)
    assert trace.frontier["account"].tolist() == ["b"]


def test_a_method_that_does_not_exist_is_refused() -> None:
    with pytest.raises(LiushuiError, match="there is no method pooled"):
        traced("09:00 v -> a 1   # claim", method="pooled")


def test_more_money_than_an_axis_holds_is_refused() -> None:
    with pytest.raises(LiushuiError, match="more than the"):
        traced("\n".join(f"09:{n:02d} v -> a 40000000000000000 # claim" for n in range(3)))

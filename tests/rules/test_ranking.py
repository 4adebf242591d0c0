"""Score, ranking and freeze plan: never more than is held of victims' money, never a hub or a victim."""

import csv
import json
from pathlib import Path

import pandas as pd
import pytest

from rules.catalogue import apply_rules
from rules.plan import COLUMNS, left_out, plan_freezes
from rules.ranking_files import FINDINGS_COLUMNS, RANKING_COLUMNS, cell, write_ranking
from rules.score import RankingResult, rank_accounts
from tests.story import story
from tracing import Parameters, trace_claims

CASE = """
    account victim bank opened=2020-01-01 holder=hv
    account own wallet holder=hv
    account shop merchant institution=Acquirer
    account seller bank opened=2020-01-01 institution=CMB
    account mule bank institution=ICBC opened=2025-02-20
    opening mule 500
    09:00 victim -> mule 50000     # claim
    09:05 mule -> second 20000
    09:06 mule -> card:77 1000 gift_card order=O1
    09:10 second -> seller 3000
    09:11 second -> shop 2000
    09:12 second -> third 14990
    09:15 second -> x 10
"""


def ranked(text: str = CASE, **parameters: object) -> RankingResult:
    ledger = story(text)
    trace = trace_claims(ledger, Parameters(**parameters))  # type: ignore[arg-type]
    findings, problems = apply_rules(ledger, trace)
    return rank_accounts(ledger, trace, findings, problems)


def test_a_lien_is_what_is_held_of_victims_money_and_at_most_the_balance() -> None:
    frame = ranked().frame.set_index("account")
    assert frame.loc["mule", "held_fen"] == frame.loc["mule", "lien_fen"] == 29500_00
    assert (frame["lien_fen"] <= frame["held_fen"]).all()
    assert (frame["lien_fen"] <= frame["balance_fen"].fillna(0)).all()


def test_victims_own_accounts_and_hubs_never_get_a_lien() -> None:
    frame = ranked(CASE + "    09:30 third -> own 4000\n    09:31 third -> victim 4000\n").frame
    kept = frame[frame["role"].isin(["victim", "own_account", "hub"])]
    assert set(kept["account"]) >= {"victim", "own", "shop"}
    assert kept["held_fen"].sum() > 0
    assert kept["lien_fen"].sum() == 0


def test_the_order_is_expected_recovery_then_score_then_account() -> None:
    frame = ranked().frame
    keys = list(zip(-frame["expected_recovery_fen"], -frame["score"], frame["account"], strict=True))
    assert keys == sorted(keys)
    assert frame["rank"].tolist() == list(range(1, len(frame) + 1))


def test_expected_recovery_is_whole_fen_and_rounded_down() -> None:
    frame = ranked().frame
    held = frame[frame["recoverable_fen"] > 0]
    assert (held["expected_recovery_fen"] == held["recoverable_fen"] * held["chance_bp"].astype("int64") // 10_000).all()
    assert frame[[name for name in frame if str(name).endswith("_fen") and name != "balance_fen"]].dtypes.eq("int64").all()


def test_every_point_of_a_score_has_its_sentence() -> None:
    row = ranked().frame.set_index("account").loc["mule"]
    added = [int(word) for word in row["explanation"].split() if word[0] in "+-" and word[1:].isdigit()]
    assert row["score"] == max(0, min(100, sum(added)))
    assert "RUL-FAN-OUT" not in row["findings"]


def test_counter_evidence_lowers_the_score_and_is_shown() -> None:
    row = ranked().frame.set_index("account").loc["seller"]
    assert row["score"] == 0
    assert "hear the holder first" in row["counter_evidence"]


def test_the_plan_asks_for_accounts_and_vouchers_and_never_above_the_traced_money() -> None:
    result = ranked()
    plan = plan_freezes(result)
    held = result.trace.held.groupby("account_code")["held_fen"].sum()
    assert plan.columns.tolist() == COLUMNS
    assert (plan["lien_fen"].to_numpy() <= held.reindex(plan["account_code"]).to_numpy()).all()
    assert plan.set_index("target")["target_kind"].to_dict() == {
        "mule": "account",
        "third": "account",
        "seller": "account",
        "77": "card",
    }
    assert plan["priority"].tolist() == [1, 2, 3, 4]


def test_a_line_names_the_payment_a_bank_can_verify() -> None:
    line = plan_freezes(ranked()).set_index("target").loc["third"]
    assert (line["payer_account"], line["payment_amount_fen"], line["evidence"], line["reports"]) == (
        "second",
        14990_00,
        "T6",
        "C1",
    )


def test_a_limit_keeps_the_lines_with_the_highest_expected_recovery() -> None:
    result = ranked()
    assert plan_freezes(result, 2)["target"].tolist() == plan_freezes(result)["target"].tolist()[:2]


def test_fresh_money_is_stopped_and_old_money_is_frozen() -> None:
    later = CASE + "    2025-03-05 09:00 p -> q 1\n"
    assert plan_freezes(ranked()).set_index("target").loc["mule", "act"] == "stop_payment"
    acts = plan_freezes(ranked(later)).set_index("target")["act"]
    assert acts.to_dict() == {"mule": "freeze", "third": "stop_payment", "seller": "stop_payment", "77": "stop_payment"}


def test_a_disputed_payment_that_rests_at_a_merchant_is_stopped_by_its_order() -> None:
    plan = plan_freezes(
        ranked("""
        account store merchant institution=Acquirer
        09:00 victim -> store 4000 ref=O9   # claim
        10:00 a -> b 1
    """)
    )
    assert plan[["act", "target_kind", "target", "lien_fen", "institution"]].to_dict("records") == [
        {"act": "stop_payment", "target_kind": "order", "target": "O9", "lien_fen": 4000_00, "institution": "Acquirer"}
    ]


def test_an_order_whose_voucher_is_unredeemed_is_stopped_at_the_voucher() -> None:
    plan = plan_freezes(
        ranked("""
        account store merchant
        09:00 victim -> store 4000 ref=O9   # claim
        09:01 victim -> card:5 4000 order=O9
    """)
    )
    assert plan[["target_kind", "target", "lien_fen"]].to_numpy().tolist() == [["card", "5", 4000_00]]


def test_an_order_that_was_delivered_is_not_stopped_although_its_money_comes_back_to_the_merchant() -> None:
    plan = plan_freezes(
        ranked("""
        account store merchant
        09:00 victim -> store 4000 ref=O9   # claim
        09:01 victim -> card:5 4000 order=O9
        09:30 card:5 -> redeemer 4000
        09:50 redeemer -> store 4000
    """)
    )
    assert len(plan) == 0


def test_the_evidence_of_a_line_is_what_brought_the_money_still_held() -> None:
    plan = plan_freezes(
        ranked("""
        09:00 victim -> mule 9000   # claim
        09:05 mule -> pot 4000
        09:10 pot -> x 4000
        09:15 mule -> pot 5000
    """)
    )
    assert plan.set_index("target").loc["pot", "evidence"] == "T4"


def test_an_emptied_mule_that_was_filled_twice_is_watched() -> None:
    plan = plan_freezes(
        ranked("""
        09:00 v1 -> mule 9000   # claim
        09:05 mule -> next 9000
        10:00 v2 -> mule 8000   # claim
        10:05 mule -> next 8000
    """)
    ).set_index("target")
    assert plan.loc["mule", ["act", "lien_fen"]].tolist() == ["watch", 0]


def test_what_could_not_be_evaluated_is_a_problem_and_its_value_is_empty() -> None:
    result = ranked()
    assert any(problem.message.startswith("RUL-ANOMALY") for problem in result.problems)
    assert result.frame["q_value"].isna().all()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, list[dict[str, str]]]:
    result = ranked(CASE.replace("seller", "=cmd()"))
    return {
        path.name: list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        for path in write_ranking(result, tmp_path / "out")
    }


def test_the_files_have_the_contracts_columns(files: dict[str, list[dict[str, str]]]) -> None:
    assert tuple(files["ranking.csv"][0]) == RANKING_COLUMNS
    assert tuple(files["findings.csv"][0]) == FINDINGS_COLUMNS


def test_money_in_the_files_is_a_decimal_string(files: dict[str, list[dict[str, str]]]) -> None:
    row = next(row for row in files["ranking.csv"] if row["account"] == "mule")
    assert (row["held"], row["balance"], row["lien"]) == ("29500.00", "29500.00", "29500.00")
    assert 0 <= float(row["chance_still_there"]) <= 1


def test_an_account_named_like_a_formula_is_guarded(files: dict[str, list[dict[str, str]]]) -> None:
    assert any(row["account"] == "'=cmd()" for row in files["ranking.csv"])
    assert cell("-12.00", "balance") == "-12.00"


def test_the_inputs_of_a_finding_are_json(files: dict[str, list[dict[str, str]]]) -> None:
    assert all(isinstance(json.loads(row["inputs"]), dict) for row in files["findings.csv"])


def test_the_same_ledger_gives_the_same_ranking() -> None:
    pd.testing.assert_frame_equal(ranked().frame, ranked().frame)


def test_a_ledger_without_reports_gives_an_empty_ranking_and_an_empty_plan() -> None:
    result = ranked("09:00 a -> b 50000\n09:05 b -> c 49950")
    assert len(result.frame[result.frame["lien_fen"] > 0]) == 0
    assert len(plan_freezes(result)) == 0


def test_payments_in_another_currency_than_the_claims_are_not_looked_at() -> None:
    result = ranked("""
        09:00 victim -> mule 50000     # claim
        09:02 other -> mule2 50000 currency=USD
        09:05 mule -> mule2 30000
        09:06 mule2 -> z 49950 currency=USD
    """)
    assert "RUL-PASS-THROUGH" not in result.frame.set_index("account").loc["mule2", "findings"]


def test_before_the_first_claim_nothing_is_ranked() -> None:
    assert len(ranked(as_of_us=0).frame) == 0


def test_what_the_plan_leaves_out_is_counted() -> None:
    result = ranked("""
        09:00 victim -> mule 500   # claim
        09:10 mule -> next 40
        09:20 x -> y 1
    """)
    assert left_out(result, plan_freezes(result)) == (1, 40_00)
    assert left_out(result, plan_freezes(result, limit=0)) == (2, 500_00)

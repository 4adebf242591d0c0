"""What statements say of their account: hops, failed rows, breaks of the balance chain, openings, missing periods."""

from datetime import datetime
from typing import Any

from ledger.reconcile import Period
from ledger.records import DECISIONS
from tests.ledger.reconcile.told import CHINA, accounts, decided, in_force, of_kind, pairs, reconcile, rows, standing, table


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def openings(text: str) -> list[tuple[str, int]]:
    found = rows(text)
    told = reconcile(table(found), table([]), accounts(found), DECISIONS.empty_table()).to_pylist()
    return [(row["account"], row["amount_fen"]) for row in told if row["kind"] == "implied_opening"]


def gaps(text: str, *periods: Period, **more: Any) -> list[tuple[Any, ...]]:
    told = decided(text, periods=periods, **more)
    return [(row["other"], row["transfer"], row["amount_fen"]) for row in told if row["kind"] == "period_gap"]


def test_moves_between_accounts_of_one_holder_are_noted_per_pair() -> None:
    found = decided(
        "09:00 A -> B 5 by=A\n10:00 A -> B 7 by=A\n11:00 A -> C 9 by=A",
        A={"holder": "110"},
        B={"holder": "110"},
        C={"holder": "111"},
    )
    (row,) = found
    assert (row["kind"], row["state"], row["account"], row["other_account"], row["amount_fen"]) == (
        "own_account_hop",
        "noted",
        "A",
        "B",
        12_00,
    )
    assert row["evidence"].startswith("2 transfers of 12.00 CNY together from A to B between 2025-03-01 09:00:00+08:00")


def test_namesakes_are_not_one_holder() -> None:
    assert decided("09:00 A -> B 5 by=A", A={"holder_name": "张三"}, B={"holder_name": "张三"}) == []


def test_purses_of_one_wallet_are_one_holder() -> None:
    text = "09:00 wechat:{}/零钱 -> wechat:{}/零钱通 5 by=wechat:{}/零钱"
    assert len(of_kind(decided(text.format("小王", "小王", "小王")), "own_account_hop", "noted")) == 1
    assert decided(text.format("小王", "小李", "小王")) == []
    assert decided(text.format("?", "?", "?")) == []


PURSE, PURSES, BANK = "wechat:小王/工商银行(1234)", "wechat:小王/零钱", "62170000000000001234"


def test_a_top_up_told_by_wallet_and_bank_is_one_transfer() -> None:
    text = f"""
        09:00 {PURSE} -> {PURSES} 500 by={PURSES} id=w1
        09:00:04 {BANK} -> unknown:{{}} 500 by={BANK} id=b1 file=1
    """
    icbc = {BANK: {"institution": "ICBC"}}
    assert pairs(text.format("财付通-微信零钱充值"), **icbc) == {("b1", "w1")}
    assert pairs(text.format("支付宝（中国）"), **icbc) == set()
    assert pairs(text.format("财付通-微信零钱充值")) == set()


def test_a_card_payment_through_a_wallet_is_told_by_both() -> None:
    text = f"""
        09:00 {PURSE} -> wechat:小店 50 by={PURSE} id=w1
        09:00:04 {BANK} -> unknown:财付通 50 by={BANK} id=b1 file=1
    """
    icbc = {BANK: {"institution": "ICBC"}}
    assert pairs(text, **icbc) == {("w1", "b1")}
    twice = text + f"09:00:06 {BANK} -> unknown:财付通 50 by={BANK} id=b2 file=1"
    found = decided(twice, **icbc)
    assert of_kind(found, "both_sides") == set()
    assert of_kind(found, "both_sides", "ambiguous") == {("w1", "b1"), ("w1", "b2")}
    assert pairs(text.replace("财付通", "超市"), **icbc) == set()


def test_a_failed_row_is_noted_once() -> None:
    text = "09:00 A -> B 5 by=A id=f1 status=failed\n09:01 A -> B 5 by=A"
    assert of_kind(decided(text), "failed", "noted") == {("f1",)}
    read = standing({"kind": "failed", "state": "applied", "transfer": "f1", "account": "A", "evidence": "交易失败"})
    assert decided(text, stands=read) == []


CHAIN = "09:00 X -> A 100 by=A tb=150 id=c1\n09:01 A -> Y 30 by=A sb=120 id=c2\n09:02 A -> Y 20 by=A sb={} id=c3"


def test_a_balance_that_does_not_follow_is_noted_with_what_should_stand() -> None:
    assert of_kind(decided(CHAIN.format("100")), "balance_break", "noted") == set()
    (row,) = (row for row in decided(CHAIN.format("90")) if row["kind"] == "balance_break")
    assert (row["transfer"], row["account"], row["amount_fen"]) == ("c3", "A", -10_00)
    assert row["evidence"] == (
        "Balance chain: 120.00 should stand before line 3 (2025-03-01 09:02:00+08:00), which gives 90.00 after -20.00, "
        "so 110.00 before; the balance before is in line 2"
    )


def test_a_break_its_reader_told_is_not_told_again() -> None:
    read = standing({"kind": "balance_break", "state": "noted", "transfer": "c3", "account": "A", "evidence": "line 3"})
    assert decided(CHAIN.format("90"), stands=read) == []


def test_a_fee_belongs_to_the_balance_of_its_payment() -> None:
    text = """
        09:00 X -> A 100 by=A tb=100
        09:01 A -> Y 30 by=A sb=69 id=p line=2
        09:01 A -> f 1 by=A id=p/fee channel=fee line=2
        09:02 A -> Y 9 by=A sb=60
    """
    assert of_kind(decided(text), "balance_break", "noted") == set()


def test_failed_rows_move_no_balance() -> None:
    text = "09:00 X -> A 100 by=A tb=100\n09:01 A -> Y 30 by=A sb=100 status=failed\n09:02 A -> Y 9 by=A sb=91"
    assert of_kind(decided(text), "balance_break", "noted") == set()


def test_the_first_balance_tells_the_opening() -> None:
    assert openings("09:00 A -> Y 30 by=A\n09:01 X -> A 100 by=A tb=120") == [("A", 50_00)]


def test_without_balances_the_opening_is_what_the_debits_need() -> None:
    assert openings("09:00 X -> A 10 by=A\n09:01 A -> Y 30 by=A\n09:02 X -> A 5 by=A") == [("A", 20_00)]
    assert openings("09:00 X -> A 10 by=A") == [("A", 0)]
    assert openings("09:00 X -> A 10") == []


TWO = "2025-01-10 09:00 X -> A 100 by=A tb=100 id=j\n2025-04-10 09:00 X -> A 5 by=A tb={} id=a file=1"
WINTER = Period("A", day("2025-01-01"), day("2025-01-31T23:59:59"), 0)
SPRING = Period("A", day("2025-04-01"), day("2025-04-30T23:59:59"), 1)


def test_a_statement_that_does_not_continue_the_other_leaves_a_gap() -> None:
    assert gaps(TWO.format("105")) == []
    assert gaps(TWO.format("65")) == [("j", "a", -40_00)]


def test_a_hole_between_two_periods_is_a_gap_even_if_the_balances_agree() -> None:
    assert gaps(TWO.format("105"), WINTER, SPRING) == [("j", "a", 0)]
    full = Period("A", day("2025-02-01"), day("2025-03-31"), 2)
    assert gaps(TWO.format("105"), WINTER, full, SPRING) == []


def test_an_overlapping_statement_is_no_gap() -> None:
    text = """
        09:00 X -> A 10 by=A tb=10
        09:10 X -> A 10 by=A tb=30
        09:05 X -> A 10 by=A tb=20 file=1
        09:20 X -> A 1 by=A tb=31 file=1
    """
    assert decided(text) == []


def test_a_first_row_that_does_not_start_from_the_stated_opening_is_a_gap() -> None:
    text = "2025-01-10 09:00 X -> A 100 by=A tb=150 id=j"
    stated = Period("A", day("2025-01-01"), day("2025-01-31"), 0, opening_fen=20_00)
    assert gaps(text, stated) == [(None, "j", 30_00)]
    assert gaps(text, Period("A", day("2025-01-01"), day("2025-01-31"), 0, opening_fen=50_00)) == []


def test_a_gap_that_stands_is_kept_until_it_is_filled() -> None:
    first, third = rows(TWO.format("65")), rows("2025-02-10 09:00 A -> Y 40 by=A sb=60 id=m file=2")
    held = in_force(
        DECISIONS.empty_table(), reconcile(table(first), table([]), accounts(first), DECISIONS.empty_table(), (WINTER, SPRING))
    )
    assert of_kind(held.to_pylist(), "period_gap", "noted") == {("a", "j", "A")}
    held = in_force(held, reconcile(table([]), table(first), accounts(first), held))
    assert of_kind(held.to_pylist(), "period_gap", "noted") == {("a", "j", "A")}
    held = in_force(held, reconcile(table(third), table(first), accounts(first), held))
    assert of_kind(held.to_pylist(), "period_gap", "noted") == set()
    assert of_kind(held.to_pylist(), "period_gap", "off") == {("a", "j", "A")}

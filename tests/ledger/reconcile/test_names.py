"""Masked and second names of an account: united when there is exactly one way to, listed when there are several."""

import time

import pyarrow as pa
import pytest

from ledger.reconcile.masks import Mask, parse_mask
from ledger.reconcile.wording import bank_of, names_agree
from ledger.records import ACCOUNTS, DECISIONS
from tests.ledger.reconcile.told import accounts, decided, in_force, of_kind, reconcile, rows, standing, table

CARD, TWIN, ACCOUNT = "6226000011115669", "6226777700005669", "62170000000000001234"


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("6226******5669", Mask("6226", "5669")),
        ("6226＊＊＊＊＊＊5669", Mask("6226", "5669")),
        ("6226 **** **** 5669", Mask("6226", "5669", 16)),
        ("1234****5678", Mask("1234", "5678")),
        ("622848xxxxxxxxx5678", Mask("622848", "5678", 19)),
        ("**** 5669", Mask("", "5669")),
        ("尾号5669", Mask("", "5669")),
        ("工商银行(1234)", Mask("", "1234", 0, "工商银行")),
        ("wechat:小王/工商银行（1234）", Mask("", "1234", 0, "工商银行", "小王")),
        ("unknown:招商银行信用卡尾号0097", Mask("", "0097", 0, "招商银行信用卡")),
    ],
)
def test_a_mask_is_read(name: str, mask: Mask) -> None:
    assert parse_mask(name) == mask


@pytest.mark.parametrize(
    "name", [CARD, "wechat:小王/零钱", "wechat:小店(2023)", "张三(1234)", "alipay:138****1234/余额", "6226****", "BOXXER"]
)
def test_other_names_are_no_masks(name: str) -> None:
    assert parse_mask(name) is None


def test_banks_are_known_by_their_short_names() -> None:
    assert bank_of("中国工商银行股份有限公司北京分行") == bank_of("工行") == bank_of("ICBC") == "工商银行"
    assert bank_of("中国银行") != bank_of("中国建设银行")
    assert bank_of("宁波银行股份有限公司") == bank_of("宁波银行")
    assert bank_of("abcd") == bank_of("零钱") == ""


def test_a_star_in_a_name_stands_for_hidden_letters() -> None:
    assert names_agree("张*", "张三")
    assert names_agree("*三丰", "张三丰")
    assert not names_agree("李*", "张三")
    assert not names_agree("*", "张三")


def test_a_mask_that_one_account_fits_is_that_account() -> None:
    found = decided(f"09:00 A -> 6226******5669 5 by=A\n09:00 {CARD} -> C 1 by={CARD}")
    assert of_kind(found, "masked_account") == {(CARD, "6226******5669")}
    assert found[0]["evidence"] == f"of all known accounts only {CARD} has the digits that 6226******5669 shows"


def test_a_mask_that_two_accounts_fit_is_neither() -> None:
    found = decided(f"09:00 A -> 6226******5669 5 by=A\n09:00 {CARD} -> {TWIN} 1 by={CARD}")
    assert of_kind(found, "masked_account") == set()
    assert of_kind(found, "masked_account", "ambiguous") == {(CARD, "6226******5669"), (TWIN, "6226******5669")}


def test_the_holder_tells_two_candidates_apart() -> None:
    found = decided(
        f"09:00 A -> 6226******5669 5 by=A\n09:00 {CARD} -> {TWIN} 1 by={CARD}",
        **{"6226******5669": {"holder_name": "张三"}, CARD: {"holder_name": "李四"}, TWIN: {"holder_name": "张三"}},
    )
    assert of_kind(found, "masked_account") == {(TWIN, "6226******5669")}


def test_two_names_of_one_account_are_one_candidate() -> None:
    same = standing(
        {"kind": "same_account", "state": "applied", "account": CARD, "other_account": TWIN, "evidence": "one reply"}
    )
    found = decided(f"09:00 A -> 6226******5669 5 by=A\n09:00 {CARD} -> {TWIN} 1 by={CARD}", stands=same)
    assert of_kind(found, "masked_account") == {(CARD, "6226******5669")}


def test_a_mask_that_keeps_the_length_fits_no_longer_number() -> None:
    text = "09:00 A -> {} 5 by=A\n09:00 6226000011115669 -> C 1 by=C"
    assert of_kind(decided(text.format("6226" + "*" * 8 + "5669")), "masked_account") == {(CARD, "6226********5669")}
    assert of_kind(decided(text.format("6226" + "*" * 11 + "5669")), "masked_account") == set()


def test_a_tail_needs_the_bank_or_the_holder_beside_it() -> None:
    text = f"09:00 wechat:小王/工商银行(1234) -> wechat:小王/零钱 5 by=wechat:小王/零钱\n09:00 {ACCOUNT} -> C 1 by={ACCOUNT}"
    name = "wechat:小王/工商银行(1234)"
    assert of_kind(decided(text, **{ACCOUNT: {"institution": "ICBC"}}), "masked_account") == {(ACCOUNT, name)}
    assert of_kind(decided(text, **{ACCOUNT: {"institution": "CMB"}}), "masked_account", "ambiguous") == set()
    assert of_kind(decided(text, **{ACCOUNT: {"institution": "CMB"}}), "masked_account") == set()
    assert of_kind(decided(text), "masked_account", "ambiguous") == {(ACCOUNT, name)}
    assert of_kind(decided(text, **{ACCOUNT: {"holder_name": "小王"}}), "masked_account") == {(ACCOUNT, name)}


def test_a_second_candidate_in_a_later_batch_takes_the_decision_back() -> None:
    first = rows(f"09:00 A -> 6226******5669 5 by=A\n09:00 {CARD} -> C 1 by={CARD}")
    later = rows(f"10:00 {TWIN} -> C 1 by={TWIN} file=1 id=late")
    held = in_force(DECISIONS.empty_table(), reconcile(table(first), table([]), accounts(first), DECISIONS.empty_table()))
    assert of_kind(held.to_pylist(), "masked_account") == {(CARD, "6226******5669")}
    told = reconcile(table(later), table(first), accounts([*first, *later]), held)
    held = in_force(held, told)
    assert of_kind(held.to_pylist(), "masked_account") == set()
    assert len(of_kind(held.to_pylist(), "masked_account", "ambiguous")) == 2


def test_a_match_through_a_mask_falls_with_it() -> None:
    """Nothing but the mask named the account; a second account that fits it and got the same sum makes it doubtful."""
    first = rows(f"09:00 A -> 6226******5669 5 by=A id=a\n09:01 unknown:{CARD} -> {CARD} 5 by={CARD} id=c file=1")
    later = rows(f"09:02 unknown:{TWIN} -> {TWIN} 5 by={TWIN} file=2 id=late")
    held = in_force(DECISIONS.empty_table(), reconcile(table(first), table([]), accounts(first), DECISIONS.empty_table()))
    assert of_kind(held.to_pylist(), "both_sides") == {("a", "c")}
    held = in_force(held, reconcile(table(later), table(first), accounts([*first, *later]), held))
    assert of_kind(held.to_pylist(), "both_sides") == set()
    assert ("a", "late") in of_kind(held.to_pylist(), "both_sides", "ambiguous")


def test_card_and_account_number_lead_to_the_name_most_rows_use() -> None:
    facts = [("A1", "B1"), ("B1", "C1"), ("A1", "C1")]
    same = standing(
        *(
            {"kind": "same_account", "state": "applied", "account": a, "other_account": b, "evidence": "one reply"}
            for a, b in facts
        )
    )
    found = decided("09:00 C1 -> X 5 by=C1\n09:01 C1 -> X 6 by=C1\n09:02 A1 -> X 5 by=A1", stands=same)
    held = in_force(same, pa.Table.from_pylist(found, DECISIONS)).to_pylist()
    assert of_kind(held, "same_account") == {("C1", "A1"), ("C1", "B1")}
    assert of_kind(held, "same_account", "noted") == {("A1", "B1")}


def test_the_attributes_of_an_account_name_its_card() -> None:
    text = "09:00 1000200030004000 -> X 5 by=X\n09:00 6222000000000001 -> X 5 by=X"
    told = {"1000200030004000": {"extra": '{"卡号": "6222 0000 0000 0001"}'}}
    assert of_kind(decided(text, **told), "same_account") == {("1000200030004000", "6222000000000001")}
    assert of_kind(decided(text, **{"1000200030004000": {"extra": '{"卡号": "6222"}'}}), "same_account") == set()
    assert of_kind(decided(text, **{"1000200030004000": {"extra": '{"卡号": ["'}}), "same_account") == set()


def test_a_match_is_found_under_either_name_of_an_account() -> None:
    same = standing(
        {"kind": "same_account", "state": "applied", "account": "B1", "other_account": "B2", "evidence": "one reply"}
    )
    text = "09:00 A -> B2 100 by=A id=a1\n09:01 A -> B1 100 by=B1 id=b1 file=1"
    assert of_kind(decided(text, stands=same), "both_sides") == {("a1", "b1")}
    assert of_kind(decided(text), "both_sides") == set()


def test_masks_by_the_ten_thousand_are_matched_in_seconds() -> None:
    """A quarter of the numbers have one tail, as somebody who wants us to wait would choose them."""
    numbers = [f"6226{at * 7_919_333 % 10**12:012}" if at % 4 else f"6226{at:08}0000" for at in range(100_000)]
    masks = [f"{number[:8]}****{number[12:]}" for number in numbers[1:8_000]]
    masks += [f"wechat:{at}/工商银行(0000)" for at in range(20_000)]
    names = [*numbers, *masks]
    known = {"account": names, "kind": ["bank"] * len(names), "hub": [False] * len(names), "declared": [False] * len(names)}
    table_of = pa.table(
        [pa.array(known[f.name], f.type) if f.name in known else pa.nulls(len(names), f.type) for f in ACCOUNTS], ACCOUNTS
    )
    start = time.process_time()
    told = reconcile(table([]), table([]), table_of, DECISIONS.empty_table())
    assert time.process_time() - start < 20
    assert set(told["state"].to_pylist()) == {"applied", "ambiguous"}

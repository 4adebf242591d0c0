"""Refunds and reversals find the payment they give back, and only that."""

import pytest

from tests.ledger.reconcile.told import decided, of_kind, standing


def tied(text: str) -> set[tuple[str, ...]]:
    return of_kind(decided(text), "reversal")


def doubtful(text: str) -> set[tuple[str, ...]]:
    return of_kind(decided(text), "reversal", "ambiguous")


PAID = "09:00 me -> shop 62 by=me id=alipay:2025030122001 order=ORDER-1\n"


def test_the_id_of_a_refund_begins_with_that_of_its_payment() -> None:
    text = PAID + "2025-03-05 10:00 shop -> me {} by=me id=alipay:2025030122001_R1"
    assert tied(text.format("62")) == tied(text.format("20")) == {("alipay:2025030122001_R1", "alipay:2025030122001")}


def test_a_refund_larger_than_its_original_is_not_its_refund() -> None:
    assert tied(PAID + "10:00 shop -> me 63 by=me id=alipay:2025030122001_R1") == set()


def test_an_id_that_only_goes_on_is_no_refund() -> None:
    assert tied(PAID + "10:00 shop -> me 62 by=me id=alipay:20250301220019") == set()


def test_partial_refunds_count_up_to_the_payment() -> None:
    text = PAID + "10:00 shop -> me 40 by=me id=alipay:2025030122001_R1\n11:00 shop -> me {} by=me id=alipay:2025030122001_R2"
    assert len(tied(text.format("22"))) == 2
    assert (tied(text.format("23")), len(doubtful(text.format("23")))) == (set(), 2)


def test_what_was_given_back_already_counts() -> None:
    text = (
        PAID
        + "10:00 shop -> me 40 by=me id=x1 reverses=alipay:2025030122001\n11:00 shop -> me {} by=me id=alipay:2025030122001_R2"
    )
    assert len(tied(text.format("22"))) == 1
    assert tied(text.format("23")) == set()


@pytest.mark.parametrize("word", ["remark=退款", "op=refund", "channel=冲正", "remark=Payment+reversal", "remark=RETURN"])
def test_order_and_wording_tie_a_refund(word: str) -> None:
    assert tied(PAID + f"2025-03-08 10:00 shop -> me 10 by=me id=r1 order=ORDER-1 {word}") == {("r1", "alipay:2025030122001")}


def test_without_wording_an_order_is_no_refund() -> None:
    assert tied(PAID + "2025-03-08 10:00 shop -> me 10 by=me id=r1 order=ORDER-1") == set()


def test_the_same_amount_back_with_wording_is_a_refund() -> None:
    assert tied("09:00 me -> shop 62 by=me id=p\n10:00 shop -> me 62 by=me id=r remark=退货") == {("r", "p")}


@pytest.mark.parametrize(
    "back",
    [
        "10:00 shop -> me 61 by=me id=r remark=退货",  # another amount
        "10:00 mart -> me 62 by=me id=r remark=退货",  # another shop
        "08:00 shop -> me 62 by=me id=r remark=退货",  # before the payment
        "2025-09-01 08:00 shop -> me 62 by=me id=r remark=退货",  # half a year later
        "10:00 me -> shop 62 by=me id=r remark=退货",  # the same way
        "10:00 shop -> me 62 by=me id=r remark=退货 currency=USD",
        "10:00 shop -> me 62 by=me id=r",
        "10:00 shop -> me 62 by=me id=r remark=returning+customer",
    ],
)
def test_an_amount_alone_ties_nothing(back: str) -> None:
    assert tied("09:00 me -> shop 62 by=me id=p\n" + back) == set()


def test_two_payments_of_the_same_amount_are_both_listed() -> None:
    text = "09:00 me -> shop 62 by=me id=p\n09:30 me -> shop 62 by=me id=q\n10:00 shop -> me 62 by=me id=r remark=退货"
    assert (tied(text), doubtful(text)) == (set(), {("r", "p"), ("r", "q")})


def test_two_refunds_of_one_payment_are_both_doubtful() -> None:
    text = (
        "09:00 me -> shop 62 by=me id=p\n10:00 shop -> me 62 by=me id=r remark=退货\n11:00 shop -> me 62 by=me id=s remark=退货"
    )
    assert (tied(text), doubtful(text)) == (set(), {("r", "p"), ("s", "p")})


def test_a_refund_may_come_to_another_purse_of_the_payer() -> None:
    card, change = "wechat:小王/工商银行(1234)", "wechat:小王/零钱"
    assert tied(f"09:00 {card} -> wechat:店 62 by={card} id=p\n10:00 wechat:店 -> {change} 62 by={change} id=r op=refund") == {
        ("r", "p")
    }


def test_a_payment_seen_from_both_banks_is_given_back_once() -> None:
    assert tied("""
        09:00 A -> unknown:A 62 by=A id=a1 ref=SERIAL-0001
        09:00 A -> B 62 by=B id=b1 file=1 ref=SERIAL-0001
        10:00 B -> A 62 by=A id=a2 ref=SERIAL-0002 remark=退回
        10:00 B -> A 62 by=B id=b2 file=1 ref=SERIAL-0002 remark=退回
    """) == {("b2", "a1")}


def test_a_tie_an_officer_refused_is_not_made_again() -> None:
    text = PAID + "10:00 shop -> me 62 by=me id=alipay:2025030122001_R1"
    (row,) = (row for row in decided(text) if row["kind"] == "reversal")
    assert decided(text, stands=standing(row | {"state": "off"})) == []


def test_a_crowd_of_payments_leaves_its_refunds_counted() -> None:
    (row,) = decided(
        "".join(f"09:{at:02} me -> shop 5 by=me\n" for at in range(30)) + "10:00 shop -> me 5 by=me id=r remark=退款"
    )
    assert (row["state"], row["transfer"]) == ("ambiguous", "r")

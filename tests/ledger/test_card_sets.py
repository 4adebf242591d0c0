"""Sets about gift cards and Q-coins as merchants and recyclers hand them in: orders, lists of cards, redemptions, tickets."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import open_ledger
from ledger.ingest import IngestResult, ingest
from tests.ledger.folders import codes, put

ORDERS = """订单号,购买人,面值,数量,实付金额,支付流水号,支付时间
SN1,62220001,100,3,290.01,P1,2025-03-01 09:00:00
SN2,62220001,500,2,1000.00,P2,2025-03-01 10:00:00
"""
CARDS = """卡号,面值,订单号,发卡时间
A1,100,SN1,2025-03-01 09:00:05
A2,100,SN1,2025-03-01 09:00:05
A3,100,SN1,2025-03-01 09:00:05
B1,500,SN2,2025-03-01 10:00:05
B2,500,SN2,2025-03-01 10:00:05
"""
REDEMPTIONS = """卡号,绑定账号,绑定时间
A1,suning:9,2025-03-01 09:10:00
A2,suning:9,2025-03-01 09:11:00
"""
TICKETS = """回收单号,卖家,卡号列表,面值,折扣,打款金额,收款账号,打款时间,状态
R1,王五,A1;A2 A3,300,0.97,291.00,62220009,2025-03-02 09:00:00,已打款
"""


def _ingest(home: Path, batch: str, **files: str | bytes) -> IngestResult:
    return ingest(home / "ledger", [put(home / batch, **files)])


def _rows(home: Path) -> dict[str, tuple[str, str, int, int]]:
    """By event: source, target, fen paid, fen arrived."""
    ledger = open_ledger(home / "ledger")
    names = ledger.accounts["account"].to_numpy()
    table = ledger.transfers("transfer", "source", "target", "amount_fen", "received_fen")
    arrived = table["received_fen"].fillna(table["amount_fen"])
    return {
        row.transfer: (names[row.source], names[row.target], row.amount_fen, int(face))
        for row, face in zip(table.itertuples(), arrived, strict=True)
    }


DIVIDED = {
    "SN1/A1": ("62220001", "card:A1", 9667, 10000),
    "SN1/A2": ("62220001", "card:A2", 9667, 10000),
    "SN1/A3": ("62220001", "card:A3", 9667, 10000),
    "SN2/B1": ("62220001", "card:B1", 50000, 50000),
    "SN2/B2": ("62220001", "card:B2", 50000, 50000),
}


def test_an_order_with_its_cards_is_one_purchase_per_card(tmp_path: Path) -> None:
    result = _ingest(tmp_path, "one", orders_csv=ORDERS, cards_csv=CARDS)
    assert _rows(tmp_path) == DIVIDED
    assert {source.name: (source.lines, source.published, source.derived) for source in result.sources} == {
        "cards.csv": (5, 5, 0),
        "orders.csv": (2, 5, 3),
    }
    ledger = open_ledger(tmp_path / "ledger")
    assert set(ledger.transfers("order", "reference").itertuples(index=False, name=None)) == {("SN1", "P1"), ("SN2", "P2")}
    links = ledger.links[["kind", "identifier", "account"]].itertuples(index=False, name=None)
    assert set(links) == {("order", order[:3], "card:" + order[4:]) for order in DIVIDED}


def test_the_cards_of_an_order_may_come_before_it(tmp_path: Path) -> None:
    first = _ingest(tmp_path, "one", cards_csv=CARDS)
    assert codes(first.problems, "warning") == ["LDG-order-missing"] * 5
    _ingest(tmp_path, "two", orders_csv=ORDERS)
    assert _rows(tmp_path) == DIVIDED


def test_cards_listed_after_their_order_are_paid_out_of_its_voucher(tmp_path: Path) -> None:
    _ingest(tmp_path, "one", orders_csv=ORDERS)
    _ingest(tmp_path, "two", cards_csv=CARDS)
    rows = _rows(tmp_path)
    assert rows["SN1"] == ("62220001", "card:order/SN1", 29001, 30000)
    assert rows["SN1/A1"] == ("card:order/SN1", "card:A1", 10000, 10000)
    assert len(rows) == 2 + 5
    order = open_ledger(tmp_path / "ledger").transfers("transfer")["transfer"].tolist()
    assert order.index("SN2") < order.index("SN2/B1")


def test_a_card_of_unknown_issue_time_comes_after_its_order_on_whatever_line_that_stands(tmp_path: Path) -> None:
    head, *lines = ORDERS.splitlines()
    _ingest(tmp_path, "one", orders_csv="\n".join([head, *[""] * 50, *lines]) + "\n")
    _ingest(tmp_path, "two", cards_csv="卡号,面值,订单号\nA1,100,SN1\n")
    table = open_ledger(tmp_path / "ledger").transfers("transfer", "time")
    assert table["transfer"].tolist() == ["SN1", "SN1/A1", "SN2"]
    assert table["time"][0] == table["time"][1]


def test_what_an_order_buys_beyond_its_known_cards_goes_to_its_voucher(tmp_path: Path) -> None:
    _ingest(tmp_path, "one", orders_csv=ORDERS, cards_csv=CARDS.split("A2")[0])
    rows = _rows(tmp_path)
    assert rows["SN1/A1"] == ("62220001", "card:A1", 9667, 10000)
    assert rows["SN1"] == ("62220001", "card:order/SN1", 29001 - 9667, 20000)


def test_another_export_of_the_same_orders_doubles_nothing(tmp_path: Path) -> None:
    _ingest(tmp_path, "one", orders_csv=ORDERS, cards_csv=CARDS)
    before = _rows(tmp_path)
    again = _ingest(tmp_path, "two", orders_csv=ORDERS + "\n", cards_csv=CARDS + "\n")
    assert _rows(tmp_path) == before
    assert sum(source.already_there for source in again.sources) == 5
    _ingest(tmp_path, "three", orders_csv=ORDERS + "\n\n")
    cards_alone = _ingest(tmp_path, "four", cards_csv=CARDS + "\n\n")
    assert (_rows(tmp_path), codes(cards_alone.problems, "error")) == (before, [])


def test_another_export_of_an_order_whose_cards_came_later_doubles_nothing(tmp_path: Path) -> None:
    _ingest(tmp_path, "one", orders_csv=ORDERS)
    _ingest(tmp_path, "two", cards_csv=CARDS)
    before = _rows(tmp_path)
    again = _ingest(tmp_path, "three", orders_csv=ORDERS + "\n", cards_csv=CARDS + "\n")
    assert _rows(tmp_path) == before
    assert codes(again.problems, "error") == []


def test_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    for name, files in (("a", ("1", "2")), ("b", ("2", "1"))):
        home = tmp_path / name
        texts = dict(zip(files, (ORDERS, CARDS), strict=True))
        paths = [put(home / "in", **{f"x{key}_csv": text}) / f"x{key}.csv" for key, text in texts.items()]
        ingest(home / "ledger", paths)
    assert _rows(tmp_path / "a") == _rows(tmp_path / "b")


@pytest.mark.parametrize(
    ("orders", "cards", "told"),
    [
        ("SN1,m,100,3,300.00,P1,2025-03-01 09:00:00", "", []),
        ("SN1,m,100,3,290.00,P1,2025-03-01 09:00:00", "", ["pays 290.00 for faces of 300.00 in all"]),
        ("SN1,m,100,1,100.00,P1,2025-03-01 09:00:00", "A1,50,SN1,\n", ["lists 1 cards of 50.00 in all for faces of 100.00"]),
        ("SN1,m,100,1,100.00,P1,2025-03-01 09:00:00", "A1,70,SN1,\nA2,70,SN1,\n", ["lists 2 cards of 140.00 in all"]),
    ],
)
def test_sums_that_do_not_agree_are_told(tmp_path: Path, orders: str, cards: str, told: list[str]) -> None:
    head, list_head = ORDERS.splitlines()[0], CARDS.splitlines()[0]
    result = _ingest(tmp_path, "one", orders_csv=f"{head}\n{orders}\n", cards_csv=f"{list_head}\n{cards}")
    sums = [problem.message for problem in result.problems if problem.code == "LDG-order-sum"]
    assert len(sums) == len(told)
    assert all(text in message for text, message in zip(told, sums, strict=True))
    paid = sum(row[2] for row in _rows(tmp_path).values())
    assert paid == round(float(orders.split(",")[4]) * 100)


def test_a_stated_discount_is_no_disagreement(tmp_path: Path) -> None:
    orders = "order,buyer,face,quantity,amount,discount,time\nSN1,m,100.00,3,291.00,9.00,2025-03-01 09:00:00\n"
    assert "LDG-order-sum" not in codes(_ingest(tmp_path, "one", orders_csv=orders).problems)


def test_an_amount_too_small_for_its_cards_goes_to_the_voucher_undivided(tmp_path: Path) -> None:
    orders = "order,buyer,face,quantity,amount,time\nSN1,m,100.00,3,0.02,2025-03-01 09:00:00\n"
    _ingest(tmp_path, "one", orders_csv=orders, cards_csv=CARDS.split("B1")[0])
    rows = _rows(tmp_path)
    assert rows["SN1"] == ("m", "card:order/SN1", 2, 30000)
    assert rows["SN1/A2"] == ("card:order/SN1", "card:A2", 10000, 10000)


def test_an_order_without_a_time_takes_that_of_its_cards_or_is_refused(tmp_path: Path) -> None:
    orders = "order,buyer,face,quantity,amount\nSN1,m,100.00,3,300.00\nSN7,m,100.00,1,100.00\n"
    result = _ingest(tmp_path, "one", orders_csv=orders, cards_csv=CARDS.split("B1")[0])
    (refused,) = [problem for problem in result.problems if problem.severity == "error"]
    assert (refused.code, refused.line) == ("LDG-missing-value", 3)
    assert sorted(_rows(tmp_path)) == ["SN1/A1", "SN1/A2", "SN1/A3"]
    (quarantined,) = (tmp_path / "ledger" / "quarantine").iterdir()
    assert quarantined.read_text() == "SN7,m,100.00,1,100.00\n"


def test_redemptions_empty_the_cards_and_their_faults_are_told(tmp_path: Path) -> None:
    late = "A1,suning:8,2025-03-01 09:20:00\nA3,suning:8,2025-03-01 08:59:00\n"
    result = _ingest(tmp_path, "one", orders_csv=ORDERS, cards_csv=CARDS, used_csv=REDEMPTIONS + late)
    out = sorted(row for row in _rows(tmp_path).values() if row[1].startswith("suning"))
    assert out == [(f"card:{card}", f"suning:{to}", 10000, 10000) for card, to in (("A1", 8), ("A1", 9), ("A2", 9), ("A3", 8))]
    found = {problem.code: problem.line for problem in result.problems if problem.severity == "warning"}
    assert found["LDG-card-redeemed-twice"] == 4
    assert found["LDG-redeemed-before-purchase"] == 5


def test_a_ticket_ties_cards_seller_and_payout_account_and_moves_no_money(tmp_path: Path) -> None:
    result = _ingest(tmp_path, "one", tickets_csv=TICKETS.encode("gb18030"))
    assert result.transfers == 0
    links = open_ledger(tmp_path / "ledger").links
    assert sorted(links["account"]) == ["62220009", "card:A1", "card:A2", "card:A3", "王五"]
    assert set(links["kind"] + links["identifier"]) == {"orderR1"}
    details = json.loads(links["extra"][0])
    assert (details["rate"], details["payout"], details["status"]) == ("0.97", "291.00", "已打款")
    (source,) = result.sources
    assert (source.lines, source.published, source.derived) == (1, 5, 4)


def test_q_coin_orders_credit_the_qq_number(tmp_path: Path) -> None:
    text = (
        "订单号,购买人,充值QQ,数量,金额,支付方式,支付单号,下单时间\nQ1,62220001,10001,200,172.00,微信,W1,2025-03-01 09:00:00\n"
    )
    _ingest(tmp_path, "one", q_csv=text.encode("gb18030"))
    assert _rows(tmp_path) == {"Q1": ("62220001", "qq:10001", 17200, 20000)}
    row = open_ledger(tmp_path / "ledger").transfers("order", "reference", "extra").iloc[0]
    assert (row["order"], row["reference"], json.loads(row["extra"])["支付方式"]) == ("Q1", "W1", "微信")


SPOILT = st.sampled_from(["", "0", "-5", "abc", "1e9", "(null)", "9" * 30, "2025-13-45", "=1+1", "SN9", "order/SN1", ","])


@settings(max_examples=60, deadline=None)
@given(row=st.integers(1, 7), column=st.integers(0, 6), cell=SPOILT, cards_first=st.booleans())
def test_a_spoilt_cell_costs_the_other_order_nothing(
    tmp_path_factory: pytest.TempPathFactory, row: int, column: int, cell: str, cards_first: bool
) -> None:
    orders, cards = ([line.split(",") for line in text.splitlines()] for text in (ORDERS, CARDS))
    line = orders[row] if row < 3 else cards[row - 2]
    other = "SN2" if "SN1" in line else "SN1"
    line[min(column, len(line) - 1)] = f'"{cell}"'
    home = tmp_path_factory.mktemp("spoilt")
    texts = {name: "".join(",".join(cells) + "\n" for cells in of) for name, of in (("orders", orders), ("cards", cards))}
    if cards_first:
        _ingest(home, "one", cards_csv=texts["cards"])
        _ingest(home, "two", orders_csv=texts["orders"])
    else:
        _ingest(home, "one", orders_csv=texts["orders"], cards_csv=texts["cards"])
    rows = _rows(home)
    assert {event: row for event, row in rows.items() if event.startswith(other)} == {
        event: row for event, row in DIVIDED.items() if event.startswith(other)
    }

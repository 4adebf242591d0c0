"""Whatever is done to a wallet's bill: every line is a row, a problem or blank, and the other lines land as before."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.reading import Reading
from tests.ledger.readings import reading_of

WECHAT = [
    "微信支付账单明细,,,,,,,,,,",
    "微信昵称：[李四],,,,,,,,,,",
    "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注",
    *(
        f'2025-03-{day:02d} 09:00:00,转账,"张,三",/,{way},¥1{day}.50,零钱,支付成功,a{day}\t,b{day}\t,"/"'
        for day, way in zip(range(20, 8, -1), ["支出", "收入"] * 6, strict=True)
    ),
]
ALIPAY = [
    "支付宝账户：li@x.com",
    "交易时间,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,交易状态,交易订单号,商家订单号,备注,",
    *(
        f"2025-03-{day:02d} 09:00:00,餐饮,饭店,f***@x,饭,支出,{day}.00,余额,交易成功,a{day}\t,b{day}\t,,,"
        for day in range(20, 8, -1)
    ),
]
JD = [
    "京东账号名：jd_1",
    "交易时间,商户名称,交易说明,金额,收/付款方式,交易状态,收/支,交易分类,交易订单号,商家订单号,备注",
    *(
        f"2025-03-{day:02d} 09:00:00\t,商户,鞋,{day}.00(已退款1.00),余额,交易成功,支出,鞋,a{day}\t,b{day}\t, ,"
        for day in range(20, 8, -1)
    ),
]
TENPAY = [
    "用户ID\t交易单号\t大单号\t借贷类型\t交易用途类型\t交易时间\t交易金额(分)\t账户余额(分)\t网联/银联\t对手方ID\t网联/银联\t备注1",
    *(f"u1\tT{day}\tD\t入\t转账\t2025-03-{day:02d} 09:00:00\t100\t{day}00\t网联\tu2\t银联\t" for day in range(9, 21)),
]
BILLS = {"wechat": WECHAT, "alipay": ALIPAY, "jd": JD, "tenpay": TENPAY}
ROWS = 12
ENCODINGS = {"wechat": "utf-8", "alipay": "gb18030", "jd": "utf-8-sig", "tenpay": "utf-8"}
CELLS = st.one_of(
    st.text(alphabet=st.characters(exclude_characters="\n\r", codec="utf-8"), max_size=12),
    st.sampled_from(
        [
            *[
                '"',
                '""',
                "",
                " ",
                ",",
                "1E3",
                "6.22E+18",
                "-5",
                "0.00",
                "(null)",
                "NaN",
                "2025-03-01",
                "2569-03-01 09:00:00",
                "=1+1",
            ],
            *[
                "\t",
                "\0",
                "''",
                "¥",
                "支出",
                "99999999999999999999",
                "已退款",
                "服务费¥1.00",
                "\u202e1",
                "45717.375",
                "共3笔记录",
            ],
        ]
    ),
)


def _read(content: bytes) -> Reading:
    """The reading of a file of these bytes; it asserts by itself that no line is lost."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "bill.csv"
        path.write_bytes(content)
        return reading_of(path)


def _ids(reading: Reading) -> set[str]:
    """Ids of the rows with the parts and numbers taken off."""
    return {row.split("/")[0].split("#")[0] for chunk in reading.chunks for row in chunk["transfer"].to_pylist()}


def _amounts(reading: Reading) -> list[tuple[str, str, int]]:
    return sorted((row["source"], row["target"], row["amount"]) for chunk in reading.chunks for row in chunk.to_pylist())


def _content(name: str, lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode(ENCODINGS[name], "replace")


@pytest.mark.parametrize("name", BILLS)
def test_the_sound_bill_is_rows_alone(name: str) -> None:
    reading = _read(_content(name, BILLS[name]))
    assert (reading.format, reading.rows - reading.derived, reading.bad) == (f"profile:{name}", ROWS, [])


@settings(max_examples=120, deadline=None)
@given(name=st.sampled_from(sorted(BILLS)), row=st.integers(1, ROWS), column=st.integers(0, 10), cell=CELLS)
def test_one_spoilt_cell_costs_at_most_its_own_line(name: str, row: int, column: int, cell: str) -> None:
    lines = list(BILLS[name])
    mark = "\t" if name == "tenpay" else ","
    cells = lines[-row].split(mark)
    cells[column] = cell
    lines[-row] = mark.join(cells)
    reading = _read(_content(name, lines))
    sound = _amounts(_read(_content(name, [*BILLS[name][:-row], *BILLS[name][len(lines) - row + 1 :]])))
    landed = _amounts(reading)
    assert reading.format == f"profile:{name}"
    assert ROWS - 1 <= reading.rows - reading.derived + len(reading.bad) + reading.blank <= ROWS + 3
    assert all(landed.count(move) >= sound.count(move) for move in set(sound))


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(BILLS)), data=st.data())
def test_a_cut_bill_keeps_every_whole_line(name: str, data: st.DataObject) -> None:
    content = _content(name, BILLS[name])
    cut = data.draw(st.integers(0, len(content)))
    head = len(_content(name, BILLS[name][:-ROWS]))
    whole = max(0, content[:cut].count(b"\n") - (len(BILLS[name]) - ROWS)) if cut >= head else 0
    reading = _read(content[:cut])
    assert whole <= reading.rows - reading.derived <= whole + 1
    assert reading.complaints.counts


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(BILLS)),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "big5"]),
)
def test_another_encoding_is_read_or_told(name: str, encoding: str) -> None:
    reading = _read(("\n".join(BILLS[name]) + "\n").encode(encoding, "replace"))
    if encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        assert reading.rows - reading.derived == ROWS
    else:
        assert reading.rows == 0
        assert any(code in ("LDG-unknown-header", "LDG-not-text", "LDG-undecodable") for _, code in reading.complaints.counts)


@pytest.mark.parametrize("name", BILLS)
def test_lines_in_another_encoding_cost_only_themselves(name: str) -> None:
    lines = [line.encode(ENCODINGS[name]) for line in BILLS[name]]
    other = "gb18030" if ENCODINGS[name] != "gb18030" else "utf-8"
    lines[-3] = BILLS[name][-3].encode(other)
    reading = _read(b"\n".join(lines) + b"\n")
    assert ROWS - 1 <= reading.rows - reading.derived <= ROWS
    assert reading.rows - reading.derived + len(reading.bad) == ROWS


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(BILLS)), column=st.integers(0, 11))
def test_a_dropped_column_is_a_problem_or_was_not_needed(name: str, column: int) -> None:
    mark = "\t" if name == "tenpay" else ","
    above = len(BILLS[name]) - ROWS - 1
    kept = [mark.join(line.split(mark)[:column] + line.split(mark)[column + 1 :]) for line in BILLS[name][above:]]
    reading = _read(_content(name, [*BILLS[name][:above], *kept]))
    assert reading.rows - reading.derived + len(reading.bad) == ROWS or not reading.rows
    if not reading.rows:
        assert reading.complaints.counts


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(BILLS)), cut=st.integers(1, ROWS - 1))
def test_swapped_halves_change_no_row_but_their_order(name: str, cut: int) -> None:
    rows = BILLS[name][-ROWS:]
    swapped = _read(_content(name, [*BILLS[name][:-ROWS], *rows[cut:], *rows[:cut]]))
    assert _amounts(swapped) == _amounts(_read(_content(name, BILLS[name])))
    assert _ids(swapped) == _ids(_read(_content(name, BILLS[name])))


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(BILLS)), noise=st.binary(min_size=1, max_size=80), row=st.integers(0, ROWS))
def test_noise_between_lines_costs_no_other_line(name: str, noise: bytes, row: int) -> None:
    lines = [line.encode(ENCODINGS[name]) for line in BILLS[name]]
    lines.insert(len(lines) - row, noise.replace(b"\n", b" ").replace(b"\r", b" "))
    reading = _read(b"\n".join(lines) + b"\n")
    sound = _amounts(_read(_content(name, BILLS[name])))
    landed = _amounts(reading)
    assert all(landed.count(move) >= sound.count(move) for move in set(sound))

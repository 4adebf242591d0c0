"""Bills of wallets: real samples against golden files reviewed by eye, the other variants as stories."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import open_ledger
from ledger.ingest import ingest
from tests.ledger.folders import put, shared
from tests.ledger.readings import as_csv, moves, read_text, reading_of, rows_of, told

WECHAT = "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注\n"
ALIPAY_2021 = "收/支,交易对方,对方账号,商品说明,收/付款方式,金额,交易状态,交易分类,交易订单号,商家订单号,交易时间,\n"
ALIPAY_WEB = (
    "支付宝交易记录明细查询\n账号:[a@b.com]\n起始日期:[2019-01-01 00:00:00]    终止日期:[2020-01-01 00:00:00]\n"
    "---------------------------------交易记录明细列表------------------------------------\n"
    "交易号       ,商家订单号     ,交易创建时间    ,付款时间     ,最近修改时间   ,交易来源地  ,类型     ,"
    "交易对方   ,商品名称   ,金额（元）  ,收/支   ,交易状态   ,服务费（元）  ,成功退款（元）  ,备注  ,资金状态   ,\n"
)
JD = "交易时间,商户名称,交易说明,金额,收/付款方式,交易状态,收/支,交易分类,交易订单号,商家订单号,备注\n"
TENPAY = """用户ID 交易单号 大单号 用户侧账号名称 借贷类型 交易业务类型 交易用途类型 交易时间 交易金额(分) 账户余额(分)
用户银行卡号 用户侧网银联单号 网联/银联 第三方账户名称 对手方ID 对手侧账户名称 对手方银行卡号 对手侧银行名称 对手侧网银联单号
网联/银联 基金公司信息 间联/非间联交易 第三方账户名称 对手方接收时间 对手方接收金额(分) 备注1 备注2"""


@pytest.mark.parametrize(
    ("name", "lines", "rows", "derived"),
    [
        ("wechat/example-wechat-records", 27, 30, 3),
        ("alipay/example-alipay-records", 10, 10, 0),
        ("jd/example-jd-records", 26, 24, 0),
    ],
)
def test_a_sample_gives_the_golden_rows(
    name: str, lines: int, rows: int, derived: int, golden: Callable[[str, bytes], None]
) -> None:
    reading = reading_of(shared(f"statements/{name}.csv"))
    assert (reading.data_lines, reading.rows, reading.derived) == (lines, rows, derived)
    assert reading.rows - reading.derived + len(reading.bad) + reading.blank == lines
    golden(f"wallets/{name.split('/')[0]}.csv", as_csv(reading))


def test_the_only_lines_of_the_samples_without_a_row_move_nothing() -> None:
    for name in ("wechat/example-wechat-records", "alipay/example-alipay-records"):
        assert reading_of(shared(f"statements/{name}.csv")).bad == []
    refused = [(line.line, line.code) for line in reading_of(shared("statements/jd/example-jd-records.csv")).bad]
    assert refused == [(28, "LDG-amount-not-positive"), (29, "LDG-amount-not-positive")]


def test_a_wechat_workbook_comes_without_the_sign_of_the_yuan(tmp_path: Path) -> None:
    above = (
        "微信支付账单明细\n微信昵称：[李 四]\n起始时间：[2025-03-01 00:00:00] 终止时间：[2025-03-31 23:59:59]\n" + ",\n" * 13
    )
    text = above + "----------微信支付账单明细列表----------\n" + WECHAT + (
        "2025-03-04 09:00:00,转账,张三,转账备注:微信转账,支出,1500,零钱,对方已退还,a1,b1,/\n"
        "2025-03-05 09:00:00,转账-退款,/,转账备注:微信转账,收入,1500,零钱,已全额退款,a2,/,/\n"
        "2025-03-06 09:00:00,微信红包（单发）,发给王五,/,支出,66.6,招商银行(1234)&活动优惠,支付成功,a3,b3,/\n"
        "2025-03-07 09:00:00,零钱提现,招商银行,/,/,100.1,招商银行(1234),提现失败，已退回零钱,a4,/,服务费0.10\n"
    )  # fmt: skip
    reading = read_text(tmp_path, text)
    assert reading.bad == []
    assert moves(reading)[:4] == [
        ("wechat:李 四/零钱", "unknown:张三", 150000),
        ("unknown:wechat:李 四/零钱", "wechat:李 四/零钱", 150000),
        ("wechat:李 四/招商银行(1234)", "unknown:王五", 6660),
        ("wechat:李 四/零钱", "wechat:李 四/招商银行(1234)", 10000),
    ]
    rows = {row["transfer"]: (row["status"], row["operation"], row["witness"]) for row in rows_of(reading)}
    assert rows["wechat:a1"] == ("done", "transfer", "source")
    assert rows["wechat:a2"] == ("done", "refund", "target")
    assert rows["wechat:a4"] == ("failed", "withdrawal", None)
    assert reading.periods == [("wechat:李 四/零钱", 1740758400000000, 1743436799000000)]


def test_a_bill_without_a_name_is_its_files_own(tmp_path: Path) -> None:
    text = WECHAT + "2025-03-04 09:00:00,转入零钱通-来自零钱,/,/,/,¥5.00,零钱,支付成功,a1,/,/\n"
    assert moves(read_text(tmp_path, text, "zhang.csv")) == [("wechat:zhang/零钱", "wechat:zhang/零钱通", 500)]


def test_the_shorter_proof_of_wechat_is_read_by_the_same_profile(tmp_path: Path) -> None:
    text = (
        "交易单号,交易时间,交易类型,收/支/其他,交易方式,金额(元),交易对方,商户单号\n"
        "a1,2025-03-04 09:00:00,商户消费,支出,零钱通,12.00,饭店,b1\na2,2025-03-05 09:00:00,零钱充值,其他,工商银行(1),7.00,/,/\n"
    )
    assert moves(read_text(tmp_path, text, "p.csv")) == [
        ("wechat:p/零钱通", "unknown:饭店", 1200),
        ("wechat:p/工商银行(1)", "wechat:p/零钱", 700),
    ]


def test_the_alipay_bill_of_2021_has_its_owner_below_the_table(tmp_path: Path) -> None:
    text = ALIPAY_2021 + (
        "支出,饭店,fan***@x.com,午饭 ,花呗&红包,23.50,交易成功,餐饮美食,2021A\t,M1\t,2021-05-02 12:00:00,\n"
        "收入,王五,135******78,转账,余额,5000.00,交易成功,转账红包,2021B\t,\t,2021-05-01 08:00:00,\n"
        "其他,余额宝,/,余额宝-自动转入,余额,100.00,交易成功,投资理财,2021C\t,\t,2021-05-01 07:00:00,\n"
        "其他,饭店,/,退款-午饭,花呗,23.50,退款成功,退款,2021A_9\t,M1\t,2021-05-03 07:00:00,\n"
        "------------------------------------------------------------------------------------\n"
        "导出信息：\n姓名：李四\n支付宝账户：li@x.com\n起始时间：[2021-05-01 00:00:00]    终止时间：[2021-05-31 23:59:59]\n"
        "共4笔记录\n收入：1笔 5000.00元\n支出：1笔 23.50元\n其他：2笔 123.50元\n特别提示：\n1.本明细仅供个人对账使用。\n"
    )  # fmt: skip
    reading = read_text(tmp_path, text, encoding="gb18030")
    assert (reading.bad, reading.data_lines, reading.blank) == ([], 15, 11)
    assert moves(reading) == [
        ("alipay:li@x.com/花呗", "alipay:饭店(fan***@x.com)", 2350),
        ("alipay:王五(135******78)", "alipay:li@x.com/余额", 500000),
        ("alipay:li@x.com/余额", "alipay:li@x.com/余额宝", 10000),
        ("unknown:饭店", "alipay:li@x.com/花呗", 2350),
    ]
    assert rows_of(reading)[3]["reverses"] == "alipay:2021A"
    assert [account for account, *_ in reading.periods] == ["alipay:li@x.com/余额", "alipay:li@x.com/花呗"]


def test_words_of_the_footer_in_a_remark_do_not_hide_a_row(tmp_path: Path) -> None:
    text = ALIPAY_2021 + "支出,饭店,/,共3笔记录,余额,23.50,交易成功,餐饮,2021A\t,M1\t,2021-05-02 12:00:00,\n"
    assert len(moves(read_text(tmp_path, text))) == 1


def _web(row: str) -> str:
    """A line: id, day it was made, day it was paid, goods, partner, amount, way, state, fee, refund, money."""
    number, made, paid, goods, partner, amount, way, state, fee, back, money = (
        "" if cell == "." else cell for cell in row.split()
    )
    times = f"2019-12-{made} 05:39:17 ,{f'2019-12-{paid} 05:40:00' if paid else ' ' * 20} ,2019-12-31 05:41:00 "
    given = f"即时到账交易,{partner} ,{goods}  ,{amount}  ,{way}  ,{state} "
    return f"{number} \t,M{number[:2]}\t,{times},支付宝网站,{given},{fee} ,{back} ,      ,{money}   ,"


def test_the_older_export_from_the_web_site_tells_fees_and_refunds_in_columns(tmp_path: Path) -> None:
    rows = [
        "A1 31 31 火车票 铁路 493.50 支出 交易成功 0.00 0.00 已支出",
        "A2 31 . 余额宝-收益发放 博时基金 2.83 . 交易成功 0.00 0.00 已收入",
        "A3 30 . 手机壳 卖家 19.90 支出 交易关闭 0.00 0.00 .",
        "A4 29 29 鞋 卖家 200.00 支出 交易成功 0.00 50.00 已支出",
        "A5 28 28 帽 卖家 80.00 支出 交易关闭 0.00 80.00 已支出",
        "A5_1 28 29 退款-帽 卖家 80.00 . 退款成功 0.00 0.00 已收入",
        "A6 27 27 提现-实时提现 招商银行 1000.00 . 交易成功 1.00 0.00 资金转移",
        "A7 26 26 货款 买家 300.00 收入 交易成功 3.00 0.00 已收入",
    ]
    end = "-----------------------\n共6笔记录\n已收入:1笔,2.83元\n导出时间:[2020-01-02 10:00:00]    用户:李四\n"
    text = ALIPAY_WEB + "".join(_web(row) + "\n" for row in rows) + end
    reading = read_text(tmp_path, text, encoding="gb18030")
    assert reading.bad == []
    assert told(reading) == {"LDG-profile-used": 1, "LDG-junk-lines": 1, "LDG-refund-untimed": 1}
    own = "alipay:a@b.com"
    assert moves(reading) == [
        (own, "unknown:铁路", 49350),
        ("unknown:博时基金", own, 283),
        (own, "unknown:卖家", 1990),
        (own, "unknown:卖家", 20000),
        ("unknown:卖家", own, 5000),
        (own, "unknown:卖家", 8000),
        ("unknown:卖家", own, 8000),
        (own, f"{own}/招商银行", 100000),
        (own, "alipay:服务费", 100),
        ("unknown:买家", own, 30000),
        (own, "alipay:服务费", 300),
    ]
    made = {row["transfer"]: (row["status"], row["reverses"], row["witness"]) for row in rows_of(reading)}
    assert made["alipay:A3"] == ("failed", None, "source")
    assert made["alipay:A4/refund"] == ("done", "alipay:A4", "target")
    assert made["alipay:A5_1"] == ("done", "alipay:A5", "target")
    assert [decision["kind"] for decision in reading.decisions] == ["order_of_day", "failed", "reversal", "fee", "fee"]


def test_a_refund_a_jd_bill_has_a_row_for_is_not_made_again(tmp_path: Path) -> None:
    text = "导出信息：\n京东账号名：jd_1\n日期区间：2024-12-01 至 2024-12-31\n\n" + JD + (
        "2024-12-28 13:28:32\t,商户,退款-卫衣,89.84,银行卡(1),退款成功,不计收支,网购,A\t,M\t, ,\n"
        "2024-12-28 13:27:56\t,商户,卫衣,131.77(已退款89.84),银行卡(1),交易成功,支出,服饰,A\t,M\t, ,\n"
        "2024-12-20 13:27:56\t,商户,鞋,200.00(已退款50.00),钱包余额,交易成功,支出,服饰,B\t,N\t, ,\n"
        "2024-12-19 13:27:56\t,商户,帽,80.00(已全额退款),银行卡(1),交易成功,不计收支,服饰,C\t,O\t, ,\n"
    )  # fmt: skip
    reading = read_text(tmp_path, text)
    made = {row["transfer"]: (row["amount"], row["reverses"]) for row in rows_of(reading)}
    assert {name: row for name, row in made.items() if row[1]} == {
        "jd:A#2": (8984, "jd:A"),
        "jd:B/refund": (5000, "jd:B"),
        "jd:C/refund": (8000, "jd:C"),
    }
    assert made["jd:A"] == (13177, None)
    assert reading.periods == [("jd:jd_1/钱包余额", 1732982400000000, 1735660799999999)]


def _evidence(*rows: str) -> str:
    """A line per row: user, id, in or out, business, purpose, time, fen, balance, card, partner, name, received, note."""
    lines = []
    for row in rows:
        cell = row.split()
        user, number, way, business, purpose, clock, fen, balance, card, partner, name, received, note = (
            "" if value == "." else value for value in cell
        )
        time = f"2025-08-11 {clock}:00"
        lines.append(
            f"{user}\t{number}\tD{number}\t马\t{way}\t{business}\t{purpose}\t{time}\t{fen}\t{balance}\t{card}\t\t网联\t\t{partner}\t{name}"
            f"\t\t\tS{number}\t银联\t\t非间连交易\t\t{time}\t{received}\t{note}\t备"
        )
    return "\n".join(["\t".join(TENPAY.split()), *lines]) + "\n"


def test_tenpay_evidence_names_both_sides_in_fen(tmp_path: Path) -> None:
    text = _evidence(
        "u1 T1 入 余额支付 转账 08:00 500000 500000 . u2 王云 500000 微信转账",
        "u1 T2 出 余额支付 转账 08:05 123456 376544 6222600110033606521 u3 李四 123456 微信转账",
        "u1 T3 出 快捷支付 消费 08:06 9900 376544 6222600110033606521 u4 商店 9900 .",
        "u1 T4 出 提现 提现 08:07 376544 0 6222600110033606521 . . . .",
        "u1 T5 出 余额支付 转账 08:08 1 . . . 无名 1 .",
        "u1 T6 出 余额支付 转账 08:09 12.5 . . u5 甲 1 .",
    )
    reading = read_text(tmp_path, text, "TenpayTrades.txt")
    assert moves(reading) == [
        ("tenpay:u2", "tenpay:u1", 500000),
        ("tenpay:u1", "tenpay:u3", 123456),
        ("6222600110033606521", "tenpay:u4", 9900),
        ("tenpay:u1", "6222600110033606521", 376544),
        ("tenpay:u1", "unknown:无名", 1),
    ]
    assert [(line.line, line.code) for line in reading.bad] == [(7, "LDG-bad-amount")]
    assert [row["witness"] for row in rows_of(reading)] == ["target", "source", "source", None, "source"]
    assert [row["source_balance"] or row["target_balance"] for row in rows_of(reading)[:3]] == [500000, 376544, None]
    assert "LDG-balance-chain" not in told(reading)


def test_a_group_red_packet_pays_each_receiver_what_he_got(tmp_path: Path) -> None:
    text = _evidence(
        "u1 T1 出 余额支付 红包 08:00 10000 . . u2 甲 3000 微信红包",
        "u1 T1 出 余额支付 红包 08:00 10000 . . u3 乙 7000 微信红包",
    )
    assert sorted(moves(read_text(tmp_path, text, "t.txt"))) == [
        ("tenpay:u1", "tenpay:u2", 3000),
        ("tenpay:u1", "tenpay:u3", 7000),
    ]


def test_a_row_of_tenpay_that_comes_twice_counts_once(tmp_path: Path) -> None:
    one = _evidence(
        "u1 T1 入 余额支付 转账 08:00 500 500 . u2 王云 500 .", "u1 T2 出 余额支付 转账 08:05 100 400 . u3 李 100 ."
    )
    two = one + _evidence("u1 T2 出 余额支付 转账 08:05 100 400 . u3 李 100 .").split("\n", 1)[1]
    result = ingest(tmp_path / "ledger", [put(tmp_path / "r", a_txt=one, b_txt=two)])
    assert [problem for problem in result.problems if problem.severity == "error"] == []
    assert len(open_ledger(tmp_path / "ledger").transfers("transfer")) == 2


def test_tenpays_registered_users_are_accounts_with_their_papers(tmp_path: Path) -> None:
    text = (
        "账户状态\t账号\t注册姓名\t注册时间\t注册身份证号\t绑定手机\t绑定状态\t开户行信息\t银行账号\n"
        "正常\tu1\t马\t2015-01-28 02:11:13\t37292219\t15900578144\t正常\t交行\t6222600110033606521\n"
        "正常\tu1\t马\t2015-01-28 02:11:13\t37292219\t15900578144\t正常\t工行\t6222020001\n"
    )
    result = ingest(tmp_path / "ledger", [put(tmp_path / "r", reg_txt=text)])
    assert [problem for problem in result.problems if problem.severity == "error"] == []
    ledger = open_ledger(tmp_path / "ledger")
    assert ledger.accounts[["account", "kind", "holder", "holder_name"]].to_numpy().tolist() == [
        ["tenpay:u1", "wallet", "37292219", "马"]
    ]
    links = sorted(ledger.links[["kind", "identifier", "account"]].itertuples(index=False, name=None))
    assert links == [
        ("id", "37292219", "6222020001"),
        ("id", "37292219", "6222600110033606521"),
        ("id", "37292219", "tenpay:u1"),
        ("phone", "15900578144", "tenpay:u1"),
    ]

"""What a bank answers to an inquiry: 34 columns of transactions, and the tables of accounts, persons and seizures beside it."""

import io
import json
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import Ledger, open_ledger
from ledger.ingest import IngestResult, ingest
from ledger.reading import Reading, silent
from ledger.sources import read_file
from ledger.statements.profile import load_profiles
from tests.ledger.folders import codes, put
from tests.ledger.reply import COLUMNS, MULE, STORY, text_of

FLOWS = [
    ("6222021002", "6222021001", 150000_00, "done", "source"),
    ("6222021002", "6222021001", 150000_00, "done", "target"),
    ("6222021001", "6226******5669", 100_00, "done", "source"),
    ("6222021001", "cash:城东支行", 20000_00, "done", "source"),
    ("6222021001", "6222029999", 5000_00, "failed", "source"),
    ("6226******5669", "6222021001", 100_00, "done", "target"),
    ("6222021001", "unknown:赵六", 130000_00, "done", "source"),
]
ACCOUNTS = """账户开户名称,开户人证件号码,交易卡号,交易账号,账号开户时间,账户余额,币种,开户网点,账户状态,最后交易时间,销户
李四,ID-LI,6222021001,100200300401,20200102,0.00,CNY,某行城东支行,正常,20230105125000,00000000
张三,ID-ZHANG,6222021002,100200300402,2019-05-06 07:08:09,12.50,CNY,某行城西支行,止付,(null),
"""
PERSONS = """客户名称,证照类型,证照号码,联系手机,联系电话,住宅地址,工作单位
李四,身份证,ID-LI,13800000001,13800000001,某路1号,-
张三,身份证,ID-ZHANG,13800000002,,某路2号,
"""
MEASURES = """措施序号,账号,冻结开始日,冻结截止日,冻结机关,币种,冻结金额,措施类型,备注
1,6222021001,20230106,20230705,甲市公安局,CNY,130000.00,公安冻结,
2,6222021001,20230107,20230706,乙市公安局,CNY,50000.00,公安冻结,轮候
"""


def _ingested(home: Path, **files: str | bytes) -> tuple[IngestResult, Ledger]:
    result = ingest(home / "ledger", [put(home / "records", **files)])
    return result, open_ledger(home / "ledger")


def _flows(ledger: Ledger) -> list[tuple[str, str, int, str, str]]:
    names = ledger.accounts["account"].to_numpy()
    rows = ledger.transfers("source", "target", "amount_fen", "status", "witness")
    return [(names[r.source], names[r.target], r.amount_fen, r.status, r.witness) for r in rows.itertuples(index=False)]


def _read(path: Path) -> Reading:
    """One file read by itself, before reconciliation."""
    return read_file(Reading(path, path.name, path.stat().st_size), load_profiles([]), silent)


def _xlsx(text: str) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("交易明细")
        for row, line in enumerate(text.splitlines()):
            sheet.write_row(row, 0, line.split("\t"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("utf-8", text_of(STORY).encode()),
        ("with a mark", text_of(STORY).encode("utf-8-sig")),
        ("gb18030", text_of(STORY).encode("gb18030")),
        ("tabs", text_of(STORY, between="\t").encode()),
        ("(null) for nothing", text_of(STORY, blank="(null)").encode()),
        ("a dash for nothing", text_of(STORY, blank="-").encode()),
        ("backslash N for nothing", text_of(STORY, blank="\\N").encode()),
        ("tabs behind every cell", text_of(STORY).replace(",", "\t,").encode()),
    ],
)
def test_the_story_reads_the_same_however_it_is_written(tmp_path: Path, name: str, content: bytes) -> None:
    path = put(tmp_path, reply_csv=content) / "reply.csv"
    reading = _read(path)
    rows = [row for chunk in reading.chunks for row in chunk.to_pylist()]
    assert [(r["source"], r["target"], r["amount"], r["status"], r["witness"]) for r in rows] == FLOWS
    assert (reading.format, reading.data_lines, reading.blank, len(reading.bad)) == ("profile:bank_reply", 8, 1, 0)


def test_a_workbook_reads_as_the_text_does(tmp_path: Path) -> None:
    _, ledger = _ingested(tmp_path, reply_xlsx=_xlsx(text_of(STORY, between="\t")))
    moved = [flow for flow in FLOWS if flow[4] != "target" or flow[0] != "6222021002"]
    assert {flow[:4] for flow in _flows(ledger)} == {flow[:4] for flow in moved}


def test_what_the_bank_says_about_a_row_stands_in_its_columns(tmp_path: Path) -> None:
    path = put(tmp_path, reply_csv=text_of(STORY)) / "reply.csv"
    _, seen, _, cash, _, reversal, last = [row for chunk in _read(path).chunks for row in chunk.to_pylist()]
    assert (seen["reference"], seen["ip"], seen["device"]) == ("S1", "10.1.2.3", "AA-BB-CC-00-11-22")
    assert (seen["source_balance"], seen["target_balance"]) == (None, 150000_00)
    assert (cash["reference"], cash["ip"], cash["device"], cash["channel"]) == (None, None, "ATM7", "cash")
    assert cash["time"].isoformat() == "2023-01-05T04:35:01+00:00"
    assert (reversal["target_balance"], reversal["remark"], last["source_balance"]) == (130000_00, "冲正", 0)


def test_what_the_bank_decided_is_told(tmp_path: Path) -> None:
    reading = _read(put(tmp_path, reply_csv=text_of(STORY)) / "reply.csv")
    told = {problem.code: (problem.line, problem.message) for problem in reading.complaints.problems()}
    assert told["LDG-bank-answer"] == (9, "no transaction of 6222027777; the bank answers '查无此账户'")
    assert told["LDG-amount-below-zero"][0] == 7
    assert set(told) == {"LDG-bank-answer", "LDG-amount-below-zero", "LDG-profile-used"}
    found = [(row["kind"], row["state"], row.get("account"), row.get("other_account")) for row in reading.decisions]
    assert found == [
        ("failed", "applied", None, None),
        ("same_account", "applied", "6222021001", "100200300401"),
        ("same_account", "applied", "6222021002", "100200300402"),
    ]


def test_holders_and_their_id_numbers_are_known(tmp_path: Path) -> None:
    _, ledger = _ingested(tmp_path, reply_csv=text_of(STORY))
    known = ledger.accounts.set_index("account")
    assert tuple(known.loc["6222021002", ["holder", "holder_name"]]) == ("ID-ZHANG", "张三")
    assert tuple(known.loc["cash:城东支行", ["kind", "hub"]]) == ("cash", True)


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([MULE, {**MULE, "交易卡号": "6222021009"}], ["applied", "applied"]),
        ([MULE, {**MULE, "交易卡号": "6222021009", "开户人证件号码": "ID-WU"}], ["ambiguous", "ambiguous"]),
        ([{**MULE, "交易卡号": f"622202100{n}"} for n in range(6)], ["ambiguous"] * 6),
        ([{**MULE, "交易账号": "000000000000"}], []),
        ([{**MULE, "交易账号": "6222021001"}], []),
        ([{**MULE, "交易卡号": ""}], []),
    ],
)
def test_an_account_number_is_another_name_only_where_it_can_be(
    tmp_path: Path, rows: list[dict[str, str]], state: list[str]
) -> None:
    moved = {"交易时间": "20230105110000", "交易金额": "1", "收付标志": "进", "交易对手账卡号": "6222029999"}
    reading = _read(put(tmp_path, reply_csv=text_of([{**row, **moved} for row in rows])) / "reply.csv")
    assert [row["state"] for row in reading.decisions if row["kind"] == "same_account"] == state


def test_another_bank_calls_the_columns_otherwise_and_has_two_for_the_amount(tmp_path: Path) -> None:
    text = (
        "查询卡号,交易户名,记账日期,借方金额,贷方金额,余额,对方账号,对方户名,现金标志,交易是否成功,摘要说明\n"
        "6222021001,李四,2023-01-05 12:30:01,,500.00,500.00,6222029999,王五,00,01,\n"
        "6222021001,李四,2023-01-05 12:31:01,200.00,0.00,300.00,,,是,Y,\n"
        "6222021001,李四,2023-01-05 12:32:01,300.00,,0.00,6222029999,王五,否,02,\n"
    )
    _, ledger = _ingested(tmp_path, reply_csv=text)
    assert _flows(ledger) == [
        ("6222029999", "6222021001", 500_00, "done", "target"),
        ("6222021001", "cash:6222021001", 200_00, "done", "source"),
        ("6222021001", "6222029999", 300_00, "failed", "source"),
    ]


def test_two_replies_that_overlap_double_nothing(tmp_path: Path) -> None:
    _ingested(tmp_path, one_csv=text_of(STORY[:5]))
    ingest(tmp_path / "ledger", [put(tmp_path / "more", two_csv=text_of(STORY[2:]))])
    one = open_ledger(tmp_path / "ledger").transfer_count
    ingest(tmp_path / "other", [put(tmp_path / "whole", all_csv=text_of(STORY))])
    assert one == open_ledger(tmp_path / "other").transfer_count


def test_accounts_persons_and_seizures_come_together_with_the_transactions(tmp_path: Path) -> None:
    tables = {"a_csv": ACCOUNTS, "p_csv": PERSONS.encode("gb18030"), "m_csv": MEASURES, "t_csv": text_of(STORY)}
    result, ledger = _ingested(tmp_path, **tables)
    assert [source.format for source in result.sources] == [
        "profile:reply_accounts",
        "profile:reply_measures",
        "profile:reply_persons",
        "profile:bank_reply",
    ]
    assert codes(result.problems, "error", "warning") == ["LDG-amount-below-zero"]
    known = ledger.accounts.set_index("account")
    mule = known.loc["6222021001"]
    assert (mule["holder"], mule["institution"], mule["opened"].isoformat()) == (
        "ID-LI",
        "某行城东支行",
        "2020-01-01T16:00:00+00:00",
    )
    extra = json.loads(mule["extra"])
    assert (extra["账户余额"], extra["账户状态"], extra["最后交易时间"]) == ("0.00", "正常", "20230105125000")
    assert [(freeze["authority"], freeze["amount"], freeze["ends"]) for freeze in extra["measures"]] == [
        ("甲市公安局", "130000.00", "20230705"),
        ("乙市公安局", "50000.00", "20230706"),
    ]
    person = known.loc["person:ID-LI"]
    assert (person["kind"], person["holder_name"]) == ("person", "李四")
    links = ledger.links[["kind", "identifier", "account"]].to_numpy().tolist()
    assert links == [["phone", "13800000001", "person:ID-LI"], ["phone", "13800000002", "person:ID-ZHANG"]]


def test_what_was_declared_of_an_account_outlives_a_statement_that_names_it(tmp_path: Path) -> None:
    records = "account,kind,holder_name,opening_balance,hub\n6222021001,merchant,李四商行,7.00,true\n"
    _ingested(tmp_path, accounts_csv=records)
    ingest(tmp_path / "ledger", [put(tmp_path / "more", t_csv=text_of(STORY), m_csv=MEASURES)])
    account = open_ledger(tmp_path / "ledger").accounts.set_index("account").loc["6222021001"]
    assert tuple(account[["kind", "holder", "holder_name", "opening_fen", "hub"]]) == (
        "merchant",
        "ID-LI",
        "李四商行",
        700,
        True,
    )
    assert len(json.loads(account["extra"])["measures"]) == 2


SPOILT = st.one_of(
    st.text(alphabet=st.characters(exclude_characters='\n\r",', codec="utf-8"), max_size=12),
    st.sampled_from(["", "-5", "0", "6.22E+18", "(null)", "NaN", "2025-13-01", "=1+1", "\t", "\0", "进", "失败", "9" * 40]),
)


@settings(max_examples=60, deadline=None)
@given(row=st.integers(1, 8), column=st.integers(0, 33), cell=SPOILT)
def test_a_spoilt_cell_costs_at_most_its_own_row(
    tmp_path_factory: pytest.TempPathFactory, row: int, column: int, cell: str
) -> None:
    lines = text_of(STORY).splitlines()
    cells = [line.split(",") for line in text_of(STORY, between="\t").replace(",", "").replace("\t", ",").splitlines()]
    cells[row][column] = cell
    lines = [",".join(line) for line in cells]
    path = put(tmp_path_factory.mktemp("spoilt"), reply_csv="\n".join(lines) + "\n") / "reply.csv"
    reading = _read(path)
    landed = [line for chunk in reading.chunks for line in chunk["line"].to_pylist()]
    assert set(range(2, 9)) - {row + 1} <= set(landed)
    assert len(landed) + len(reading.bad) + reading.blank == 8


@settings(max_examples=34, deadline=None)
@given(dropped=st.sampled_from(COLUMNS))
def test_a_dropped_column_loses_no_line(tmp_path_factory: pytest.TempPathFactory, dropped: str) -> None:
    columns = [name for name in COLUMNS if name != dropped]
    path = put(tmp_path_factory.mktemp("dropped"), reply_csv=text_of(STORY, columns)) / "reply.csv"
    reading = _read(path)
    known = reading.rows + len(reading.bad) + reading.blank == 8
    assert known or [problem.code for problem in reading.complaints.problems()] == ["LDG-unknown-header"]

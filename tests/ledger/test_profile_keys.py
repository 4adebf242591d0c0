"""What the keys of a profile do, each in a story of few lines."""

from pathlib import Path

import pytest

from ledger import open_ledger
from ledger.ingest import ingest
from ledger.problems import LiushuiError
from ledger.reading import Reading
from ledger.statements.profile import load_profiles
from tests.ledger.folders import put
from tests.ledger.readings import moves, reading_of, rows_of, told

SIGNED = 'name = "b"\ntitle = "t"\namount_sign = "signed"\nown_account = ["{card}"]\ncounterparty = ["{partner}"]\n'
COLUMNS = '[columns]\ntime = "time"\namount = "sum"\ncard = "card"\npartner = "partner"\n'
WORDS = 'name = "b"\ntitle = "t"\ninward = ["贷"]\noutward = ["借"]\nown_account = ["me"]\ncounterparty = ["{partner}"]\n'
WORD_COLUMNS = '[columns]\ntime = "time"\namount = "sum"\ndirection = "way"\npartner = "partner"\n'


def _profile(tmp_path: Path, text: str) -> tuple[Path, ...]:
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    return (path,)


def _read(tmp_path: Path, profile: str, text: str | bytes, name: str = "x.csv") -> Reading:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return reading_of(path, _profile(tmp_path, profile))


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("-1,234.56", ("A", "B", 123456)),
        ("+10000.00", ("B", "A", 1000000)),
        ("¥28.16", ("B", "A", 2816)),
        ("￥ 28.16元", ("B", "A", 2816)),
        ("－１２．５０", ("A", "B", 1250)),
        ("(99.00)", ("A", "B", 9900)),
        ("5.00-", ("A", "B", 500)),
        ("1,234.56CR", ("B", "A", 123456)),
        ("1,234.56 DR", ("A", "B", 123456)),
        ("-CNY 7", ("A", "B", 700)),
        ('="8.00"', ("B", "A", 800)),
        (".5", ("B", "A", 50)),
    ],
)
def test_an_amount_is_read_however_it_is_written(tmp_path: Path, cell: str, found: tuple[str, str, int]) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    assert moves(_read(tmp_path, SIGNED + COLUMNS, f"time,card,partner,sum\n2025-03-01 09:00:00,A,B,{quoted}\n")) == [found]


@pytest.mark.parametrize("cell", ["1,5", "12,34.5", "1.2.3", "xx,yyyy.zz", "1E3", "6.22E+18", "1 000", "--5", "", "五元"])
def test_what_is_no_amount_is_never_guessed(tmp_path: Path, cell: str) -> None:
    reading = _read(tmp_path, SIGNED + COLUMNS, f'time,card,partner,sum\n2025-03-01 09:00:00,A,B,"{cell}"\n')
    assert [(line.line, line.code) for line in reading.bad] in ([(2, "LDG-bad-amount")], [(2, "LDG-missing-value")])


def test_an_amount_below_zero_beside_its_direction_turns_the_row_round(tmp_path: Path) -> None:
    text = "time,partner,way,sum\n2025-03-01 09:00:00,B,借,-5.00\n2025-03-01 09:01:00,B,贷,5.00\n"
    reading = _read(tmp_path, WORDS + WORD_COLUMNS, text)
    assert moves(reading) == [("B", "me", 500), ("B", "me", 500)]
    assert told(reading)["LDG-amount-below-zero"] == 1
    repeated = _read(tmp_path, WORDS + 'minus = "sign"\n' + WORD_COLUMNS, text)
    assert moves(repeated) == [("me", "B", 500), ("B", "me", 500)]


def test_a_sign_tells_the_direction_where_its_column_is_empty(tmp_path: Path) -> None:
    text = "time,partner,way,sum\n2025-03-01 09:00:00,B,,-5.00\n2025-03-01 09:01:00,B,,+6\n2025-03-01 09:02:00,B,,7\n"
    reading = _read(tmp_path, WORDS + WORD_COLUMNS, text)
    assert moves(reading) == [("me", "B", 500), ("B", "me", 600)]
    assert [line.code for line in reading.bad] == ["LDG-profile-rule"]


def test_two_exports_of_one_statement_double_no_row_and_lose_none(tmp_path: Path) -> None:
    head = "序号,time,card,partner,sum\n"
    rows = [f"2025-0{month}-1{day} 09:00:00,A,B,-{month}.00" for month in (1, 2, 3, 4) for day in (1, 1, 2)]
    first = head + "".join(f"{at},{row}\n" for at, row in enumerate(rows[:9]))
    second = head + "".join(f"{at},{row}\n" for at, row in enumerate(rows[3:][::-1]))
    profile = _profile(tmp_path, SIGNED + COLUMNS)
    paths = [put(tmp_path / "one", a_csv=first), put(tmp_path / "two", b_csv=second)]
    ledgers = []
    for order in ([paths], [paths[::-1]], [[paths[0]], [paths[1]]], [[paths[1]], [paths[0]]]):
        home = tmp_path / f"ledger{len(ledgers)}"
        results = [ingest(home, step, profiles=profile) for step in order]
        assert [p for result in results for p in result.problems if p.severity == "error"] == []
        ledgers.append(open_ledger(home).transfers("transfer", "time", "amount_fen").to_numpy().tolist())
    assert [len(rows) for rows in ledgers] == [12] * 4
    assert all(sorted(map(str, ledger)) == sorted(map(str, ledgers[0])) for ledger in ledgers)


def test_rows_without_an_id_are_told_apart_by_all_they_say(tmp_path: Path) -> None:
    rows = ["09:00:00,A,B,1", "09:00:01,A,B,1", "09:00:00,A,C,1", "09:00:00,A,B,-1", "09:00:00,A,B,1.01", "09:00:00,A,B,1"]
    reading = _read(tmp_path, SIGNED + COLUMNS, "time,card,partner,sum\n" + "".join(f"2025-03-01 {row}\n" for row in rows))
    ids = [str(row["transfer"]) for row in rows_of(reading)]
    assert [name.split("#")[0] for name in ids].count(ids[0].split("#")[0]) == 2
    assert sorted("#" in name for name in ids) == [False] * 5 + [True]
    assert told(reading)["LDG-id-numbered"] == 1


def test_the_balance_chain_decides_the_order_of_a_day_in_the_ledger(tmp_path: Path) -> None:
    profile = _profile(
        tmp_path,
        SIGNED + 'time_formats = ["%Y-%m-%d"]\nbalance_check = "day"\n' + COLUMNS + 'balance = "left"\n',
    )
    text = "time,card,partner,sum,left\n2025-03-01,A,X,100,100\n2025-03-02,A,Y,-30,90\n"
    text += "2025-03-02,A,Z,20,120\n2025-03-03,A,Z,-90,0\n"
    ingest(tmp_path / "ledger", [put(tmp_path / "r", x_csv=text)], profiles=profile)
    assert open_ledger(tmp_path / "ledger").transfers("amount_fen")["amount_fen"].tolist() == [10000, 2000, 3000, 9000]


def test_a_word_for_failure_is_a_decision_and_the_row_moves_nothing(tmp_path: Path) -> None:
    text = "time,partner,way,sum,left,ok\n2025-03-01 09:00:00,B,贷,9,9,\n2025-03-01 09:00:30,B,借,5.00,9,交易失败\n"
    text += "2025-03-01 09:01:00,B,借,6.00,3,成功\n"
    profile = WORDS + 'failed = ["失败"]\nbalance_check = "row"\n' + WORD_COLUMNS + 'state = "ok"\nbalance = "left"\n'
    reading = _read(tmp_path, profile, text)
    assert [row["status"] for row in rows_of(reading)] == ["done", "failed", "done"]
    assert "LDG-balance-chain" not in told(reading)
    (decision,) = reading.decisions
    assert (decision["kind"], decision["transfer"]) == ("failed", rows_of(reading)[1]["transfer"])
    assert "交易失败" in str(decision["evidence"])


def test_a_cell_with_a_name_and_a_number_is_split(tmp_path: Path) -> None:
    profile = (
        SIGNED.replace("{partner}", "{number}") + COLUMNS + "[split]\npartner = '^(?P<partner_name>\\D*)(?P<number>\\d+)?$'\n"
    )
    reading = _read(
        tmp_path, profile, "time,card,partner,sum\n2025-03-01 09:00:00,A,张三 622201,1\n2025-03-01 09:00:01,A,ATM,2\n"
    )
    assert moves(reading) == [("622201", "A", 100), ("unknown:A", "A", 200)]
    assert reading.side is not None
    assert ("622201", "张三") in zip(*(reading.side[name].to_pylist() for name in ("account", "holder_name")), strict=True)


def test_what_stands_below_the_table_counts_and_is_no_row(tmp_path: Path) -> None:
    profile = SIGNED + "junk = ['^(卡号|合计|期间)']\nperiod_from = '期间(\\S+)至'\nperiod_to = '至(\\S+)'\n"
    profile += "[preamble]\ncard = '卡号(\\d+)'\n" + COLUMNS.replace('card = "card"\n', "")
    text = "time,partner,sum\n2025-03-01 09:00:00,合计,1\n合计,,1\n卡号6222 期间20250301至20250331\n"
    reading = _read(tmp_path, profile, text)
    assert moves(reading) == [("合计", "6222", 100)]
    assert (reading.bad, reading.blank) == ([], 2)
    assert reading.periods == [("6222", 1740758400000000, 1743436799999999)]


def test_a_stranger_cannot_name_the_owner_from_inside_a_cell(tmp_path: Path) -> None:
    profile = SIGNED + "[preamble]\ncard = '卡号(\\d+)'\n" + COLUMNS.replace('card = "card"\n', "") + 'note = "note"\n'
    text = 'time,partner,sum,note\n2025-03-01 09:00:00,B,1,"x\n卡号666\n"\n'
    assert [line.code for line in _read(tmp_path, profile, text).bad] == ["LDG-missing-value"]


def test_a_number_a_spreadsheet_has_rewritten_names_nobody(tmp_path: Path) -> None:
    text = "time,card,partner,sum\n2025-03-01 09:00:00,A,6.22E+18,1\n2025-03-01 09:00:01,A,6.22E+18,2\n"
    reading = _read(tmp_path, SIGNED + COLUMNS, text)
    assert moves(reading) == [("unknown:A", "A", 100), ("unknown:A", "A", 200)]
    assert told(reading)["LDG-number-rewritten"] == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_one_profile_reads_every_encoding_and_delimiter(tmp_path: Path, encoding: str, mark: str) -> None:
    text = f"标题\n\ntime{mark}card{mark}partner{mark}sum\n2025-03-01 09:00:00{mark}A{mark}张三{mark}1\n"
    assert moves(_read(tmp_path, SIGNED + COLUMNS, text.encode(encoding))) == [("张三", "A", 100)]


def test_of_two_profiles_the_one_that_uses_more_columns_counts_and_distinct_names_tell_variants_apart(tmp_path: Path) -> None:
    paths = []
    for name, more in (("small", ""), ("large", 'distinct = ["note"]\n'), ("other", 'without = ["note"]\n')):
        paths.append(tmp_path / f"{name}.toml")
        paths[-1].write_text(SIGNED.replace('"b"', f'"{name}"') + more + COLUMNS, "utf-8")
    for header, wanted in (("time,card,partner,sum,note", "large"), ("time,card,partner,sum", "other")):
        path = tmp_path / "x.csv"
        path.write_text(f"{header}\n2025-03-01 09:00:00,A,B,1\n", "utf-8")
        assert reading_of(path, tuple(paths)).format == f"profile:{wanted}"


def test_a_header_that_comes_again_is_no_row(tmp_path: Path) -> None:
    row = "2025-03-01 09:00:0{},A,B,1\n"
    head = "time,card,partner,sum\n"
    reading = _read(tmp_path, SIGNED + COLUMNS, head + row.format(1) + head + row.format(2))
    assert (len(moves(reading)), reading.bad, reading.blank) == (2, [], 1)


def test_accounts_links_and_vouchers_are_read_by_templates(tmp_path: Path) -> None:
    head = 'name = "b"\ntitle = "t"\ntime_formats = ["%Y%m%d"]\n'
    accounts = head + 'kind = "accounts"\n[columns]\ncard = "卡号"\nname = "户名"\nsum = "余额"\n[fields]\naccount = "{card}"\n'
    accounts += 'holder_name = "{name}"\nopening_balance = "{sum}"\n[[links]]\nkind = "phone"\nidentifier = "{name}"\n'
    reading = _read(tmp_path, accounts, '卡号,户名,余额\n6222,张三,"1,000.50"\n')
    assert rows_of_kind(reading) == [{"account": "6222", "holder_name": "张三", "opening_balance": 100050}]
    assert reading.beside["links"].to_pylist() == [{"kind": "phone", "identifier": "张三", "account": "6222", "line": 2}]
    cards = head + 'kind = "gift_card"\n[constants]\noperation = "purchase"\n[columns]\ncard = "卡"\nday = "日"\nsum = "面值"\n'
    cards += '[fields]\ncard = "{card}"\ntime = "{day}"\nface = "{sum}"\n'
    (row,) = rows_of_kind(_read(tmp_path, cards, "卡,日,面值\nC1,20250301,500\n"))
    assert (row["card"], row["face"], str(row["event"])[:2]) == ("C1", 50000, "b:")


def rows_of_kind(reading: Reading) -> list[dict[str, object]]:
    """Rows of a small kind without their lines and extra attributes."""
    return [
        {name: value for name, value in row.items() if name not in ("line", "extra")}
        for chunk in reading.chunks
        for row in chunk.to_pylist()
    ]


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ("junk = ['(?<=x)y']", "invalid perl operator"),
        ('counterparty = ["{partner"]', "expected '}'"),
        ("[fee]\ncolumn = 'x'\npattern = 'y'\ntarget = 'z'\n", "needs a group"),
        ('repeats = "never"', "repeats must be"),
        ('kind = "links"', "fields of links must name"),
    ],
)
def test_a_profile_that_would_fail_later_fails_when_it_is_loaded(tmp_path: Path, more: str, cause: str) -> None:
    text = SIGNED.replace('counterparty = ["{partner}"]\n', "") + (more + "\n" + COLUMNS if more[0] != "[" else COLUMNS + more)
    with pytest.raises(LiushuiError, match=cause):
        load_profiles(_profile(tmp_path, text))

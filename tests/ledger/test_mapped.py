"""Exports of wallets and banks through profiles: the figures were checked against the files by eye."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from ledger import open_ledger
from ledger.ingest import IngestResult, ingest
from ledger.problems import LiushuiError
from ledger.statements.profile import SHIPPED, load_profile, load_profiles
from tests.ledger.folders import codes, put, shared

Row = tuple[str, str, int, str]


def _read(tmp_path: Path, *paths: Path, profiles: tuple[Path, ...] = ()) -> tuple[IngestResult, dict[str, Row]]:
    """By transfer: source, target, fen, status."""
    result = ingest(tmp_path / "ledger", paths, profiles=profiles)
    ledger = open_ledger(tmp_path / "ledger")
    names = ledger.accounts["account"].to_numpy()
    rows = ledger.transfers("transfer", "source", "target", "amount_fen", "status")
    return result, {
        r.transfer: (names[r.source], names[r.target], r.amount_fen, r.status) for r in rows.itertuples(index=False)
    }


def test_berka_keeps_every_entry_but_the_broken_last_line(tmp_path: Path) -> None:
    result, rows = _read(tmp_path, shared("berka/trans_part.asc.gz"))
    errors = [problem for problem in result.problems if problem.severity == "error"]
    assert [(problem.line, problem.code) for problem in errors] == [(49104, "LDG-unclosed-quote")]
    assert len(rows) == 49102
    assert rows["berka:695247"] == ("berka:cash", "berka:2378", 70000, "done")
    assert rows["berka:637741"] == ("berka:cash", "berka:2177", 80000, "done")
    assert rows["berka:637742"] == ("YZ:62457513", "berka:2177", 512300, "done")
    ledger = open_ledger(tmp_path / "ledger")
    first = ledger.transfers("transfer", "source_balance_fen", "target_balance_fen").set_index("transfer").loc["berka:637742"]
    assert first["target_balance_fen"] == 592300
    kinds = dict(zip(ledger.accounts["account"], ledger.accounts["kind"], strict=True))
    assert kinds["berka:cash"] == "cash"
    assert kinds["berka:2378"] == "bank"
    broken = next(problem for problem in result.problems if problem.code == "LDG-balance-chain")
    assert broken.message.startswith("2,583 of 49,102 running balances")


@pytest.mark.parametrize(("cluster", "rows", "accounts"), [(3, 135, 93), (5, 1307, 837)])
def test_on_chain_flows_all_land_in_dollars(tmp_path: Path, cluster: int, rows: int, accounts: int) -> None:
    result, landed = _read(tmp_path, shared(f"onchain/cluster_{cluster}/flow_records.csv"))
    assert (len(landed), result.accounts) == (rows, accounts)
    assert set(open_ledger(tmp_path / "ledger").transfers("currency")["currency"]) == {"USD"}
    assert codes(result.problems, "error", "warning") == []


def test_a_desk_reads_a_new_bank_with_a_profile_of_its_own(tmp_path: Path) -> None:
    profile = tmp_path / "desk.toml"
    profile.write_text(
        """
name = "desk-bank"
title = "a new bank"
encodings = ["gb18030"]
delimiter = ";"
junk = ["合计"]
ragged = true
time_formats = ["%Y%m%d %H%M%S"]
amount_sign = "two_columns"
amount_strip = ","
own_account = ["{card}"]
counterparty = ["{partner}", "unknown:{name}"]
balance_check = "row"
optional = ["name"]
preamble = { card = '卡号[:：]\\s*(\\d+)' }
[columns]
date = ["交易日期", "记账日期"]
clock = "交易时间"
debit = "支出"
credit = "收入"
balance = "余额"
partner = "对方账号"
name = "对方户名"
[[rules]]
when = { name = "ATM" }
counterparty = "cash:ATM"
""",
        "utf-8",
    )
    statement = (
        "某银行对账单\n卡号：622299\n\n余额;支出;收入;交易日期;交易时间;对方账号;对方户名\n"
        '1,500.00;;1,500.00;20250301;090000;622201;张三\n"500.00";1000.00;;20250301;091500;;ATM 取款\n'
        "400.00;99.99;;20250301;092000;;李四\n400.00;1.00;2.00;20250301;093000;622203;\n合计;1;2\n300.00;100.00;;20250301;094000\n"
    )
    folder = put(tmp_path / "records", bank_csv=statement.encode("gb18030"))
    result, rows = _read(tmp_path, folder, profiles=(profile,))
    assert sorted(row[:3] for row in rows.values()) == [
        ("622201", "622299", 150000),
        ("622299", "cash:ATM", 100000),
        ("622299", "unknown:622299", 10000),
        ("622299", "unknown:李四", 9999),
    ]
    found = Counter(codes(result.problems))
    assert found == {
        "LDG-profile-used": 1,
        "LDG-junk-lines": 1,
        "LDG-profile-rule": 1,
        "LDG-balance-chain": 2,
    }
    (broken,) = [problem for problem in result.problems if problem.code == "LDG-balance-chain" and problem.line]
    assert broken.line == 7
    (both,) = [problem for problem in result.problems if problem.severity == "error"]
    assert "'1.00 / 2.00'" in both.message


def test_a_signed_amount_column_gives_the_direction(tmp_path: Path) -> None:
    profile = tmp_path / "signed.toml"
    profile.write_text(
        'name = "signed"\ntitle = "signed"\namount_sign = "signed"\nown_account = ["{card}"]\ncounterparty = ["{partner}"]\n'
        'zone = "UTC"\n[columns]\ntime = "when"\namount = "sum"\ncard = "card"\npartner = "partner"\n',
        "utf-8",
    )
    text = "when,card,partner,sum\n2025-03-01 09:00:00,A,B,-5.50\n2025-03-01 09:01:00,A,C,+7\n03/01/2025,A,D,1\n,,,\n"
    result, rows = _read(tmp_path, put(tmp_path / "records", x_csv=text), profiles=(profile,))
    assert sorted(row[:3] for row in rows.values()) == [("A", "B", 550), ("C", "A", 700)]
    (problem,) = [problem for problem in result.problems if problem.severity == "error"]
    assert (problem.line, problem.code) == (4, "LDG-bad-time")
    assert "'03/01/2025' is not like" in problem.message


def test_two_profiles_that_fit_equally_are_an_error_of_the_file(tmp_path: Path) -> None:
    text = 'title = "t"\namount_sign = "signed"\nown_account = ["me"]\n[columns]\ntime = "when"\namount = "sum"\n'
    paths = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.toml"
        path.write_text(f'name = "{name}"\n{text}', "utf-8")
        paths.append(path)
    result = ingest(tmp_path / "ledger", [put(tmp_path / "r", x_csv="when,sum\n2025-03-01 09:00:00,1\n")], profiles=paths)
    assert codes(result.problems) == ["LDG-ambiguous-header"]
    assert "one and two" in result.problems[0].message


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("name = ", "not TOML"),
        ('name = "x"\ntitle = "t"\n[columns]\ntime = "a"\n', "columns must name"),
        ('name = "x"\ntitle = "t"\nsurprise = 1\n[columns]\ntime = "a"\n', "unknown key 'surprise'"),
        ('name = "x"\ntitle = "t"\nragged = "yes"\n[columns]\ntime = "a"\n', "ragged must be a bool"),
        ('name = "x"\ntitle = "t"\namount_sign = "signed"\n[columns]\ntime = "a"\namount = "b"\n', "own_account must say"),
    ],
)
def test_an_unusable_profile_names_its_file_and_cause(tmp_path: Path, text: str, cause: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(LiushuiError, match=r"bad\.toml") as caught:
        load_profiles([path])
    assert cause in str(caught.value)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_profile_loads_under_its_file_name(path: Path) -> None:
    assert load_profile(path).name == path.stem


def test_a_date_only_statement_chains_within_the_day_in_any_order(tmp_path: Path) -> None:
    head = '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"\n'
    rows = [
        '1;7;930101;"PRIJEM";"VKLAD";700.00;700.00;"";;',
        '2;7;930102;"PRIJEM";"";1.00;801.00;"UROK";;',
        '3;7;930102;"PRIJEM";"VKLAD";100.00;800.00;"";;',
        '4;7;930103;"VYBER";"VYBER";1.00;700.00;"";;',
    ]
    data = gzip.compress((head + "\n".join(rows)).encode())
    result, landed = _read(tmp_path, put(tmp_path / "records", trans_gz=data))
    broken = [problem.line for problem in result.problems if problem.code == "LDG-balance-chain"]
    assert broken == [0, 5]
    assert landed["berka:4"][:2] == ("berka:7", "berka:cash")

"""A profile of one's own that extends a shipped one, the month a statement is for, and currencies by name."""

from pathlib import Path

import pyarrow as pa
import pytest

from ledger.problems import LiushuiError
from ledger.statements.currencies import currency_codes
from ledger.statements.dates import dated
from ledger.statements.profile import SHIPPED, load_profile
from ledger.statements.times import instants, time_text
from tests.ledger.bankbook import landed
from tests.ledger.folders import put


def _profile(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_desk_names_the_columns_of_a_new_bank_and_has_the_rest_from_the_shipped_profile(tmp_path: Path) -> None:
    from ledger.ingest import ingest

    own = _profile(
        tmp_path,
        """
name = "own"
title = "a new bank"
extends = "bank_statement"
texts = { bank = "NEW", code = "new", own_institution = "NEW", institution = "NEW" }
[columns]
day = "哪天"
amount = "多少"
direction = "方向"
note = "什么"
[[rules]]
when = { note = "^内部" }
counterparty = "new:inside"
""",
    )
    rows = "20250301,5.00,支,内部划转,\n20250302,6.00,收,存款利息,\n20250303,7,收,转账,6222020000000001\n"
    text = f"帐号：6210980000000000001\n哪天,多少,方向,什么,对方账号\n{rows}"
    ingest(tmp_path / "ledger", [put(tmp_path / "records", x_csv=text)], profiles=[own])
    assert [(row["source"], row["target"], row["amount"]) for row in landed(tmp_path / "ledger")] == [
        ("6210980000000000001", "new:inside", "5.00"),
        ("new:interest", "6210980000000000001", "6.00"),
        ("6222020000000001", "6210980000000000001", "7.00"),
    ]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('extends = "nobody"', "extends must name a shipped profile"),
        ('extends = "../profiles/berka"', "extends must name a shipped profile"),
        ("extends = 3", "extends must name a shipped profile"),
        ('extends = "icbc_debit"', "itself extends"),
        ('extends = "bank_statement"\ntexts = 3', "texts must be a table"),
        ('extends = "bank_statement"\ntexts = { bank = 3 }', "expected str"),
        ('extends = "bank_statement"\nrules = 3', "rules must be a list"),
        ('extends = "bank_statement"\naccounts = [3]', "accounts must be tables"),
        ('extends = "bank_statement"\nsplit = { day = "(" }', "unterminated"),
    ],
)
def test_a_profile_that_extends_wrongly_is_refused_with_its_cause(tmp_path: Path, text: str, cause: str) -> None:
    with pytest.raises(LiushuiError, match=r"own\.toml") as caught:
        load_profile(_profile(tmp_path, f'name = "own"\ntitle = "t"\n{text}\n[columns]\n'))
    assert cause in str(caught.value)


def test_an_inherited_column_is_optional_and_an_empty_list_drops_it(tmp_path: Path) -> None:
    text = 'name = "own"\ntitle = "t"\nextends = "bank_statement"\n[columns]\namount = "sum"\nday = "when"\nmoment = []\n'
    profile = load_profile(_profile(tmp_path, text))
    assert profile.find({"sum": 0, "when": 1, "交易时间": 2}) == {"amount": 0, "day": 1}
    assert profile.find({"sum": 0, "交易日期": 1}) is None


@pytest.mark.parametrize(
    ("text", "month", "whole"),
    [
        ("12/29", "2024年01月", "2023/12/29"),
        ("01/31", "2024年1月", "2024/01/31"),
        ("1月3日", "2023-12", "2023/01/03"),
        ("12-31", "202312", "2023/12/31"),
        ("2024-01-05", "2024年01月", "2024-01-05"),
        ("12/29", None, "12/29"),
        ("12/29", "January", "12/29"),
    ],
)
def test_the_month_of_a_statement_gives_its_dates_their_year(text: str, month: str | None, whole: str) -> None:
    assert dated(pa.array([text]), pa.array([month], pa.string())).to_pylist() == [whole]


def test_currencies_by_name_by_number_and_by_code() -> None:
    given = pa.array(["人民币", "人民币元", "156", "usd", "港币", "银币", None], pa.string())
    assert currency_codes(given).to_pylist() == ["CNY", "CNY", "CNY", "USD", "HKD", "银币", None]


def test_a_date_run_together_must_have_all_its_digits() -> None:
    profile = load_profile(SHIPPED / "abc_debit.toml")
    _, untimed = instants(profile, pa.array(["20241102", "2024112", "20241102 93015", "20241102 093015"]))
    assert untimed.tolist() == [False, True, True, False]
    cells = {"date": pa.array(["20241102"] * 3), "clock": pa.array(["93015", "509", None], pa.string())}
    assert time_text(profile, cells, 3).to_pylist() == ["20241102 093015", "20241102 000509", "20241102"]

"""Whatever is done to a sound statement, every line of it is a row, a problem, junk or blank, and nothing is raised."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.catalogue import SEVERITIES
from ledger.reading import Reading, silent
from ledger.sources import read_file
from ledger.statements.profile import load_profiles
from tests.ledger.statements import STATEMENTS, Statement

PROFILES = load_profiles([])
ONE = st.sampled_from(STATEMENTS)
CELL = st.one_of(
    st.text(alphabet=st.characters(exclude_characters="\n\r", codec="utf-8"), max_size=12),
    st.sampled_from(["", "-", "(null)", "xx,yyyy.zz", "-1", "+0.00", "(5.00)", "6.22E+18", "25:61", "20250230", "2569-03-01"]),
    st.sampled_from(
        ["合计", "借 Dr", "冲正", "ATM取款", "美元", "9" * 30, "1.005", "\t", "\0", "'1", "６２２", "45658.5", '="1"']
    ),
)


def _read(content: bytes, statement: Statement) -> Reading:
    """Read the bytes as a file of the statement's name; the reading itself asserts that its count is whole."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "file.csv"
        path.write_bytes(content)
        reading = Reading(path, statement.file, len(content))
        return read_file(reading, PROFILES, silent)


def _errors(reading: Reading) -> list[int]:
    return [p.line for p in reading.complaints.listed if SEVERITIES[p.code] == "error"]


def _header(statement: Statement) -> int:
    """The index of the header among the lines."""
    return next(p.line for p in _read(statement.text.encode(), statement).complaints.listed if p.code == "LDG-profile-used") - 1


HEADERS = {statement: _header(statement) for statement in STATEMENTS}


@settings(max_examples=150, deadline=None)
@given(statement=ONE, row=st.integers(0, 20), column=st.integers(0, 20), cell=CELL)
def test_one_spoilt_cell_costs_at_most_its_own_line(statement: Statement, row: int, column: int, cell: str) -> None:
    lines, header = statement.text.splitlines(), HEADERS[statement]
    at = header + 1 + row % (len(lines) - header - 1)
    cells = lines[at].split(",")
    cells[column % len(cells)] = cell.replace('"', "").replace(",", "")
    lines[at] = ",".join(cells)
    reading = _read(("\n".join(lines) + "\n").encode(), statement)
    refused = {line for line, _ in statement.refused}
    assert set(_errors(reading)) <= refused | {at + 1}
    assert reading.data_lines == len(lines) - header - 1
    assert reading.rows >= len(statement.rows) - 1


@settings(max_examples=60, deadline=None)
@given(statement=ONE, column=st.integers(0, 20))
def test_a_dropped_column_is_read_without_it_or_told(statement: Statement, column: int) -> None:
    lines, header = statement.text.splitlines(), HEADERS[statement]
    at = column % (lines[header].count(",") + 1)
    kept = [",".join(c for n, c in enumerate(line.split(",")) if n != at) for line in lines[header:]]
    reading = _read("\n".join([*lines[:header], *kept]).encode(), statement)
    assert reading.rows or _errors(reading)


@settings(max_examples=60, deadline=None)
@given(statement=ONE, cut=st.floats(0, 1))
def test_a_cut_statement_keeps_its_whole_lines(statement: Statement, cut: float) -> None:
    raw = statement.text.encode()
    content = raw[: int(len(raw) * cut)]
    reading = _read(content, statement)
    whole = content.count(b"\n") - HEADERS[statement] - 1
    assert reading.complaints.counts
    if whole > 0:
        assert reading.data_lines in (whole, whole + 1)


@settings(max_examples=40, deadline=None)
@given(statement=ONE, share=st.floats(0, 1))
def test_swapped_halves_are_a_row_or_a_problem_each(statement: Statement, share: float) -> None:
    lines = statement.text.splitlines()
    at = int(len(lines) * share)
    reading = _read("\n".join([*lines[at:], *lines[:at]]).encode(), statement)
    assert reading.rows or reading.complaints.counts


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16", "utf-16-le", "big5"])
@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: f"{s.profile}-{s.file}")
def test_another_encoding_gives_the_same_rows_or_is_told(statement: Statement, encoding: str) -> None:
    reading = _read(statement.text.encode(encoding, "replace"), statement)
    assert reading.rows == len(statement.rows) or _errors(reading)
    if encoding in ("utf-8-sig", "gb18030"):
        assert reading.rows == len(statement.rows)


def test_a_line_cut_within_a_character_and_a_quote_is_told_once() -> None:
    text = '交易时间,支出金额,收入金额,账号,附言\n2025-03-01 09:00:00,1.00,,6210980000000000001,"好'.encode()
    reading = _read(text[:-1], STATEMENTS[0])
    assert reading.data_lines == 1
    assert [(p.line, p.code) for p in reading.complaints.listed if SEVERITIES[p.code] == "error"] == [(2, "LDG-undecodable")]

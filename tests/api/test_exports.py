"""Every export format, whatever the records call their accounts."""

import csv
import dataclasses
import io
import itertools
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from api.exports import EXPORTS, Diagram, Export, export_for, plan_diagram, write_diagram
from api.exports.json import load_graph
from api.exports.png import check_glyphs
from api.exports.wording import fitted, money, safe, tail, when, yuan
from api.freezing.acts import ACTS
from api.freezing.request import COLUMNS
from ledger.book import Ledger
from ledger.memory import ledger_of
from ledger.problems import LiushuiError
from ledger.records import ACCOUNTS, REPORTS, TRANSFERS
from tests.story import story
from tracing.trace import trace_claims

ROOT = Path(__file__).parents[2]
SMALL = """
    account victim bank holder_name=王芳 institution=ICBC
    account 6217000000000000022 bank holder_name=李强 institution=招商银行
    account wallet-9 wallet institution=WeChat
    account shop merchant holder_name=Suning
    account atm cash
    09:00:20 victim -> 6217000000000000022 50000   # claim R1
    09:04 6217000000000000022 -> card:8801 1000
    09:04 6217000000000000022 -> card:8802 1000
    09:15 card:8801 -> wallet-9 1000=>970
    09:16 card:8802 -> wallet-9 1000=>970
    09:20 6217000000000000022 -> wallet-9 20000
    09:31 6217000000000000022 -> wallet-9 10000
    09:40 wallet-9 -> shop 5000.55
    09:41 wallet-9 -> atm 4000
    09:50 wallet-9 -> 6217000000000000022 1000
"""
HOSTILE = [
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "@SUM(A1)",
    "-2+3",
    "\tTAB first",
    "a\x00b\x07c\x1b[31m",
    "\u202eRTL override\u2066",
    "\"quoted\" & 'single' ]]> <!-- -->",
    "很长的名字" * 2000,
    "z" + "\u0300" * 500,
    "emoji 😀 🦀 𠮷 \ue000 \uffff",
    "النص العربي",
    "sufficient office flow 王",
    "",
    "   ",
    "a;b;c",
    "line one\nline two\u2028three",
]


def diagram_of(ledger: Ledger, title: str = "Case 7") -> Diagram:
    return dataclasses.replace(plan_diagram(ledger, trace_claims(ledger), title=title), generator="liushui")


def hostile_ledger() -> Ledger:
    """Every hostile text as name, institution and account of a mule."""
    ledger = story("\n".join(f"09:{i:02d} victim -> m{i} {100 + i}   # claim" for i in range(len(HOSTILE))))
    accounts = ledger.accounts.copy()
    for i, text in enumerate(HOSTILE):
        row = accounts.index[accounts["account"] == f"m{i}"][0]
        accounts.loc[row, ["account", "holder_name", "institution"]] = [f"{text}{i}", text, text]
    told = pa.Table.from_pandas(accounts, schema=ACCOUNTS, preserve_index=False)
    reports = pa.Table.from_pandas(ledger.reports, schema=REPORTS, preserve_index=False)
    return ledger_of(ledger.read(TRANSFERS.names), told, reports)


@pytest.fixture(scope="module")
def hostile() -> Diagram:
    return diagram_of(hostile_ledger(), title="".join(HOSTILE))


@pytest.fixture(scope="module")
def small() -> Diagram:
    return diagram_of(story(SMALL))


every_export = pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.extension)


@every_export
def test_every_export_renders_hostile_names(export: Export, hostile: Diagram) -> None:
    assert len(export.render(hostile)) > 500


@every_export
def test_every_export_is_the_same_twice(export: Export, small: Diagram) -> None:
    assert export.render(small) == export.render(diagram_of(story(SMALL)))


@every_export
def test_every_export_of_an_empty_trace_is_a_file(export: Export) -> None:
    assert export.render(diagram_of(story("09:00 a -> b 5")))


@every_export
def test_every_text_export_tells_every_amount(export: Export, small: Diagram) -> None:
    if not export.media_type.startswith("image/png"):
        text = export.render(small).decode().replace(",", "")
        assert all(amount in text for amount in ("50000.00", "30000.00", "5000.55", "4000.00"))


@every_export
def test_every_export_is_written_by_its_extension(export: Export, tmp_path: Path) -> None:
    ledger = story(SMALL)
    path = write_diagram(ledger, trace_claims(ledger), tmp_path / "new" / f"flow.{export.extension}", title="Case 7")
    assert [found.name for found in path.parent.iterdir()] == [f"flow.{export.extension}"]


def test_an_unknown_extension_names_what_there_is() -> None:
    with pytest.raises(LiushuiError, match="no diagram format 'docx'; there are: svg png json csv"):
        export_for(".docx")


def test_the_small_picture_is_the_golden_one(small: Diagram, golden: Callable[[str, bytes], None]) -> None:
    golden("diagram.svg", export_for("svg").render(small))


def test_the_small_json_is_the_golden_one(small: Diagram, golden: Callable[[str, bytes], None]) -> None:
    golden("diagram.json", export_for("json").render(small))


def test_svg_holds_no_element_or_control_character_of_a_record(hostile: Diagram) -> None:
    text = export_for("svg").render(hostile).decode()
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()}
    assert tags == {"svg", "title", "style", "rect", "path", "g", "text", "tspan"}
    assert not set(text) & set("\x00\x07\x1b\u202e\u2066")


def test_a_long_name_is_cut_and_whole_behind_it(hostile: Diagram) -> None:
    text = export_for("svg").render(hostile).decode()
    shown = re.sub("<title>.*?</title>|</?tspan>", "", text)
    assert text.count("很长的名字" * 2000) > shown.count("很长的名字" * 2000) == 0
    assert ">很长的名字很长的名字很…<" in shown


def test_json_goes_round(small: Diagram) -> None:
    again = load_graph(export_for("json").render(small))
    assert again.nodes.to_dict("records") == small.graph.nodes.drop(columns="column_key").to_dict("records")
    assert again.flows.to_dict("records") == small.graph.flows.to_dict("records")


def test_json_of_hostile_names_goes_round(hostile: Diagram) -> None:
    again = load_graph(export_for("json").render(hostile))
    assert again.nodes["holder_name"].tolist() == hostile.graph.nodes["holder_name"].tolist()


def test_data_formats_fold_nothing(small: Diagram) -> None:
    assert small.drawn.folded == 2
    assert len(json.loads(export_for("json").render(small))["nodes"]) == len(small.graph.nodes) == 7


def test_csv_cells_start_no_formula(hostile: Diagram) -> None:
    rows = list(csv.reader(io.StringIO(export_for("csv").render(hostile).decode(), newline="")))
    assert len(rows) == 1 + len(HOSTILE)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_footer_names_case_method_batch_and_ledger(small: Diagram) -> None:
    facts = " · ".join(small.facts)
    assert facts.startswith("Case: Case 7 · method fifo · as of the last record · batch 1 · ledger ")
    assert facts.endswith("page 1 of 1")


def test_the_clock_is_in_the_picture_only_where_given() -> None:
    ledger = story(SMALL)
    now = datetime(2025, 3, 2, 1, 30, tzinfo=UTC)
    assert "drawn 2025-03-02 01:30 UTC" in plan_diagram(ledger, trace_claims(ledger), title="x", now=now).facts


def test_png_is_drawn_with_cjk_glyphs(small: Diagram) -> None:
    rendered = export_for("png").render(small)
    blank = dataclasses.replace(small, title="Case 7 電信詐欺")
    assert rendered.startswith(b"\x89PNG")
    assert rendered != export_for("png").render(blank)


def test_a_glyph_no_font_has_is_an_error() -> None:
    with pytest.raises(LiushuiError, match=r"U\+1F980"):
        check_glyphs("<text>crab 🦀</text>")


def test_undrawable_and_invisible_characters_are_spelt_out() -> None:
    assert safe("a\u202eb🦀王\x07") == "a‹U+202E›b‹U+1F980›王‹U+0007›"


def test_amounts_are_exact_decimal_strings() -> None:
    assert [yuan(0), yuan(5), yuan(49_950_00), money(1_204_000_00), money(5, "USD"), money(1_00, "THB")] == [
        "0.00",
        "0.05",
        "49950.00",
        "¥1,204,000.00",
        "$0.05",
        "THB 1.00",
    ]


def test_times_show_span_and_count() -> None:
    minute = 60_000_000
    assert when((68 * minute, 68 * minute), 1, 480, False) == "09:08:00"
    assert when((68 * minute, 101 * minute), 2, 480, False) == "09:08–09:41 ×2"
    assert when((68 * minute, 68 * minute), 1, 480, True) == "01-01 09:08"
    assert when((68 * minute, 3000 * minute), 3, 480, True) == "01-01–01-03 ×3"


def test_accounts_are_shown_by_their_end() -> None:
    assert [tail("6217000000008424"), tail("card:8801"), tail("0x8b3cb6bf982798fba233bca56749e22eec42dcf3")] == [
        "…8424",
        "8801",
        "0x8b3c…dcf3",
    ]


def test_fitted_text_is_never_wider_than_its_room() -> None:
    assert [fitted("abc", 100, 10), fitted("W" * 50, 60, 10)] == ["abc", "WWWWW…"]


def documented_rows(page: str, heading: str) -> list[list[str]]:
    """Cells of the table whose header starts with the heading."""
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    table = itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table]


def test_documented_formats_are_the_exports() -> None:
    assert [row[:2] for row in documented_rows("diagram.md", "extension")] == [[e.extension, e.media_type] for e in EXPORTS]


def test_documented_batch_columns_are_those_written() -> None:
    assert tuple(row[0] for row in documented_rows("freeze-batch.md", "column")) == COLUMNS


def test_documented_acts_carry_what_the_code_asks_for() -> None:
    found = {row[0]: row[2].split(", ") for row in documented_rows("freeze-batch.md", "act")}
    assert found == {act.name: [field for field, _ in act.mandatory] for act in ACTS}

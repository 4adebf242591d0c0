"""Freeze lines whose money came over inferred links: told as an estimate, never above the holding, dashed in the diagram."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from api.exports import export_for, plan_diagram
from api.freezing import write_freeze_batch
from api.judgement import Judged, judge
from api.results import write_trace
from api.summary import last_moment_us
from ledger.book import Ledger
from rules.lines import LEAST_LIEN_FEN
from tests.story import story
from tests.tracing.test_inferred import EQUAL, TOGETHER, at_random, links, traced
from tracing import Trace
from tracing.trace import trace_claims

RECYCLED = """
account wallet wallet holder=h
account purse bank holder=h
account middleman bank institution=ICBC
account boss bank institution=ICBC
opening purse 100000
09:00 v -> mule 60000             # claim C1
09:01 mule -> card:1 36000
09:02 mule -> card:2 24000
10:00 card:1 -> wallet 36000 id=R1
10:01 card:2 -> wallet 24000 id=R2
18:00 purse -> middleman 58200 id=P
19:00 middleman -> boss 30000
19:30 w -> boss 5000              # claim C2
20:00 boss -> shopper 4000
"""
LINKS = links(("P", ("R1", "R2"), 9_512))


def judged(ledger: Ledger, trace: Trace) -> Judged:
    return judge(ledger, trace, last_moment_us(ledger))


@pytest.fixture(scope="module")
def case() -> tuple[Ledger, Trace, Judged]:
    ledger = story(RECYCLED)
    trace = traced(ledger, LINKS)
    return ledger, trace, judged(ledger, trace)


def test_a_line_says_how_much_of_its_money_is_there_by_estimate_only(case: tuple[Ledger, Trace, Judged]) -> None:
    reasons = case[2].lines.set_index("target")["reason"]
    estimate = "only through inferred links of vouchers to payouts, the least sure of them 95.12 %: an estimate, not a record."
    assert f"All of it came {estimate}" in reasons["middleman"]
    assert f"26,000.00 of it came {estimate}" in reasons["boss"].replace("26000.00", "26,000.00")


def test_the_banks_file_says_so_too(case: tuple[Ledger, Trace, Judged], tmp_path: Path) -> None:
    ledger, trace, found = case
    write_freeze_batch(tmp_path / "b", ledger, trace, found.lines, now=datetime(2025, 3, 2, tzinfo=UTC), case="c")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "b" / "ICBC.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 2
    assert all("an estimate, not a record" in row["reason"] for row in rows)


def test_the_flows_behind_the_link_are_dashed(case: tuple[Ledger, Trace, Judged]) -> None:
    ledger, trace, _ = case
    svg = export_for("svg").render(plan_diagram(ledger, trace, title="x")).decode()
    plain = export_for("svg").render(plan_diagram(ledger, trace_claims(ledger), title="x")).decode()
    assert svg.count('stroke-dasharray="7 4"') == 5  # within the recycler, the payout, middleman, boss, and the legend
    assert 'stroke-dasharray="7 4"' not in plain


def test_without_the_links_nobody_behind_them_is_asked_for(case: tuple[Ledger, Trace, Judged]) -> None:
    ledger = case[0]
    found = judged(ledger, trace_claims(ledger)).lines
    assert "middleman" not in set(found["target"])
    assert not found["reason"].str.contains("inferred").any()


def test_no_line_ever_asks_for_more_than_is_held_to_the_fen() -> None:
    seen = 0
    for seed in range(12):
        ledger, table = at_random(seed)
        trace = traced(ledger, table, probability_bp=0)
        lines = judged(ledger, trace).lines
        held = trace.held.groupby("account").agg(fen=("held_fen", "sum"), balance=("balance_fen", "first"))
        asked = asked_of(lines)
        both = asked.to_frame("asked").join(held, how="left").fillna(0)
        assert (both["asked"] <= both[["fen", "balance"]].min(axis=1)).all(), seed
        flagged = {row.account for row in trace.held.itertuples() if row.inferred_fen}
        told = {row.target for row in lines.itertuples() if "inferred" in row.reason}
        assert told == {name for name in asked.index if name in flagged}, seed
        seen += len(told)
    assert seen > 3
    assert LEAST_LIEN_FEN > 0


def asked_of(lines: pd.DataFrame) -> "pd.Series[int]":
    """What is asked for at each account."""
    here = lines[(lines["lien_fen"] > 0).to_numpy(dtype=bool)]
    prefix = here["target_kind"].map({"card": "card:", "qq": "qq:"}).fillna("")
    return here["lien_fen"].groupby((prefix + here["target"]).to_numpy(dtype=object)).sum()


def test_the_result_files_say_how_sure_each_amount_is(case: tuple[Ledger, Trace, Judged], tmp_path: Path) -> None:
    ledger, trace, _ = case
    told = {"payer": "purse", "payee": "middleman", "kind": "gift_card", "face_fen": 60_000_00, "payout_fen": 58_200_00}
    rates = {"rate_bp": 9_700, "low_bp": 9_690, "high_bp": 9_710}
    write_trace(ledger, replace(trace, inferred=LINKS.assign(**told, **rates)), tmp_path)
    for name in ("traced", "held", "sinks"):
        assert (tmp_path / f"{name}.csv").read_text().partition("\n")[0].endswith(",flags,probability")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "held.csv").read_text(encoding="utf-8"))))
    assert {(row["claim"], row["account"]): row["probability"] for row in rows} == {
        ("C1", "middleman"): "0.9512",
        ("C1", "boss"): "0.9512",
        ("C1", "shopper"): "0.9512",
        ("C2", "boss"): "",
    }


def test_a_set_is_one_row_of_a_file_of_its_own(tmp_path: Path) -> None:
    ledger = story(EQUAL)
    told = {"payer": "purse", "payee": "middleman", "kind": "card", "face_fen": 1000_00, "payout_fen": 970_00}
    rates = {"rate_bp": 9_700, "low_bp": 9_690, "high_bp": 9_710}
    trace = traced(ledger, TOGETHER)
    assert trace.inferred is not None
    write_trace(ledger, replace(trace, inferred=trace.inferred.assign(**told, **rates)), tmp_path)
    assert (tmp_path / "inferred_links.csv").read_text().count("\n") == 1  # nothing but its columns
    rows = csv.DictReader(io.StringIO((tmp_path / "inferred_sets.csv").read_text(encoding="utf-8")))
    assert list(rows) == [
        {
            "payouts": "P1;P2", "payer": "purse", "payee": "middleman", "voucher": "card", "redemptions": "R1;R2",
            "face": "2000.00", "paid": "1940.00", "rate": "0.9700", "rate_low": "0.9690", "rate_high": "0.9710",
            "probability": "0.9200",
        }
    ]  # fmt: skip

"""What ties claims, and the nearest innocent thing that does not: each kind of tie with its twin."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ledger.book import Ledger, frame
from ledger.records import LINKS
from tests.story import story
from tracing.identifiers import normal
from tracing.linkage import MOST_ACCOUNTS, MOST_CASES, Linkage, link_claims
from tracing.trace import trace_claims

TWO = """
09:00 v1 -> m1 1000   # claim A
09:10 v2 -> m2 1000   # claim B
"""


def linked(ledger: Ledger) -> Linkage:
    return link_claims(ledger, trace_claims(ledger))


def with_links(ledger: Ledger, *links: tuple[str, str, str]) -> Ledger:
    """The ledger with rows (kind, identifier, account) in its links table."""
    rows = [dict(zip(("kind", "identifier", "account"), link, strict=True)) | {"file": 0, "line": 1} for link in links]
    table = pa.table({f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in LINKS}, schema=LINKS)
    return replace(ledger, links=frame(table))


def reported(ledger: Ledger, kind: str, *values: str | None) -> Ledger:
    """The ledger whose reports, in order, name these values."""
    text = pd.array(list(values), dtype=ledger.reports[kind].dtype)
    return replace(ledger, reports=ledger.reports.assign(**{kind: text}))


def rings(linkage: Linkage) -> int:
    return len(set(linkage.ring.tolist()))


def called(numbers: list[str]) -> Ledger:
    """One case per number, nothing else in common."""
    lines = [
        f"2025-03-{1 + at // 1000:02d} {at // 60 % 24:02d}:{at % 60:02d} v{at} -> m{at} 100  # claim R{at}"
        for at in range(len(numbers))
    ]
    return reported(story("\n".join(lines)), "phone", *numbers)


def test_claims_with_nothing_in_common_are_rings_of_their_own():
    assert linked(story(TWO)).ring.tolist() == [0, 1]


def test_an_account_that_the_money_of_both_passed_ties_them():
    found = linked(story(TWO + "10:00 m1 -> m3 1000\n10:05 m2 -> m3 900"))
    (tie,) = found.ties.to_dict("records")
    assert (tie["kind"], tie["value"], tie["strength"], tie["state"], tie["cases"]) == ("account", "m3", "strong", "joins", 2)
    assert rings(found) == 1


@pytest.mark.parametrize("kind", ["merchant", "issuer", "courier", "clearing", "cash", "loan"])
def test_a_shop_or_another_hub_that_both_paid_ties_nobody(kind):
    assert rings(linked(story(f"account m3 {kind}\n{TWO}10:00 m1 -> m3 1000\n10:05 m2 -> m3 900"))) == 2


def test_a_declared_hub_ties_nobody():
    assert rings(linked(story(f"account m3 bank hub=true\n{TWO}10:00 m1 -> m3 1000\n10:05 m2 -> m3 900"))) == 2


def test_a_person_on_whose_account_victims_money_is_a_trifle_ties_nobody():
    salary = "08:00 firm -> m3 9000\n"
    assert rings(linked(story(salary + TWO + "10:00 m1 -> m3 500\n10:05 m2 -> m3 500"))) == 2


def test_an_account_that_victims_paid_ties_whatever_else_it_received():
    assert rings(linked(story("08:00 firm -> m1 9000\n09:00 v1 -> m1 10  # claim\n09:01 v2 -> m1 10  # claim"))) == 1


def test_money_that_comes_back_through_a_victim_ties_nobody():
    assert rings(linked(story(TWO + "10:00 m1 -> v2 1000"))) == 2


def test_a_device_of_a_victim_to_whom_money_came_back_ties_nobody():
    ledger = story(TWO + "10:00 m1 -> v2 1000")
    assert rings(linked(with_links(ledger, ("device", "d-1", "v2"), ("device", "d-1", "m2")))) == 2


def test_reports_of_one_victim_are_one_ring():
    assert rings(linked(story("09:00 v1 -> m1 10  # claim\n09:01 v1 -> m2 10  # claim"))) == 1


@pytest.mark.parametrize("kind", ["device", "phone", "id", "messenger", "app", "url", "order"])
def test_an_identifier_of_accounts_that_the_money_passed_ties(kind):
    value = {"phone": "19900001234", "url": "http://pay.example/x"}.get(kind, "x-4711")
    found = linked(with_links(story(TWO), (kind, value, "m1"), (kind, value, "m2")))
    assert (rings(found), found.ties["kind"].tolist(), found.ties["accounts"].tolist()) == (1, [kind], [2])


def test_an_address_alone_is_told_and_ties_nobody():
    found = linked(with_links(story(TWO), ("ip", "8.8.4.4", "m1"), ("ip", "8.8.4.4", "m2")))
    assert (rings(found), found.ties["state"].tolist()) == (2, ["weak"])


def test_a_device_that_a_family_of_victims_shares_ties_nobody():
    assert rings(linked(with_links(story(TWO), ("device", "d-1", "v1"), ("device", "d-1", "v2")))) == 2


def test_a_device_of_a_victims_other_account_ties_nobody():
    told = "account v1 bank holder=h1\naccount own bank holder=h1\n" + TWO + "08:00 own -> v1 5\n09:30 m2 -> own 900"
    assert rings(linked(with_links(story(told), ("device", "d-1", "own"), ("device", "d-1", "m1")))) == 2


def test_an_identifier_on_a_counter_is_too_common_to_tie():
    many = [("device", "d-1", f"x{number}") for number in range(MOST_ACCOUNTS["device"] - 2)]
    two = [("device", "d-1", "m1"), ("device", "d-1", "m2")]
    assert rings(linked(with_links(story(TWO), *many, *two))) == 1
    found = linked(with_links(story(TWO), *many, ("device", "d-1", "one-more"), *two))
    assert (rings(found), found.ties["state"].tolist()) == (2, ["too_common"])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "95588"),
        ("phone", "00000000000"),
        ("app", "微信"),
        ("app", "ＷｅＣｈａｔ "),
        ("url", "https://m.taobao.com/x"),
    ],
)
def test_what_everybody_has_ties_nobody_and_is_told(kind, value):
    found = linked(reported(story(TWO), kind, value, value))
    assert (rings(found), found.ties["state"].tolist()) == (2, ["public"])


@pytest.mark.parametrize("nothing", ["", "  ", "unknown", "无"])
def test_an_empty_field_is_no_identifier(nothing):
    assert linked(reported(story(TWO), "messenger", nothing, nothing)).ties.empty


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("phone", "+86 138-0000-1234", "13800001234"),
        ("url", "http://Refund.example/1?x=2", "refund.example/2"),
        ("messenger", "Wx-Service ", "wx-service"),
        ("app", "haoyi", "ＨＡＯＹＩ"),
    ],
)
def test_what_two_victims_report_ties_in_any_spelling(kind, one, other):
    assert rings(linked(reported(story(TWO), kind, one, other))) == 1


def test_a_number_in_a_report_and_on_an_account_of_another_case_ties():
    ledger = with_links(reported(story(TWO), "phone", "19900001234", None), ("phone", "19900001234", "m2"))
    assert rings(linked(ledger)) == 1


def test_266_reports_on_one_segment_are_one_ring():
    """The case reports tell of 952750xx: numbers differ, victims and mules have nothing else in common."""
    found = linked(called([f"952750{at % 100:02d}" for at in range(266)]))
    assert rings(found) == 1
    segment = found.ties[found.ties["kind"] == "segment"]
    assert (segment["value"].tolist(), segment["cases"].tolist()) == (["952750"], [266])


def test_two_segments_are_two_rings():
    found = linked(called([f"95275{at % 2}{at:02d}" for at in range(60)]))
    assert rings(found) == 2


def test_two_cases_on_a_segment_are_not_yet_a_ring():
    assert rings(linked(called(["95275011", "95275047"]))) == 2
    assert rings(linked(called(["95275011", "95275047", "95275080"]))) == 1


def test_three_reports_of_one_victim_are_one_case_on_a_segment():
    ledger = story("09:00 v1 -> m1 1 # claim\n09:01 v1 -> m2 1 # claim\n09:02 v1 -> m3 1 # claim\n09:03 v2 -> m4 1 # claim")
    found = linked(reported(ledger, "phone", "95275011", "95275012", "95275013", "95275044"))
    assert found.ring.tolist() == [0, 0, 0, 1]


def test_consecutive_numbers_are_a_ring_and_a_gap_ends_it():
    found = linked(called(["13800001234", "13800001235", "13800001236", "13800001238"]))
    assert found.ring.tolist() == [0, 0, 0, 1]
    assert found.ties["value"].tolist() == ["13800001234-13800001236"]


def test_numbers_of_other_lengths_do_not_follow_one_another():
    assert rings(linked(called(["0999999", "1000000", "01000001"]))) == 3


def test_more_cases_than_any_ring_had_make_a_name_too_common():
    found = linked(
        reported(called([f"{13_000_000_000 + 7 * at}" for at in range(MOST_CASES + 1)]), "app", *["loans"] * (MOST_CASES + 1))
    )
    assert (found.ties["state"].tolist(), rings(found)) == (["too_common"], MOST_CASES + 1)


def test_rings_are_the_parts_that_a_plain_walk_finds():
    """The obviously right twin: merge the claims of every joining tie until nothing changes."""
    random = np.random.default_rng(5)
    for _ in range(20):
        numbers = [f"138{random.integers(0, 40):08d}" for _ in range(30)]
        found = linked(called(numbers))
        joins = found.ties.index[found.ties["state"] == "joins"]
        number = list(range(30))
        for tie in [*joins, *joins, *joins, *joins, *joins]:
            claims = found.members.loc[found.members["tie"] == tie, "claim"].tolist()
            least = {number[claim] for claim in claims}
            number = [min(least) if one in least else one for one in number]
        assert found.ring.tolist() == pd.factorize(np.array(number))[0].tolist()


def test_an_identifier_is_cut_and_hostile_ones_are_read():
    assert len(normal("device", "x" * 10_000 + "y")[0]) <= 200
    for text in ("http://[", "//", "\x00", "=1+1", "１９２.168.0.1"):
        for kind in ("url", "ip", "phone", "app"):
            normal(kind, text)

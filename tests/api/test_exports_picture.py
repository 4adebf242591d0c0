"""The picture itself: nothing overlaps, every flow is labelled, lines end at their boxes; on stories and on real thefts."""

import csv
import dataclasses
import random
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from api.exports import Diagram, export_for, plan_diagram
from api.exports.boxes import SIZES
from api.exports.drawing import TOP
from api.exports.font import text_width
from api.exports.geometry import ARROW, Scene, place_scene
from api.exports.labels import AMOUNT_SIZE, TIME_SIZE
from api.exports.marks import LEGEND_SIZE
from ledger.book import Ledger
from ledger.records import TRANSFERS
from tests.story import Story, story
from tracing.trace import trace_claims

ONCHAIN = Path(__file__).parents[3] / "shared" / "data" / "onchain"
TEXT_SIZES = SIZES | {
    "title": 19,
    "summary": 12,
    "heading": 15,
    "count": 11,
    "total": 11,
    "amount": AMOUNT_SIZE,
    "time": TIME_SIZE,
    "legend": LEGEND_SIZE,
    "footer": 10,
}
BOLD = ("title", "heading", "name", "green", "amount")

Rectangle = tuple[float, float, float, float]


def ring(seed: int) -> Ledger:
    """Five victims, four first mules, eight second, eight third, 14 cards, a recycler, shops and cash; one payment back."""
    pick = random.Random(seed)
    tiers = [
        [f"62{tier}{i}000000000{pick.randrange(1000, 9999)}" for i in range(size)] for tier, size in enumerate((5, 4, 8, 8))
    ]
    names = ["张伟", "Zhao Hui", "欧阳娜娜", "Li", "Alexandria Featherstonehaugh-Cholmondeley", "刘洋"]
    lines = [f"account {a} bank institution={pick.choice(['ICBC', '中国农业银行'])}" for tier in tiers for a in tier]
    lines += ["account pos merchant", "account atm cash"]
    money = dict.fromkeys([a for tier in tiers for a in tier], 0)
    minute = 540
    for victim in tiers[0]:
        for _ in range(pick.randint(1, 2)):
            minute, target, amount = minute + 3, pick.choice(tiers[1]), pick.randrange(40, 300) * 1000
            lines.append(f"{clock(minute)} {victim} -> {target} {amount}   # claim")
            money[target] += amount
    for tier, targets in ((1, tiers[2]), (2, tiers[3]), (3, ["pos", "atm"])):
        for source in tiers[tier]:
            parts = pick.randint(2, 5)
            for _ in range(parts if money[source] else 0):
                minute, target = minute + 1, pick.choice(targets)
                amount = max(1, money[source] * pick.randrange(60, 99) // 100 // parts)
                lines.append(f"{clock(minute)} {source} -> {target} {amount}")
                money[target] = money.get(target, 0) + amount
    lines.append(f"{clock(minute + 1)} {tiers[3][0]} -> {tiers[2][0]} 100")
    lines += [f"{clock(minute + 2)} {tiers[3][1]} -> card:88{i:04d} 100" for i in range(14)]
    lines += [f"{clock(minute + 3)} card:88{i:04d} -> recycler 100=>97" for i in range(14)]
    ledger = story("\n".join(lines))
    people = ledger.accounts["account"].isin([a for tier in tiers for a in tier])
    ledger.accounts.loc[people, "holder_name"] = [pick.choice(names) for _ in range(int(people.sum()))]
    return ledger


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def theft(number: int) -> Ledger:
    """One real theft: every payment out of a source address is reported."""
    folder = ONCHAIN / f"cluster_{number}"
    if not folder.exists():
        pytest.skip("the outside data is not here")
    sources = set((folder / "source_addresses.csv").read_text().split())
    told = Story()
    with (folder / "flow_records.csv").open(encoding="utf-8") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            cents = round(float(row["Value_in_USD"]) * 100)
            if cents > 0:
                told.transfers.append(payment(told, row, line, cents))
            if cents > 0 and row["From"] in sources:
                report = {"report": f"R{line}", "victim": row["From"], "transfer": f"T{line}", "file": 0, "line": line}
                told.reports.append(report)
    return told.ledger()


def shipped_scenario() -> Ledger:
    """The scenario the demo shows, as generated and ingested."""
    from ledger.generate import generate
    from ledger.ingest import ingest
    from ledger.store.opening import open_ledger

    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder) / "records", "demo", 1)
        ingest(Path(folder) / "ledger", [Path(folder) / "records"])
        ledger = open_ledger(Path(folder) / "ledger")
        kept = ledger.read(TRANSFERS.names)
        return dataclasses.replace(ledger, read=lambda names: kept.select(list(names)), fetch=None, index_folder=None)


def payment(told: Story, row: dict[str, str], line: int, cents: int) -> dict[str, object]:
    source, target = told.account(row["From"]), told.account(row["To"])
    told.accounts[row["To"]]["holder_name"] = row["To_label"] or None
    stamp = row["Timestamp"].replace("/", "-").strip()
    day, _, time = stamp.partition(" ")
    year, month, date = (int(part) for part in day.split("-"))
    hour, minute, *second = (int(part) for part in (time or "0:0").split(":"))
    moment = datetime(year, month, date, hour, minute, *second, tzinfo=UTC)
    ends = {"transfer": f"T{line}", "time": moment, "source": source, "target": target, "amount_fen": cents}
    return ends | {"currency": "USD", "kind": "bank", "status": "done", "file": 0, "line": line}


def drawn(ledger: Ledger) -> Diagram:
    return plan_diagram(ledger, trace_claims(ledger), title="Case 电信诈骗")


def texts(svg: bytes) -> list[tuple[Rectangle, str, str]]:
    """Every text of the picture as (left, top, right, bottom), class and words, measured by the bundled fonts."""
    found: list[tuple[Rectangle, str, str]] = []
    root = ElementTree.fromstring(svg.decode())
    gather(root, 0.0, found)
    return found


def gather(element: ElementTree.Element, down: float, found: list[tuple[Rectangle, str, str]]) -> None:
    if element.get("transform", "").startswith("translate(0,"):
        down += float(element.get("transform", "")[12:-1])
    if element.tag.endswith("}text"):
        style = element.get("class", "")
        parts = [element.text or ""]
        for child in element:
            parts += [child.text or "" if child.tag.endswith("}tspan") else "", child.tail or ""]
        words, size = "".join(parts), TEXT_SIZES[style]
        wide = text_width(words, size, style in BOLD)
        x, y = float(element.get("x", "0")), float(element.get("y", "0")) + down
        left = x - wide if element.get("text-anchor") == "end" else x
        found.append(((left, y - 0.76 * size, left + wide, y + 0.24 * size), style, words))
    for child in element:
        gather(child, down, found)


def overlapping(rectangles: list[tuple[Rectangle, str]]) -> list[tuple[str, str]]:
    """Pairs that cover each other, by a sweep from left to right."""
    pairs, open_ones = [], []
    for (left, top, right, bottom), name in sorted(rectangles):
        open_ones = [other for other in open_ones if other[0][2] > left + 0.01]
        pairs += [(name, other) for (_, up, _, down), other in open_ones if up < bottom - 0.01 and top < down - 0.01]
        open_ones.append(((left, top, right, bottom), name))
    return pairs


def scene_of(diagram: Diagram) -> Scene:
    return place_scene(diagram.drawn, diagram.zone_minutes)


CASES = [pytest.param(lambda seed=seed: ring(seed), id=f"ring {seed}") for seed in range(8)]
CASES += [pytest.param(lambda number=number: theft(number), id=f"cluster_{number}") for number in (3, 5)]
CASES += [pytest.param(lambda: shipped_scenario(), id="demo")]


@pytest.fixture(scope="module", params=CASES)
def picture(request: pytest.FixtureRequest) -> Diagram:
    return drawn(request.param())


def test_no_two_texts_overlap(picture: Diagram) -> None:
    found = texts(export_for("svg").render(picture))
    assert len(found) > 3 * len(picture.drawn.nodes)
    assert overlapping([(box, f"{style} {words}") for box, style, words in found]) == []


def test_no_flow_label_lies_on_a_box(picture: Diagram) -> None:
    boxes = [((b.x, b.y + TOP, b.x + b.width, b.y + TOP + b.height), f"box {i}") for i, b in enumerate(scene_of(picture).boxes)]
    labels = [(box, words) for box, style, words in texts(export_for("svg").render(picture)) if style in ("amount", "time")]
    assert len(labels) == 2 * len(picture.drawn.flows)
    assert overlapping([*boxes, *labels]) == []


def test_every_text_is_inside_the_picture(picture: Diagram) -> None:
    svg = export_for("svg").render(picture)
    root = ElementTree.fromstring(svg.decode())
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    assert [
        words for (left, top, right, bottom), _, words in texts(svg) if left < 0 or top < 0 or right > width or bottom > height
    ] == []


def test_texts_of_a_box_stay_inside_it(picture: Diagram) -> None:
    for box in scene_of(picture).boxes:
        for line in box.lines:
            assert text_width(line.text, SIZES[line.style], line.style in BOLD) <= box.width - 20, line.text


def test_every_flow_starts_and_ends_at_the_side_of_its_boxes(picture: Diagram) -> None:
    scene = scene_of(picture)
    for stroke in scene.strokes:
        source, target = scene.boxes[stroke.row.source_node], scene.boxes[stroke.row.target_node]
        _, x, y = stroke.legs[-1]
        assert stroke.start[0] in (source.x, source.x + source.width)
        assert source.y <= stroke.start[1] <= source.y + source.height
        assert x in (target.x, target.x + target.width)
        assert target.y <= y <= target.y + target.height


def test_a_picture_never_holds_more_boxes_than_can_be_read(picture: Diagram) -> None:
    assert len(picture.drawn.nodes) <= 150


def test_the_test_would_see_an_overlap() -> None:
    assert overlapping([((0, 0, 10, 10), "a"), ((5, 5, 15, 15), "b"), ((20, 0, 30, 9), "c")]) == [("b", "a")]


def test_wider_means_more_money() -> None:
    scene = scene_of(drawn(story("09:00 v -> a 100 # claim\n09:01 a -> b 90\n09:02 a -> c 10")))
    assert [stroke.width for stroke in sorted(scene.strokes, key=lambda s: -s.row.traced_fen)] == sorted(
        (stroke.width for stroke in scene.strokes), reverse=True
    )
    assert len({stroke.width for stroke in scene.strokes}) == 3


def test_frontier_boxes_and_back_flows_look_different() -> None:
    svg = export_for("svg").render(
        drawn(story("09:00 v -> a 9 # claim\n09:01 a -> b 9\n09:02 b -> a 4\n09:03 a -> unknown:x 4"))
    )
    assert b"statement not obtained" in svg
    assert svg.count(b"to an earlier column") == 1
    assert "◂".encode() in svg


def test_an_inferred_link_is_dashed_and_explained() -> None:
    ledger = story("09:00 v -> a 9 # claim\n09:01 a -> b 9")
    trace = trace_claims(ledger)
    made = trace.traced.assign(made_by=["method", "inferred"])
    svg = export_for("svg").render(plan_diagram(ledger, dataclasses.replace(trace, traced=made), title="x")).decode()
    assert svg.count('stroke-dasharray="7 4"') == 2  # the flow and its legend entry
    assert "inferred link" in svg


def test_a_transfer_within_a_column_turns_beside_its_label() -> None:
    scene = scene_of(drawn(story("09:00 v -> a 9 # claim\n09:01 v -> b 9 # claim\n09:02 a -> b 4")))
    (turn,) = [stroke for stroke in scene.strokes if stroke.legs[0][0] == "turn"]
    assert turn.row.source == "a"
    assert turn.legs[0][1] <= turn.label_at[0]


def test_turns_within_a_column_stay_between_its_boxes_and_its_labels(picture: Diagram) -> None:
    scene = scene_of(picture)
    for stroke in scene.strokes:
        if stroke.legs[0][0] == "turn":
            assert stroke.start[0] + ARROW < stroke.legs[0][1] < stroke.label_at[0]


def test_a_transfer_of_an_account_to_itself_is_drawn() -> None:
    svg = export_for("svg").render(drawn(story("09:00 v -> a 9 # claim\n09:01 a -> a 4\n09:02 a -> b 9"))).decode()
    assert "¥4.00" in svg


def lines_of(diagram: Diagram, account: str) -> list[str]:
    (box,) = [box for box in scene_of(diagram).boxes if box.row.account == account]
    return [line.text for line in box.lines]


def test_a_box_tells_its_hop_where_the_column_does_not() -> None:
    ledger = story("09:00 v -> a 300 # claim\n09:01 a -> card:1 100\n09:01 a -> b 50\n09:02 card:1 -> recycler 100=>97")
    diagram = plan_diagram(ledger, trace_claims(ledger), title="x", roles={"recycler": "gift_card_recycler"})
    assert lines_of(diagram, "card:1") == ["card 1", "hop 2 · ¥100.00"]
    assert lines_of(diagram, "recycler")[1] == "hop 3 · gift card recycler"
    assert not [line for line in lines_of(diagram, "b") if "hop" in line]


@pytest.mark.parametrize(
    ("role", "shown"), [("q_coin_recycler", "ICBC m · Q-coin recycler"), ("unknown", "ICBC m"), ("mule", "ICBC m · mule")]
)
def test_a_role_is_shown_in_words_where_it_tells_something(role: str, shown: str) -> None:
    ledger = story("account m bank institution=ICBC holder_name=王芳\n09:00 v -> m 300 # claim")
    assert lines_of(plan_diagram(ledger, trace_claims(ledger), title="x", roles={"m": role}), "m")[1] == shown


def test_a_role_that_does_not_fit_stands_on_a_line_of_its_own() -> None:
    ledger = story("account m bank institution=中国工商银行股份有限公司 holder_name=王芳\n09:00 v -> m 300 # claim")
    diagram = plan_diagram(ledger, trace_claims(ledger), title="x", roles={"m": "good_faith_recipient"})
    assert lines_of(diagram, "m")[1:3] == ["中国工商银行股份有限公司 m", "good faith recipient"]


def test_times_stand_below_amounts_except_in_the_tallest_gap() -> None:
    lines = [f"09:{i:02d} v -> a{i} {100 + i}   # claim" for i in range(4)]
    lines += [f"10:{i * 4 + j:02d} a{i} -> b{j} {10 + j}" for i in range(4) for j in range(4)]
    scene = scene_of(drawn(story("\n".join(lines))))
    stacked = {stroke.row.source == "v": stroke.label.stacked for stroke in scene.strokes}
    assert stacked == {True: True, False: False}


def test_a_wide_picture_is_drawn_no_finer_than_an_a3_page_shows() -> None:
    small, wide = (export_for("png").render(drawn(ledger)) for ledger in (story("09:00 v -> a 9 # claim"), ring(0)))
    assert int.from_bytes(small[16:20], "big") == 2 * 880
    assert int.from_bytes(wide[16:20], "big") <= 4500

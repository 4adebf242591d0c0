"""Dealings: what labels teach of them, what a fitted model says of accounts, and that nothing held back is seen."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from rules.labels import Label, read_transfer_labels
from rules.likeness import Likeness, likeness, recent_figures
from rules.patterns.figures import NAMES, Figures
from rules.scope import Scope, scope_of
from rules.teaching import Taught, fit_likeness, held_back, teach
from tests.rules import labelled
from tests.story import story
from tracing import trace_claims

FRAUD = """
    09:00 victim -> mule 5000          # claim
    10:00 mule -> second 4500
    11:00 second -> seller 300
    12:00 friend -> seller 20
    13:00 stranger -> second 40
"""
AS_OF_US = 1_740_412_800_000_000
"""2025-02-25, midnight in Shanghai."""
LABELS = [Label(name, member, "") for name, member in (("mule", True), ("second", True), ("seller", False), ("friend", False))]


def bank(seed: int = 1) -> tuple[Scope, list[Label], set[int]]:
    """The labelled bank as the rules see it; which rows launder."""
    rows, labels, launders = labelled.bank(seed)
    return scope_of(story(as_text(rows))), labels, launders


def as_text(rows: list[tuple[str, str, str, str]]) -> str:
    return "\n".join(f"{time[:10]} {time[11:16]} {source} -> {target} {amount}" for time, source, target, amount in rows)


def told(scope: Scope, taught: Taught) -> dict[str, int]:
    """The label of every dealing by its ends."""
    table = taught.figures.table
    ends = zip(table["source"].tolist(), table["target"].tolist(), taught.label.tolist(), strict=True)
    return {f"{scope.name(source)} {scope.name(target)}": label for source, target, label in ends}


def turn(label: Label) -> Label:
    return Label(label.account, not label.member, label.group)


def fraud(named: dict[str, bool] | None = None) -> dict[str, int]:
    ledger = story(FRAUD)
    scope = scope_of(ledger, trace_claims(ledger))
    roles = {scope.ledger.accounts["account"].tolist().index("victim"): "victim"}
    return told(scope, teach(scope, roles, LABELS, named or {}))


def test_money_between_members_and_from_a_victim_to_a_member_launders() -> None:
    assert fraud() == {
        "victim mule": 1, "mule second": 1, "second seller": 0, "friend seller": 0, "stranger second": -1,
    }  # fmt: skip


def test_where_transfers_are_named_only_those_launder() -> None:
    assert fraud({"T2": True, "T5": False, "T99": True}) == {
        "victim mule": -1, "mule second": 1, "second seller": 0, "friend seller": 0, "stranger second": 0,
    }  # fmt: skip


def test_figures_of_an_instant_know_nothing_later() -> None:
    rows, _, _ = labelled.bank()
    seen = []
    for last in (len(rows), len(rows) - 100):
        scope = scope_of(story(as_text(rows[:last])), as_of_us=AS_OF_US)
        seen.append(recent_figures(scope).table)
    assert rows[-100][0][:10] > "2025-02-25"
    assert len(seen[0]) > 100
    pd.testing.assert_frame_equal(*seen)


def test_figures_count_what_their_names_say() -> None:
    text = """
        2025-03-01 09:00 boss -> m1 1000
        2025-03-01 09:00 boss -> m2 2000
        2025-03-02 10:00 m1 -> end 900
        2025-03-02 10:00 m2 -> end 1800
        2025-03-01 11:00 shop -> m1 5
        2025-03-20 11:00 shop -> m1 5
        2025-03-20 11:00 m1 -> shop 7
    """
    scope = scope_of(story(text))
    table = recent_figures(scope).table
    told = {scope.name(row.target): row for row in table[table["fen"].isin([1000_00, 900_00])].itertuples()}
    assert len(table) == 4  # whoever deals with the shop again knows it
    assert np.expm1(told["m1"].source_day) == pytest.approx(1)
    assert np.expm1(told["m1"].target_day) == 0
    assert np.expm1(told["end"].scatter_gather) == pytest.approx(4)
    assert np.expm1(told["end"].fan_in) == np.expm1(told["m1"].fan_out) == pytest.approx(2)
    assert np.expm1(told["end"].source_again_in) == pytest.approx(2)
    assert np.expm1(told["end"].source_again_out) == pytest.approx(1)
    assert np.expm1(told["end"].source_strange_in) == pytest.approx(1)


def test_a_model_learned_from_gangs_knows_gangs_it_has_not_seen() -> None:
    scope, labels, _ = bank()
    model = fit_likeness([teach(scope, {}, labels, {})])
    assert model is not None
    other, members, _ = bank(seed=2)
    found, problems = likeness(other, dataclasses.replace(model, points=80))
    strength = {other.name(code): alike.strength for code, alike in found.items()}
    gangs = [strength.get(label.account, 0) for label in members if label.member]
    people = [strength.get(label.account, 0) for label in members if not label.member]
    assert (min(gangs) > 5_000, np.mean(np.asarray(people) > 5_000) < 0.05, problems) == (True, True, [])


def test_a_pattern_never_speaks_for_an_account() -> None:
    scope, labels, _ = bank()
    model = fit_likeness([teach(scope, {}, labels, {})])
    assert model is not None
    shapes = NAMES[: NAMES.index("source_again_out")]
    assert all(model.coefficients.get(name, 0.0) >= 0 for name in shapes)


def test_what_is_held_back_does_not_depend_on_its_own_labels() -> None:
    scope, labels, _ = bank()
    code = {scope.name(at): at for at in range(len(scope.judged))}
    place = np.asarray([(0, code[label.account]) for label in labels])
    fold = np.arange(len(labels)) % 3
    taught = teach(scope, {}, labels, {})
    before = held_back([taught], place, fold)
    turned = [turn(one) if at % 3 == 0 and one.group in ("gang0", "gang1") else one for at, one in enumerate(labels)]
    after = held_back([teach(scope, {}, turned, {})], place, fold)
    assert before is not None
    assert after is not None
    assert before[fold == 0].tolist() == after[fold == 0].tolist()
    assert before[fold == 1].tolist() != after[fold == 1].tolist()


def test_too_few_dealings_teach_nothing() -> None:
    scope, labels, launders = bank()
    few = teach(scope, {}, labels, {f"T{row + 1}": True for row in sorted(launders)[:19]})
    assert fit_likeness([few]) is None
    assert held_back([few], np.zeros((2, 2), dtype=np.int64), np.zeros(2, dtype=np.int64)) is None
    assert fit_likeness([teach(scope, {}, labels, {f"T{row + 1}": True for row in sorted(launders)[:20]})]) is not None


def test_an_account_launders_where_any_of_its_dealings_does() -> None:
    table = pd.DataFrame({"source": [0, 0, 1], "target": [1, 2, 2], "fan_in": [0.0, 1.0, 2.0]})
    model = Likeness(100, -1.0, {"fan_in": 1.0}, {"fan_in": 0.0})
    one, two, three = (1 / (1 + np.exp(1 - at)) for at in range(3))
    chance = model.of_accounts(Figures(table, 0, 4))
    assert chance == pytest.approx([1 - (1 - one) * (1 - two), 1 - (1 - one) * (1 - three), 1 - (1 - two) * (1 - three), 0])


def test_the_sentence_names_the_likeliest_dealing_and_what_makes_it_so() -> None:
    scope = scope_of(story("09:00 boss -> m1 1000\n09:00 boss -> m2 2000\n10:00 m1 -> end 900\n11:00 m2 -> end 1800\n"))
    model = Likeness(50, -1.0, {"scatter_gather": 2.0, "source_day": 0.5}, {"scatter_gather": 0.1, "source_day": 0.2})
    found = {scope.name(code): alike for code, alike in likeness(scope, model)[0].items()}
    assert set(found) == {"boss", "m1", "m2", "end"}
    told = "Most of all T1 of 1000.00, boss → m1, looks like labelled laundering (93 %): "
    assert found["m1"].sentence == (
        told + "4 transfers in a scatter-gather (usual 0.1), 1 other such payments of the payer that day (usual 0.2)."
    )


def test_labels_of_transfers_are_read_and_refused_with_file_and_line(tmp_path) -> None:
    path = tmp_path / "transfers.csv"
    path.write_text("transfer,label\nT1,1\nT2,0\nT1,1\n", encoding="utf-8")
    assert read_transfer_labels(path) == {"T1": True, "T2": False}
    refused = {"account,label\n": "line 1", "transfer,label\nT1,2\n": "line 2", "transfer,label\nT1,1\nT1,0\n": "line 3"}
    for text, why in refused.items():
        path.write_text(text, encoding="utf-8")
        with pytest.raises(Exception, match=why):
            read_transfer_labels(path)


@pytest.mark.parametrize("text", ["09:00 a -> card:1 100", "09:00 a -> b 1 status=failed", "2025-01-01 09:00 a -> b 10"])
def test_where_nobody_deals_with_a_stranger_nothing_is_said(text: str) -> None:
    scope = scope_of(story(text), as_of_us=AS_OF_US)
    assert recent_figures(scope).table.empty
    assert likeness(scope, Likeness(100, 5.0, {"fan_in": 1.0}, {"fan_in": 0.0})) == ({}, [])
    assert (teach(scope, {}, LABELS, {}).label.size, fit_likeness([teach(scope, {}, LABELS, {})])) == (0, None)

"""Weights: a desk's file overrides what it names, and is refused with file, key and cause."""

from pathlib import Path

import pytest

from ledger.problems import LiushuiError
from rules.catalogue import RULES, apply_rules
from rules.roles import ROLES
from rules.score import RankingResult, rank_accounts
from rules.weights import Weights, default_weights, load_weights
from tests.rules.test_ranking import CASE
from tests.story import story
from tracing import trace_claims

DEALINGS = "[dealings]\npoints = {3}\nintercept = -2\n[dealings.figures]\n{0} = {{ coefficient = {1}, usual = {2} }}\n"


def loaded(text: str, folder: Path) -> Weights:
    path = folder / "desk.toml"
    path.write_text(text, encoding="utf-8")
    return load_weights(path)


def ranked(weights: Weights | None = None) -> RankingResult:
    ledger = story(CASE)
    trace = trace_claims(ledger)
    return rank_accounts(ledger, trace, *apply_rules(ledger, trace), weights=weights)


def test_the_points_of_a_rule_stand_in_the_rule() -> None:
    assert default_weights().rules == {rule.code: rule.points for rule in RULES}
    assert set(default_weights().roles) <= set(ROLES)


def test_a_file_overrides_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    mine = loaded('[roles]\nmule = 7\n[counter_evidence]\nregular = { points = -3, grade = "B", note = "seen" }\n', tmp_path)
    base = default_weights()
    assert mine.roles == {**base.roles, "mule": 7}
    assert mine.counter_evidence == {**base.counter_evidence, "regular": -3}
    assert (mine.rules, mine.anomaly) == (base.rules, base.anomaly)


def test_an_empty_file_is_the_shipped_weights_under_the_same_digest(tmp_path: Path) -> None:
    assert loaded("", tmp_path).digest == default_weights().digest
    assert loaded("[roles]\nmule = 7\n", tmp_path).digest != default_weights().digest


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[rules]\n"RUL-NOSUCH" = 5\n', "rules.RUL-NOSUCH: is not known"),
        ("[roles]\nking = 5\n", "roles.king: is not known"),
        ("[roles]\nmule = 5.5\n", "roles.mule: points must be a whole number, not 5.5"),
        ("[roles]\nmule = true\n", "roles.mule: points must be a whole number, not True"),
        ('[roles]\nmule = { grade = "P" }\n', "roles.mule: points must be a whole number, not None"),
        ("[roles]\nmule = 101\n", "roles.mule: points must be -100 … 100, not 101"),
        ('[rules]\n"RUL-FAN-IN" = -1\n', "rules.RUL-FAN-IN: a rule never takes points off"),
        ("[counter_evidence]\nhub = 1\n", "counter_evidence.hub: counter-evidence never adds points"),
        ('[roles]\nmule = { points = 1, grade = "Z" }\n', "roles.mule: grade must be one of"),
        ('[roles]\nmule = { points = 1, weight = "Z" }\n', "roles.mule.weight: is not known"),
        ("[role]\nmule = 1\n", "role: is no section"),
        ("roles = 3\n", "roles: is no section"),
        ("[probability]\nintercept = -3\n", "probability: needs intercept and slope"),
        ("[probability]\nintercept = -3\nslope = nan\n", "probability: needs intercept and slope"),
        ("[probability]\nintercept = -3\nslope = -1\n", "probability: slope must be above zero"),
        ("[dealings]\npoints = 5\n", "dealings: needs points, intercept and figures"),
        (DEALINGS.format("fan", 1, 1, 5), "dealings.figures.fan: is not known; there are source_day,"),
        (DEALINGS.format("fan_in", '"1"', 1, 5), "dealings.figures.fan_in: needs coefficient and usual"),
        (DEALINGS.format("fan_in", "nan", 1, 5), "dealings.figures.fan_in: needs coefficient and usual"),
        (DEALINGS.format("fan_in", 1, 1, 101), "dealings.points: points must be -100 … 100"),
        (DEALINGS.format("fan_in", 1, 1, -1), "dealings.points: a rule never takes points off"),
        ("[roles\n", "the file: is no TOML"),
        ("[roles]\nmule = 1\nmule = 2\n", "the file: is no TOML"),
    ],
)
def test_what_cannot_be_used_is_refused_with_file_key_and_cause(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(LiushuiError, match=r"desk\.toml") as raised:
        loaded(text, tmp_path)
    assert raised.value.code == "RUL-weights"
    assert f"desk.toml: {told}" in str(raised.value)


def test_a_missing_file_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    for name in ("nowhere.toml", "bytes.toml"):
        with pytest.raises(LiushuiError, match="the file: cannot be read"):
            load_weights(tmp_path / name)


def test_other_points_give_another_score_and_the_sentence_tells_them(tmp_path: Path) -> None:
    before = ranked().frame.set_index("account")
    after = ranked(loaded("[roles]\nmule = 1\n", tmp_path)).frame.set_index("account")
    assert before.loc["mule", "score"] - after.loc["mule", "score"] == 19
    assert "+1 for the role of mule." in after.loc["mule", "explanation"]
    assert (before["lien_fen"] == after["lien_fen"].reindex(before.index)).all()


def test_a_probability_is_told_only_by_calibrated_weights(tmp_path: Path) -> None:
    assert not ranked().frame["explanation"].str.contains("calibrated").any()
    told = ranked(loaded("[probability]\nintercept = 0\nslope = 0.1\n", tmp_path)).frame
    assert told["explanation"].str.contains("(calibrated)", regex=False).all()
    assert loaded("[probability]\nintercept = 0\nslope = 0.1\n", tmp_path).probability.of(0) == 0.5  # type: ignore[union-attr]

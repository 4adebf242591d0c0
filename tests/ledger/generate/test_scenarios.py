"""The shipped scenario data and the page that describes it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

import ledger.generate
from ledger.generate import scenario_names
from ledger.generate.parameters import GRADES, SHARED, load_scenario
from ledger.generate.schemes import SCHEMES

FOLDER = Path(ledger.generate.__file__).parent / "scenarios"
PAGE = Path(__file__).parents[3] / "docs" / "scenarios.md"
ALL = (*scenario_names(), *SHARED)


def parameters(name: str) -> dict[str, dict[str, Any]]:
    data = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = data.get("parameters", {})
    return found


@pytest.mark.parametrize("name", ALL)
def test_every_parameter_has_a_unit_and_a_grade(name: str) -> None:
    for key, parameter in parameters(name).items():
        assert set(parameter) == {"value", "unit", "grade", "note"}, key
        assert parameter["grade"] in GRADES, key


def test_every_scheme_has_a_scenario_of_its_own_and_the_demo_has_nearly_all() -> None:
    assert set(scenario_names()) == {*SCHEMES, "demo"}
    assert {part.scenario for part in load_scenario("demo").parts} == set(SCHEMES) - {"number_segment"}


@pytest.mark.parametrize("name", ALL)
def test_the_page_shows_every_parameter_as_it_is(name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert f"## {name}" in page
    for key, parameter in parameters(name).items():
        assert row(key, parameter) in page, f"docs/scenarios.md lacks: {row(key, parameter)}"


def row(key: str, parameter: dict[str, Any]) -> str:
    """A parameter's line on the page."""
    return f"| `{key}` | {shown(parameter['value'])} | {parameter['unit']} | {parameter['grade']} | {parameter['note']} |"


def shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)

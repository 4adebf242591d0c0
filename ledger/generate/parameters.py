"""Scenario parameters: TOML data shipped with the package, each value with its unit, its grade and its reason."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from ledger.problems import LiushuiError

GRADES = ("S", "A", "B", "C", "P")
SHARED = ("ring", "background")
"""Files that describe surroundings, not scenarios of their own."""


@dataclass(frozen=True)
class Parameters:
    """Values by name; money is kept as text in the data and read as fen here."""

    values: Mapping[str, Any]

    def with_values(self, values: Mapping[str, Any]) -> "Parameters":
        """The same with other values; a name that is not there yet is our own mistake."""
        unknown = sorted(set(values) - set(self.values))
        assert not unknown, f"no such parameter: {', '.join(unknown)}"
        return Parameters({**self.values, **values})

    def fen(self, name: str) -> int:
        """A sum of money in fen."""
        return yuan_to_fen(self.values[name])

    def fens(self, name: str) -> list[int]:
        """Several sums of money in fen."""
        return [yuan_to_fen(text) for text in self.values[name]]

    def number(self, name: str) -> float:
        """A share, rate, duration or count."""
        return float(self.values[name])

    def count(self, name: str) -> int:
        """A whole number."""
        return int(self.values[name])

    def span(self, name: str) -> tuple[float, float]:
        """Lower and upper end of a range."""
        low, high = self.values[name]
        return float(low), float(high)

    def text(self, name: str) -> str:
        """A word."""
        return str(self.values[name])


@dataclass(frozen=True)
class Part:
    """One scheme of a scenario and how many victims it has."""

    scenario: str
    victims: int


@dataclass(frozen=True)
class Scenario:
    """A shipped scenario: what happens in one ring. background: ordinary rows when no size is asked for."""

    name: str
    description: str
    background: int
    parts: tuple[Part, ...]
    parameters: Parameters


def load_scenario(name: str) -> Scenario:
    """Read one shipped file; an unknown name is an error that lists the known ones."""
    folder = files("ledger.generate") / "scenarios"
    path = folder / f"{name}.toml"
    if not name.isidentifier() or not path.is_file():
        raise LiushuiError("LDG-scenario", f"there is no scenario {name!r}; known: {', '.join(scenario_names())}")
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    parts = tuple(Part(part["scenario"], int(part["victims"])) for part in data["parts"])
    values = {key: parameter["value"] for key, parameter in data.get("parameters", {}).items()}
    return Scenario(name, data["description"], int(data["background"]), parts, Parameters(values))


def scenario_names() -> tuple[str, ...]:
    """All shipped scenarios, sorted."""
    folder = files("ledger.generate") / "scenarios"
    names = [entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return tuple(sorted(name for name in names if name not in SHARED))


def yuan_to_fen(text: str) -> int:
    """Exact fen of a decimal text with at most two decimals."""
    whole, _, part = str(text).partition(".")
    assert len(part) <= 2, f"{text} has more than two decimals"
    return int(whole) * 100 + int(part.ljust(2, "0"))

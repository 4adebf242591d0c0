"""Points per rule, role, anomaly, counter-evidence and for dealings: the shipped ones, and a desk's file over them."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from ledger.problems import LiushuiError
from rules.catalogue import RULES
from rules.likeness import Likeness
from rules.patterns.figures import NAMES
from rules.roles import ROLES
from rules.rule import Grade

MOST_POINTS = 100
MOST_BYTES = 1_000_000
SECTIONS = ("rules", "roles", "anomaly", "counter_evidence")
GRADES = get_args(Grade)
SIGN = {"rules": 1, "counter_evidence": -1}
"""What is found against an account never takes points off it, what speaks for it never adds any."""


@dataclass(frozen=True)
class Probability:
    """The chance that an account with so many points belongs to a ring: logistic in intercept + slope × points."""

    intercept: float
    slope: float

    def of(self, points: int) -> float:
        """The probability of a sum of points, before it is cut to 0 … 100."""
        import math

        return 1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, self.intercept + self.slope * points))))


@dataclass(frozen=True)
class Weights:
    """Points by name, counter-evidence below zero; dealings and probability: None where nobody calibrated."""

    rules: Mapping[str, int]
    roles: Mapping[str, int]
    anomaly: Mapping[str, int]
    counter_evidence: Mapping[str, int]
    dealings: Likeness | None = None
    probability: Probability | None = None

    def points(self, section: str, name: str) -> int:
        """The points of one name; of dealings, of those that launder for certain."""
        if section == "dealings":
            return 0 if self.dealings is None else self.dealings.points
        found: int = getattr(self, section)[name]
        return found

    @property
    def digest(self) -> str:
        """SHA-256 over all points in force: the same points have the same digest, whoever wrote them into which file."""
        return hashlib.sha256(json.dumps(self.told(), sort_keys=True).encode()).hexdigest()

    def told(self) -> dict[str, Any]:
        """Everything as plain values."""
        points = {section: dict(sorted(getattr(self, section).items())) for section in SECTIONS}
        found = self.probability
        return points | {
            "dealings": None if self.dealings is None else self.dealings.told(),
            "probability": None if found is None else {"intercept": found.intercept, "slope": found.slope},
        }


@cache
def default_weights() -> Weights:
    """The shipped weights."""
    text = (files("rules") / "weights.toml").read_text(encoding="utf-8")
    return merged(tomllib.loads(text), "weights.toml", None)


def load_weights(path: Path) -> Weights:
    """The weights of a desk's file over the shipped ones.

    Raises: LiushuiError RUL-weights that names file, key and cause.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise bad(path.name, "the file", f"is larger than {MOST_BYTES:,} bytes")
        return merged(tomllib.loads(path.read_text(encoding="utf-8")), path.name, default_weights())
    except (OSError, UnicodeDecodeError) as error:
        raise bad(path.name, "the file", f"cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise bad(path.name, "the file", f"is no TOML: {error}") from error


def bad(file: str, key: str, cause: str) -> LiushuiError:
    """The one error of a weights file."""
    return LiushuiError("RUL-weights", f"{file}: {key}: {cause}")


def merged(data: Mapping[str, Any], file: str, under: Weights | None) -> Weights:
    """Weights of a parsed file; what it does not name comes from `under` (None: the shipped file, which names all)."""
    for key in data:
        if key not in (every := (*SECTIONS, "dealings", "probability")):
            raise bad(file, key, f"is no section; there are {', '.join(every)}")
    known: dict[str, Any] = {
        "rules": {rule.code: rule.points for rule in RULES},
        "roles": dict.fromkeys(ROLES, 0),
        "anomaly": {} if under is None else under.anomaly,
        "counter_evidence": {} if under is None else under.counter_evidence,
    }
    points: dict[str, dict[str, int]] = {}
    for section in SECTIONS:
        mine = section_points(data.get(section, {}), file, section, set(known[section]) if known[section] else None)
        points[section] = {**known[section], **({} if under is None else getattr(under, section)), **mine}
    points["roles"] = {role: value for role, value in points["roles"].items() if value}
    dealings, probability = dealings_of(data.get("dealings"), file), probability_of(data.get("probability"), file)
    return Weights(**points, dealings=dealings, probability=probability)


def section_points(section: Any, file: str, name: str, known: set[str] | None) -> dict[str, int]:
    """Checked points of one section; known: the names it may hold, None for any."""
    if not isinstance(section, dict):
        raise bad(file, name, "is no section: write [" + name + "]")
    found = {}
    for key, value in section.items():
        where = f"{name}.{key}"
        if known is not None and key not in known:
            raise bad(file, where, f"is not known; there are {', '.join(sorted(known))}")
        found[key] = points_of(value, file, where, SIGN.get(name, 0))
    return found


def points_of(value: Any, file: str, where: str, sign: int) -> int:
    """The points of one entry: a whole number, or a table with points, grade and note."""
    entry = value if isinstance(value, dict) else {"points": value}
    strange = [key for key in entry if key not in ("points", "grade", "note")]
    if strange:
        raise bad(file, f"{where}.{strange[0]}", "is not known; an entry has points, grade and note")
    points = entry.get("points")
    if not isinstance(points, int) or isinstance(points, bool):
        raise bad(file, where, f"points must be a whole number, not {points!r}")
    if not -MOST_POINTS <= points <= MOST_POINTS:
        raise bad(file, where, f"points must be -{MOST_POINTS} … {MOST_POINTS}, not {points}")
    if points * sign < 0:
        why = "a rule never takes points off" if sign > 0 else "counter-evidence never adds points"
        raise bad(file, where, f"{why}, so not {points}")
    if entry.get("grade", "P") not in GRADES:
        raise bad(file, where, f"grade must be one of {', '.join(GRADES)}, not {entry['grade']!r}")
    if not isinstance(entry.get("note", ""), str):
        raise bad(file, where, "note must be text")
    return points


def dealings_of(value: Any, file: str) -> Likeness | None:
    """The model of dealings of a calibrated file."""
    if value is None:
        return None
    entry = value if isinstance(value, dict) else {}
    if sorted(entry) != ["figures", "intercept", "points"] or not isinstance(entry["figures"], dict):
        raise bad(file, "dealings", "needs points, intercept and figures, and nothing else")
    numbers: dict[str, dict[str, float]] = {}
    for name, one in entry["figures"].items():
        if name not in NAMES:
            raise bad(file, f"dealings.figures.{name}", f"is not known; there are {', '.join(NAMES)}")
        if not isinstance(one, dict) or sorted(one) != ["coefficient", "usual"] or not all(map(is_number, one.values())):
            raise bad(file, f"dealings.figures.{name}", "needs coefficient and usual, both numbers below a million")
        numbers[name] = {key: float(given) for key, given in one.items()}
    if not is_number(entry["intercept"]):
        raise bad(file, "dealings.intercept", "must be a number below a million")
    told = {key: {name: one[key] for name, one in numbers.items()} for key in ("coefficient", "usual")}
    points = points_of(entry["points"], file, "dealings.points", 1)
    return Likeness(points, float(entry["intercept"]), told["coefficient"], told["usual"])


def is_number(value: Any) -> bool:
    """A finite number of a sensible size."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def probability_of(value: Any, file: str) -> Probability | None:
    """Intercept and slope of a calibrated file."""
    if value is None:
        return None
    given = [value.get(name) for name in ("intercept", "slope")] if isinstance(value, dict) else []
    numbers = [float(str(one)) for one in given if is_number(one)]
    if len(numbers) != 2:
        raise bad(file, "probability", "needs intercept and slope, both numbers below a million")
    if numbers[1] <= 0:
        raise bad(file, "probability", "slope must be above zero: more points, more suspicion")
    return Probability(*numbers)

"""A profile: how one bank's or wallet's export is read, written down in TOML so that no code is needed."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ledger.problems import LiushuiError

SHIPPED = Path(__file__).parent / "profiles"
RULE_SETS = ("direction", "source", "target", "status", "operation", "channel", "reverses", "counterparty")
"""What a rule may decide about the rows it fits."""


@dataclass(frozen=True)
class Rule:
    """For rows whose named columns match the patterns, what is set. Named groups of the patterns go into templates."""

    when: Mapping[str, str]
    sets: Mapping[str, str]


@dataclass(frozen=True)
class Fee:
    """A fee told in some column: split off as a transfer of its own, to `target`, after the principal."""

    column: str
    pattern: str
    target: str
    included: bool = True


@dataclass(frozen=True)
class AccountHint:
    """What accounts are whose number matches: their kind, institution, and whether they are hubs."""

    match: str
    kind: str
    institution: str = ""
    hub: bool = False


@dataclass(frozen=True)
class Profile:
    """One export format; docs/profiles.md explains every key. Templates name columns in braces."""

    name: str
    title: str
    columns: Mapping[str, tuple[str, ...]]
    own: bool = False
    kind: str = "bank"
    optional: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ("utf-8-sig", "gb18030")
    delimiter: str = ","
    header_lines: int = 60
    junk: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    ragged: bool = False
    time_formats: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S",)
    zone: str = "Asia/Shanghai"
    amount_strip: str = ""
    amount_pattern: str = ""
    amount_sign: str = "direction"
    inward: tuple[str, ...] = ()
    outward: tuple[str, ...] = ()
    currency: str = "CNY"
    id: tuple[str, ...] = ()
    repeats: str = "reported"
    own_account: tuple[str, ...] = ()
    counterparty: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    remark: tuple[str, ...] = ()
    balance_check: str = ""
    preamble: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    fee: Fee | None = None
    accounts: tuple[AccountHint, ...] = ()

    def find(self, header: Sequence[str]) -> dict[str, int] | None:
        """Where each field stands in a header; None when a column that is not optional is missing."""
        found = {}
        for name, aliases in self.columns.items():
            at = next((header.index(alias) for alias in aliases if alias in header), None)
            if at is not None:
                found[name] = at
            elif name not in self.optional:
                return None
        return found


def load_profiles(paths: Sequence[Path]) -> tuple[Profile, ...]:
    """The user's own profiles, then the shipped ones. Raises LiushuiError on one that cannot be used."""
    own = [load_profile(Path(path), own=True) for path in paths]
    return (*own, *(load_profile(path) for path in sorted(SHIPPED.glob("*.toml"))))


def load_profile(path: Path, own: bool = False) -> Profile:
    """Read one profile. Raises LiushuiError naming the file and what is wrong in it."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LiushuiError("LDG-bad-profile", f"{path}: the profile cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LiushuiError("LDG-bad-profile", f"{path}: not TOML: {error}") from error
    try:
        return _profile(data, own)
    except (ValueError, TypeError, KeyError, re.error) as error:
        raise LiushuiError("LDG-bad-profile", f"{path}: {error}") from error


def _profile(data: dict[str, Any], own: bool) -> Profile:
    known = {f.name: f for f in fields(Profile)}
    strange = sorted(set(data) - set(known) | ({"own"} & set(data)))
    if strange:
        raise ValueError(f"unknown key {strange[0]!r}")
    values: dict[str, Any] = {
        name: _listed(value) if str(known[name].type) == "tuple[str, ...]" else value for name, value in data.items()
    }
    for name, wanted in (("str", str), ("bool", bool), ("int", int)):
        wrong = [
            key
            for key, value in values.items()
            if getattr(known[key].type, "__name__", "") == name and type(value) is not wanted
        ]
        if wrong:
            raise ValueError(f"{wrong[0]} must be a {name}, not {values[wrong[0]]!r}")
    values["columns"] = {name: _listed(value) for name, value in data["columns"].items()}
    values["rules"] = tuple(_rule(rule) for rule in data.get("rules", ()))
    values["fee"] = Fee(**data["fee"]) if "fee" in data else None
    values["accounts"] = tuple(AccountHint(**hint) for hint in data.get("accounts", ()))
    profile = Profile(**values, own=own)
    _check(profile)
    return profile


def _listed(value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"{value!r} must be a text or a list of texts")
    return tuple(items)


def _rule(data: dict[str, Any]) -> Rule:
    sets = {name: value for name, value in data.items() if name != "when"}
    strange = sorted(set(sets) - set(RULE_SETS))
    if strange or not data.get("when") or not sets:
        raise ValueError(f"a rule needs `when` and some of {', '.join(RULE_SETS)}, not {strange or sorted(data)}")
    return Rule(dict(data["when"]), sets)


def _check(profile: Profile) -> None:
    """What the types cannot say: patterns that compile, words that exist, columns that are needed."""
    columns = set(profile.columns)
    if profile.kind not in ("bank", "wallet"):
        raise ValueError(f"kind must be bank or wallet, not {profile.kind!r}")
    if profile.amount_sign not in ("direction", "signed", "two_columns", "two_sided"):
        raise ValueError(f"amount_sign must be direction, signed, two_columns or two_sided, not {profile.amount_sign!r}")
    needed = {
        "two_columns": {"debit", "credit"},
        "two_sided": {"amount", "source", "target"},
        "direction": {"amount", "direction"},
    }
    missing = sorted(needed.get(profile.amount_sign, {"amount"}) - columns)
    if missing or not columns & {"time", "date"}:
        raise ValueError(f"columns must name {missing[0] if missing else 'time (or date and clock)'}")
    if profile.amount_sign != "two_sided" and not profile.own_account:
        raise ValueError("own_account must say whose statement it is")
    if profile.repeats not in ("reported", "expected") or profile.balance_check not in ("", "row", "day"):
        raise ValueError("repeats must be reported or expected, balance_check row or day")
    for rule in profile.rules:
        strange = sorted(set(rule.when) - columns)
        if strange:
            raise ValueError(f"a rule looks at {strange[0]!r}, which is not among the columns")
        for pattern in rule.when.values():
            re.compile(pattern)

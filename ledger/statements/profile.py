"""A profile: how one bank's or wallet's export is read, written down in TOML so that no code is needed."""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any, overload

from ledger.fields import PROFILE_KINDS
from ledger.problems import LiushuiError
from ledger.statements.clauses import AccountHint, Fee, LinkMade, Refunded, Rule, check_pattern, check_template, read_clauses
from ledger.statements.extending import extended

SHIPPED = Path(__file__).parents[1] / "profiles"
TRANSFER_KINDS = ("bank", "wallet")
FIELD_KINDS = ("accounts", "links", "gift_card", "q_coin", "card_order", "card_list", "ticket", "measure")
"""Kinds whose columns are given one by one, by templates in `fields`."""
_WORDS = {
    "kind": (*TRANSFER_KINDS, *FIELD_KINDS),
    "amount_sign": ("direction", "signed", "two_columns", "two_sided", "found"),
    "amount_unit": ("yuan", "fen"),
    "minus": ("reversal", "sign"),
    "order": ("detect", "newest_first", "oldest_first"),
    "repeats": ("reported", "expected", "refused"),
    "balance_check": ("", "row", "day"),
}
SIGNS: Mapping[str, frozenset[str]] = {
    "two_columns": frozenset({"debit", "credit"}),
    "direction": frozenset({"amount", "direction"}),
    "signed": frozenset({"amount"}),
    "two_sided": frozenset({"amount", "source", "target"}),
}
"""How a row says who pays, and the fields that takes. `found` is the first of them whose fields a file has."""


@dataclass(frozen=True)
class Profile:
    """One export format; docs/profiles.md explains every key. Templates name columns in braces."""

    name: str
    title: str
    columns: Mapping[str, tuple[str, ...]]
    own: bool = False
    kind: str = "bank"
    optional: tuple[str, ...] = ()
    distinct: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ("utf-8-sig", "gb18030")
    delimiter: str = ","
    header_lines: int = 200
    junk: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    ragged: bool = False
    time_formats: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S",)
    zone: str = "Asia/Shanghai"
    order: str = "detect"
    amount_strip: str = ""
    amount_pattern: str = ""
    amount_sign: str = "direction"
    amount_unit: str = "yuan"
    minus: str = "reversal"
    inward: tuple[str, ...] = ()
    outward: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    currency: str = "CNY"
    id: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    repeats: str = "reported"
    volatile: tuple[str, ...] = ("序号", "行号")
    own_account: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    counterparty: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    remark: tuple[str, ...] = ()
    answer: str = ""
    balance_check: str = ""
    preamble: Mapping[str, str] = field(default_factory=dict)
    period_from: str = ""
    period_to: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    split: Mapping[str, str] = field(default_factory=dict)
    join: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fallback: bool = False
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    fee: Fee | None = None
    refunded: Refunded | None = None
    accounts: tuple[AccountHint, ...] = ()
    links: tuple[LinkMade, ...] = ()

    def find(self, header: Mapping[str, int]) -> dict[str, int] | None:
        """Where each field stands in a header; None when a column that is not optional is missing.

        Args:
            header: columns as `plain_name` writes them, with their positions.
        """
        aliases, distinct, without = self._wanted
        found = {}
        for name, names in aliases:
            at = next((header[alias] for alias in names if alias in header), None)
            if at is not None:
                found[name] = at
            elif name not in self.optional:
                return None
        if self.kind in TRANSFER_KINDS and not self.sign(found):
            return None
        return found if distinct <= header.keys() and not without & header.keys() else None

    def sign(self, found: Collection[str]) -> str | None:
        """How a row says who pays, by the fields a file has besides those that `split` makes; None when it cannot."""
        there = {*found, *self.pieces}
        ways = SIGNS if self.amount_sign == "found" else (self.amount_sign,)
        return next((way for way in ways if SIGNS[way] <= there), None)

    @cached_property
    def pieces(self) -> frozenset[str]:
        """The fields that `split` and `join` make."""
        groups = (re.compile(pattern).groupindex for pattern in self.split.values())
        return frozenset({*(name for found in groups for name in found), *self.join})

    @cached_property
    def _wanted(self) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], frozenset[str], frozenset[str]]:
        """Aliases per field, the required ones first, and the two lists that tell variants apart, all as plain names."""
        required_first = sorted(self.columns, key=lambda name: name in self.optional)
        aliases = tuple((name, tuple(map(plain_name, self.columns[name]))) for name in required_first)
        return aliases, frozenset(map(plain_name, self.distinct)), frozenset(map(plain_name, self.without))


def plain_name(name: str) -> str:
    """A column's name as names are compared: full-width forms as usual ones, no blanks, no byte order mark."""
    return "".join(unicodedata.normalize("NFKC", name).replace("\ufeff", "").split())


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Names for all columns of a header: the second of one name gets `#2`, a nameless one `column#` and its position."""
    seen: Counter[str] = Counter()
    names: list[str] = []
    for at, cell in enumerate(cells, start=1):
        name = cell.replace("\ufeff", "").strip()
        seen[name] += 1
        names.append(f"column#{at}" if not name else name if seen[name] == 1 else f"{name}#{seen[name]}")
    taken = Counter(names)
    return tuple(name if taken[name] == 1 else f"{name}@{at}" for at, name in enumerate(names, start=1))


def load_profiles(paths: Sequence[Path]) -> Sequence[Profile]:
    """The user's own profiles, then the shipped ones. Raises LiushuiError on one that cannot be used.

    The shipped ones are read when somebody looks at them: canonical files and known ones need none.
    """
    return _Profiles(tuple(load_profile(Path(path), own=True) for path in paths))


@dataclass(frozen=True)
class _Profiles(Sequence[Profile]):
    own: tuple[Profile, ...]

    @property
    def every(self) -> tuple[Profile, ...]:
        return (*self.own, *_shipped())

    def __len__(self) -> int:
        return len(self.every)

    @overload
    def __getitem__(self, at: int) -> Profile: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Profile]: ...
    def __getitem__(self, at: int | slice) -> Profile | Sequence[Profile]:
        return self.every[at]

    def __iter__(self) -> Iterator[Profile]:
        return iter(self.every)


@cache
def _shipped() -> tuple[Profile, ...]:
    return tuple(load_profile(path) for path in sorted(SHIPPED.glob("*.toml")))


def load_profile(path: Path, own: bool = False) -> Profile:
    """Read one profile. Raises LiushuiError naming the file and what is wrong in it."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LiushuiError("LDG-bad-profile", f"{path}: the profile cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LiushuiError("LDG-bad-profile", f"{path}: not TOML: {error}") from error
    try:
        return _profile(extended(data, SHIPPED), own)
    except (ValueError, TypeError, KeyError, AttributeError, re.error) as error:
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
    for key in ("fields", "join"):
        values[key] = {name: _listed(value) for name, value in data.get(key, {}).items()}
    profile = Profile(**{**values, **read_clauses(data)}, own=own)
    _check_words(profile)
    _check_columns(profile)
    return profile


def _listed(value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"{value!r} must be a text or a list of texts")
    return tuple(items)


def _check_words(profile: Profile) -> None:
    """What the types cannot say: words that exist, patterns that compile."""
    for key, words in _WORDS.items():
        value = getattr(profile, key)
        if value not in words:
            raise ValueError(f"{key} must be {', '.join(word for word in words if word)}, not {value!r}")
    for pattern in (profile.period_from, profile.period_to, *profile.preamble.values()):
        if pattern and not re.compile(pattern).groups:
            raise ValueError(f"the pattern {pattern!r} needs a group: what it holds is what is said")
    for pattern in (*profile.junk, *profile.failed, *profile.split.values(), profile.amount_pattern):
        check_pattern(pattern)
    lists = (profile.id, profile.own_account, profile.counterparty, profile.reference, profile.remark, *profile.fields.values())
    for template in (*(text for texts in lists for text in texts), *profile.texts.values()):
        check_template(template)
    if not all(isinstance(text, str) for text in profile.texts.values()):
        raise ValueError("texts must be texts")


def _check_columns(profile: Profile) -> None:
    """The columns and templates that the kind and the sign of the amount ask for."""
    columns = {*profile.columns, *profile.pieces}
    if profile.kind in FIELD_KINDS:
        lacking = sorted(PROFILE_KINDS[profile.kind].required - {*profile.fields, *profile.constants, "event"})
        strange = sorted(name for name in profile.fields if PROFILE_KINDS[profile.kind].field(name) is None)
        if lacking or strange:
            raise ValueError(f"fields of {profile.kind} {'must name' if lacking else 'cannot name'} {(lacking or strange)[0]}")
        return
    missing = sorted(SIGNS.get(profile.amount_sign, SIGNS["signed"]) - columns)
    if missing or not columns & {"time", "date"}:
        raise ValueError(f"columns must name {missing[0] if missing else 'time (or date and clock)'}")
    if profile.amount_sign != "two_sided" and not profile.own_account:
        raise ValueError("own_account must say whose statement it is")
    known = columns | {"file", *profile.preamble, *profile.texts}
    for rule in profile.rules:
        strange = sorted(set(rule.when) - known)
        if strange:
            raise ValueError(f"a rule looks at {strange[0]!r}, which is not among the columns")

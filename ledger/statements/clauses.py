"""The tables inside a profile: its rules, the fee and the refund a row tells beside its amount, and what its accounts are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_NOTHING = pa.array([""])
RULE_SETS = (
    "direction",
    "source",
    "target",
    "status",
    "operation",
    "channel",
    "reverses",
    "reference",
    "counterparty",
    "own_account",
    "amount",
)
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
class Refunded:
    """A refund told beside the amount of the row it gives back.

    column: where it stands. pattern: its first group is the amount given back. whole: where it matches, all is given back.
    key: template that rows of one order share; refunds the file has rows for (operation `refund`) are not made again.
    """

    column: str
    pattern: str
    whole: str = ""
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class AccountHint:
    """What accounts are whose number matches: their kind, institution, and whether they are hubs."""

    match: str
    kind: str
    institution: str = ""
    hub: bool = False


@dataclass(frozen=True)
class LinkMade:
    """A link that a row tells of beside itself: its kind, and templates of the identifier and the account."""

    kind: str
    identifier: str
    account: str = "{account}"


def read_clauses(data: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of a profile's TOML by their names. Raises ValueError, TypeError or re.error on one that cannot be used."""
    fee = Fee(**data["fee"]) if "fee" in data else None
    refunded = _refunded(data["refunded"]) if "refunded" in data else None
    accounts = tuple(AccountHint(**hint) for hint in data.get("accounts", ()))
    links = tuple(LinkMade(**link) for link in data.get("links", ()))
    for told in (fee, refunded):
        if told and not re.compile(told.pattern).groups:
            raise ValueError(f"the pattern {told.pattern!r} needs a group: what it holds is the amount")
    patterns = [told.pattern for told in (fee, refunded) if told] + [hint.match for hint in accounts]
    for pattern in (*patterns, *((refunded.whole,) if refunded else ())):
        check_pattern(pattern)
    made = [text for link in links for text in (link.identifier, link.account)]
    for template in (*made, *((fee.target,) if fee else ()), *(refunded.key if refunded else ())):
        check_template(template)
    rules = tuple(_rule(rule) for rule in data.get("rules", ()))
    return {"rules": rules, "fee": fee, "refunded": refunded, "accounts": accounts, "links": links}


def check_pattern(pattern: str) -> None:
    """Raises ValueError or re.error on a pattern that RE2 or Python cannot read."""
    re.compile(pattern)
    pc.match_substring_regex(_NOTHING, pattern)


def check_template(template: str) -> None:
    """Raises ValueError on a template whose braces do not pair."""
    list(Formatter().parse(template))


def _rule(data: Mapping[str, Any]) -> Rule:
    sets = {name: value for name, value in data.items() if name != "when"}
    strange = sorted(set(sets) - set(RULE_SETS))
    if strange or not data.get("when") or not sets:
        raise ValueError(f"a rule needs `when` and some of {', '.join(RULE_SETS)}, not {strange or sorted(data)}")
    for pattern in data["when"].values():
        check_pattern(pattern)
    for template in sets.values():
        check_template(template)
    return Rule(dict(data["when"]), sets)


def _refunded(data: Mapping[str, Any]) -> Refunded:
    key = data.get("key", ())
    return Refunded(**{**data, "key": (key,) if isinstance(key, str) else tuple(key)})

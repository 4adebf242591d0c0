"""A profile that extends another one: what it does not say itself is taken from there."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_OWN = ("name", "title", "extends", "fallback")
_TABLES = ("columns", "preamble", "texts", "split", "join", "constants")
_LISTS = ("rules", "accounts", "junk", "empty")


def extended(data: Mapping[str, Any], shipped: Path) -> dict[str, Any]:
    """The keys of a profile with those of the shipped profile it extends.

    Tables are merged by key, of rules, accounts, junk and empty the own ones stand first, any other own key replaces the
    inherited one. Inherited columns are optional; one given as an empty list is dropped. Raises ValueError.
    """
    own = dict(data)
    if "extends" not in own:
        return _named(own)
    parent = _parent(own.pop("extends"), shipped)
    merged = {key: value for key, value in parent.items() if key not in _OWN} | own
    for key in _TABLES:
        merged[key] = {**_table(parent, key), **_table(own, key)}
    merged["preamble"] = {name: pattern for name, pattern in merged["preamble"].items() if name not in _table(own, "texts")}
    for key in _LISTS:
        merged[key] = [*_list(own, key), *_list(parent, key)]
    merged["columns"] = {name: aliases for name, aliases in merged["columns"].items() if aliases != []}
    inherited = [name for name in merged["columns"] if name not in _table(own, "columns")]
    merged["optional"] = [*_list(own, "optional"), *inherited]
    return _named(merged)


def _named(data: dict[str, Any]) -> dict[str, Any]:
    """With the institutions of the account hints written out: `{bank}` names one of the profile's texts."""
    texts = {f"{{{name}}}": str(text) for name, text in _table(data, "texts").items()}
    hints = []
    for hint in _list(data, "accounts"):
        if not isinstance(hint, dict):
            raise ValueError("accounts must be tables")
        named = dict(hint)
        named["institution"] = texts.get(hint.get("institution", ""), hint.get("institution", ""))
        hints.append(named)
    return {**data, "accounts": hints} if hints else data


def _parent(name: Any, shipped: Path) -> dict[str, Any]:
    path = shipped / f"{name}.toml"
    if not isinstance(name, str) or path.parent != shipped or not path.is_file():
        raise ValueError(f"extends must name a shipped profile, not {name!r}")
    parent = tomllib.loads(path.read_text("utf-8"))
    if "extends" in parent:
        raise ValueError(f"{name} itself extends a profile")
    return parent


def _table(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{key} must be a table")
    return value


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key, [])
    if not isinstance(value, str | list):
        raise ValueError(f"{key} must be a list")
    return [value] if isinstance(value, str) else value

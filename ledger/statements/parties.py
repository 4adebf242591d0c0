"""Who pays whom in a row: what the profile's rules decide, whose statement it is, and how accounts are spelt."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.records import UNKNOWN_PREFIX
from ledger.statements.clauses import RULE_SETS
from ledger.statements.profile import Profile
from ledger.statements.templates import only_named, rendered

Mask = NDArray[np.bool_]
_NUMBER = r"^[0-9*xX][0-9*xX \-]*$"


@dataclass(frozen=True)
class Parties:
    """The accounts of every row; null where it is not known who pays whom.

    own: the account whose statement it is. outward: where the own account pays. witness: `source`, `target`, or null where the
    row names both sides by itself. mistaken: where the other side was given as the own account, and the next template took its
    place. unnamed: where the file's name stands for the own account.
    """

    source: pa.Array
    target: pa.Array
    own: pa.Array
    outward: Mask
    inward: Mask
    witness: pa.Array
    mistaken: Mask
    unnamed: Mask


def decided(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> dict[str, pa.Array]:
    """What the rules say per row: for every field the first rule that fits and sets it."""
    none = pa.nulls(rows, pa.string())
    found: dict[str, pa.Array] = dict.fromkeys(RULE_SETS, none)
    for rule in profile.rules:
        fits = np.ones(rows, bool)
        groups: dict[str, pa.Array] = {}
        for name, pattern in rule.when.items():
            cell = pc.fill_null(cells.get(name, none), "")
            fits &= as_mask(pc.match_substring_regex(cell, pattern))
            if "(?P<" in pattern:
                groups |= named_groups(cell, pattern)
        if not fits.any():
            continue
        for name, template in rule.sets.items():
            value = rendered([template], {**cells, **groups}, rows)
            found[name] = pc.coalesce(found[name], pc.if_else(pa.array(fits), value, pa.scalar(None, pa.string())))
    return found


def named_groups(cells: pa.Array, pattern: str) -> dict[str, pa.Array]:
    """The named groups of a pattern in each cell, empty ones as null."""
    found = pc.extract_regex(cells, only_named(pattern))
    texts = {f.name: pc.utf8_trim_whitespace(pc.struct_field(found, [at])) for at, f in enumerate(found.type)}
    return {name: pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text) for name, text in texts.items()}


def parties(
    profile: Profile, cells: Mapping[str, pa.Array], ruled: Mapping[str, pa.Array], direction: pa.Array, name: str
) -> Parties:
    """Source and target of every row.

    Args:
        ruled: what `decided` gave. direction: `in`, `out` or null. name: stands for a counterparty without a name.
    """
    rows = len(direction)
    mistaken, unnamed = np.zeros(rows, bool), np.zeros(rows, bool)
    inward, outward = as_mask(pc.equal(direction, "in")), as_mask(pc.equal(direction, "out"))
    if profile.amount_sign == "two_sided":
        source, target = spelt(profile, cells["source"]), spelt(profile, cells["target"])
        own = source
        source, target = pc.if_else(pa.array(inward), target, source), pc.if_else(pa.array(inward), source, target)
    else:
        own = spelt(profile, pc.coalesce(ruled["own_account"], rendered(profile.own_account, cells, rows)))
        other, mistaken = _other(profile, cells, own)
        mistaken &= as_mask(ruled["counterparty"].is_null())
        other = pc.coalesce(spelt(profile, ruled["counterparty"]), other)
        by_file = [template for template in profile.own_account if "{file}" in template]
        unnamed = as_mask(pc.equal(own, rendered(by_file, cells, rows)))
        nobody = pc.coalesce(rendered([UNKNOWN_PREFIX + "{own}"], {"own": own}, rows), pa.scalar(UNKNOWN_PREFIX + name))
        other = pc.coalesce(other, nobody)
        source = chosen(outward, own, inward, other)
        target = chosen(outward, other, inward, own)
    source = pc.coalesce(spelt(profile, ruled["source"]), source)
    target = pc.coalesce(spelt(profile, ruled["target"]), target)
    ours = pc.equal(source, own), pc.equal(target, own)
    both = as_mask(ruled["source"].is_valid()) & as_mask(ruled["target"].is_valid())
    witness = chosen(as_mask(ours[0]), pa.scalar("source"), as_mask(ours[1]), pa.scalar("target"))
    if profile.amount_sign == "two_sided":
        both = np.ones(rows, bool)
    witness = pc.if_else(pa.array(both), pa.scalar(None, pa.string()), witness)
    return Parties(source, target, own, outward, inward, witness, mistaken, unnamed)


def _other(profile: Profile, cells: Mapping[str, pa.Array], own: pa.Array) -> tuple[pa.Array, Mask]:
    """The other side by the first template that is filled and does not name the own account; and where one did.

    Money that moved the balance went to or came from somewhere else, whatever the cell says: masked numbers may look alike.
    """
    found, mistaken = pa.nulls(len(own), pa.string()), np.zeros(len(own), bool)
    for template in profile.counterparty:
        named = spelt(profile, rendered([template], cells, len(own)))
        if profile.kind == "bank":
            same = as_mask(pc.equal(named, own)) & as_mask(found.is_null())
            named = pc.if_else(pa.array(same), pa.scalar(None, pa.string()), named)
            mistaken |= same
        found = pc.coalesce(found, named)
    return found, mistaken


def spelt(profile: Profile, accounts: pa.Array) -> pa.Array:
    """Bare numbers without the blanks and hyphens between their digits; masks and everything else as they are."""
    if profile.kind == "wallet":
        return accounts
    number = pc.fill_null(pc.match_substring_regex(accounts, _NUMBER), False)
    return pc.if_else(number, pc.replace_substring_regex(accounts, r"[ \-]", ""), accounts)


def chosen(first: Mask, one: pa.Array, second: Mask, other: pa.Array) -> pa.Array:
    """The one where the first mask holds, the other where the second does, else null."""
    null = pa.scalar(None, pa.string())
    return pc.if_else(pa.array(first), one, pc.if_else(pa.array(second), other, null))


def as_mask(array: pa.Array) -> Mask:
    """Truth values with null as false."""
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), bool)

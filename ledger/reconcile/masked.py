"""Masked account names: matched to the one known account that fits, left alone where several do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.reconcile.known import ACCOUNT, Names
from ledger.reconcile.masks import CERTAIN_LENGTH
from ledger.reconcile.rows import Bools, Ints
from ledger.reconcile.sentences import AMBIGUOUS, LONGEST
from ledger.reconcile.standing import Row, settled
from ledger.reconcile.wording import bank_of, names_agree, plain

MOST_SHAPES = 32
"""Numbers of visible digits (before, behind) that are looked for, the most frequent first."""
MOST_LOOKED_AT = 512
"""Candidates of one mask that are looked at one by one; with more it is ambiguous."""
LISTED = 5
_FULL = r"^[0-9A-Z]{8,34}$"
_SIX_DIGITS = r"([0-9].*){6}"


@dataclass(frozen=True)
class Numbers:
    """The full account numbers in order of text, and what is known about them.

    codes: of the names. length: digits. bank: code in `banks`, -1 for none. owners: code in the names' words of what the owner
    of a masked purse calls himself.
    """

    codes: Ints
    texts: pa.Array
    length: Ints
    bank: Ints
    banks: tuple[str, ...]
    owners: Mapping[str, int]


def masked_accounts(names: Names, standing: Mapping[str, Row]) -> list[dict[str, Any]]:
    """One decision per masked name that one known account fits, applied; several candidates are listed as ambiguous."""
    numbers = _numbers(names)
    shapes: dict[tuple[int, int], list[int]] = defaultdict(list)
    for code, mask in names.masks.items():
        shapes[len(mask.prefix), len(mask.suffix)].append(code)
    refused = {(row["account"], row["other_account"]) for row in settled(standing, "masked_account", confirmed=False)}
    decisions = [dict(row) for row in settled(standing, "masked_account", confirmed=True)]
    done = {row["other_account"] for row in decisions}
    for shape in sorted(shapes, key=lambda one: (-len(shapes[one]), one))[:MOST_SHAPES]:
        for code, count, found in _fitting(names, shapes[shape], numbers, shape):
            name = names.text[code].as_py()
            crowded = count > MOST_LOOKED_AT
            rows = (
                [_crowded(name, count, numbers.texts[int(found[0])].as_py())]
                if crowded
                else _decided(names, numbers, code, found)
            )
            rows = [] if name in done else rows
            decisions += [row for row in rows if (row["account"], row["other_account"]) not in refused]
    return decisions


def _numbers(names: Names) -> Numbers:
    whole = pc.and_(pc.match_substring_regex(names.text, _FULL), pc.match_substring_regex(names.text, _SIX_DIGITS))
    codes = np.flatnonzero(np.asarray(whole.to_numpy(False), bool) & (names.sort == ACCOUNT))
    codes = codes[pc.sort_indices(names.text.take(pa.array(codes))).to_numpy()]
    texts = names.text.take(pa.array(codes))
    told = names.attributes["institution"].combine_chunks().cast(pa.string()).take(pa.array(codes)).dictionary_encode()
    of_text = [bank_of(text) for text in told.dictionary.to_pylist()]
    banks = tuple(sorted(set(of_text) - {""}))
    of_word = np.array([banks.index(bank) if bank else -1 for bank in of_text] + [-1], np.int64)
    owners = sorted({mask.owner for mask in names.masks.values() if mask.owner})
    found = pc.fill_null(
        pc.index_in(pa.array([plain(owner) for owner in owners], pa.string()), value_set=names.words), -2
    ).to_pylist()
    length, bank = pc.utf8_length(texts).to_numpy(), of_word[told.indices.fill_null(-1).to_numpy()]
    return Numbers(codes, texts, length, bank, banks, dict(zip(owners, found, strict=True)))


def _fitting(names: Names, masked: list[int], numbers: Numbers, shape: tuple[int, int]) -> Iterable[tuple[int, int, Ints]]:
    """For every masked name of a shape how many numbers show the same digits, and the first of them in order of text."""
    before, behind = shape
    long = np.flatnonzero(numbers.length > before + behind)
    texts = numbers.texts.take(pa.array(long))
    head, tail = pc.utf8_slice_codeunits(texts, 0, before), pc.utf8_slice_codeunits(texts, -behind, 64)
    encoded = pc.binary_join_element_wise(head, tail, "*").dictionary_encode()
    codes = encoded.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(encoded.dictionary) + 1))
    wanted = pa.array([f"{names.masks[code].prefix}*{names.masks[code].suffix}" for code in masked], pa.string())
    at = pc.fill_null(pc.index_in(wanted, value_set=encoded.dictionary), -1).to_numpy()
    for code, key in zip(masked, at.tolist(), strict=True):
        if key >= 0:
            count = int(bounds[key + 1] - bounds[key])
            yield code, count, long[order[bounds[key] : bounds[key] + min(count, MOST_LOOKED_AT)]]


def _decided(names: Names, numbers: Numbers, code: int, found: Ints) -> list[dict[str, Any]]:
    mask, name = names.masks[code], names.text[code].as_py()
    against, agreed = _weighed(names, numbers, code, found)
    found, agreed = found[~against], agreed[~against] | mask.strong
    some = [numbers.texts[int(at)].as_py() for at in found[:LISTED]]
    mains = len(np.unique(names.main[numbers.codes[found]]))
    if mains == 1 and agreed.any() and mask.length in (0, int(numbers.length[found[0]])):
        grounds = "" if mask.strong else ", and bank or holder agree"
        told = f"of all known accounts only {some[0]} has the digits that {_short(name)} shows{grounds}"
        return [_decision("applied", some[0], name, told)]
    if mains == 1 and agreed.any():
        told = f"{some[0]} has the digits that {_short(name)} shows, but not its length"
    elif mains == 1:
        told = f"{some[0]} ends in {mask.suffix}, but neither bank nor holder is known to be that of {_short(name)}"
    else:
        more = f" and {len(found) - LISTED:,} more" if len(found) > LISTED else ""
        told = f"{len(found):,} known accounts have the digits that {_short(name)} shows: {', '.join(some)}{more}"
    return [_decision("ambiguous", one, name, AMBIGUOUS + told) for one in some]


def _crowded(name: str, count: int, first: str) -> dict[str, Any]:
    told = f"{count:,} known accounts have the digits that {_short(name)} shows, {first} and others: too many to look at"
    return _decision("ambiguous", first, name, AMBIGUOUS + told)


def _weighed(names: Names, numbers: Numbers, code: int, found: Ints) -> tuple[Bools, Bools]:
    """What speaks against each number (length, bank, holder), and where bank or holder agree."""
    mask = names.masks[code]
    against = (numbers.length[found] != mask.length) & (mask.length >= CERTAIN_LENGTH)
    banks, holders = numbers.bank[found], names.holder[numbers.codes[found]]
    agreed = np.zeros(len(found), bool)
    said = bank_of(mask.bank)
    if said:
        same = np.array([said in bank or bank in said for bank in numbers.banks] + [False], bool)
        agreed |= same[banks]
        against |= (banks >= 0) & ~same[banks]
    if mask.owner:  # a wallet's owner calls himself what he likes, so another name does not speak against him
        agreed |= holders == numbers.owners[mask.owner]
    own = int(names.holder[code])
    if own >= 0:
        distinct, at = np.unique(holders, return_inverse=True)
        ours = names.words[own].as_py()
        same = np.array([one >= 0 and names_agree(ours, names.words[one].as_py()) for one in distinct.tolist()], bool)[at]
        agreed |= same
        against |= (holders >= 0) & ~same
    return against, agreed


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[:LONGEST] + "…"


def _decision(state: str, account: str, name: str, evidence: str) -> dict[str, Any]:
    return {"kind": "masked_account", "state": state, "account": account, "other_account": name, "evidence": evidence}

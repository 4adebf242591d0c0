"""Several names of one account: chains of names lead to one main name."""

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow.compute as pc

from ledger.reconcile.known import Names, code_of
from ledger.reconcile.rows import Rows
from ledger.reconcile.standing import Row, is_refused

SAME_KEYS = ("same_account", "card_number", "account_number", "交易卡号", "交易账号", "查询卡号", "查询账号", "卡号", "账号")
"""Keys of an account's further attributes that hold another number of it."""

Edge = tuple[str, str]


def same_accounts(rows: Rows, names: Names, standing: Mapping[str, Row]) -> list[dict[str, Any]]:
    """One decision per pair of names that records call one account; `account` is one step nearer to the main name.

    The main name is the one most rows use, of equals the first in order of text. A pair that closes a ring is only noted.
    """
    told = {frozenset(pair): evidence for pair, evidence in _told(names, standing)}
    used = np.bincount(np.concatenate([rows.source, rows.target]), minlength=len(names.text))
    nearby: dict[str, set[str]] = defaultdict(set)
    for one, other in map(sorted, told):
        nearby[one].add(other)
        nearby[other].add(one)
    listed = sorted(nearby)
    counts = dict(zip(listed, used[code_of(names, listed)].tolist(), strict=True))
    decisions = []
    seen: set[str] = set()
    for main in sorted(nearby, key=lambda name: (-counts[name], name)):
        if main not in seen:
            decisions += _tree(main, nearby, told, seen)
    return decisions


def _tree(
    main: str, nearby: Mapping[str, set[str]], told: Mapping[frozenset[str], str], seen: set[str]
) -> list[dict[str, Any]]:
    """The pairs of one account, from its main name outward."""
    decisions, done = [], set()
    seen.add(main)
    waiting = deque([main])
    while waiting:
        one = waiting.popleft()
        for other in sorted(nearby[one]):
            pair = frozenset((one, other))
            if pair in done:
                continue
            done.add(pair)
            state = "noted" if other in seen else "applied"
            decisions.append(_decision(state, one, other, told[pair]))
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return decisions


def _decision(state: str, account: str, other: str, evidence: str) -> dict[str, Any]:
    return {"kind": "same_account", "state": state, "account": account, "other_account": other, "evidence": evidence}


def _told(names: Names, standing: Mapping[str, Row]) -> Iterable[tuple[Edge, str]]:
    """Pairs of names that records call one account, with their evidence; those that stand come last and count."""
    refused = {
        frozenset((row["account"], row["other_account"]))
        for row in standing.values()
        if row["kind"] == "same_account" and is_refused(row)
    }
    for pair, evidence in _declared(names):
        if frozenset(pair) not in refused:
            yield pair, evidence
    for row in standing.values():
        pair = (row["account"], row["other_account"])
        if row["kind"] == "same_account" and row["state"] in ("applied", "noted") and None not in pair and pair[0] != pair[1]:
            yield pair, row["evidence"]


def _declared(names: Names) -> Iterable[tuple[Edge, str]]:
    """Pairs that the attributes of an account state."""
    extra = names.attributes["extra"].combine_chunks()
    keys = "|".join(f'"{key}"' for key in SAME_KEYS)
    at = np.flatnonzero(pc.fill_null(pc.match_substring_regex(extra, keys), False).to_numpy(False))
    for code in at.tolist():
        name = names.text[code].as_py()
        for key, number in _numbers(extra[code].as_py()):
            if number != name and code_of(names, [number])[0] >= 0:
                yield (name, number), f"the record of account {name} gives {number} as its {key}"


def _numbers(extra: str) -> Iterable[tuple[str, str]]:
    try:
        told = json.loads(extra)
    except ValueError:
        return
    for key in SAME_KEYS if isinstance(told, dict) else ():
        value = str(told.get(key) or "").replace(" ", "")
        if sum(letter.isdigit() for letter in value) >= 8:
            yield key, value

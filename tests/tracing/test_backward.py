"""Whose money is this: against fen that remember their birth, and dual to the trace forward, on random ledgers."""

import os
from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pytest

from ledger.problems import LiushuiError
from tests.story import story
from tests.tracing.test_twin import OPENINGS, as_ledger, random_world
from tests.twin import Fen, births, openings_by, replay
from tracing.backward import found_behind
from tracing.origins import words_of
from tracing.result import ALLOCATING, ORIGINS, TIES, Parameters, Trace
from tracing.trace import trace_claims

LEDGERS = int(os.environ.get("LIUSHUI_LEDGERS", "60"))
BACKWARD = "backward"
Told = dict[str, Counter[tuple[Any, ...]]]


def back(text: str, **asked: Any) -> Trace:
    return trace_claims(story(text), Parameters(direction=BACKWARD, **asked))


def origins(trace: Trace) -> dict[tuple[str, ...], int]:
    assert trace.origins is not None
    return {tuple(x for x in row[:5] if x): row[5] for row in trace.origins.itertuples(index=False, name=None)}


def behind(seed: int, method: str) -> tuple[Told, Told, Told]:
    """Our answer, the answer of fen that remember (empty where the method knows none), and the twin's forward answer.

    All starts at once: every account, every payment; and the disputed payments.
    """
    random = Random(seed)
    moves, reports, opening, hubs = random_world(random)
    ties, mode = random.choice(TIES), random.choice(OPENINGS)
    ledger = as_ledger(moves, reports, opening, hubs)
    known = openings_by(mode, opening, hubs, 8)
    accounts = tuple(f"a{code}" for code in range(8) if code not in hubs)
    transfers = tuple(f"T{number}" for number, move in enumerate(moves) if not move.failed)
    asked = Parameters(method=method, ties=ties, opening=mode, direction=BACKWARD, accounts=accounts, transfers=transfers)
    ours: Told = {"origins": Counter(), "way": Counter(), "amount": Counter()}
    for parameters in (asked, Parameters(method=method, ties=ties, opening=mode, direction=BACKWARD)):
        if parameters is not asked and not reports:
            continue
        add(ours, ledger, parameters)
    fen: Told = {"origins": Counter(), "way": Counter(), "amount": Counter()}
    if method in ("fifo", "lifo"):
        world = births(moves, reports, known, hubs, method, ties)
        for account in accounts:
            remember(fen, f"account:{account}", world.purse[int(account[1:])])
        for transfer in transfers:
            remember(fen, f"transfer:{transfer}", world.paid[int(transfer[1:])])
        begin: Counter[int] = Counter()
        for report in reports:
            mine = world.unlabelled[report.move][begin[report.move] : begin[report.move] + report.fen]
            begin[report.move] += report.fen
            remember(fen, report.name, mine)
    twin = replay(moves, reports, known, hubs, method, ties)
    forward: Told = {"claims": Counter()}
    for (claim, code), amount in twin.held()[0].items():
        forward["claims"][f"account:a{code}", claim] += amount
    for (claim, number), amount in twin.traced.items():
        forward["claims"][f"transfer:T{number}", claim] += amount
    return ours, fen, forward


def add(ours: Told, ledger: Any, parameters: Parameters) -> None:
    """Our pieces in the twin's words; every start balances."""
    asked, found = found_behind(ledger, parameters)
    names = asked.starts.table["claim"].tolist()
    claims = asked.claims.table["claim"].tolist()
    ended = found.ended
    leg, slot = ended["leg"].to_numpy(np.int64), ended["slot"].to_numpy(np.int64)
    source = ledger.rows(np.maximum(leg, 0), "source")["source"].to_numpy(np.int64)
    code = np.where(slot >= 0, asked.axis.slots.account[slot], source)
    words = words_of(ledger, ended["what"].to_numpy(np.int64), code).tolist()
    for word, start, claim, account, number, fen in zip(
        words, ended["start"], ended["claim"], code.tolist(), leg.tolist(), ended["basis"].tolist(), strict=True
    ):
        move = number if word not in ("opening", "other") else -1
        ours["origins"][names[start], word, claims[claim] if claim >= 0 else "", account, move] += fen
        ours["amount"][names[start],] += fen
    for start, number, fen in found.carried[["start", "leg", "basis"]].itertuples(index=False, name=None):
        ours["way"][names[start], number] += fen
    table = asked.starts.table
    assert {name: fen for (name,), fen in ours["amount"].items() if name in set(names)} == {
        row.claim: row.fen for row in table.itertuples() if row.fen
    }


def remember(told: Told, start: str, fen: list[Fen]) -> None:
    for one in fen:
        told["origins"][start, *one.birth] += 1
        told["amount"][start,] += 1
        for number in one.way:
            told["way"][start, number] += 1


def mismatch(seed: int, method: str) -> str | None:
    ours, fen, forward = behind(seed, method)
    if fen["amount"]:
        for name, other in fen.items():
            if +ours[name] != +other:
                return f"seed {seed}: {method} {name} {ours[name] - other} but fen that remember {other - ours[name]}"
    claims: Counter[tuple[Any, ...]] = Counter()
    for (start, word, claim, *_), amount in ours["origins"].items():
        if word == "claim" and ":" in start:
            claims[start, claim] += amount
    if +claims != +forward["claims"]:
        return f"seed {seed}: {method} backward {claims - forward['claims']} forward {forward['claims'] - claims}"
    return None


@pytest.mark.parametrize("method", ALLOCATING)
def test_backward_is_dual_to_forward_and_equals_fen_that_remember_on_random_ledgers(method: str) -> None:
    found = [mismatch(seed, method) for seed in range(LEDGERS)]
    assert [text for text in found if text][:3] == []


MIXED = """
    opening a 50
    09:00 v -> a 100      # claim V1
    09:01 a -> b 120
    09:02 b -> c 60=>30
    09:03 c -> d 10
"""


def test_a_balance_is_claims_and_openings_under_fifo() -> None:
    assert origins(back(MIXED, accounts=("c", "a"))) == {
        ("account:a", "claim", "V1", "v", "T1"): 30_00,
        ("account:c", "claim", "V1", "v", "T1"): 5_00,
        ("account:c", "opening", "a"): 15_00,
    }


def test_the_way_back_has_every_transfer_with_hop_1_nearest_to_the_start() -> None:
    trace = back(MIXED, accounts=("c",))
    rows = trace.traced[["transfer", "hop", "traced_fen", "basis_fen"]].values.tolist()
    assert rows == [["T3", 1, 40_00, 20_00], ["T2", 2, 40_00, 20_00], ["T1", 3, 10_00, 5_00]]


@pytest.mark.parametrize("method", ALLOCATING)
def test_held_and_sinks_are_the_start_under_every_method(method: str) -> None:
    trace = back(MIXED, method=method, accounts=("a", "b", "c", "d"), transfers=("T2", "T4"))
    assert trace.totals()["claim_fen"].tolist() == [30_00, 60_00, 20_00, 10_00, 120_00, 10_00]
    assert trace.unbalanced().empty


def test_a_disputed_payment_goes_on_behind_itself() -> None:
    trace = back("""
        09:00 v -> w 100      # claim V1
        09:01 w -> m 100      # claim V2
    """)
    assert origins(trace)["V2", "claim", "V1", "v", "T1"] == 100_00
    assert trace.traced[["claim", "transfer", "hop"]].values.tolist() == [["V1", "T1", 1], ["V2", "T2", 1], ["V2", "T1", 2]]


def test_hubs_and_banks_are_sources_of_their_own() -> None:
    trace = back("""
        account shop merchant
        opening a 0
        09:00 shop -> a 10
        09:01 a -> b 30
    """, accounts=("b",))  # fmt: skip
    assert origins(trace) == {
        ("account:b", "merchant", "shop", "T1"): 10_00,
        ("account:b", "overdraft", "a", "T2"): 20_00,
    }
    assert trace.sinks["amount_fen"].sum() == 30_00


@pytest.mark.parametrize(
    ("limit", "word"),
    [({"max_hops": 1}, "out_of_view"), ({"hop_window_us": 1}, "out_of_view"), ({"min_amount_fen": 61_00}, "dust")],
)
def test_limits_work_backward_and_are_told(limit: dict[str, int], word: str) -> None:
    trace = back("""
        09:00 v -> a 60    # claim
        09:01 a -> b 60
    """, transfers=("T2",), **limit)  # fmt: skip
    assert origins(trace) == {("transfer:T2", word, "a", "T2"): 60_00}
    assert [(hit.pieces, hit.basis_fen) for hit in trace.limits] == [(1, 60_00)]


def test_an_order_at_a_hub_leads_back_to_its_payer() -> None:
    trace = back("""
        account shop merchant
        09:00 v -> shop 60 ref=R1   # claim
        09:01 shop -> b 60 ref=R1
    """, accounts=("b",))  # fmt: skip
    assert origins(trace) == {("account:b", "claim", "C1", "v", "T1"): 60_00}
    assert trace.traced["made_by"].tolist()[0] == "reference"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"accounts": ("nobody",)}, "TRC-account"),
        ({"accounts": ("shop",)}, "TRC-account"),
        ({"transfers": ("T99",)}, "TRC-transfer"),
        ({"transfers": ("T2",)}, "TRC-transfer"),
        ({"accounts": ("a",), "method": "poison"}, "TRC-backward"),
        ({"accounts": ("a",), "method": "pro_rata", "max_hops": 2}, "TRC-backward"),
        ({"accounts": ("a",), "level": "holder"}, "TRC-backward"),
        ({"accounts": ("a",), "overdraft": "backward"}, "TRC-backward"),
        ({"accounts": ("a",), "inferred": True}, "TRC-backward"),
    ],
)
def test_a_start_that_is_none_is_refused(asked: dict[str, Any], code: str) -> None:
    with pytest.raises(LiushuiError) as refused:
        back("account shop merchant\n09:00 v -> a 1 # claim\n09:01 a -> b 1 status=failed", **asked)
    assert refused.value.code == code


def test_every_origin_has_its_word() -> None:
    trace = back(MIXED, accounts=("c",), method="pro_rata")
    assert trace.origins is not None
    assert set(trace.origins["origin"]) <= set(ORIGINS)

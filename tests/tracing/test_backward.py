"""Whose money is this: against fen that remember their birth, and dual to the trace forward, on random ledgers."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest

from ledger.book import Ledger
from ledger.problems import LiushuiError
from tests.story import story
from tests.tracing.test_twin import OPENINGS, as_ledger, random_world
from tests.twin import Fen, Move, Report, births, openings_by, replay
from tracing.backward import found_behind
from tracing.origins import with_places
from tracing.result import ALLOCATING, ORIGINS, TIES, Parameters, Trace
from tracing.trace import LINKED, trace_claims

LEDGERS = int(os.environ.get("LIUSHUI_LEDGERS", "60"))
BACKWARD = "backward"
Told = dict[str, Counter[tuple[Any, ...]]]


def back(text: str, **asked: Any) -> Trace:
    return trace_claims(story(text), Parameters(direction=BACKWARD, **asked))


def origins(trace: Trace) -> dict[tuple[str, ...], int]:
    assert trace.origins is not None
    return {tuple(x for x in row[:5] if x): row[5] for row in trace.origins.itertuples(index=False, name=None)}


@dataclass(frozen=True)
class Case:
    """A ledger and the twin's world of it. account_of: the twin's account for each of the ledger's."""

    ledger: Ledger
    world: tuple[list[Move], list[Report], dict[int, int], set[int]]
    known: dict[int, int]
    parameters: Parameters
    account_of: Mapping[int, int] = field(default_factory=lambda: {code: code for code in range(8)})

    @property
    def starts(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Every account, as far as its balance is its own, and every payment."""
        moves, _, _, hubs = self.world
        own = sorted({code for code in self.account_of.values() if code not in hubs})
        return tuple(f"a{code}" for code in own), tuple(f"T{n}" for n, move in enumerate(moves) if not move.failed)


def random_case(seed: int, method: str, **asked: Any) -> Case:
    random = Random(seed)
    moves, reports, opening, hubs = random_world(random)
    ties, mode = random.choice(TIES), random.choice(OPENINGS)
    parameters = Parameters(method=method, ties=ties, opening=mode, direction=BACKWARD, **asked)
    known = openings_by(mode, opening, hubs, 8)
    return Case(as_ledger(moves, reports, opening, hubs), (moves, reports, opening, hubs), known, parameters)


def ours(case: Case) -> Told:
    """Our answer, in the twin's words: from every account and payment at once, and from the disputed payments."""
    told: Told = {"origins": Counter(), "way": Counter(), "amount": Counter()}
    accounts, transfers = case.starts
    add(told, case, replace(case.parameters, accounts=accounts, transfers=transfers))
    if case.world[1]:
        add(told, case, case.parameters)
    return told


def add(told: Told, case: Case, parameters: Parameters) -> None:
    """Our pieces in the twin's words; every start balances."""
    asked, found = found_behind(case.ledger, parameters)
    names = asked.starts.table["claim"].tolist()
    claims = asked.claims.table["claim"].tolist()
    ended = with_places(asked, found.ended)
    for word, start, claim, account, number, fen in zip(
        ended["origin"], ended["start"], ended["claim"], ended["account_code"], ended["leg"], ended["basis"], strict=True
    ):
        move = number if word not in ("opening", "other") else -1
        key = names[start], word, claims[claim] if claim >= 0 else "", case.account_of[account], move
        told["origins"][key] += fen
        told["amount"][names[start],] += fen
    for start, number, fen in found.carried[["start", "leg", "basis"]].itertuples(index=False, name=None):
        told["way"][names[start], number] += fen
    table = asked.starts.table
    assert {name: fen for (name,), fen in told["amount"].items() if name in set(names)} == {
        row.claim: row.fen for row in table.itertuples() if row.fen
    }


def by_fen(case: Case) -> Told:
    """The answer of fen that remember."""
    moves, reports, _, hubs = case.world
    told: Told = {"origins": Counter(), "way": Counter(), "amount": Counter()}
    world = births(moves, reports, case.known, hubs, case.parameters.method, case.parameters.ties)
    accounts, transfers = case.starts
    for account in accounts:
        remember(told, case, f"account:{account}", world.purse[int(account[1:])])
    for transfer in transfers:
        remember(told, case, f"transfer:{transfer}", world.paid[int(transfer[1:])])
    begin: Counter[int] = Counter()
    for report in reports:
        mine = world.unlabelled[report.move][begin[report.move] : begin[report.move] + report.fen]
        begin[report.move] += report.fen
        remember(told, case, report.name, mine)
    return told


def remember(told: Told, case: Case, start: str, fen: list[Fen]) -> None:
    """Go back with every fen until its birth, or until a limit stops it; one of no claim is followed through links only."""
    for one in fen:
        birth, way = stopped(case, one, is_balance=start.startswith("account:"))
        if one.birth[0] != "claim" and case.parameters.method not in LINKED:
            last = one.way[-1] if one.way else -1
            birth, way = ("other", "", account_of_start(case, start), -1), way[:0] if "account:" in start else (last,)
        told["origins"][start, *birth] += 1
        told["amount"][start,] += 1
        for number in way:
            told["way"][start, number] += 1


def account_of_start(case: Case, start: str) -> int:
    moves, reports, _, _ = case.world
    if start.startswith("account:"):
        return int(start.removeprefix("account:a"))
    number = {report.name: report.move for report in reports}.get(start)
    return moves[int(start.removeprefix("transfer:T")) if number is None else number].source


def stopped(case: Case, fen: Fen, *, is_balance: bool) -> tuple[tuple[str, str, int, int], tuple[int, ...]]:
    """Where a fen came from, or the payment before which a limit stops it, and the payments up to there."""
    moves, limits = case.world[0], case.parameters
    for place in range(len(fen.way) - 1, 0, -1):
        move, before = moves[fen.way[place]], moves[fen.way[place - 1]]
        hop = len(fen.way) - place
        late = limits.hop_window_us is not None and (move.time - before.time) * 1_000_000 > limits.hop_window_us
        if late or (limits.max_hops or hop + 1) <= hop:
            return ("out_of_view", "", move.source, fen.way[place]), fen.way[place:]
    return fen.birth, fen.way


def by_forward(case: Case) -> Counter[tuple[Any, ...]]:
    """What the twin's trace forward finds of every claim at every account and on every payment."""
    moves, reports, _, hubs = case.world
    twin, found = replay(moves, reports, case.known, hubs, case.parameters.method, case.parameters.ties), Counter[Any]()
    for (claim, code), amount in twin.held()[0].items():
        found[f"account:a{code}", claim] += amount
    for (claim, number), amount in twin.traced.items():
        found[f"transfer:T{number}", claim] += amount
    return +found


def mismatch(case: Case) -> str | None:
    """What fen that remember, or the trace forward, answer otherwise."""
    told, what = ours(case), f"{case.parameters.method} {case.parameters}"
    if case.parameters.method != "pro_rata":
        for name, other in by_fen(case).items():
            if +told[name] != +other:
                return f"{what}: {name} {told[name] - other} but fen that remember {other - told[name]}"
    if case.parameters.max_hops or case.parameters.hop_window_us:
        return None
    claims: Counter[tuple[Any, ...]] = Counter()
    for (start, word, claim, *_), amount in told["origins"].items():
        if word == "claim" and ":" in start:
            claims[start, claim] += amount
    forward = by_forward(case)
    return None if +claims == forward else f"{what}: backward {claims - forward} forward {forward - claims}"


@pytest.mark.parametrize("method", ALLOCATING)
def test_backward_is_dual_to_forward_and_equals_fen_that_remember_on_random_ledgers(method: str) -> None:
    found = [(seed, mismatch(random_case(seed, method))) for seed in range(LEDGERS)]
    assert [one for one in found if one[1]][:3] == []


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
        ({"accounts": ("a",), "method": "poison", "max_hops": 2}, "TRC-backward"),
        ({"accounts": ("a",), "method": "pro_rata", "overdraft": "backward"}, "TRC-overdraft"),
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

"""The tracer against its twin, fen by fen, on thousands of random ledgers."""

import os
from collections import Counter
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from ledger.book import Ledger
from ledger.memory import ledger_of
from ledger.records import ACCOUNTS, REPORTS, TRANSFERS
from tests.story import rows
from tests.twin import Move, Report, openings_by, replay
from tracing.claims import claims_of
from tracing.envelope import envelope
from tracing.lots import axis_of, settled_legs
from tracing.result import ALLOCATING, TIES, Opening, Parameters, Ties, Trace
from tracing.trace import followed_claims, holders_of_accounts, trace_claims, trace_methods, way_of

LEDGERS = int(os.environ.get("LIUSHUI_LEDGERS", "600"))
"""How many random ledgers; each draws its ties and openings. CONTRIBUTING.md names the variable."""
SHARDS, CROWDED = 2, max(12, LEDGERS // 50)
OPENINGS: tuple[Opening, ...] = ("reported", "implied", "zero")


def crowded_world(random: Random, most: int = 160) -> tuple[list[Move], list[Report], dict[int, int], set[int]]:
    """Some fifty claims in a handful of accounts: pools and lots by the dozen at each, and equal remainders."""
    accounts, whole = random.randint(3, 6), random.choice([1, 1, 10])
    moves = []
    for time in range(random.randint(most * 5 // 8, most)):
        source, target = random.sample(range(accounts), 2)
        fen = whole * random.randint(1, random.choice([9, 60, 400]))
        moves.append(Move(time, source, target, fen, fen if random.random() < 0.95 else max(1, fen * 97 // 100), False))
    disputed = sorted(random.sample(range(len(moves)), 50))
    reports = [Report(f"C{number:02}", move, moves[move].given) for number, move in enumerate(disputed)]
    return moves, reports, {account: whole * random.randint(0, 900) for account in range(accounts)}, set()


def random_world(random: Random) -> tuple[list[Move], list[Report], dict[int, int], set[int]]:
    accounts = random.randint(2, 7)
    moves = []
    for _ in range(random.randint(1, 40)):
        given = random.randint(1, 30)
        received = random.choice([given] * 6 + [max(1, given * 97 // 100), given * 2, random.randint(1, 40)])
        source, target = random.randrange(accounts), random.randrange(accounts)
        moves.append(
            Move(random.randint(0, random.choice([3, 12, 60])), source, target, given, received, random.random() < 0.05)
        )
    moves.sort(key=lambda move: move.time)
    reports = []
    for number in range(random.randint(1, 5)):
        move = random.randrange(len(moves))
        if not moves[move].failed:
            reports.append(Report(f"C{number}", move, random.randint(1, moves[move].given)))
    opening = {account: random.randint(-10, 40) for account in range(accounts) if random.random() < 0.3}
    hubs = {account for account in range(accounts) if random.random() < 0.1}
    return moves, reports, {account: fen for account, fen in opening.items() if account not in hubs}, hubs


def as_ledger(moves: list[Move], reports: list[Report], opening: dict[int, int], hubs: set[int]) -> Ledger:
    transfers = [
        {
            "transfer": f"T{number}", "time": move.time * 1_000_000, "source": move.source, "target": move.target,
            "amount_fen": move.given, "received_fen": move.received, "currency": "CNY", "kind": "bank",
            "status": "failed" if move.failed else "done", "file": 0, "line": number,
        }
        for number, move in enumerate(moves)
    ]  # fmt: skip
    accounts = [
        {"account": f"a{code}", "kind": "bank", "hub": code in hubs, "declared": True, "opening_fen": opening.get(code)}
        for code in range(8)
    ]
    table = [
        {"report": report.name, "victim": "v", "transfer": f"T{report.move}", "amount_fen": report.fen, "file": 0, "line": 1}
        for report in reports
    ]
    return ledger_of(rows(transfers, TRANSFERS), rows(accounts, ACCOUNTS), rows(table, REPORTS))


def told(trace: Trace) -> dict[str, Counter[tuple[object, ...]]]:
    """The answer of a whole trace in the twin's words."""
    return {
        "held": Counter({(row.claim, int(row.account_code)): row.held_fen for row in trace.held.itertuples()}),
        "basis": Counter({(row.claim, int(row.account_code)): row.basis_fen for row in trace.held.itertuples()}),
        "traced": Counter({(row.claim, int(row.transfer[1:])): row.traced_fen for row in trace.traced.itertuples()}),
        "sinks": Counter({(row.claim, row.sink, int(row.account_code)): row.amount_fen for row in trace.sinks.itertuples()}),
    }


def followed(ledger: Ledger, parameters: Parameters) -> dict[str, Counter[tuple[object, ...]]]:
    """The same without the tables (those are ten times as slow on ledgers this small)."""
    method, settled = parameters.method, settled_legs(ledger, opening=parameters.opening, ties=parameters.ties)
    axis = axis_of(ledger, settled)
    claims = claims_of(ledger, axis, parameters)
    way = way_of(axis, settled, method)
    _, found = followed_claims(ledger, axis, claims, holders_of_accounts(ledger), parameters, way)
    names = claims.table["claim"].tolist()
    answer: dict[str, Counter[tuple[object, ...]]] = {name: Counter() for name in ("held", "basis", "traced", "sinks")}
    for sink, pieces in (("", found.rested), ("overdraft", found.overdrawn), ("discount", found.lost)):
        account = axis.slots.account[axis.target(pieces.leg)].tolist()
        for claim, code, fen, basis in zip(
            pieces.claim.tolist(), account, pieces.fen.tolist(), pieces.basis_fen.tolist(), strict=True
        ):
            if sink or axis.slots.ends[code]:
                answer["sinks"][names[claim], sink or "hub", code] += basis
            else:
                answer["held"][names[claim], code] += fen
                answer["basis"][names[claim], code] += basis
    carried = found.carried
    for claim, leg, fen in zip(carried.claim.tolist(), carried.leg.tolist(), carried.fen.tolist(), strict=True):
        answer["traced"][names[claim], leg] += fen
    return answer


def followed_pieces(ledger: Ledger, parameters: Parameters) -> list[list[tuple[int, ...]]]:
    """Carried and resting pieces with all they say."""
    settled = settled_legs(ledger)
    axis = axis_of(ledger, settled)
    claims = claims_of(ledger, axis, parameters)
    way = way_of(axis, settled, parameters.method)
    _, found = followed_claims(ledger, axis, claims, holders_of_accounts(ledger), parameters, way)
    return [
        list(zip(*(values.tolist() for values in vars(part).values()), strict=True)) for part in (found.carried, found.rested)
    ]


def mismatch(seed: int, method: str, ties: Ties | None = None, *, whole: bool = False, world: Any = random_world) -> str | None:
    """What the twin answers otherwise on one random ledger; ties and openings are drawn where they are not given."""
    random = Random(seed)
    moves, reports, opening, hubs = world(random)
    ties, mode = ties or random.choice(TIES), random.choice(OPENINGS)
    ledger = as_ledger(moves, reports, opening, hubs)
    asked = Parameters(method=method, ties=ties, opening=mode)
    ours = told(trace_claims(ledger, asked)) if whole else followed(ledger, asked)
    twin = replay(moves, reports, openings_by(mode, opening, hubs, 8), hubs, method, ties)
    held, basis = twin.held()
    for name, other in {"held": held, "basis": basis, "sinks": twin.sinks, "traced": twin.traced}.items():
        if +ours[name] != +other:
            return f"seed {seed}: {method} {ties} {mode} {name} {dict(ours[name])} but the twin has {dict(other)}"
    return None


@pytest.mark.parametrize("method", ALLOCATING)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_method_equals_the_twin_on_random_ledgers(shard: int, method: str) -> None:
    found = [mismatch(seed, method) for seed in range(shard, LEDGERS, SHARDS)]
    assert [text for text in found if text] == []


@pytest.mark.parametrize("method", ALLOCATING)
@pytest.mark.parametrize("ties", TIES[1:])
def test_every_tie_order_equals_the_twin_on_random_ledgers(ties: Ties, method: str) -> None:
    found = [mismatch(seed, method, ties) for seed in range(200)]
    assert [text for text in found if text] == []


@pytest.mark.parametrize("method", ALLOCATING)
def test_dozens_of_claims_in_one_account_equal_the_twin(method: str) -> None:
    found = [mismatch(seed, method, world=crowded_world) for seed in range(CROWDED)]
    assert [text for text in found if text] == []


def test_room_that_has_to_grow_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, asked = as_ledger(*crowded_world(Random(3), 3000)), Parameters(method="pro_rata")
    at_once = followed_pieces(ledger, asked)
    monkeypatch.setattr("tracing.replay.FIRST_ROOM", 1)
    assert len(at_once[0]) > 600, "more than there is room for at first"
    assert followed_pieces(ledger, asked) == at_once


@pytest.mark.parametrize("method", ALLOCATING)
def test_whole_traces_equal_the_twin_on_random_ledgers(method: str) -> None:
    found = [mismatch(seed, method, whole=True) for seed in range(10_000, 10_040)]
    assert [text for text in found if text] == []


def test_the_twin_would_notice_a_single_fen() -> None:
    moves = [Move(0, 0, 1, 10, 10), Move(1, 1, 2, 4, 4)]
    held, _ = replay(moves, [Report("C", 0, 10)], {}, set()).held()
    assert held == Counter({("C", 1): 6, ("C", 2): 4})
    assert isinstance(as_ledger(moves, [], {}, set()).read(("time",)), pa.Table)


@pytest.mark.parametrize("seed", range(60))
def test_data_after_as_of_changes_nothing(seed: int) -> None:
    moves, reports, opening, hubs = random_world(Random(seed))
    middle = moves[len(moves) // 2].time
    past = [move for move in moves if move.time <= middle]
    known = [report for report in reports if report.move < len(past)]
    whole = trace_claims(as_ledger(moves, known, opening, hubs), Parameters(as_of_us=middle * 1_000_000))
    cut = trace_claims(as_ledger(past, known, opening, hubs))
    assert told(whole) == told(cut)


@pytest.mark.parametrize("seed", range(40))
def test_poison_is_above_every_other_method_at_every_account(seed: int) -> None:
    ledger = as_ledger(*random_world(Random(seed)))
    table = envelope(trace_methods(ledger, Parameters()))
    assert (table["most_fen"] <= table["poison_fen"]).all()


@pytest.mark.parametrize("seed", range(60))
def test_clean_first_is_the_ratchet_of_the_lowest_balance(seed: int) -> None:
    random = Random(seed)
    moves = [Move(n, *random.choice([(0, 1), (1, 2), (3, 1)]), fen, fen) for n in range(30) for fen in [random.randint(1, 30)]]
    first = next((n for n, move in enumerate(moves) if move.source == 0), None)
    if first is None:
        moves[0] = Move(0, 0, 1, 9, 9)
        first = 0
    report = Report("C", first, moves[first].given)
    balance, tainted = 50, 0
    for number, move in enumerate(moves):
        balance += move.given if move.target == 1 else -move.given
        tainted = min(tainted + (move.given if number == first else 0), max(balance, 0))
    trace = trace_claims(as_ledger(moves, [report], {1: 50}, set()), Parameters(method="clean_first"))
    held = trace.held[(trace.held["account"] == "a1").to_numpy(dtype=bool)]["held_fen"].sum()
    assert held == tainted


def test_a_later_victim_is_not_capped_by_an_earlier_dip() -> None:
    moves = [Move(0, 0, 1, 1000, 1000), Move(1, 1, 2, 900, 900), Move(2, 3, 1, 800, 800)]
    trace = trace_claims(
        as_ledger(moves, [Report("V1", 0, 1000), Report("V2", 2, 800)], {}, set()), Parameters(method="clean_first")
    )
    assert {row.claim: row.held_fen for row in trace.held.itertuples() if row.account == "a1"} == {"V1": 100, "V2": 800}

"""Backward through overdrafts that somebody repaid: every fen goes the way of single fen, and the trace forward agrees."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest

from tests.tracing.test_backward import BACKWARD, LEDGERS, Case, add, back, origins
from tests.tracing.test_overdrafts import indebted_world, path, ways
from tests.tracing.test_twin import as_ledger, random_world
from tests.twin import Move, Report, trace_order
from tracing.result import Parameters
from tracing.trace import LINKED, trace_claims

LENT = """
    opening mule 0
    opening x 0
    08:00 mule -> x 100
    09:00 victim -> mule 60   # claim V
"""


def test_what_a_bank_paid_is_the_money_that_repaid_it() -> None:
    trace = back(LENT, accounts=("x",), overdraft="backward")
    assert origins(trace) == {
        ("account:x", "claim", "V", "victim", "T2"): 60_00,
        ("account:x", "overdraft", "mule", "T1"): 40_00,
    }
    assert dict(zip(trace.origins["origin"], trace.origins["flags"], strict=True)) == {  # type: ignore[index]
        "claim": "overdraft",
        "overdraft": "",
    }
    assert trace.traced[["transfer", "hop", "flags"]].values.tolist() == [["T1", 1, ""], ["T2", 2, "overdraft"]]


def test_a_repayment_after_the_window_is_none() -> None:
    for window, claims in ((3_600_000_000, 60_00), (3_599_000_000, 0)):
        trace = back(LENT, accounts=("x",), overdraft="backward", overdraft_window_us=window)
        assert sum(fen for key, fen in origins(trace).items() if key[1] == "claim") == claims


def test_a_debt_that_a_disputed_payment_itself_repaid_is_the_banks() -> None:
    trace = back("""
        opening a 0
        opening b 0
        09:00 a -> b 50    # claim C
        09:01 b -> a 50
    """, overdraft="backward")  # fmt: skip
    assert origins(trace) == {("C", "overdraft", "a", "T1"): 50_00}


FenOf = tuple[int, int]
Told = tuple[Counter[tuple[Any, ...]], Counter[tuple[Any, ...]]]


@dataclass
class Purses:
    """Every fen of every move by itself. came: where it came from; repaid: the fen that repaid one a bank had paid."""

    moves: list[Move]
    rests: dict[int, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    came: dict[FenOf, tuple[Any, ...]] = field(default_factory=dict)
    repaid: dict[FenOf, FenOf] = field(default_factory=dict)


def purses(world: tuple[list[Move], list[Report], dict[int, int], set[int]], method: str) -> Purses:
    """Pay with single fen; what a bank pays is repaid in the order in which it was paid."""
    moves, _, opening, hubs = world
    found, debt = Purses(moves), defaultdict(list)
    for account, fen in opening.items():
        found.rests[account] = [("opening", account)] * fen
        debt[account] = [None] * -fen
    for number in trace_order(moves, opening, hubs):
        move = moves[number]
        mine = found.rests[move.source] if move.source not in hubs else []
        size = min(len(mine), move.given)
        out = mine[:size] if method == "fifo" else mine[len(mine) - size :]
        found.rests[move.source] = mine[size:] if method == "fifo" else mine[: len(mine) - size]
        found.came |= {(number, place): one for place, one in enumerate(out)}
        source = "hub" if move.source in hubs else "overdraft"
        for place in range(size, move.given):
            found.came[number, place] = (source, move.source, number)
            if source == "overdraft":
                debt[move.source].append((number, place))
        for place in range(move.received if move.target not in hubs else 0):
            if debt[move.target]:
                lent = debt[move.target].pop(0)
                if lent is not None:
                    found.repaid[lent] = (number, place)
            else:
                found.rests[move.target].append((number, place))
    return found


def by_single_fen(case: Case) -> Told:
    """Where every fen of every start came from, back through the overdrafts somebody repaid."""
    moves, reports, opening, hubs = case.world
    method = case.parameters.method
    way = ways(moves, opening, hubs, method)
    found, begin, seeds = purses(case.world, method), Counter[int](), dict[FenOf, str]()
    disputed: list[tuple[str, FenOf]] = []
    for report in reports:
        last = min(begin[report.move] + report.fen, moves[report.move].given)
        mine = [(report.move, place) for place in range(begin[report.move], last)]
        begin[report.move] += report.fen
        seeds |= dict.fromkeys(mine, report.name)
        disputed += [(report.name, fen) for fen in mine]
    number = {fen: at for at, fen in enumerate(seeds)}
    covered = {fen for seed in seeds for fen in path(seed, number, way)[0][1:]}
    final = {seed: name for seed, name in seeds.items() if seed not in covered}
    told: Told = (Counter(), Counter())
    accounts, transfers = case.starts
    for account in accounts:
        for one in found.rests[int(account[1:])]:
            go_back(told, f"account:{account}", one, final, found, own=False)
    for transfer in transfers:
        for place in range(moves[int(transfer[1:])].given):
            go_back(told, f"transfer:{transfer}", (int(transfer[1:]), place), final, found, own=False)
    for name, fen in disputed:
        go_back(told, name, fen, final, found, own=True)
    return told


def go_back(told: Told, start: str, at: Any, seeds: dict[FenOf, str], found: Purses, *, own: bool) -> None:
    crossed: set[int] = set()
    first = True
    while isinstance(at[0], int):
        told[1][start, at[0]] += 1
        name = None if own and first else seeds.get(at)
        first = False
        if name is not None:
            payer = found.moves[at[0]].source
            key = ("overdraft", "", payer, at[0]) if name == start else ("claim", name, payer, at[0])
            told[0][start, *key] += 1
            return
        source = found.came[at]
        if source[0] == "overdraft" and at in found.repaid and at[0] not in crossed:
            crossed.add(at[0])
            source = found.repaid[at]
        at = source
    kind, account, *move = at
    told[0][start, kind, "", account, move[0] if move else -1] += 1


def indebted_case(seed: int, method: str) -> Case:
    world = indebted_world(seed)
    parameters = Parameters(method=method, direction=BACKWARD, overdraft="backward")
    return Case(as_ledger(*world), world, world[2], parameters)


@pytest.mark.parametrize("method", LINKED)
def test_every_fen_goes_back_the_way_of_single_fen_on_indebted_ledgers(method: str) -> None:
    back_through = 0
    for seed in range(LEDGERS):
        case = indebted_case(seed, method)
        told: dict[str, Counter[tuple[Any, ...]]] = {"origins": Counter(), "way": Counter(), "amount": Counter()}
        accounts, transfers = case.starts
        add(told, case, replace(case.parameters, accounts=accounts, transfers=transfers))
        if case.world[1]:
            add(told, case, case.parameters)
        expected = by_single_fen(case)
        assert (+told["origins"], +told["way"]) == expected, seed
        back_through += len(purses(case.world, method).repaid)
    assert back_through > LEDGERS


@pytest.mark.parametrize("method", LINKED)
@pytest.mark.parametrize("asked", [{}, {"overdraft_window_us": 5_000_000}, {"level": "holder"}], ids=str)
def test_what_is_found_of_a_claim_is_what_the_trace_forward_holds_there(asked: dict[str, Any], method: str) -> None:
    flagged = 0
    for seed in range(LEDGERS // 2):
        world = indebted_world(seed)
        ledger = as_ledger(*world)
        ledger = replace(ledger, accounts=ledger.accounts.assign(holder=["h1", "h1", "h2", *[None] * 5]))
        parameters = Parameters(method=method, overdraft="backward", **asked)
        forward, accounts = trace_claims(ledger, parameters), tuple(f"a{code}" for code in range(8) if code not in world[3])
        found = trace_claims(ledger, replace(parameters, direction=BACKWARD, accounts=accounts)).origins
        assert found is not None
        pooled = asked.get("level") == "holder" and not {0, 1} & world[3]
        holder = {f"a{code}": "a0" if code < 2 and pooled else f"a{code}" for code in range(8)}
        held: Counter[tuple[str, str]] = Counter()
        for row in forward.held.itertuples():
            held[holder[row.account], row.claim] += row.held_fen
            flagged += row.flags != ""
        ours: Counter[tuple[str, str]] = Counter()
        for row in found[(found["origin"] == "claim").to_numpy(dtype=bool)].itertuples():
            ours[row.start.removeprefix("account:"), row.claim] += row.amount_fen
        assert {key: fen for key, fen in ours.items() if key[0] == holder[key[0]]} == dict(held), seed
    assert flagged > 0


@pytest.mark.parametrize("method", LINKED)
def test_with_conversions_every_start_balances(method: str) -> None:
    for seed in range(LEDGERS // 3):
        moves, reports, _, hubs = random_world(Random(seed))
        ledger = as_ledger(moves, reports, {account: 0 for account in range(8) if account not in hubs}, hubs)
        accounts = tuple(f"a{code}" for code in range(8) if code not in hubs)
        trace = trace_claims(ledger, Parameters(method=method, overdraft="backward", direction=BACKWARD, accounts=accounts))
        assert trace.unbalanced().empty

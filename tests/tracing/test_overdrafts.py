"""Overdrafts backward: money that repays a bank went where the overdraft was spent."""

from collections import Counter, defaultdict
from dataclasses import replace
from random import Random

import pytest

from ledger.problems import LiushuiError
from tests.story import story
from tests.tracing.test_trace import held, sinks, traced
from tests.tracing.test_twin import as_ledger, random_world
from tests.twin import Move, Report, trace_order
from tracing.claims import claims_of
from tracing.lots import axis_of, settled_legs
from tracing.result import METHODS, Parameters
from tracing.trace import LINKED, followed_claims, holders_of_accounts, trace_claims, trace_methods, way_of

LENT = """
    opening mule 0
    09:00 mule -> x 30
    09:10 victim -> mule 50   # claim
    09:20 mule -> y 5
"""
MINUTE = 60_000_000

Fen = tuple[int, int]
"""A fen of a move: its number, its place."""
Answer = tuple[Counter[tuple[int, int]], Counter[tuple[str, int, int]], Counter[tuple[int, int]]]
"""held by claim and account, sinks by name, claim and account, traced by claim and move."""


@pytest.mark.parametrize("method", LINKED)
def test_repaying_money_goes_on_where_the_overdraft_was_spent(method: str) -> None:
    trace = traced(LENT, method=method, overdraft="backward")
    assert (held(trace), sinks(trace)) == ({"mule": 15_00, "x": 30_00, "y": 5_00}, {})
    rows = trace.traced[["transfer", "hop", "traced_fen", "made_by", "flags"]].values.tolist()
    assert rows == [
        ["T2", 1, 50_00, "reference", ""],
        ["T1", 2, 30_00, "method", "overdraft"],
        ["T3", 2, 5_00, "method", ""],
    ]
    assert dict(zip(trace.held["account"], trace.held["flags"], strict=True)) == {"mule": "", "x": "overdraft", "y": ""}


def test_by_default_it_is_gone() -> None:
    assert sinks(traced(LENT)) == {("overdraft", "mule"): 30_00}


@pytest.mark.parametrize(("minutes", "gone"), [(9, 30_00), (10, 0)])
def test_an_overdraft_spent_before_the_window_stays_a_sink(minutes: int, gone: int) -> None:
    trace = traced(LENT, overdraft="backward", overdraft_window_us=minutes * MINUTE)
    assert sinks(trace).get(("overdraft", "mule"), 0) == gone


def test_an_overdrawn_opening_has_no_payment_to_go_back_to() -> None:
    trace = traced("opening mule -20\n09:00 victim -> mule 50   # claim", overdraft="backward")
    assert (held(trace), sinks(trace)) == ({"mule": 30_00}, {("overdraft", "mule"): 20_00})


def test_only_the_part_the_bank_paid_is_the_claims() -> None:
    trace = traced(
        """
        opening mule 20
        opening x 0
        09:00 mule -> x 30
        09:05 x -> z 20
        09:06 x -> w 10
        09:10 victim -> mule 50   # claim
        """,
        overdraft="backward",
    )
    assert held(trace) == {"mule": 40_00, "w": 10_00}
    assert dict(zip(trace.held["account"], trace.held["flags"], strict=True)) == {"mule": "", "w": "overdraft"}


def test_a_fen_of_the_overdraft_that_is_disputed_stays_with_its_own_claim() -> None:
    trace = traced(
        """
        opening mule 0
        09:00 mule -> x 30        # claim C1
        09:10 victim -> mule 50   # claim C2
        """,
        overdraft="backward",
    )
    assert sinks(trace) == {("overdraft", "mule"): 30_00}
    assert {(row.claim, row.account): row.held_fen for row in trace.held.itertuples()} == {
        ("C1", "x"): 30_00,
        ("C2", "mule"): 20_00,
    }


def test_other_methods_refuse() -> None:
    for method in set(METHODS) - set(LINKED):
        with pytest.raises(LiushuiError, match="overdraft backward is for"):
            traced(LENT, method=method, overdraft="backward")
    with pytest.raises(LiushuiError, match="overdraft backward is for"):
        trace_methods(story(LENT), Parameters(overdraft="backward"))


def indebted_world(seed: int) -> tuple[list[Move], list[Report], dict[int, int], set[int]]:
    """A random world without conversions in which most accounts are overdrawn now and then."""
    random = Random(seed)
    moves, reports, _, hubs = random_world(random)
    moves = [replace(move, received=move.given) for move in moves]
    return moves, reports, {account: random.randint(-5, 8) for account in range(8) if account not in hubs}, hubs


def ways(moves: list[Move], opening: dict[int, int], hubs: set[int], method: str) -> dict[Fen, tuple[Fen, bool] | None]:
    """Where every fen of every move goes: to a fen of a move, and whether it goes back to it; None: it repaid a bank.

    A fen that is not in it came to rest.
    """
    purse: dict[int, list[Fen | None]] = defaultdict(list)
    debt: dict[int, list[Fen | None]] = defaultdict(list)
    for account, fen in opening.items():
        purse[account] = [None] * fen
        debt[account] = [None] * -fen
    found: dict[Fen, tuple[Fen, bool] | None] = {}
    for number in trace_order(moves, opening, hubs):
        move = moves[number]
        if move.source not in hubs:
            mine = purse[move.source]
            fen = min(len(mine), move.given)
            taken = mine[:fen] if method == "fifo" else mine[len(mine) - fen :]
            purse[move.source] = mine[fen:] if method == "fifo" else mine[: len(mine) - fen]
            found |= {one: ((number, place), False) for place, one in enumerate(taken) if one}
            debt[move.source] += [(number, place) for place in range(fen, move.given)]
        for place in range(move.received if move.target not in hubs else 0):
            if debt[move.target]:
                lent = debt[move.target].pop(0)
                found[number, place] = (lent, True) if lent else None
            else:
                purse[move.target].append((number, place))
    return found


def walked(world: tuple[list[Move], list[Report], dict[int, int], set[int]], method: str) -> Answer:
    """The twin: every disputed fen goes its way alone."""
    moves, reports, opening, hubs = world
    way = ways(moves, opening, hubs, method)
    begin: Counter[int] = Counter()
    seeds: dict[Fen, int] = {}
    for claim, report in enumerate(reports):
        last = min(begin[report.move] + report.fen, moves[report.move].given)
        seeds |= {(report.move, place): claim for place in range(begin[report.move], last)}
        begin[report.move] += report.fen
    covered = {fen for seed in seeds for fen in path(seed, seeds, way)[0][1:]}
    seeds = {seed: claim for seed, claim in seeds.items() if seed not in covered}
    held: Counter[tuple[int, int]] = Counter()
    sunk: Counter[tuple[str, int, int]] = Counter()
    traced_fen: Counter[tuple[int, int]] = Counter()
    for seed, claim in seeds.items():
        passed, repaid = path(seed, seeds, way)
        for number, _ in passed:
            traced_fen[claim, number] += 1
        account = moves[passed[-1][0]].target
        if repaid or account in hubs:
            sunk["overdraft" if repaid else "hub", claim, account] += 1
        else:
            held[claim, account] += 1
    return held, sunk, traced_fen


def path(seed: Fen, seeds: dict[Fen, int], way: dict[Fen, tuple[Fen, bool] | None]) -> tuple[list[Fen], bool]:
    """The fen one disputed fen becomes, and whether it ended with a bank."""
    passed, backs, flagged = [seed], set(), False
    while passed[-1] in way:
        step = way[passed[-1]]
        if step is None:
            return passed, True
        fen, back = step
        flagged |= back
        if (back and fen[0] in backs) or (flagged and fen in seeds):
            return passed, True
        backs |= {fen[0]} if back else set()
        passed.append(fen)
    return passed, False


def engine(world: tuple[list[Move], list[Report], dict[int, int], set[int]], method: str) -> Answer:
    ledger, parameters = as_ledger(*world), Parameters(method=method, overdraft="backward")
    settled = settled_legs(ledger)
    axis = axis_of(ledger, settled)
    claims, way = claims_of(ledger, axis, parameters), way_of(axis, settled, method)
    _, found = followed_claims(ledger, axis, claims, holders_of_accounts(ledger), parameters, way)
    number = {report.name: claim for claim, report in enumerate(world[1])}
    names = [number[name] for name in claims.table["claim"]]
    held: Counter[tuple[int, int]] = Counter()
    sunk: Counter[tuple[str, int, int]] = Counter()
    traced_fen: Counter[tuple[int, int]] = Counter()
    for sink, pieces in (("hub", found.rested), ("overdraft", found.overdrawn)):
        for at, account in enumerate(axis.slots.account[axis.target(pieces.leg)].tolist()):
            claim, fen = names[int(pieces.claim[at])], int(pieces.fen[at])
            if sink == "hub" and account not in world[3]:
                held[claim, account] += fen
            else:
                sunk[sink, claim, account] += fen
    carried = found.carried
    for claim, leg, fen in zip(carried.claim.tolist(), carried.leg.tolist(), carried.fen.tolist(), strict=True):
        traced_fen[names[claim], leg] += fen
    return held, sunk, traced_fen


@pytest.mark.parametrize("method", LINKED)
def test_every_fen_goes_the_way_of_the_twin_on_indebted_ledgers(method: str) -> None:
    back = 0
    for seed in range(300):
        world = indebted_world(seed)
        expected = walked(world, method)
        assert engine(world, method) == expected, seed
        back += sum(expected[1].values())
    assert back > 100


@pytest.mark.parametrize("method", LINKED)
@pytest.mark.parametrize("level", ["account", "holder"])
def test_with_conversions_it_ends_and_every_claim_balances(level: str, method: str) -> None:
    for seed in range(25):
        moves, reports, _, hubs = random_world(Random(seed))
        opening = {account: 0 for account in range(8) if account not in hubs}
        ledger = as_ledger(moves, reports, opening, hubs)
        ledger = replace(ledger, accounts=ledger.accounts.assign(holder=["h1", "h1", "h2", *["h3"] * 5]))
        trace = trace_claims(ledger, Parameters(method=method, overdraft="backward", level=level))  # type: ignore[arg-type]
        assert trace.unbalanced().empty
        whole = trace.traced.groupby("transfer")
        assert (whole["traced_fen"].sum() <= whole["amount_fen"].first()).all(), seed


def test_debts_that_repay_each_other_in_a_circle_come_to_an_end() -> None:
    text = """
        opening a 0
        opening b 0
        08:00 a -> b 100
        08:01 b -> a 100
        08:02 a -> b 100
        08:03 b -> a 50
        09:00 v -> a 70     # claim
        09:01 a -> b 33
        09:02 b -> a 81
    """
    for method in LINKED:
        trace = traced(text, method=method, overdraft="backward")
        assert trace.unbalanced().empty

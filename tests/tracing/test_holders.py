"""Holder level: all accounts of one holder are one balance."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from ledger.book import Ledger
from tests.story import story
from tests.tracing.test_trace import held, sinks, traced
from tests.tracing.test_twin import as_ledger, random_world
from tests.twin import Move, Report
from tests.twin import replay as twin_replay
from tracing.result import ALLOCATING, METHODS, TIES, Parameters, Ties, Trace
from tracing.trace import trace_claims

World = tuple[list[Move], list[Report], dict[int, int], set[int]]

OWN = """
    account wallet wallet holder=h1
    account card bank holder=h1
"""


def at_level(text: str, level: str = "holder", **parameters: object) -> Trace:
    return traced(OWN + text, level=level, **parameters)


def held_world(random: Random) -> tuple[World, dict[int, int]]:
    """A random world and the account that stands for each one's holder; declared openings are all a holder's or none."""
    moves, reports, opening, hubs = random_world(random)
    own = {account: account if account in hubs else random.choice([0, 0, 1, 2]) + 10 for account in range(8)}
    first = {holder: min(a for a in own if own[a] == holder) for holder in set(own.values())}
    stands = {account: first[holder] for account, holder in own.items()}
    whole = {holder for holder in set(stands.values()) if all(a in opening for a in stands if stands[a] == holder)}
    return (moves, reports, {a: fen for a, fen in opening.items() if stands[a] in whole}, hubs), stands


def with_holders(ledger: Ledger, stands: dict[int, int]) -> Ledger:
    names = [f"h{stands[code]}" for code in range(len(ledger.accounts))]
    return replace(ledger, accounts=ledger.accounts.assign(holder=names))


def merged(world: World, stands: dict[int, int]) -> World:
    """The twin's world of holders: moves between own accounts are gone, unless disputed or a conversion."""
    moves, reports, opening, hubs = world
    disputed = {report.move for report in reports}
    ours = []
    for number, move in enumerate(moves):
        source, target = stands[move.source], stands[move.target]
        inside = source == target and source not in hubs and move.given == move.received and number not in disputed
        ours.append(replace(move, source=source, target=target, failed=move.failed or inside))
    sums: Counter[int] = Counter()
    for account, fen in opening.items():
        sums[stands[account]] += fen
    return ours, reports, dict(sums), hubs


def by_holder(trace: Trace, stands: dict[int, int]) -> dict[str, Counter[tuple[object, ...]]]:
    answer: dict[str, Counter[tuple[object, ...]]] = {name: Counter() for name in ("held", "basis", "sinks", "traced")}
    for row in trace.held.itertuples():
        answer["held"][row.claim, stands[int(row.account_code)]] += row.held_fen
        answer["basis"][row.claim, stands[int(row.account_code)]] += row.basis_fen
    for row in trace.sinks.itertuples():
        answer["sinks"][row.claim, row.sink, stands[int(row.account_code)]] += row.amount_fen
    for row in trace.traced.itertuples():
        answer["traced"][row.claim, int(row.transfer[1:])] += row.traced_fen
    return answer


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("method", ALLOCATING)
def test_every_method_equals_the_twin_of_the_merged_ledger(method: str, ties: Ties) -> None:
    for seed in range(TIES.index(ties), 36, 3):
        world, stands = held_world(Random(seed))
        ledger = with_holders(as_ledger(*world), stands)
        trace = trace_claims(ledger, Parameters(method=method, ties=ties, level="holder"))
        twin = twin_replay(*merged(world, stands), method, ties)
        fen, basis = twin.held()
        found = by_holder(trace, stands)
        for name, expected in {"held": fen, "basis": basis, "sinks": twin.sinks, "traced": twin.traced}.items():
            assert +found[name] == +expected, (seed, name)
        assert trace.unbalanced().empty


@pytest.mark.parametrize("opening", ["reported", "implied", "zero"])
def test_no_account_holds_more_than_its_balance(opening: str) -> None:
    for seed in range(8):
        moves, reports, declared, hubs = random_world(Random(seed))
        stands = held_world(Random(seed))[1]
        ledger = with_holders(as_ledger(moves, reports, declared, hubs), stands)
        for method in METHODS:
            trace = trace_claims(ledger, Parameters(method=method, level="holder", opening=opening))  # type: ignore[arg-type]
            fen = trace.held.groupby(["account", *([] if trace.allocates else ["claim"])])
            assert (fen["held_fen"].sum() <= fen["balance_fen"].first()).all(), (seed, method)


def test_a_move_between_own_accounts_is_no_row_and_the_money_is_named_where_the_balance_is() -> None:
    text = """
        09:00 victim -> wallet 100   # claim
        09:01 wallet -> card 100
    """
    trace = at_level(text)
    assert (held(trace), trace.traced["transfer"].tolist()) == ({"card": 100_00}, ["T1"])
    assert held(at_level(text, "account")) == {"card": 100_00}


def test_clean_first_gives_the_lowest_balance_over_the_whole_holder() -> None:
    text = """
        opening wallet 100
        opening card 100
        09:00 victim -> wallet 100   # claim
        09:01 wallet -> card 150
        09:02 wallet -> shop 50
        09:03 card -> shop 100
    """
    assert held(at_level(text, method="clean_first")) == {"card": 100_00}
    apart = at_level(text, "account", method="clean_first")
    assert held(apart) == {"card": 50_00, "shop": 50_00}


def test_declared_openings_add_up_and_an_implied_one_is_of_the_whole() -> None:
    text = """
        08:00 wallet -> x 30
        08:01 y -> card 30
        08:02 card -> wallet 30
        08:03 wallet -> x 30
        09:00 victim -> card 100   # claim
    """
    rows = at_level(text).held.set_index("account")
    assert rows.loc["card", ["held_fen", "balance_fen"]].tolist() == [100_00, 100_00]
    declared = at_level("opening card 5\nopening wallet 60\n" + text)
    assert held(declared) == {"card": 100_00}
    short = at_level("opening card 0\nopening wallet 20\n" + text)
    assert sinks(short) == {("overdraft", "card"): 10_00}


def test_what_no_account_can_carry_alone_stands_beside_the_whole_balance() -> None:
    trace = at_level("""
        opening card 0
        08:00 card -> x 100
        09:00 victim -> card 100   # claim
    """)
    row = trace.held.iloc[0]
    assert (row["held_fen"], row["balance_fen"], row["opening_fen"]) == (100_00, 100_00, 100_00)


@pytest.mark.parametrize("method", ALLOCATING)
def test_a_disputed_move_between_own_accounts_is_a_credit_of_the_holder(method: str) -> None:
    trace = at_level(
        """
        opening wallet 100
        opening card 50
        09:00 wallet -> card 100   # claim
        09:01 card -> shop 30
        """,
        method=method,
    )
    taken = {"fifo": 0, "lifo": 30_00, "pro_rata": 20_00, "clean_first": 0, "taint_first": 30_00}[method]
    assert held(trace).get("shop", 0) == taken
    assert trace.traced["tier"].tolist()[0] == 0


def test_hubs_vouchers_and_accounts_without_a_holder_stay_alone() -> None:
    trace = at_level("""
        account shop merchant holder=h1
        account card:1 card holder=h1
        09:00 victim -> wallet 100   # claim
        09:01 wallet -> card:1 60
        09:02 wallet -> shop 40
    """)
    assert (held(trace), sinks(trace)) == ({"card:1": 60_00}, {("merchant", "shop"): 40_00})


def test_currencies_of_a_holder_do_not_mix() -> None:
    trace = at_level("""
        09:00 victim -> wallet 100             # claim
        09:01 x -> card 100 currency=USD
        09:02 card -> b 60 currency=USD
        09:03 card -> c 10
    """)
    assert held(trace) == {"wallet": 90_00, "c": 10_00}


def test_at_the_level_of_accounts_nothing_changes() -> None:
    ledger = story(OWN + "09:00 v -> wallet 5  # claim\n09:01 wallet -> card 5")
    assert trace_claims(ledger).traced["transfer"].tolist() == ["T1", "T2"]

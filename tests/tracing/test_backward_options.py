"""Backward at the level of holders, with limits, through inferred links, and by poison: dual to forward."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from ledger.problems import LiushuiError
from tests.story import story
from tests.tracing.test_backward import BACKWARD, LEDGERS, Case, back, by_fen, mismatch, origins, ours, random_case
from tests.tracing.test_holders import held_world, merged, with_holders
from tests.tracing.test_inferred import RECYCLED, at_random, links
from tests.tracing.test_twin import as_ledger, random_world
from tests.twin import Move, Report, trace_order
from tracing.result import ALLOCATING, TIES, Parameters, Trace
from tracing.trace import trace_claims

OWN = """
    account wallet wallet holder=h1
    account card bank holder=h1
"""


def holder_case(seed: int, method: str) -> Case:
    """A ledger of holders, and the twin's world in which every holder is one account."""
    random = Random(seed)
    world, stands = held_world(random)
    ledger = with_holders(as_ledger(*world), stands)
    one = merged(world, stands)
    parameters = Parameters(method=method, ties=random.choice(TIES), direction=BACKWARD, level="holder")
    return Case(ledger, one, one[2], parameters, stands)


@pytest.mark.parametrize("method", ALLOCATING)
def test_at_the_level_of_holders_it_is_what_fen_that_remember_say_of_the_merged_ledger(method: str) -> None:
    found = [(seed, mismatch(holder_case(seed, method))) for seed in range(LEDGERS)]
    assert [one for one in found if one[1]][:3] == []


def test_the_balance_of_an_account_is_the_holders_and_an_opening_is_the_accounts() -> None:
    trace = back(OWN + """
        opening wallet 10
        opening card 40
        09:00 victim -> wallet 100   # claim V
        09:01 wallet -> card 60
        09:02 card -> shop 45
    """, accounts=("card",), level="holder")  # fmt: skip
    assert origins(trace) == {
        ("account:card", "claim", "V", "victim", "T1"): 100_00,
        ("account:card", "opening", "wallet"): 5_00,
    }


def test_an_opening_nobody_declared_is_that_of_the_account_with_the_largest_one() -> None:
    trace = back(OWN + """
        08:00 wallet -> x 30
        08:01 card -> x 50
    """, accounts=("x",), level="holder")  # fmt: skip
    assert origins(trace) == {("account:x", "opening", "card"): 50_00, ("account:x", "opening", "wallet"): 30_00}


def test_a_move_between_own_accounts_is_no_start_at_the_level_of_holders() -> None:
    text = OWN + "09:00 victim -> wallet 100 # claim V\n09:01 wallet -> card 60\n09:02 card -> x 10"
    with pytest.raises(LiushuiError, match="stays with one holder"):
        back(text, transfers=("T2",), level="holder")
    assert origins(back(text, transfers=("T3",), level="holder"))["transfer:T3", "claim", "V", "victim", "T1"] == 10_00


def test_fees_that_were_paid_to_an_account_are_no_part_of_its_balance() -> None:
    trace = back("""
        09:00 v -> a 100            # claim
        09:01 a -> bank 5 channel=fee
        09:02 a -> bank 20
    """, accounts=("bank",))  # fmt: skip
    assert origins(trace) == {("account:bank", "claim", "C1", "v", "T1"): 20_00}


LIMITS = [{"max_hops": 1}, {"max_hops": 2}, {"hop_window_us": 2_000_000}, {"max_hops": 3, "hop_window_us": 9_000_000}]


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("method", [method for method in ALLOCATING if method != "pro_rata"])
def test_hops_and_windows_stop_every_fen_where_they_stop_fen_that_remember(method: str, limits: dict[str, int]) -> None:
    cases = [random_case(seed, method, **limits) for seed in range(max(20, LEDGERS // 3))]
    assert [found for found in map(mismatch, cases) if found][:3] == []
    assert sum(key[1] == "out_of_view" for case in cases for key in by_fen(case)["origins"]) > 0


@pytest.mark.parametrize("method", ALLOCATING)
def test_limits_nothing_meets_change_nothing_and_tight_ones_only_move_claims_out_of_view(method: str) -> None:
    for seed in range(LEDGERS // 2):
        free = ours(random_case(seed, method))
        assert ours(random_case(seed, method, max_hops=99, hop_window_us=10**12)) == free, seed
        for limits in ({"max_hops": 1}, {"hop_window_us": 1_000_000}, {"min_amount_fen": 9}):
            tight = ours(random_case(seed, method, **limits))
            assert tight["amount"] == free["amount"], seed
            assert not (tight["way"] - free["way"]), seed


POOLED = """
    09:00 v -> a 40        # claim V
    09:10 v -> a 60        # claim W
    10:00 a -> b 50
    10:30 v -> b 50        # claim V2
    11:00 b -> c 80
"""


@pytest.mark.parametrize(
    ("limits", "cut"),
    [
        ({}, {}),
        ({"max_hops": 1}, {"out_of_view": 80_00}),
        ({"max_hops": 2}, {"out_of_view": 40_00}),
        ({"hop_window_us": 3_600_000_000}, {}),
        ({"hop_window_us": 3_599_000_000}, {"out_of_view": 40_00}),
        ({"min_amount_fen": 17_00}, {"dust": 16_00}),
    ],
)
def test_under_pro_rata_a_pool_is_stopped_as_one(limits: dict[str, int], cut: dict[str, int]) -> None:
    """At a the claims rest at least 50 minutes, at b V and W an hour and V2 half of it; of c's 80 they are 16, 24 and 40."""
    trace = back(POOLED, accounts=("c",), method="pro_rata", **limits)
    assert trace.sinks.groupby("sink")["amount_fen"].sum().to_dict() == cut
    assert trace.origins is not None
    assert trace.origins["amount_fen"].sum() == 80_00
    assert sum(limit.basis_fen for limit in trace.limits) == sum(cut.values())


def held_and_paid(trace: Trace) -> dict[tuple[str, str], int]:
    """What a trace forward finds of every claim at every account and on every payment, as the names of starts."""
    found: Counter[tuple[str, str]] = Counter()
    for row in trace.held.itertuples():
        found[f"account:{row.account}", row.claim] += row.held_fen
    recorded = trace.traced[~trace.traced["transfer"].str.startswith("R").to_numpy(dtype=bool)]
    for row in recorded.itertuples():
        found[f"transfer:{row.transfer}", row.claim] += row.traced_fen
    return dict(+found)


def claims_of(trace: Trace) -> dict[tuple[str, str], int]:
    assert trace.origins is not None
    found: Counter[tuple[str, str]] = Counter()
    for row in trace.origins.itertuples():
        if row.origin == "claim":
            found[row.start, row.claim] += row.amount_fen
    return dict(+found)


@pytest.mark.parametrize("method", ALLOCATING)
def test_behind_inferred_links_is_what_the_trace_forward_brought_through_them(method: str) -> None:
    flagged = 0
    for seed in range(25):
        ledger, table = at_random(seed)
        parameters = Parameters(method=method, inferred=True, probability_bp=0)
        forward = trace_claims(ledger, parameters, table)
        accounts = tuple(sorted(set(forward.held["account"])))
        transfers = tuple(sorted({name for name in forward.traced["transfer"] if not name.startswith("R")}))
        asked = replace(parameters, direction=BACKWARD, accounts=accounts, transfers=transfers)
        trace = trace_claims(ledger, asked, table)
        assert claims_of(trace) == held_and_paid(forward), seed
        assert trace.origins is not None
        behind = trace.origins[(trace.origins["origin"] == "claim").to_numpy(dtype=bool)]
        ours = {(row.start, row.claim) for row in behind.itertuples() if row.flags and row.start.startswith("account")}
        held = {(f"account:{row.account}", row.claim) for row in forward.held.itertuples() if row.flags}
        assert ours <= held if method == "pro_rata" else ours == held, seed
        flagged += len(held)
    assert flagged > 5


def test_a_payout_leads_back_to_the_vouchers_it_paid_for() -> None:
    trace = trace_claims(
        story(RECYCLED),
        Parameters(inferred=True, direction=BACKWARD, accounts=("boss", "wallet")),
        links(("P", ("R1", "R2"), 9_500)),
    )
    assert origins(trace) == {
        ("account:boss", "claim", "C1", "v", "T1"): 500_00,
        ("account:wallet", "opening", "purse"): 1000_00,
    }
    rows = trace.traced[["claim", "transfer", "source", "made_by", "flags"]].values.tolist()
    assert ["account:boss", "B", "middleman", "method", ""] in rows
    assert ["account:boss", "P", "purse", "inferred", ""] in rows
    assert ["account:boss", "R1", "card:1", "reference", "inferred"] in rows
    assert ["account:wallet", "R1", "purse", "inferred", "inferred"] in rows
    assert not any(row[0] == "account:wallet" and row[2].startswith("card") for row in rows)


def test_what_a_recycler_gained_comes_from_nobody() -> None:
    text = RECYCLED.replace("purse", "wallet").replace("account wallet bank holder=h\n", "")
    trace = trace_claims(
        story(text),
        Parameters(inferred=True, direction=BACKWARD, accounts=("wallet",)),
        links(("P", ("R1", "R2"), 9_500)),
    )
    assert origins(trace) == {
        ("account:wallet", "opening", "wallet"): 5000_00,
        ("account:wallet", "discount", "wallet", "R1"): 18_00,
        ("account:wallet", "discount", "wallet", "R2"): 12_00,
    }
    assert dict(zip(trace.sinks["sink"], trace.sinks["flags"], strict=True)) == {"discount": "inferred"}
    assert trace.traced.empty


Suspects = dict[str, set[int]]


def suspects(moves: list[Move], reports: list[Report], hubs: set[int], order: list[int]) -> Suspects:
    """By poison: the moves each claim's money may be on, one claim at a time."""
    found, served = Suspects(), Counter[int]()
    for report in reports:
        if served[report.move] < moves[report.move].given:  # else earlier reports have all of the payment
            found[report.name] = onward(moves, hubs, order, report.move)
        served[report.move] += report.fen
    return found


def onward(moves: list[Move], hubs: set[int], order: list[int], first: int) -> set[int]:
    """The move, and all that leave an account after what it brought came in."""
    found, reached = {first}, set[int]()
    for number in order[order.index(first) :]:
        move = moves[number]
        if number == first or (move.source in reached and move.source not in hubs):
            found.add(number)
            reached.add(move.target)
    return found


def test_poison_backward_is_poison_forward_read_the_other_way() -> None:
    rows = 0
    for seed in range(LEDGERS):
        moves, reports, opening, hubs = random_world(Random(seed))
        ledger = as_ledger(moves, reports, opening, hubs)
        order = trace_order(moves, opening, hubs)
        reached = suspects(moves, reports, hubs, order)
        accounts = tuple(f"a{code}" for code in range(8) if code not in hubs)
        transfers = tuple(f"T{number}" for number in order)
        asked = Parameters(method="poison", direction=BACKWARD, accounts=accounts, transfers=transfers)
        trace = trace_claims(ledger, asked)
        assert trace.origins is not None
        expected = {(f"account:a{moves[number].target}", name) for name, every in reached.items() for number in every}
        expected = {one for one in expected if int(one[0].removeprefix("account:a")) not in hubs}
        expected |= {(f"transfer:T{number}", name) for name, every in reached.items() for number in every}
        assert {(row.start, row.claim) for row in trace.origins.itertuples()} == expected, seed
        held = {
            (f"account:{row.account}", row.claim): row.held_fen
            for row in trace_claims(ledger, Parameters(method="poison")).held.itertuples()
        }
        ours = {key: fen for key, fen in claims_of(trace).items() if key[0].startswith("account")}
        assert ours == held, seed
        way = {(row.claim, int(row.transfer[1:])) for row in trace.traced.itertuples()}
        for account in accounts:
            on_it = {
                number for every in reached.values() for number in every
                if any(moves[one].target == int(account[1:]) for one in onward(moves, hubs, order, number))
            }  # fmt: skip
            assert {number for start, number in way if start == f"account:{account}"} == on_it, seed
        rows += len(expected)
    assert rows > 500


def test_poison_backward_says_that_no_reports_money_can_be_there() -> None:
    text = """
        09:00 v -> a 100    # claim V
        09:01 w -> b 40
        09:02 b -> a 40
        09:03 a -> c 1
    """
    trace = back(text, accounts=("b", "c"), method="poison")
    assert origins(trace) == {("account:c", "claim", "V", "v", "T1"): 1_00}
    assert trace.traced["transfer"].tolist() == ["T4", "T1"]
    assert trace.held.empty
    assert trace.sinks.empty


def test_behind_a_disputed_payment_poison_names_the_claims_before_it() -> None:
    text = """
        09:00 v -> w 100      # claim V1
        09:01 w -> m 30       # claim V2
    """
    assert origins(back(text, method="poison")) == {("V2", "claim", "V1", "v", "T1"): 30_00}


def test_poison_backward_flags_what_lies_behind_an_inferred_link() -> None:
    asked = Parameters(method="poison", inferred=True, direction=BACKWARD, accounts=("boss",))
    trace = trace_claims(story(RECYCLED), asked, links(("P", ("R1", "R2"), 9_500)))
    assert trace.origins is not None
    assert trace.origins[["claim", "flags"]].values.tolist() == [["C1", "inferred"]]
    flags = dict(zip(trace.traced["transfer"], trace.traced["flags"], strict=True))
    assert (flags["B"], flags["P"], flags["R1"], flags["T1"]) == ("", "", "inferred", "inferred")


def test_a_limit_or_an_overdraft_has_no_meaning_where_the_method_keeps_no_way() -> None:
    for method, asked, code in (
        ("poison", {"max_hops": 1}, "TRC-backward"),
        ("pro_rata", {"overdraft": "backward"}, "TRC-overdraft"),
    ):
        with pytest.raises(LiushuiError) as refused:
            back("09:00 v -> a 1 # claim", method=method, accounts=("a",), **asked)
        assert refused.value.code == code

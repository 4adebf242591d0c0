"""Where money that left had to pass: the least amount, the fewest places, never a shop where a payment will do."""

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from api.judgement import cuts_told, judge
from ledger.problems import LiushuiError
from rules.cut import END, EXIT, GAP, NO_HANDLE, START, WEIGHTS, Cut, cut_sentence, least_cuts, network
from rules.scope import scope_of
from rules.score import NEVER_BLOCKED, RankingResult
from tests.rules.test_ranking import ranked
from tests.story import story
from tests.tracing.test_twin import as_ledger, random_world
from tracing.networks import WHOLE, least_cut
from tracing.result import ALLOCATING, TIES, Parameters
from tracing.trace import trace_claims

FUNNEL = """
    account atm cash
    account shop merchant
    09:00 v1 -> one 3000        # claim
    09:01 v2 -> two 5000        # claim
    09:10 one -> collector 3000
    09:11 two -> collector 4000
    09:20 collector -> atm 6000
    09:25 collector -> shop 1000
"""


def places(text: str, **parameters: object) -> list[tuple[str, str, str, int]]:
    """kind, source, target or sink, yuan of every place."""
    ranking = ranked(text, **parameters)
    names = ranking.ledger.accounts["account"].tolist()
    return [
        (row.kind, names[row.source_code], row.sink or names[row.target_code], row.fen // 100)
        for cut in least_cuts(ranking)
        for row in cut.places.itertuples()
    ]


def test_all_that_left_passed_the_collector() -> None:
    assert places(FUNNEL) == [("account", "collector", "collector", 7000)]


def test_a_collector_who_keeps_some_is_wider_than_his_payments() -> None:
    kept = FUNNEL.replace("collector -> shop 1000", "collector -> second 1000")
    assert places(kept) == [("payment", "collector", "atm", 6000)]


def test_of_two_accounts_in_a_row_the_later_is_named() -> None:
    assert places(FUNNEL + "09:30 two -> friend 1000\n09:35 friend -> last 1000\n09:36 last -> atm 1000") == [
        ("account", "collector", "collector", 7000),
        ("account", "last", "last", 1000),
    ]


def test_what_a_victim_paid_a_shop_is_cut_at_the_payment() -> None:
    assert places("account shop merchant\n09:00 victim -> shop 800  # claim") == [("payment", "victim", "shop", 800)]


def test_money_that_left_no_account_has_no_cut() -> None:
    assert places("09:00 victim -> mule 800  # claim\n09:05 mule -> next 300") == []


def test_an_upper_bound_has_no_cut() -> None:
    assert places(FUNNEL, method="poison") == []


def test_a_bank_that_was_repaid_is_an_exit() -> None:
    repaid = "opening mule -50\n09:00 victim -> mule 800  # claim"
    assert places(repaid) == [("account", "mule", "mule", 50)]
    assert places(repaid + "\n09:05 mule -> friend 700") == [("exit", "mule", "overdraft", 50)]


def test_each_currency_has_its_own_cut() -> None:
    both = FUNNEL + "09:40 v3 -> three 90 currency=USD   # claim\n09:41 three -> atm 90 currency=USD\n"
    cuts = least_cuts(ranked(both, currency="USD"))
    assert [(cut.currency, cut.exits) for cut in cuts] == [("USD", {"cash": 90_00})]


def test_vouchers_lead_on_to_where_their_value_is_spent() -> None:
    assert places("""
        account shop merchant
        09:00 victim -> mule 1000         # claim
        09:05 mule -> card:1 1000
        09:10 card:1 -> recycler 1000=>970
        09:20 recycler -> shop 970
    """) == [("account", "recycler", "recycler", 1000)]


def test_the_sentence_names_exits_and_places_with_their_roles() -> None:
    ranking = ranked(FUNNEL)
    (cut,) = least_cuts(ranking)
    role = ranking.roles()["collector"].replace("_", " ")
    assert cut_sentence(cut, ranking) == (
        f"7000.00 of the victims' money left (cash 6000.00, merchant 1000.00); all of it passed 1 place: "
        f"at collector ({role}) 7000.00. No smaller amount cuts the victims off from these exits."
    )


def test_a_long_list_is_cut_short_and_says_so() -> None:
    lines = [f"09:{k:02d} v{k} -> shop {100 + k}   # claim" for k in range(8)]
    ranking = ranked("\n".join(["account shop merchant", *lines]))
    (cut,) = least_cuts(ranking)
    assert "all of it passed 8 places: from v7 (victim) to shop (hub) 107.00;" in cut_sentence(cut, ranking)
    assert "; 3 more places 303.00. No smaller" in cut_sentence(cut, ranking)


def test_sums_that_floats_cannot_hold_are_refused_and_the_plan_is_made_all_the_same() -> None:
    edges = np.asarray([0, 2]), np.asarray([2, 1])
    assert least_cut(*edges, [WHOLE // 2, WHOLE // 2 - 1], 0, 1).tolist() == [False, True]
    with pytest.raises(LiushuiError, match="add up to") as refused:
        least_cut(*edges, [WHOLE // 2, WHOLE // 2], 0, 1)
    assert refused.value.code == "TRC-cut-too-large"
    huge = story("account atm cash\n09:00 victim -> mule 40000000000000  # claim\n09:05 mule -> atm 30000000000000")
    trace = trace_claims(huge)
    judged = judge(huge, trace, int(trace.traced["time_us"].max()))
    assert len(judged.lines)
    (told,) = cuts_told(judged)
    assert told["sentence"].startswith("where the victims' money narrows was not computed: TRC-cut-too-large")


@pytest.mark.parametrize("seed", range(40))
def test_what_left_is_the_least_cut_of_any_trace(seed: int) -> None:
    """Loops, overdrafts, conversions, hubs, holders, limits: `least_cuts` asserts that its cut is what left."""
    random = Random(seed)
    ledger = as_ledger(*random_world(random))
    method = random.choice(ALLOCATING)
    linked = method in {"fifo", "lifo"}
    trace = trace_claims(
        ledger,
        Parameters(
            method=method,
            ties=random.choice(TIES),
            opening=random.choice(("reported", "implied", "zero")),
            level=random.choice(("account", "holder")) if linked else "account",
            max_hops=random.choice((None, None, 2)) if linked else None,
        ),
    )
    names, hub = ledger.accounts["account"].astype(str), ledger.accounts["hub"].astype(bool).to_numpy()
    codes = np.arange(len(names))
    role = np.where(hub, "hub", np.where(codes % 3 == 0, "victim", "mule"))
    frame = pd.DataFrame({"account_code": codes, "account": names, "role": role})
    cuts = least_cuts(RankingResult(ledger, scope_of(ledger, trace), trace, frame, []))
    assert sum(int(cut.places["fen"].sum()) for cut in cuts) == int(trace.sinks["amount_fen"].sum())


MOVES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 5), st.integers(1, 9)).filter(lambda move: move[0] != move[1]),
    min_size=2,
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MOVES)
def test_no_other_set_of_places_is_cheaper(moves: list[tuple[int, int, int]]) -> None:
    names = ["victim", "a", "b", "c", "shop", "atm"]
    lines = [
        f"09:{k:02d} {names[s]} -> {names[t]} {fen}" + ("  # claim" if s == 0 else "") for k, (s, t, fen) in enumerate(moves)
    ]
    ranking = ranked("\n".join(["account shop merchant", "account atm cash", "09:59 victim -> a 1  # claim", *lines]))
    for cut in least_cuts(ranking):
        check_against_every_cut(ranking, cut)


def check_against_every_cut(ranking: RankingResult, cut: Cut) -> None:
    """The obviously right twin: every way to divide the nodes between the victims and the exits."""
    barred = np.zeros(len(ranking.ledger.accounts), np.bool_)
    barred[ranking.frame.loc[ranking.frame["role"].isin(NEVER_BLOCKED), "account_code"].to_numpy(dtype=np.int64)] = True
    edges = network(ranking.trace, set(ranking.trace.claims["claim"]), barred)
    tail, head, fen = (edges[name].to_numpy(dtype=np.int64) for name in ("tail", "head", "fen"))
    used = sorted(({*tail.tolist()} | {*head.tolist()}) - {START, END})
    weight, gap = weights(edges, barred), (edges["kind"] == GAP).to_numpy(dtype=bool)
    best = (2**62, 0)
    for number in range(1 << len(used)):
        before = np.zeros(max(used) + 1, np.bool_)
        before[[START, *(node for at, node in enumerate(used) if number >> at & 1)]] = True
        crossed = before[tail] & ~before[head]
        if not (crossed & gap).any():
            best = min(best, (int(fen[crossed].sum()), int(weight[crossed].sum())))
    assert best[0] == int(cut.places["fen"].sum()) == sum(cut.exits.values())
    assert int(weights(cut.places, barred).sum()) <= best[1]


def weights(rows: pd.DataFrame, barred: NDArray[np.bool_]) -> NDArray[np.int64]:
    """What edges or places count."""
    shop = (rows["kind"] == EXIT).to_numpy(dtype=bool) & barred[rows["source_code"].to_numpy(dtype=np.int64)]
    return np.where(shop, NO_HANDLE, rows["kind"].map(WEIGHTS).to_numpy(dtype=np.int64))

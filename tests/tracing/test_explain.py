"""Explanations: every account on the way redone by hand gives what the trace gives, for every method."""

from random import Random
from typing import Any

import pytest

from ledger.problems import LiushuiError
from tests.story import story
from tests.tracing.test_holders import held_world, with_holders
from tests.tracing.test_inferred import RECYCLED, at_random, links
from tests.tracing.test_twin import as_ledger, random_world
from tracing.explain import Explanation, explain_held
from tracing.result import ALLOCATING, TIES, Parameters
from tracing.trace import trace_claims

CASE = """
    opening mule 100
    09:00 victim -> mule 50000            # claim R1
    09:04 mule -> card:1 9700
    09:05 other -> mule 1000              # claim R2
    09:06 card:1 -> recycler 9700=>9409
    09:10 mule -> recycler 30000
    09:20 recycler -> boss 20000
"""


def explained(text: str, account: str, report: str, method: str = "fifo", every: bool = False) -> Explanation:
    return explain_held(story(text), account, report, Parameters(method=method), every)


def test_every_payment_on_the_way_is_a_step_with_its_fen_of_the_disputed_payment() -> None:
    found = explained(CASE, "boss", "R1")
    steps = [(s.record.transfer, s.hop, sum(part.fen for part in s.parts), s.ranges) for s in found.steps]
    assert steps == [
        ("T1", 1, 50_000_00, ((0, 20_191_00),)),
        ("T2", 2, 9_600_00, ((0, 9_600_00),)),
        ("T4", 3, 9_600_00, ((0, 9_600_00),)),
        ("T5", 2, 30_000_00, ((9_600_00, 20_191_00),)),
        ("T6", 3, 19_903_00, ((0, 20_191_00),)),
    ]
    assert [(part.fen, part.basis) for part in found.rests] == [(9_312_00, 9_600_00), (10_591_00, 10_591_00)]


def test_a_page_shows_the_opening_the_lots_that_leave_and_what_is_left() -> None:
    page = explained(CASE, "boss", "R1").pages[0]
    assert (page.accounts, page.opening_fen, page.opening_source) == (("mule",), 100_00, "reported")
    told = [([(part.claim, part.fen) for part in e.parts], e.lines, e.in_fen, e.balance_fen, e.own_fen) for e in page.entries]
    assert told == [
        ([(0, 50_000_00)], 1, 0, 50_100_00, 50_000_00),
        ([(-1, 100_00), (0, 9_600_00)], 1, 0, 40_400_00, 40_400_00),
        ([], 1, 1_000_00, 41_400_00, 40_400_00),
        ([(0, 30_000_00)], 1, 0, 11_400_00, 10_400_00),
    ]
    assert [(part.claim, part.fen) for part in page.rests] == [(0, 10_400_00), (1, 1_000_00)]
    assert [e.record is None for e in explained(CASE, "boss", "R1", every=True).pages[0].entries] == [False] * 4


def test_money_that_goes_round_is_explained_round_by_round() -> None:
    text = "09:00 v -> a 100   # claim R1\n" + "\n".join(
        f"09:{minute:02d} {'a -> b' if minute % 2 else 'b -> a'} 60" for minute in range(1, 21)
    )
    found = explained(text, "a", "R1")
    assert (found.held_fen, len(found.steps), len(found.pages)) == (100_00, 21, 2)
    assert sum(until - start for start, until in found.steps[0].ranges) == 100_00


def test_a_merchant_is_explained_as_the_end_of_the_money() -> None:
    found = explained("account shop merchant\n09:00 v -> a 100   # claim R1\n09:10 a -> shop 60", "shop", "R1")
    assert (found.ends, found.held_fen, [page.accounts for page in found.pages]) == (True, 60_00, [("a",)])


@pytest.mark.parametrize("method", ALLOCATING)
@pytest.mark.parametrize("account", ["mule", "recycler", "boss"])
def test_what_rests_by_hand_is_what_the_trace_holds(account: str, method: str) -> None:
    trace = trace_claims(story(CASE), Parameters(method=method))
    for report in ("R1", "R2"):
        held = trace.held[(trace.held["account"] == account) & (trace.held["claim"] == report)]["held_fen"].sum()
        assert explained(CASE, account, report, method).held_fen == held


@pytest.mark.parametrize("method", ALLOCATING)
def test_by_hand_and_by_the_trace_agree_on_random_ledgers(method: str) -> None:
    random, held = Random(f"explain {method}"), 0
    for _ in range(60):
        ledger, ties = as_ledger(*random_world(random)), random.choice(TIES)
        parameters = Parameters(method=method, ties=ties)
        trace = trace_claims(ledger, parameters)
        for row in trace.held.itertuples():
            found = explain_held(ledger, str(row.account), str(row.claim), parameters, every=bool(random.getrandbits(1)))
            assert (found.held_fen, sum(part.basis for part in found.rests)) == (row.held_fen, row.basis_fen)
            assert found.steps[0].hop == 1
            if method != "pro_rata":
                ranges = [until - start for step in found.steps if step.hop == 1 for start, until in step.ranges]
                assert sum(ranges) >= row.basis_fen
            held += 1
    assert held > 100


def test_an_account_the_money_never_reached_has_nothing_to_explain() -> None:
    found = explained(CASE, "victim", "R1")
    assert (found.held_fen, found.steps, found.pages) == (0, (), ())


@pytest.mark.parametrize(
    ("account", "report", "method", "code"),
    [("nobody", "R1", "fifo", "TRC-account"), ("boss", "R9", "fifo", "TRC-report"), ("boss", "R1", "poison", "TRC-method")],
)
def test_what_cannot_be_explained_is_refused(account: str, report: str, method: str, code: str) -> None:
    with pytest.raises(LiushuiError) as refused:
        explained(CASE, account, report, method)
    assert refused.value.code == code


def test_at_the_level_of_holders_a_page_is_that_of_all_their_accounts() -> None:
    text = """
        account wallet wallet holder=h1
        account card bank holder=h1
        opening card 20
        09:00 victim -> wallet 100   # claim R1
        09:01 wallet -> card 60
        09:02 card -> boss 50
    """
    for account in ("wallet", "card"):
        found = explain_held(story(text), account, "R1", Parameters(level="holder"))
        assert (found.held_fen, found.accounts) == (70_00, ("wallet", "card"))
        assert [(page.accounts, page.opening_fen) for page in found.pages] == [(("wallet", "card"), 20_00)]
        assert [step.record.transfer for step in found.steps] == ["T1"]


@pytest.mark.parametrize("method", ALLOCATING)
def test_by_hand_and_by_the_trace_agree_at_the_level_of_holders(method: str) -> None:
    random, held = Random(f"explain holders {method}"), 0
    for seed in range(40):
        world, stands = held_world(Random(seed))
        ledger, parameters = with_holders(as_ledger(*world), stands), Parameters(method=method, level="holder")
        trace = trace_claims(ledger, parameters)
        whole = trace.held.assign(holder=[stands[code] for code in trace.held["account_code"]])
        for (holder, claim), rows in whole.groupby(["holder", "claim"]):
            account = random.choice([f"a{code}" for code in range(8) if stands[code] == holder])
            found = explain_held(ledger, account, str(claim), parameters)
            assert (found.held_fen, sum(part.basis for part in found.rests)) == (
                rows["held_fen"].sum(),
                rows["basis_fen"].sum(),
            ), (seed, account)
            held += 1
    assert held > 50


def test_a_step_over_an_inferred_link_says_so_and_how_sure_it_is() -> None:
    found = explain_held(story(RECYCLED), "boss", "C1", Parameters(inferred=True), inferred=links(("P", ("R1", "R2"), 9_512)))
    told = [(step.record.transfer, step.by_link, step.linked, step.probability_bp) for step in found.steps]
    assert told[-2:] == [("P", True, False, 9_512), ("B", False, False, 10_000)]
    assert ("R1", False, False, 10_000) in told
    assert [(page.accounts, page.probability_bp) for page in found.pages if page.by_link] == [(("wallet",), 9_512)]
    assert found.probability_bp == 9_512


def test_what_a_recycler_exchanged_is_a_step_between_his_accounts() -> None:
    text = RECYCLED.replace("opening purse 5000", "opening purse 0\n08:00 w -> purse 970 # claim C2")
    found = explain_held(story(text), "wallet", "C2", Parameters(inferred=True), inferred=links(("P", ("R1", "R2"), 9_500)))
    exchanged = [
        (step.record.source, step.record.target, step.record.amount_fen, step.record.received_fen, step.by_link)
        for step in found.steps
        if step.record.exchanged and step.record.target == "wallet"
    ]
    assert exchanged == [("purse", "wallet", 582_00, 600_00, True), ("purse", "wallet", 388_00, 400_00, True)]
    assert (found.held_fen, sum(part.basis for part in found.rests)) == (1000_00, 970_00)


@pytest.mark.parametrize("method", ALLOCATING)
def test_by_hand_and_by_the_trace_agree_over_inferred_links(method: str) -> None:
    held = 0
    for seed in range(20):
        ledger, table = at_random(seed)
        parameters = Parameters(method=method, inferred=True, probability_bp=0, level="holder" if seed % 3 == 0 else "account")
        trace = trace_claims(ledger, parameters, table)
        holder = {"wallet": "h", "purse": "h"} if seed % 3 == 0 else {}
        whole = trace.held.assign(holder=[holder.get(name, name) for name in trace.held["account"]])
        for (_, claim), rows in whole.groupby(["holder", "claim"]):
            found = explain_held(ledger, str(rows["account"].iloc[0]), str(claim), parameters, inferred=table)
            assert found.held_fen == rows["held_fen"].sum(), (seed, claim)
            flagged = bool(rows["inferred_fen"].sum())
            assert any(step.by_link for step in found.steps) == flagged or method == "pro_rata"
            if flagged and method != "pro_rata":
                assert found.probability_bp == rows["probability_bp"].min()
            held += 1
    assert held > 30


@pytest.mark.parametrize(
    "asked",
    [{"overdraft": "backward"}, {"max_hops": 3}, {"hop_window_us": 1}, {"min_amount_fen": 1}, {"direction": "backward"}],
)
def test_what_no_page_in_order_of_time_can_show_is_refused_with_the_reason(asked: dict[str, Any]) -> None:
    with pytest.raises(LiushuiError) as refused:
        explain_held(story(CASE), "boss", "R1", Parameters(**asked))
    assert refused.value.code == "TRC-explain"

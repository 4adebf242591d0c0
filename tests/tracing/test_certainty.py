"""How sure a way over several inferred links is: its least probability, forward (marked walks) and backward (carried along)."""

from dataclasses import replace

import pandas as pd
import pytest

from ledger.book import Ledger
from tests.story import story
from tests.tracing.test_backward import BACKWARD
from tests.tracing.test_inferred import RECYCLED, at_random, held, links, traced
from tracing.result import ALLOCATING, METHODS, Parameters, Trace
from tracing.trace import trace_claims

CHAIN = (
    RECYCLED
    + """
account wallet2 wallet holder=h2
opening wallet2 3000
20:00 boss -> card:3 500
21:00 card:3 -> wallet2 500 id=R3
22:00 wallet2 -> king 480 id=P2
22:30 w -> king 100
"""
)
NEXT_DAY = "\n2025-03-02 09:00 king -> card:4 300\n2025-03-02 10:00 card:4 -> wallet2 300 id=R4\n"
NEXT_DAY += "2025-03-02 11:00 wallet2 -> queen 290 id=P3\n2025-03-02 12:00 queen -> jack 200"


def chained(one: int, two: int, three: int) -> tuple[Ledger, pd.DataFrame]:
    """Money goes over three inferred links one after the other, each with its probability."""
    table = links(("P", ("R1", "R2"), one), ("P2", ("R3",), two), ("P3", ("R4",), three))
    return story(CHAIN + NEXT_DAY), table


def least(trace: Trace) -> dict[str, int]:
    """The probability told of every account's holding."""
    return dict(zip(trace.held["account"], trace.held["probability_bp"], strict=True))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("bp", "told"), [((9_700, 9_400, 9_100), (9_700, 9_400, 9_100)), ((9_100, 9_700, 9_400), (9_100,) * 3)]
)
def test_a_way_is_as_sure_as_the_least_sure_link_on_it(method: str, bp: tuple[int, int, int], told: tuple[int, ...]) -> None:
    found = least(traced(*chained(*bp), method=method))
    assert (found["middleman"], found["king"], found["queen"], found["jack"]) == (*told, told[2])


@pytest.mark.parametrize("method", METHODS)
def test_backward_says_the_same_of_the_way_to_the_claim(method: str) -> None:
    ledger, table = chained(9_300, 9_700, 9_500)
    asked = Parameters(method=method, inferred=True, direction=BACKWARD, accounts=("jack", "middleman"))
    origins = trace_claims(ledger, asked, table).origins
    assert origins is not None
    claims = origins[(origins["origin"] == "claim").to_numpy(dtype=bool)]
    assert dict(zip(claims["start"], claims["probability_bp"], strict=True)) == {
        "account:jack": 9_300,
        "account:middleman": 9_300,
    }


def test_a_sum_is_told_with_the_least_sure_of_its_parts_and_how_much_came_over_links() -> None:
    text = RECYCLED + "17:00 u -> middleman 100   # claim C2\n18:30 mule2 -> middleman 30\n17:10 v -> mule2 30 # claim C1b"
    trace = traced(story(text), links(("P", ("R1", "R2"), 9_500)), method="pro_rata")
    rows = trace.held.set_index(["claim", "account"])
    assert rows.loc[("C2", "middleman"), ["flags", "probability_bp", "inferred_fen"]].tolist() == ["", 10_000, 0]
    one = rows.loc[("C1", "middleman")]
    assert (one["probability_bp"], one["inferred_fen"] == one["held_fen"]) == (9_500, True)


@pytest.mark.parametrize("method", [method for method in ALLOCATING if method != "pro_rata"])
def test_forward_and_backward_find_the_same_probability_on_random_ledgers(method: str) -> None:
    """The two share no code: one follows again with links marked, the other carries the figure in its kernel."""
    flagged = 0
    for seed in range(25):
        ledger, table = at_random(seed)
        parameters = Parameters(method=method, inferred=True, probability_bp=0)
        forward = trace_claims(ledger, parameters, table)
        accounts = tuple(sorted(set(forward.held["account"])))
        asked = replace(parameters, direction=BACKWARD, accounts=accounts)
        origins = trace_claims(ledger, asked, table).origins
        assert origins is not None
        claims = origins[(origins["origin"] == "claim").to_numpy(dtype=bool)]
        ours = claims.groupby(["start", "claim"])["probability_bp"].min().to_dict()
        theirs = {(f"account:{row.account}", row.claim): row.probability_bp for row in forward.held.itertuples()}
        assert ours == theirs, seed
        flagged += sum(bp < 10_000 for bp in theirs.values())
    assert flagged > 5


def test_without_inferred_links_every_way_is_certain() -> None:
    trace = trace_claims(story(RECYCLED), Parameters())
    assert set(least(trace).values()) == {10_000}
    assert held(trace)[("C1", "wallet")][2] == ""

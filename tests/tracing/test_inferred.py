"""Inferred links: the payout is paid from what the redemptions brought, flagged from there on, and nothing is lost."""

import numpy as np
import pandas as pd
import pytest

from ledger.book import Ledger
from tests.story import story
from tracing import Parameters, Trace, trace_claims
from tracing.graph import flow_graph
from tracing.result import ALLOCATING, METHODS
from tracing.trace import trace_methods


def links(*rows: tuple[str, tuple[str, ...], int]) -> pd.DataFrame:
    """A table of links: payout, redemptions, probability in basis points."""
    return pd.DataFrame(list(rows), columns=["transfer", "redemptions", "probability_bp"])


def traced(ledger: Ledger, table: pd.DataFrame, **parameters: object) -> Trace:
    return trace_claims(ledger, Parameters(inferred=True, **parameters), table)  # type: ignore[arg-type]


def held(trace: Trace) -> dict[tuple[str, str], tuple[int, int, str]]:
    return {(row.claim, row.account): (row.held_fen, row.basis_fen, row.flags) for row in trace.held.itertuples()}


RECYCLED = """
account wallet wallet holder=h
account purse bank holder=h
opening purse 5000
09:00 v -> mule 1000              # claim C1
09:01 mule -> card:1 600
09:02 mule -> card:2 400
10:00 card:1 -> wallet 600 id=R1
10:01 card:2 -> wallet 400 id=R2
18:00 purse -> middleman 970 id=P
19:00 middleman -> boss 500 id=B
"""


@pytest.mark.parametrize("method", ALLOCATING)
def test_the_payout_is_paid_from_what_the_redemptions_brought(method: str) -> None:
    trace = traced(story(RECYCLED), links(("P", ("R1", "R2"), 9_500)), method=method)
    at = held(trace)
    assert {name: (fen, flags) for (_, name), (fen, _, flags) in at.items()} == {
        "middleman": (470_00, "inferred"),
        "boss": (500_00, "inferred"),
    }
    assert sum(basis for _, basis, _ in at.values()) == 1000_00
    told = {row.transfer: (row.made_by, row.flags, row.traced_fen) for row in trace.traced.itertuples()}
    assert told["P"] == ("inferred", "inferred", 970_00)
    assert told["B"] == ("method", "inferred", 500_00)
    assert told["R1"] == ("reference", "", 600_00)


def test_without_being_asked_for_the_money_rests_with_the_recycler() -> None:
    ledger, table = story(RECYCLED), links(("P", ("R1", "R2"), 9_500))
    exact = trace_claims(ledger, Parameters(), table)
    assert held(exact) == {("C1", "wallet"): (1000_00, 1000_00, "")}
    assert exact.inferred is None


def test_a_link_below_the_bound_is_not_followed() -> None:
    ledger, table = story(RECYCLED), links(("P", ("R1", "R2"), 8_999))
    assert set(held(traced(ledger, table))) == {("C1", "wallet")}
    assert set(held(traced(ledger, table, probability_bp=8_999))) == {("C1", "middleman"), ("C1", "boss")}


def test_what_the_recycler_really_paid_with_stays_his() -> None:
    """Another claim's money was in the purse: it is exchanged for the face of the vouchers, and the discount is his gain."""
    text = RECYCLED.replace("opening purse 5000", "opening purse 0\n08:00 w -> purse 970 # claim C2")
    trace = traced(story(text), links(("P", ("R1", "R2"), 9_500)))
    at = held(trace)
    assert at["C2", "wallet"] == (1000_00, 970_00, "inferred")
    assert at["C1", "middleman"][:2] == (470_00, 484_54)
    exchanged = trace.traced[(trace.traced["claim"] == "C2") & (trace.traced["made_by"] == "inferred")]
    assert exchanged[["transfer", "source", "target", "traced_fen"]].values.tolist() == [
        ["R1", "purse", "wallet", 582_00],
        ["R2", "purse", "wallet", 388_00],
    ]


def test_a_recycler_with_one_account_keeps_the_discount_there() -> None:
    text = RECYCLED.replace("purse", "wallet").replace("account wallet bank holder=h\n", "")
    trace = traced(story(text), links(("P", ("R1", "R2"), 9_500)))
    assert {name for _, name in held(trace)} == {"middleman", "boss"}
    spent = story(text + "20:00 wallet -> shop 5030 id=S")
    left = traced(spent, links(("P", ("R1", "R2"), 9_500)))
    assert left.totals().equals(trace.totals())
    assert "S" not in set(left.traced["transfer"])


def test_a_rounded_away_lot_is_the_recyclers_discount() -> None:
    text = """
    09:00 v -> mule 0.01        # claim C1
    09:00 w -> mule 99.99       # claim C2
    09:01 mule -> card:1 100
    10:00 card:1 -> wallet 100 id=R
    11:00 wallet -> middleman 86 id=P
    """
    trace = traced(story(text), links(("P", ("R",), 9_999)))
    assert trace.sinks[["claim", "sink", "account", "amount_fen"]].values.tolist() == [["C1", "discount", "wallet", 1]]
    assert held(trace)["C2", "middleman"] == (86_00, 99_99, "inferred")


@pytest.mark.parametrize(
    "change",
    [
        ("18:00 purse -> middleman 970 id=P", "18:00 purse -> middleman 970 id=P status=failed"),
        ("18:00 purse -> middleman 970 id=P", "09:30 purse -> middleman 970 id=P"),
        ("18:00 purse -> middleman 970 id=P", "18:00 purse -> middleman 1000.01 id=P"),
        ("18:00 purse -> middleman 970 id=P", "18:00 purse -> middleman 970 id=P currency=USD"),
        ("19:00 middleman -> boss 500 id=B", "19:00 middleman -> purse 970 id=B reverses=P"),
    ],
)
def test_a_link_that_does_not_fit_the_records_is_told_and_not_followed(change: tuple[str, str]) -> None:
    trace = traced(story(RECYCLED.replace(*change)), links(("P", ("R1", "R2"), 9_500)))
    assert any("1 inferred links do not fit" in warning for warning in trace.warnings)
    assert held(trace) == {("C1", "wallet"): (1000_00, 1000_00, "")}


def test_links_after_the_moment_looked_at_do_not_exist() -> None:
    ledger = story(RECYCLED)
    at = int(pd.Timestamp("2025-03-01T12:00+08:00").value // 1000)
    trace = traced(ledger, links(("P", ("R1", "R2"), 9_500)), as_of_us=at)
    assert held(trace) == {("C1", "wallet"): (1000_00, 1000_00, "")}
    assert not any("inferred" in warning for warning in trace.warnings)


def test_poison_flags_what_it_reaches_through_the_link() -> None:
    trace = traced(story(RECYCLED), links(("P", ("R1", "R2"), 9_500)), method="poison")
    assert {row.transfer for row in trace.traced.itertuples() if row.flags == "inferred"} == {"P", "B"}
    assert held(trace)["C1", "boss"] == (500_00, 500_00, "inferred")


def test_any_table_of_links_conserves_every_claim_by_every_method() -> None:
    """Random recyclers with one or two accounts, several claims, wrong links among right ones."""
    for seed in range(40):
        ledger, table = at_random(seed)
        for method, trace in trace_methods(ledger, Parameters(inferred=True, probability_bp=0), METHODS, table).items():
            assert not trace.allocates or trace.unbalanced().empty, (seed, method)
            exact = trace_claims(ledger, Parameters(method=method))
            assert trace.claims["claim_fen"].tolist() == exact.claims["claim_fen"].tolist(), (seed, method)
            now, then = (one.held.groupby("account")["balance_fen"].first() for one in (trace, exact))
            both = now.to_frame("now").join(then.rename("then"), how="inner")
            assert (both["now"] == both["then"]).all(), (seed, method, both)


@pytest.mark.parametrize("options", [{"level": "holder"}, {"overdraft": "backward"}, {"level": "holder", "opening": "zero"}])
def test_links_go_with_the_other_options(options: dict[str, str]) -> None:
    for seed in range(4):
        ledger, table = at_random(seed)
        parameters = Parameters(inferred=True, probability_bp=0, **options)  # type: ignore[arg-type]
        methods = ("fifo", "lifo") if "overdraft" in options else ALLOCATING
        by_all = trace_methods(ledger, parameters, methods, table)
        assert all(trace.unbalanced().empty for trace in by_all.values()), seed
        alone = trace_claims(ledger, parameters, table)
        pd.testing.assert_frame_equal(alone.held, by_all["fifo"].held)


def at_random(seed: int) -> tuple[Ledger, pd.DataFrame]:
    """A ledger with recyclers, and links and sets from redemptions to payouts that may or may not be right."""
    random = np.random.default_rng(seed)
    lines = ["account wallet bank holder=h", "account purse bank holder=h", "opening purse 3000", "opening wallet 900"]
    table, redeemed = [], []
    for k in range(24):
        clock = f"{8 + k // 4:02d}:{k % 4 * 15:02d}"
        kind = random.integers(0, 5)
        if kind == 0:
            lines.append(f"{clock} victim{k} -> {random.choice(['mule', 'purse', 'wallet'])} {random.integers(1, 900)} # claim")
        elif kind == 1:
            value = random.integers(1, 300)
            lines.append(f"{clock} mule -> card:{k} {value}")
            lines.append(f"{clock}:30 card:{k} -> wallet {value} id=R{k}")
            redeemed.append(f"R{k}")
        elif kind == 2 and redeemed:
            source = random.choice(["wallet", "purse"])
            lines.append(f"{clock} {source} -> {random.choice(['boss', 'mule'])} {random.integers(1, 300)} id=P{k}")
            batch = tuple(redeemed[: random.integers(1, 4)])
            redeemed = redeemed[len(batch) - int(random.random() < 0.2) :]
            table.append((f"P{k}", batch, int(random.integers(0, 10_001))))
        else:
            ends = random.choice(["mule", "wallet", "purse", "boss"], 2, replace=False)
            lines.append(f"{clock} {ends[0]} -> {ends[1]} {random.integers(1, 200)}")
    found = links(*table)
    return story("\n".join(lines)), found.assign(set=random.choice([0, 0, 1, 2], len(found)))


EQUAL = """
account wallet wallet holder=h
account purse bank holder=h
opening purse 5000
09:00 v -> mule 1000              # claim C1
09:00 w -> mule-2 1000            # claim C2
09:01 mule -> card:1 1000
09:02 mule-2 -> card:2 1000
10:00 card:1 -> wallet 1000 id=R1
10:01 card:2 -> wallet 1000 id=R2
18:00 purse -> middleman 970 id=P1
19:00 purse -> middleman 970 id=P2
"""
TOGETHER = links(("P1", ("R1",), 9_500), ("P2", ("R2",), 9_200)).assign(set=1)


@pytest.mark.parametrize(("method", "first"), [("fifo", {"C1"}), ("lifo", {"C2"}), ("pro_rata", {"C1", "C2"})])
def test_payouts_of_a_set_are_paid_from_all_its_redemptions_by_the_method(method: str, first: set[str]) -> None:
    trace = traced(story(EQUAL), TOGETHER, method=method)
    assert {row.claim for row in trace.traced.itertuples() if row.transfer == "P1"} == first
    assert held(trace) == {(claim, "middleman"): (970_00, 1000_00, "inferred") for claim in ("C1", "C2")}
    assert set(trace.held["probability_bp"]) == {9_200}  # of the least sure of the set


def test_a_link_of_a_set_below_the_bound_is_left_out_and_the_others_are_followed() -> None:
    trace = traced(story(EQUAL), TOGETHER, probability_bp=9_300)
    assert set(held(trace)) == {("C1", "middleman"), ("C2", "wallet")}
    assert set(trace.held["probability_bp"]) == {9_500, 10_000}


def test_a_set_in_two_currencies_is_two_balances() -> None:
    dollars = EQUAL.replace("09:00 w -> mule-2 1000 ", "09:00 w -> mule-2 1000 currency=USD")
    for line in ("mule-2 -> card:2 1000", "R2", "P2"):
        dollars = dollars.replace(f"{line}\n", f"{line} currency=USD\n")
    for currency, claim, payout in (("CNY", "C1", "P1"), ("USD", "C2", "P2")):
        trace = traced(story(dollars), TOGETHER, currency=currency)
        assert {"P1", "P2"} & set(trace.traced["transfer"]) == {payout}
        assert held(trace) == {(claim, "middleman"): (970_00, 1000_00, "inferred")}


def test_the_step_within_the_recycler_is_drawn_whichever_payout_of_the_set_the_money_left_by() -> None:
    # last in first out, the first batch's money leaves by the second payout, which was put down beside the other batch
    ledger = story(EQUAL)
    trace = traced(ledger, TOGETHER, method="lifo", reports=("C1",))
    assert {"P1", "P2"} & set(trace.traced["transfer"]) == {"P2"}
    flows = flow_graph(ledger, trace).flows
    assert ("wallet", "purse") in set(zip(flows["source"], flows["target"], strict=True))

"""The recovery game: money is conserved, blocks take what is there, nobody sees the future, requests land late."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.recovery.case import Case, case_of, generated_case, in_memory
from benchmarks.recovery.desk import Desk
from benchmarks.recovery.game import END_US, Bank, moments_of, play_case
from benchmarks.recovery.onward import Rests
from benchmarks.recovery.oracle import oracle
from benchmarks.recovery.parcels import CLEAN, Lot, scaled
from benchmarks.recovery.play import Play
from benchmarks.recovery.records import seen
from benchmarks.recovery.strategies import AHEAD, PRESENT, STRATEGIES, first_layer, ours, ours_without, top_held
from tests.story import story
from tracing.trace import trace_claims

MINUTE_US = 60_000_000
RESTS = Rests({"mule": (2.0, 1.0), "collector": (2.0, 1.0), "boss": (6.0, 1.0)})


def told(text: str, roles: dict[str, str]) -> Case:
    return case_of(in_memory(story(text)), roles)


SMALL = """
    opening mule 200
    09:00 victim -> mule 5000   # claim
    09:30 mule -> second 3000
    10:30 second -> friend 1000
    11:00 friend -> shop 900
    11:30 mule -> card:1 1000=>970
"""
RING = {"victim": "victim", "mule": "mule", "second": "mule", "friend": "good_faith_recipient", "shop": "hub"}


@pytest.fixture(scope="module")
def small() -> Case:
    return told(SMALL, RING)


@pytest.fixture(scope="module")
def ring() -> Case:
    return generated_case("demo", 5, RESTS, 1000)


def at(case: Case, minute: int) -> int:
    """Minutes after the first transfer."""
    return int(case.settled.legs.time_us.min()) + minute * MINUTE_US


def all_fen(play: Play) -> tuple[int, int]:
    """What came into the world, and where it is."""
    there = sum(lot.fen for lots in play.lots for lot in lots) + sum(lot.fen for lots in play.blocked.values() for lot in lots)
    openings = int(np.clip(play.case.settled.openings.fen, 0, None).sum())
    return openings + play.lent_fen, there + sum(lot.fen for lot, _ in play.gone) + play.lost_fen


@pytest.mark.parametrize("seed", range(5))
def test_money_is_conserved_whatever_is_blocked(ring: Case, seed: int) -> None:
    random, play = np.random.default_rng(seed), Play(ring)
    for now in moments_of(ring):
        play.advance(now)
        slot = int(random.integers(len(play.lots)))
        there = sum(lot.fen for lot in play.lots[slot])
        assert play.land(slot, int(random.integers(1, 10_000_00))) <= there
        assert len(set(all_fen(play))) == 1
    play.advance(END_US)
    assert len(set(all_fen(play))) == 1


def test_without_requests_victims_money_lies_where_the_trace_says(ring: Case) -> None:
    play = Play(ring)
    play.advance(END_US)
    held: dict[int, int] = {}
    accounts = ring.settled.legs.slots.account
    for slot, lots in enumerate(play.lots):
        tainted = sum(lot.fen for lot in lots if lot.label != CLEAN)
        if tainted:
            held[int(accounts[slot])] = held.get(int(accounts[slot]), 0) + tainted
    trace = trace_claims(ring.ledger)
    hubs = trace.sinks.loc[trace.sinks["sink"].isin(["hub", "merchant"]), "account_code"]  # orders of theirs are balances too
    held = {code: fen for code, fen in held.items() if code not in set(hubs)}
    assert held == trace.held.groupby("account_code")["held_fen"].sum().to_dict()


def test_a_block_takes_victims_fen_first_and_never_more_than_is_there(small: Case) -> None:
    play, slot = Play(small), slot_of(small, "mule")
    play.advance(at(small, 1))
    assert play.land(slot, 9000_00) == 5200_00
    assert play.land(slot, 1) == 0
    assert play.saved_fen() == 5000_00
    assert [lot.label == CLEAN for lot in play.blocked[slot]] == [False, True]


def test_what_is_blocked_does_not_move_on_and_what_needed_it_does_not_happen(small: Case) -> None:
    play = Play(small)
    play.advance(at(small, 1))
    play.land(slot_of(small, "mule"), 5000_00)
    play.advance(END_US)
    sent = {int(small.settled.legs.row(np.array([leg]))[0]): int(fen) for leg, fen in enumerate(play.executed)}
    assert sent[1] == 200_00  # a ring member sends what is left
    assert sent[2] == 200_00  # the next one too
    assert sent[3] == 0  # somebody else's payment fails as a whole
    assert play.wronged_fen() == 0


def test_innocents_money_in_a_block_is_counted(small: Case) -> None:
    play = Play(small)
    play.advance(at(small, 95))
    slot = slot_of(small, "friend")
    play.lots[slot].append(Lot(CLEAN, 70_00, -1))
    play.land(slot, 2000_00)
    assert play.wronged_fen() == sum(lot.fen for lot in play.blocked[slot] if lot.label == CLEAN)
    assert play.wronged_fen() >= 70_00


def test_the_records_of_a_moment_hold_nothing_of_the_future(ring: Case) -> None:
    play = Play(ring)
    for now in moments_of(ring)[:6]:
        play.advance(now)
        ledger = seen(play, now)
        times = ledger.read(("time",))["time"].cast("int64").to_numpy()
        assert times.max() <= now
        assert len(ledger.reports) == (ring.reported_us <= now).sum()


def test_the_records_of_a_moment_are_the_same_whatever_happens_later(small: Case) -> None:
    now = at(small, 31)
    play = Play(small)
    play.advance(now)
    before = seen(play, now)
    later = Play(told(SMALL + "12:00 second -> third 100\n", {**RING, "third": "mule"}))
    later.advance(now)
    columns = ("transfer", "amount_fen", "status")
    assert before.read(columns).to_pydict() == seen(later, now).read(columns).to_pydict()


def test_records_say_what_a_block_left_of_a_transfer(small: Case) -> None:
    play = Play(small)
    play.advance(at(small, 1))
    untouched = seen(play, at(small, 1)).digest
    play.land(slot_of(small, "mule"), 5000_00)
    play.advance(at(small, 200))
    ledger = seen(play, at(small, 200))
    rows = ledger.read(("amount_fen", "status")).to_pylist()
    assert (rows[1]["amount_fen"], rows[1]["status"]) == (200_00, "done")
    assert rows[3]["status"] == "failed"
    assert ledger.digest != untouched


def test_a_request_lands_after_its_latency_and_may_find_nothing(small: Case) -> None:
    # The report arrives at 10:00; the money left the mule at 9:30, what rests there leaves at 11:30.
    early = play_case(small, first_layer, 1, 30 * MINUTE_US)
    late = play_case(small, first_layer, 1, 200 * MINUTE_US)
    assert early.saved_fen == 2200_00
    assert late.saved_fen == 1200_00
    assert (early.filed, early.empty) == (1, 0)


def test_no_more_is_filed_than_allowed_and_nothing_twice(small: Case) -> None:
    bank = Bank(Play(small), 10)
    bank.file(0, [(1, 100), (1, 100), (2, 50), (3, 70)], 2)
    bank.file(0, [(1, 150)], 2)
    assert sorted(bank.pending) == [(10, 1, 50), (10, 1, 100), (10, 2, 50)]


def test_the_oracle_is_not_beaten(ring: Case) -> None:
    kept: dict[tuple[str, ...], object] = {}
    for most in (1, 3):
        bound = play_case(ring, oracle, most, 30 * MINUTE_US).saved_fen
        for strategy in (first_layer, top_held, STRATEGIES["poison by balance"]):
            assert play_case(ring, strategy, most, 30 * MINUTE_US, kept).saved_fen <= bound


def test_who_knows_every_victim_asks_for_what_is_theirs_now_and_sees_no_future(small: Case) -> None:
    bank, now = Bank(Play(small), 30 * MINUTE_US), at(small, 59)
    bank.land_until(now)
    desk = Desk(small, seen(bank.play, now), now, 3, bank, {})
    assert STRATEGIES[PRESENT](desk) == [(slot_of(small, "second"), 2800_00), (slot_of(small, "mule"), 2200_00)]
    bank.play.land(slot_of(small, "second"), 800_00)
    assert dict(STRATEGIES[PRESENT](desk))[slot_of(small, "second")] == 2800_00


def test_who_blocks_ahead_asks_for_more_than_is_there(small: Case) -> None:
    bank, now = Bank(Play(small), 30 * MINUTE_US), at(small, 59)
    bank.land_until(now)
    desk = Desk(small, seen(bank.play, now), now, 3, bank, {})
    present, ahead = STRATEGIES[PRESENT](desk), STRATEGIES[AHEAD](desk)
    assert [slot for slot, _ in ahead[: len(present)]] == [slot for slot, _ in present]
    assert all(fen > dict(present).get(slot, 0) for slot, fen in ahead)
    bank.file(now, ahead[:1], 1)
    assert ahead[0][0] not in dict(STRATEGIES[AHEAD](desk)), "on its way already"


def test_a_forked_world_does_not_touch_the_one_it_came_from(ring: Case) -> None:
    bank = Bank(Play(ring), MINUTE_US)
    now = moments_of(ring)[3]
    bank.land_until(now)
    before = seen(bank.play, now).digest, all_fen(bank.play), len(bank.play.ways)
    oracle(Desk(ring, seen(bank.play, now), now, 3, bank, {}))
    assert (seen(bank.play, now).digest, all_fen(bank.play), len(bank.play.ways)) == before


def test_ours_is_the_products_plan(ring: Case) -> None:
    bank = Bank(Play(ring), MINUTE_US)
    now = moments_of(ring)[5]
    bank.land_until(now)
    desk = Desk(ring, seen(bank.play, now), now, 3, bank, {})
    lines = desk.judged(suspected=True).lines
    assert sum(fen for _, fen in ours(desk)) == int(lines["lien_fen"].sum())
    assert sum(fen for _, fen in ours_without(desk)) == int(lines.loc[~lines["suspected"].astype(bool), "lien_fen"].sum())


def refilled() -> Case:
    """A mule that is emptied of clean money after the first report, and filled by a second victim."""
    return told(
        """
        09:00 v1 -> mule 30000   # claim
        10:00 boss -> mule 20000
        11:40 mule -> second 20000
        11:50 v2 -> mule 10000   # claim
        14:00 x -> y 1
        """,
        {"v1": "victim", "v2": "victim", "mule": "mule", "second": "mule", "boss": "boss"},
    )


def test_ours_asks_on_top_of_what_the_banks_have_blocked() -> None:
    case = refilled()
    bank, slot = Bank(Play(case), 30 * MINUTE_US), slot_of(case, "mule")
    first, second = moments_of(case)
    bank.land_until(first)
    bank.file(first, [(slot, 30000_00)], 1)
    bank.land_until(second)
    desk = Desk(case, seen(bank.play, second), second, 1, bank, {})
    assert [(block.account, block.fen) for block in desk.blocks] == [("mule", 30000_00)]
    assert dict(ours_without(desk))[slot] == 40000_00
    bank.file(second, ours_without(desk), 1)
    bank.land_until(END_US)
    assert bank.play.saved_fen() == 40000_00


def test_rivals_are_told_their_blocks_too() -> None:
    case = refilled()
    bank, slot = Bank(Play(case), 30 * MINUTE_US), slot_of(case, "mule")
    first, second = moments_of(case)
    bank.land_until(first)
    desk = Desk(case, seen(bank.play, first), first, 1, bank, {})
    assert STRATEGIES["newest inflow"](desk) == top_held(desk) == [(slot, 30000_00)]
    bank.file(first, [(slot, 30000_00)], 1)
    bank.land_until(second)
    desk = Desk(case, seen(bank.play, second), second, 1, bank, {})
    assert dict(top_held(desk))[slot] == dict(STRATEGIES["newest inflow"](desk))[slot] == 40000_00
    bank.file(second, [(slot, 40000_00)], 1)
    assert slot not in dict(STRATEGIES["newest inflow"](desk)), "nothing came since it was asked for"


def test_a_conversion_cuts_lots_where_it_cuts_the_amount() -> None:
    assert [lot.fen for lot in scaled([Lot(0, 3333, -1), Lot(1, 3333, -1), Lot(2, 3334, -1)], 10000, 9700)] == [
        3233,
        3233,
        3234,
    ]


def slot_of(case: Case, account: str) -> int:
    return int(case.slot_of[case.ledger.accounts["account"].tolist().index(account)])


def test_the_world_of_tuning_and_of_the_report_have_nothing_in_common() -> None:
    from benchmarks.recovery.__main__ import REPORTING, TUNING

    assert REPORTING.first_seed - TUNING.first_seed >= 100
    assert REPORTING.latency_minutes != TUNING.latency_minutes
    assert REPORTING.transfers != TUNING.transfers
    assert all(REPORTING.rests.hours[role] != rest for role, rest in TUNING.rests.hours.items())
    assert replace(REPORTING, first_seed=1) != TUNING

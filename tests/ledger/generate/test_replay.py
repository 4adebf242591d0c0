"""The slow replay against worked examples of others, and against the traps that other tools fall into."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from ledger.generate.identified import Movement
from ledger.generate.lots import Lot
from ledger.generate.places import Claim, Place
from ledger.generate.replay import METHODS, replay

ORACLES = json.loads((Path(__file__).parents[2] / "oracles.json").read_text(encoding="utf-8"))
EXACT = tuple(method for method in METHODS if method != "poison")
OUTSIDE = Place(out_of_view=True)


def moves(text: str) -> tuple[list[Movement], list[Claim]]:
    """Lines `source target amount[=>received] [word=value …] [# claim [part]]`, transfers named T1, T2, …; claims C1, …"""
    movements: list[Movement] = []
    claims: list[Claim] = []
    for number, line in enumerate(text.strip().splitlines(), start=1):
        told, _, note = line.partition("#")
        source, target, amount, *words = told.split()
        given, _, received = amount.partition("=>")
        extra = dict(word.split("=") for word in words)
        movements.append(Movement(f"T{number}", source, target, int(given), int(received or given), **extra))
        if note:
            part = note.split()[1:]
            claims.append(Claim(f"C{len(claims) + 1}", f"T{number}", int(part[0]) if part else None))
    return movements, claims


def held(text: str, method: str = "fifo", **places: Place) -> dict[tuple[str, str], int]:
    """Quantity held by (claim, account); accounts start empty unless placed."""
    movements, claims = moves(text)
    empty = {name: Place(opening=0) for move in movements for name in (move.source, move.target)}
    done = replay(movements, {**empty, "EXT": OUTSIDE, **places}, claims, method)
    return {key: lot.quantity for key, lot in done.held.items() if lot.quantity}


CASES = [pytest.param(oracle, method, id=f"{oracle['id']}-{method}") for oracle in ORACLES for method in oracle["expected"]]


@pytest.mark.parametrize(("oracle", "method"), CASES)
def test_the_replay_gives_the_answer_of_the_source(oracle: dict[str, Any], method: str) -> None:
    movements, labels = [], {}
    for number, (source, target, amount, label) in enumerate(oracle["events"]):
        movements.append(Movement(f"E{number:03d}", source, target, amount, amount))
        if source == "EXT" and label:
            labels[f"{label}-{number:03d}"] = (f"E{number:03d}", str(label))
    names = {name for move in movements for name in (move.source, move.target)} - {"EXT"}
    places = {name: Place(opening=oracle["opening"].get(name, 0)) for name in names} | {"EXT": OUTSIDE}
    done = replay(movements, places, [Claim(report, transfer) for report, (transfer, _) in labels.items()], method)
    expected = oracle["expected"][method]
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (report, account), lot in done.held.items():
        found[account][labels[report][1]] += lot.quantity
    tainted = {
        account: {label: fen for label, fen in lots.items() if label != "0"} for account, lots in expected["balances"].items()
    }
    tainted["SINK"] = {label: fen for label, fen in expected["sink"].items() if label != "0"}
    assert {account: dict(lots) for account, lots in found.items()} == {
        account: lots for account, lots in tainted.items() if lots
    }
    repaid: dict[str, int] = defaultdict(int)
    for (report, sink, _), fen in done.sinks.items():
        assert sink == "overdraft"
        repaid[labels[report][1]] += fen
    assert sum(repaid.values()) == sum(
        fen
        for value in expected["overdraft_absorbed"].values()
        for fen in (value.values() if isinstance(value, dict) else [value])
    )


@pytest.mark.parametrize("method", EXACT)
def test_money_that_goes_round_is_counted_once(method: str) -> None:
    assert held("EXT A 100 # claim\nA B 60\nB A 60", method) == {("C1", "A"): 100}


@pytest.mark.parametrize("method", EXACT)
def test_a_transfer_to_itself_changes_nothing_that_is_held(method: str) -> None:
    assert held("EXT A 100 # claim\nA A 60", method) == {("C1", "A"): 100}


def test_an_earlier_dip_does_not_cap_a_later_victim() -> None:
    text = "EXT A 1000 # claim\nA X 900\nEXT A 800 # claim"
    assert held(text, "clean_first") == {("C1", "A"): 100, ("C1", "X"): 900, ("C2", "A"): 800}


def test_outflows_before_the_payment_are_clean() -> None:
    assert held("EXT A 500\nA X 400\nEXT A 100 # claim\nA Y 100") == {("C1", "A"): 100}


def test_only_the_reported_part_is_traced_and_it_is_in_front() -> None:
    assert held("EXT A 100 # claim 30\nA X 50") == {("C1", "X"): 30}


def test_the_first_claim_on_a_piece_of_money_wins() -> None:
    movements, claims = moves("EXT A 100 # claim\nA B 100 # claim")
    done = replay(movements, {"EXT": OUTSIDE}, claims, "fifo")
    assert done.claim_fen == {"C1": 100, "C2": 0}


def test_a_conversion_scales_what_is_held_and_keeps_what_was_lost() -> None:
    movements, claims = moves(
        "EXT A 3333 # claim\nEXT A 3333 # claim\nEXT A 3334 # claim\n"
        "A card:1 10000 kind=gift_card operation=purchase\ncard:1 R 10000=>9700 kind=gift_card operation=redemption\nR S 4850"
    )
    done = replay(movements, {"EXT": OUTSIDE}, claims, "fifo")
    assert done.traced["C1", "T5"] == Lot("C1", 3333, 3333)
    spent = {("C1", "S"): Lot("C1", 3233, 3333), ("C2", "S"): Lot("C2", 1617, 1667)}
    assert done.held == spent | {("C2", "R"): Lot("C2", 1616, 1666), ("C3", "R"): Lot("C3", 3234, 3334)}


def test_money_that_comes_in_overdrawn_repays_the_bank() -> None:
    movements, claims = moves("A X 300\nEXT A 1000 # claim")
    done = replay(movements, {"EXT": OUTSIDE, "A": Place(opening=100)}, claims, "fifo")
    assert (done.sinks, done.held["C1", "A"].quantity) == ({("C1", "overdraft", "A"): 200}, 800)


def test_a_missing_opening_balance_is_the_least_that_makes_the_payments_possible() -> None:
    assert held("A X 300\nEXT A 1000 # claim\nA Y 200", A=Place()) == {("C1", "A"): 800, ("C1", "Y"): 200}


@pytest.mark.parametrize("method", EXACT)
def test_a_reversal_gives_back_its_own_money(method: str) -> None:
    text = "EXT A 50\nEXT A 100 # claim\nB X 0001\nA B 150 status=reversed\nEXT B 70\nB A 150 reverses=T4\nB Y 70"
    assert held(text, method, B=Place(opening=10)) == {("C1", "A"): 100}


def test_a_failed_transfer_is_no_transfer() -> None:
    assert held("EXT A 100 # claim\nA B 100 status=failed") == {("C1", "A"): 100}


def test_a_hub_swallows_what_no_order_identifies() -> None:
    movements, claims = moves("EXT A 100 # claim\nA shop 100\nshop Z 100")
    done = replay(movements, {"EXT": OUTSIDE, "shop": Place("merchant")}, claims, "fifo")
    assert done.sinks == {("C1", "merchant", "shop"): 100}


@pytest.mark.parametrize("method", METHODS)
def test_an_order_leads_through_a_hub(method: str) -> None:
    text = (
        "EXT V 39\nV courier 39 reference=W1 # claim\nEXT courier 39 reference=W2\n"
        "courier M 36 reference=W2\ncourier S 36 reference=W1"
    )
    movements, claims = moves(text)
    done = replay(movements, {"EXT": OUTSIDE, "courier": Place("courier"), "V": Place(opening=0)}, claims, method)
    assert done.held["C1", "S"].quantity == 36
    assert ("C1", "M") not in done.held


def test_a_card_bought_under_a_paid_order_is_the_same_payment_seen_twice() -> None:
    text = (
        "EXT V 1000\nV store 1000 reference=O1 # claim\nV card:1 500 kind=gift_card operation=purchase order=O1\n"
        "V card:2 500 kind=gift_card operation=purchase order=O1\ncard:1 R 500 kind=gift_card operation=redemption\nEXT V 70"
    )
    assert held(text, store=Place("merchant")) == {("C1", "card:2"): 500, ("C1", "R"): 500}


def test_poison_reaches_everything_after_the_first_drop() -> None:
    text = "EXT A 900\nA X 100\nEXT A 1 # claim\nA Y 800"
    assert held(text, "poison") == {("C1", "A"): 1, ("C1", "Y"): 800}

"""The live trace: whatever comes, and in whatever order, the answer is that of a trace of the whole ledger from scratch."""

import os
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pandas as pd
import pytest

from ledger.book import Ledger, frame
from ledger.memory import ledger_of
from ledger.records import ACCOUNTS, REPORTS, TRANSFERS
from tests.story import rows
from tracing.claims import claims_of
from tracing.links import fifo_links
from tracing.live import LiveTrace
from tracing.live_claims import as_followed
from tracing.live_events import Update
from tracing.live_ids import IdIndex
from tracing.lots import axis_of, settled_legs
from tracing.result import TIES, Parameters
from tracing.trace import followed_claims, holders_of_accounts, trace_claims

Row = dict[str, Any]
Answer = dict[str, Counter[tuple[object, ...]]]
LEDGERS = max(12, int(os.environ.get("LIUSHUI_LEDGERS", "0")))
"""How many random ledgers; CONTRIBUTING.md names the variable."""
SHARDS = 2


@dataclass
class Case:
    """A random ledger that comes in pieces: what is there, what is still to come."""

    accounts: list[Row]
    reports: list[Row]
    now: list[Row]
    coming: list[Row]
    parameters: Parameters
    later: list[Row] = field(default_factory=list)

    def ledger(self) -> Ledger:
        return ledger_of(rows(self.now, TRANSFERS), rows(self.accounts, ACCOUNTS), rows(self.reports, REPORTS))


def random_row(random: Random, number: int, accounts: int, span: int, *, linked: bool) -> Row:
    given = random.randint(1, 30)
    row: Row = {
        "transfer": f"T{number}", "time": random.randint(0, span) * 1_000_000, "source": random.randrange(accounts),
        "target": random.randrange(accounts), "amount_fen": given, "currency": "CNY", "kind": "bank", "file": 0,
        "received_fen": random.choice([given] * 6 + [max(1, given * 97 // 100), given * 2, random.randint(1, 40)]),
        "status": "failed" if random.random() < 0.05 else "done", "line": random.randrange(1000),
        "channel": "fee" if random.random() < 0.12 else None,
    }  # fmt: skip
    for name, share in (("source_balance_fen", 0.08), ("target_balance_fen", 0.05)):
        if random.random() < share:
            row[name] = random.randint(0, 60)
    if linked and random.random() < 0.5:
        row |= random.choice(links_of(random, number))
    return row


def links_of(random: Random, number: int) -> list[Row]:
    """What may tie a row to others: numbers that lead on at hubs, vouchers bought under them, reversals, also wrong ones."""
    tie = f"N{random.randrange(3)}"
    bought = {"kind": "gift_card", "operation": "purchase"}
    reverses = {"reverses": f"T{random.randrange(number + 4)}"}
    return [{"reference": tie}, {"order": tie}, {"order": tie} | bought, reverses, reverses, {"status": "reversed"}]


def reversing(random: Random, moves: list[Row]) -> None:
    """Make some rows mirror the payment they reverse, in whole or in part, so that they fit it."""
    by_id = {row["transfer"]: row for row in moves}
    for row in moves:
        paid = by_id.get(row.get("reverses", ""))
        if paid is not None and paid is not row and random.random() < 0.8:
            fen = random.choice([paid["amount_fen"], random.randint(1, paid["amount_fen"])])
            row |= {"source": paid["target"], "target": paid["source"], "amount_fen": fen, "received_fen": fen}
            paid["received_fen"] = paid["amount_fen"]
            row["time"] = max(row["time"], paid["time"])


def random_case(seed: int, *, in_order: bool, linked: bool = False, several: bool = False) -> tuple[Random, Case]:
    random = Random(seed)
    accounts, span = random.randint(2, 7), random.choice([3, 12, 60, 1000])
    moves = [random_row(random, number, accounts, span, linked=linked) for number in range(random.randint(1, 40))]
    if linked:
        reversing(random, moves)
    for row in moves:
        row["currency"] = "USD" if several and random.random() < 0.1 else row["currency"]
    moves.sort(key=lambda row: (row["time"], row["line"], row["transfer"]))
    hubs = {account for account in range(accounts) if random.random() < (0.35 if linked else 0.1)}
    opening = {account: random.randint(-10, 40) for account in range(accounts) if random.random() < 0.3 and account not in hubs}
    told = [
        {"account": f"a{code}", "kind": "bank", "hub": code in hubs, "declared": True, "opening_fen": opening.get(code)}
        for code in range(8)
    ]
    reports = [
        {"report": f"C{number}", "victim": "v", "transfer": f"T{random.randrange(len(moves))}",
         "amount_fen": random.choice([None, random.randint(1, 30)]), "file": 0, "line": 1}
        for number in range(random.randint(1, 5))
    ]  # fmt: skip
    if not in_order:
        random.shuffle(moves)
    cut = random.randint(0, len(moves))
    parameters = Parameters(
        opening=random.choice(["reported", "reported", "implied", "zero"]),
        ties=random.choice(["ledger", *TIES]),
        max_hops=random.choice([None] * 5 + [3]),
        hop_window_us=random.choice([None] * 5 + [5_000_000]),
        min_amount_fen=random.choice([0] * 5 + [4]),
    )
    known = random.randint(0, len(reports))
    return random, Case(told, reports[:known], moves[:cut], moves[cut:], parameters, reports[known:])


def step(random: Random, case: Case, live: LiveTrace, *, corrects: bool) -> Update:
    """The next few rows, or a correction."""
    if corrects and case.now and random.random() < 0.3:
        old = random.sample(case.now, min(len(case.now), random.randint(1, 2)))
        new = [corrected(random, row) for row in old if random.random() < 0.6]
        kept = {row["transfer"] for row in new}
        voided = [row["transfer"] for row in old if row["transfer"] not in kept]
        gone = {row["transfer"] for row in old}
        case.now = [row for row in case.now if row["transfer"] not in gone] + new
        return live.correct(rows(new, TRANSFERS) if new else None, voided=voided)
    size = random.randint(1, 5)
    batch, case.coming = case.coming[:size], case.coming[size:]
    case.now = case.now + batch
    reports = None
    if case.later and random.random() < 0.5:
        case.reports = [*case.reports, case.later.pop()]
        reports = frame(rows(case.reports, REPORTS))
    return live.append(rows(batch, TRANSFERS), reports=reports)


def corrected(random: Random, row: Row) -> Row:
    time = row["time"] if random.random() < 0.5 else random.randint(0, 60) * 1_000_000
    return row | {"amount_fen": random.randint(1, 30), "received_fen": None, "time": time}


def scratch(ledger: Ledger, parameters: Parameters) -> Answer:
    """A trace of the whole ledger, without its tables (they are ten times as slow on ledgers this small)."""
    axis = axis_of(ledger, settled_legs(ledger, None, parameters.opening, parameters.ties))
    claims = claims_of(ledger, axis, parameters)
    _, found = followed_claims(ledger, axis, claims, holders_of_accounts(ledger), parameters, fifo_links(axis))
    ids = ledger.transfers("transfer")["transfer"].tolist()
    return answer(
        found,
        axis.slots.account,
        axis.slots.ends,
        axis.target,
        claims.table["claim"].tolist(),
        lambda leg: ids[int(axis.row(leg)[0])],
    )


def live_answer(live: LiveTrace) -> Answer:
    slots, found = live._match.slots, as_followed(live._claims.pieces())
    names = live._claims.table["claim"].tolist()
    return answer(
        found, slots.slot.account, slots.slot.ends, lambda leg: slots.leg.target[leg], names,
        lambda leg: live._match.rows.ids(slots.row(leg))[0],
    )  # fmt: skip


def answer(found: Any, account: Any, ends: Any, target: Any, names: list[str], transfer: Any) -> Answer:
    told: Answer = {name: Counter() for name in ("held", "basis", "sinks", "traced", "hop", "tier")}
    kinds = [("", found.rested), ("overdraft", found.overdrawn), ("discount", found.lost), *found.cut]
    for kind, pieces in kinds:
        slot = target(pieces.leg)
        for claim, at, fen, basis in zip(
            pieces.claim.tolist(), slot.tolist(), pieces.fen.tolist(), pieces.basis_fen.tolist(), strict=True
        ):
            code = int(account[at])
            if kind or ends[at]:
                told["sinks"][names[claim], kind or "hub", code] += basis
            else:
                told["held"][names[claim], code] += fen
                told["basis"][names[claim], code] += basis
    carried = found.carried
    for k in range(len(carried)):
        key = names[carried.claim[k]], transfer(carried.leg[k : k + 1])
        told["traced"][key] += int(carried.fen[k])
        told["hop"][(*key, int(carried.hop[k]), int(carried.tier[k]), int(carried.linked[k]))] += 1
    return told


def mismatch(seed: int, *, in_order: bool, corrects: bool = False, **ties: bool) -> tuple[str | None, Counter[str]]:
    """What differs in the life of one ledger, and how often it was rebuilt."""
    random, case = random_case(seed, in_order=in_order, **ties)
    live, counted = LiveTrace.open(case.ledger(), case.parameters), Counter[str]()
    last = live_answer(live)
    while case.coming:
        update = step(random, case, live, corrects=corrects)
        counted["rebuilt" if update.rebuilt else "in place"] += 1
        ours, other = live_answer(live), scratch(case.ledger(), case.parameters)
        for name in ours:
            if +ours[name] != +other[name]:
                return (
                    f"seed {seed}: {name} {dict(ours[name])} but from scratch {dict(other[name])}; {case.parameters}",
                    counted,
                )
        if found := unexplained(update, last, ours, live):
            return f"seed {seed}: {found}", counted
        last = ours
    return None, counted


def unexplained(update: Update, before: Answer, after: Answer, live: LiveTrace) -> str | None:
    """Whose money lies elsewhere than the events say: what came in less what went out is what is more there than before."""
    codes = {name: code for code, name in enumerate(live._match.rows.accounts["account"])}
    change: Counter[tuple[object, ...]] = Counter()
    for event in update.events:
        change[event.claim, codes[event.target]] += event.amount_fen
        if event.hop > 1:
            change[event.claim, codes[event.source]] -= event.amount_fen
    real: Counter[tuple[object, ...]] = Counter()
    for told, sign in ((before, -1), (after, 1)):
        for (claim, code), fen in told["basis"].items():
            real[claim, code] += sign * fen
        for (claim, _, code), fen in told["sinks"].items():
            real[claim, code] += sign * fen
    known = {claim for claim, _ in after["traced"]} & {claim for claim, _ in before["traced"]}
    left = {key: fen for key, fen in change.items() if key[0] in known and fen}
    return None if left == {key: fen for key, fen in real.items() if key[0] in known and fen} else f"{left} but {dict(real)}"


@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_comes_in_order_gives_what_a_trace_from_scratch_gives(shard: int) -> None:
    found = [mismatch(seed, in_order=True) for seed in range(shard, LEDGERS, SHARDS)]
    assert [text for text, _ in found if text] == []
    assert sum((counted for _, counted in found), Counter[str]())["rebuilt"] == 0


@pytest.mark.parametrize("shard", range(SHARDS))
def test_late_and_corrected_records_give_what_a_trace_from_scratch_gives(shard: int) -> None:
    found = [mismatch(seed, in_order=False, corrects=True) for seed in range(shard, LEDGERS, SHARDS)]
    assert [text for text, _ in found if text] == []
    assert sum((counted for _, counted in found), Counter[str]())["rebuilt"] == 0


@pytest.mark.parametrize("shard", range(SHARDS))
def test_references_and_reversals_give_what_a_trace_from_scratch_gives_without_matching_the_whole_ledger(shard: int) -> None:
    found = [mismatch(seed, in_order=seed % 3 == 0, corrects=True, linked=True) for seed in range(shard, LEDGERS, SHARDS)]
    assert [text for text, _ in found if text] == []
    assert sum((counted for _, counted in found), Counter[str]())["rebuilt"] == 0


def test_with_several_currencies_too() -> None:
    found = [mismatch(seed, in_order=seed % 2 == 0, corrects=True, linked=True, several=True) for seed in range(LEDGERS)]
    assert [text for text, _ in found if text] == []


@pytest.mark.parametrize("seed", range(12))
def test_all_tables_equal_those_of_a_trace_from_scratch(seed: int) -> None:
    random, case = random_case(seed, in_order=seed % 2 == 0, linked=seed > 3, several=seed > 9)
    live = LiveTrace.open(case.ledger(), case.parameters)
    while case.coming:
        step(random, case, live, corrects=True)
    ours, other = live.trace(), trace_claims(case.ledger(), case.parameters)
    for name in ("claims", "traced", "held", "sinks", "frontier", "overlaps"):
        one, two = getattr(ours, name), getattr(other, name)
        assert len(one) == len(two) == 0 or pd.testing.assert_frame_equal(one, two, check_dtype=False) is None
    assert (ours.limits, ours.warnings) == (other.limits, other.warnings)
    assert live.held()["held_fen"].sum() == ours.held["held_fen"].sum()


def test_arenas_grow_when_they_are_full() -> None:
    random, case = Random(7), random_case(3, in_order=True)[1]
    case.now, case.coming = [], []
    case.parameters = Parameters()
    live = LiveTrace.open(case.ledger())
    for begin in range(0, 6000, 3000):
        batch = [
            random_row(random, number, 7, 0, linked=False) | {"time": number * 1_000_000, "source_balance_fen": None}
            for number in range(begin, begin + 3000)
        ]
        case.now += batch
        live.append(rows(batch, TRANSFERS))
    ours, other = live_answer(live), scratch(case.ledger(), case.parameters)
    assert {name: +ours[name] for name in ours} == {name: +other[name] for name in other}
    assert int(live._match.slots.arena.used[0]) > 12000


def test_what_a_limit_stops_before_a_later_claim_is_that_claims_again() -> None:
    # C2 keeps one fen of its payment, below the least amount: the later claim C0 loses nothing to it
    assert mismatch(244, in_order=False, corrects=True)[0] is None


@pytest.mark.parametrize("seed", [631, 1345])
def test_the_claim_on_a_payment_of_which_more_is_given_back_goes_by_what_is(seed: int) -> None:
    # a reversal comes: the part of the disputed payment that is identified grows, and the rest begins further on in it
    assert mismatch(seed, in_order=seed % 3 == 0, corrects=True, linked=True)[0] is None


def test_an_event_names_the_account_the_money_lay_at_where_another_paid_the_order() -> None:
    # T5 is a voucher that a1 bought; T1 pays its order, so from then on T5 carries what lies at the hub a0
    assert mismatch(1148, in_order=False, corrects=True, linked=True)[0] is None


def test_disputed_money_and_money_on_its_way_by_one_transfer_are_told_apart() -> None:
    # C2's payment T3 is given back in part and paid again: T3 carries what is disputed and what came by
    assert mismatch(1436, in_order=False, corrects=True, linked=True)[0] is None


def test_a_slot_that_gets_an_old_leg_and_a_new_one_has_room_for_both() -> None:
    # T3 is split as its reversals come; the stretch of a5 grew into the next one
    assert mismatch(1466, in_order=False, corrects=True, linked=True)[0] is None


@pytest.mark.parametrize("most_bits", [1, 30])
def test_ids_are_found_also_where_many_share_a_bucket(most_bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracing.live_ids.FEWEST_BITS", 1)
    monkeypatch.setattr("tracing.live_ids.MOST_BITS", most_bits)
    moves = [random_row(Random(1), number, 3, 9, linked=False) for number in range(500)]
    told = [{"account": f"a{code}", "kind": "bank", "hub": False, "declared": True} for code in range(3)]
    ledger = ledger_of(rows(moves, TRANSFERS), rows(told, ACCOUNTS))
    wanted = {"T0", "T77", "T499", "T500", "", "t0"}
    found = IdIndex.of(ledger).find(wanted)
    ids = ledger.transfers("transfer")["transfer"].tolist()
    assert {name: ids[row] for name, row in found.items()} == {name: name for name in ("T0", "T77", "T499")}
    assert IdIndex.of(ledger).find(set()) == {}

"""Whatever the payments and however two banks tell them: no match is false, and order and batches change nothing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.records import DECISIONS
from tests.ledger.reconcile.told import accounts, in_force, reconcile, table

NUMBERS = ["6226000011115669", "6226000022225669", "6217000033330001", "6217000044440002", "6228480055550003"]
START = np.datetime64("2025-03-01T00:00:00", "us")
SECOND = np.timedelta64(1_000_000, "us")
NAMED = ("full", "mask", "name", "nothing")


@dataclass(frozen=True)
class Payment:
    """What truly happened, and how each side's statement tells it; `skews` in seconds, below the window together."""

    seconds: int
    source: int
    target: int
    amount: int
    told: tuple[str, str]
    skews: tuple[int, int]
    reference: bool


payments = st.lists(
    st.builds(
        Payment,
        seconds=st.integers(0, 7200),
        source=st.integers(0, 4),
        target=st.integers(0, 4),
        amount=st.sampled_from([100_00, 100_00, 250_00, 39_00]),
        told=st.tuples(st.sampled_from(NAMED), st.sampled_from(NAMED)),
        skews=st.tuples(st.integers(-290, 290), st.integers(-290, 290)),
        reference=st.booleans(),
    ).filter(lambda payment: payment.source != payment.target),
    max_size=25,
)


def spelt(how: str, own: str, other: str) -> str:
    """The other side as a statement may name it."""
    mask, name = other[:4] + "*" * 8 + other[-4:], f"unknown:holder {NUMBERS.index(other)}"
    return {"full": other, "mask": mask, "name": name, "nothing": f"unknown:{own}"}[how]


def statements(made: list[Payment]) -> list[list[dict[str, Any]]]:
    """Each account's statement of the payments, complete; the id of a row tells which payment it is of."""
    found: list[list[dict[str, Any]]] = [[] for _ in NUMBERS]
    for number, one in enumerate(made):
        source, target = NUMBERS[one.source], NUMBERS[one.target]
        for side, (own, other, skew, how) in enumerate(
            zip((source, target), (target, source), one.skews, one.told, strict=True)
        ):
            file = NUMBERS.index(own)
            ends = (own, spelt(how, own, other)) if side == 0 else (spelt(how, own, other), own)
            row = {
                "transfer": f"{'ab'[side]}{number}", "time": (START + (one.seconds + skew) * SECOND).item(), "source": ends[0],
                "target": ends[1], "amount_fen": one.amount, "currency": "CNY", "kind": "bank", "status": "done", "file": file,
                "line": len(found[file]) + 1, "witness": ("source", "target")[side],
                "reference": f"serial-{number:08}" if one.reference else None,
            }  # fmt: skip
            found[file].append(row)
    return found


def everything(made: list[Payment]) -> list[dict[str, Any]]:
    """All statements in one batch."""
    return [row for statement in statements(made) for row in statement]


def declared() -> dict[str, dict[str, str]]:
    return {number: {"holder_name": f"holder {at}"} for at, number in enumerate(NUMBERS)}


def decide(batches: list[list[dict[str, Any]]]) -> pa.Table:
    """The decisions in force after the batches were ingested one by one."""
    held, before = DECISIONS.empty_table(), []
    for batch in batches:
        known = accounts([*before, *batch], **declared())
        held = in_force(held, reconcile(table(batch), table(before), known, held))
        before += batch
    return held


def acting(held: pa.Table) -> list[dict[str, Any]]:
    return [row for row in held.to_pylist() if row["state"] != "off"]


@given(payments)
@settings(max_examples=80, deadline=None)
def test_no_unique_match_is_false(made: list[Payment]) -> None:
    for row in decide([everything(made)]).to_pylist():
        if row["kind"] != "both_sides" or row["state"] != "applied":
            continue
        one, other = made[int(row["transfer"][1:])], made[int(row["other"][1:])]
        if "in the order of their times" in row["evidence"]:
            assert (one.source, one.target, one.amount) == (other.source, other.target, other.amount)
        else:
            assert row["transfer"][1:] == row["other"][1:]


@given(payments, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_rows_in_any_order_give_the_same_bytes(made: list[Payment], shuffled: Any) -> None:
    rows = everything(made)
    mixed = list(rows)
    shuffled.shuffle(mixed)
    assert decide([rows]).equals(decide([mixed]))


@given(payments, st.permutations(range(len(NUMBERS))))
@settings(max_examples=30, deadline=None)
def test_statements_that_come_one_by_one_end_in_the_same_decisions(made: list[Payment], order: list[int]) -> None:
    parts = statements(made)
    assert acting(decide([parts[at] for at in order])) == acting(decide([everything(made)]))


@given(payments)
@settings(max_examples=30, deadline=None)
def test_what_stands_is_not_told_again(made: list[Payment]) -> None:
    rows = everything(made)
    held = decide([rows])
    assert reconcile(table([]), table(rows), accounts(rows, **declared()), held).num_rows == 0


def test_most_payments_are_recalled_when_both_sides_tell_them_fairly() -> None:
    """A thousand payments of 30 amounts in a month; one name in four is missing, references in half of the rows."""
    random = np.random.default_rng(7)
    made = []
    while len(made) < 1000:
        source, target = random.integers(0, 5, 2).tolist()
        if source != target:
            told = tuple(NAMED[at] for at in random.integers(0, 4, 2))
            skews = tuple(random.integers(-200, 200, 2).tolist())
            amount, seconds = int(random.integers(1, 30)) * 100_00, int(random.integers(0, 30 * 86_400))
            made.append(Payment(seconds, source, target, amount, told, skews, bool(random.integers(0, 2))))
    found = [row for row in decide([everything(made)]).to_pylist() if row["kind"] == "both_sides" and row["state"] == "applied"]
    assert all(row["transfer"][1:] == row["other"][1:] for row in found)
    assert len(found) > 850

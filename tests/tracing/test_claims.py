"""Disputed payments as pieces, fen by fen: reports in the order in which they were made, over the parts of a split payment."""

from collections import defaultdict
from dataclasses import replace
from random import Random

import pandas as pd
import pytest

from tests.story import story
from tracing.claims import claims_of, seeds_of
from tracing.lots import LotAxis, lot_axis
from tracing.result import Parameters

Fen = tuple[int, int]
"""A leg, and which of its fen."""


def orders_with_refunds(random: Random) -> str:
    """Payments to a hub, some reported by several victims, of which parts come back or are paid on."""
    lines = ["account hub merchant hub=true", "opening a 1000", "opening b 1000"]
    for number in range(random.randint(1, 8)):
        payer, yuan = random.choice("ab"), random.randint(20, 60)
        claim = f"# claim V{random.randint(0, 99)}-{number} {random.randint(1, yuan)}" if random.random() < 0.8 else ""
        lines.append(f"09:{number:02d} {payer} -> hub {yuan} ref=R{number} id=P{number} {claim}")
        for back in range(random.randint(0, 3)):
            word = f"reverses=P{number}" if random.random() < 0.5 else f"ref=R{number}"
            target = payer if word.startswith("reverses") else "shop"
            lines.append(f"10:{number * 4 + back:02d} hub -> {target} {random.randint(1, yuan // 3)} {word}")
    return "\n".join(lines)


def fen_of_payment(axis: LotAxis, row: int, paid_fen: int) -> list[Fen]:
    """The fen of a transfer row in their order, leg by leg."""
    parts = [(int(begin), axis.rows + at) for at, begin in enumerate(axis.extra_part_fen) if axis.extra_row[at] == row]
    begins = [*sorted([(0, row), *parts]), (paid_fen, -1)]
    ends = [begin for begin, _ in begins[1:]]
    return [(leg, fen) for (begin, leg), end in zip(begins, ends, strict=False) for fen in range(end - begin)]


def served(claims: pd.DataFrame, axis: LotAxis) -> dict[Fen, int]:
    """Whose each disputed fen is: reports take them one after the other, as long as there are any."""
    left: dict[int, list[Fen]] = {}
    owner: dict[Fen, int] = {}
    for number, row in claims.sort_values(["reported_us", "claim"]).iterrows():
        fen = left.setdefault(row["transfer_row"], fen_of_payment(axis, row["transfer_row"], row["paid_fen"]))
        owner |= dict.fromkeys(fen[: row["reported_fen"]], int(str(number)))
        left[row["transfer_row"]] = fen[row["reported_fen"] :]
    return owner


@pytest.mark.parametrize("seed", range(60))
def test_every_disputed_fen_is_the_first_reports_that_asks_for_it(seed: int) -> None:
    random = Random(seed)
    ledger = story(orders_with_refunds(random))
    earlier = ledger.reports["reported"] - pd.Timedelta(hours=seed % 2)
    again = ledger.reports.assign(report=ledger.reports["report"] + "again", reported=earlier)
    reports = pd.concat([ledger.reports, again], ignore_index=True)
    ledger = replace(ledger, reports=reports.sample(frac=1, random_state=seed).reset_index(drop=True))
    axis = lot_axis(ledger)
    claims = claims_of(ledger, axis, Parameters()).table
    seeds = seeds_of(claims, axis)
    owner: dict[Fen, int] = {}
    asked: dict[int, int] = defaultdict(int)
    for claim, leg, start, fen in zip(seeds.claim, seeds.leg, seeds.start_fen, seeds.fen, strict=True):
        owner |= dict.fromkeys([(int(leg), at) for at in range(start, start + fen)], int(claim))
        asked[int(claim)] += int(fen)
    assert owner == served(claims, axis)
    assert sum(asked.values()) == len(owner), "pieces that overlap"

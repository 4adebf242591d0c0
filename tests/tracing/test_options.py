"""Whatever is asked of a trace, held + sinks is the claim, and no account holds more than it has."""

from dataclasses import replace
from random import Random

import pytest

from tests.tracing.test_twin import as_ledger, random_world
from tracing.result import ALLOCATING, Parameters
from tracing.trace import LINKED, trace_claims

ASKED = [
    {"level": "holder"},
    {"level": "holder", "opening": "zero", "ties": "debit_first"},
    {"level": "holder", "max_hops": 2, "min_amount_fen": 3},
    {"overdraft": "backward", "opening": "zero"},
    {"overdraft": "backward", "opening": "zero", "overdraft_window_us": 5_000_000, "hop_window_us": 9_000_000},
    {"overdraft": "backward", "level": "holder", "max_hops": 3, "ties": "credit_first"},
]


CASES = [(method, asked) for asked in ASKED for method in (LINKED if "overdraft" in asked else ALLOCATING)]


@pytest.mark.parametrize(("method", "asked"), CASES, ids=str)
def test_every_claim_balances_under_every_option(method: str, asked: dict[str, object]) -> None:
    for seed in range(200, 208):
        moves, reports, opening, hubs = random_world(Random(seed))
        ledger = as_ledger(moves, reports, opening, hubs)
        holders = ["h1", "h1", "h2", "h2", *["h3"] * 4]
        ledger = replace(ledger, accounts=ledger.accounts.assign(holder=holders))
        trace = trace_claims(ledger, Parameters(method=method, **asked))  # type: ignore[arg-type]
        assert trace.unbalanced().empty
        by_account = trace.held.groupby("account")
        assert (by_account["held_fen"].sum() <= by_account["balance_fen"].first()).all()
        overlap = trace.overlaps.groupby("claim")["overlap_fen"].sum()
        claims = trace.claims.set_index("claim")
        assert (overlap.reindex(claims.index, fill_value=0) == claims["overlap_fen"]).all()

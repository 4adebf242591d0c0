"""The worked examples of the sources, to the fen."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ledger.book import Ledger
from ledger.memory import ledger_of
from ledger.records import ACCOUNTS, REPORTS, TRANSFERS
from tests.story import rows
from tracing import trace_claims
from tracing.result import ALLOCATING, Parameters

ORACLES = [
    pytest.param(case, method, id=f"{case['id']}-{method}")
    for case in json.loads((Path(__file__).parents[1] / "oracles.json").read_text("utf-8"))
    for method in case["expected"]
]


def as_ledger(case: dict[str, Any]) -> Ledger:
    names = sorted({name for source, target, _, _ in case["events"] for name in (source, target)})
    transfers = [
        {
            "transfer": f"T{number}", "time": number * 1_000_000, "source": names.index(source), "target": names.index(target),
            "amount_fen": amount, "currency": "CNY", "kind": "bank", "status": "done", "file": 0, "line": number,
        }
        for number, (source, target, amount, _) in enumerate(case["events"])
    ]  # fmt: skip
    reports = [
        {"report": label, "victim": "EXT", "transfer": f"T{number}", "file": 0, "line": number}
        for number, (source, _, _, label) in enumerate(case["events"])
        if source == "EXT" and label != 0
    ]
    accounts = [
        {
            "account": name,
            "kind": "cash" if name == "SINK" else "bank",
            "hub": False,
            "declared": True,
            "opening_fen": case["opening"].get(name),
        }
        for name in names
    ]
    return ledger_of(rows(transfers, TRANSFERS), rows(accounts, ACCOUNTS), rows(reports, REPORTS))


def test_every_method_that_shares_out_has_examples_and_each_says_where_it_is_from() -> None:
    examples = [case.values for case in ORACLES]
    assert {method for _, method in examples} == set(ALLOCATING)
    told = {case["expected"][method]["basis"] for case, method in examples}  # type: ignore[index,call-overload]
    assert told == {"stated by source", "derived from the definition"}
    assert len(examples) == len({(case["id"], method) for case, method in examples}) == 26  # type: ignore[index,call-overload]


@pytest.mark.parametrize(("case", "method"), ORACLES)
def test_a_worked_example_comes_out_as_its_source_says(case: dict[str, Any], method: str) -> None:
    expected = case["expected"][method]
    trace = trace_claims(as_ledger(case), Parameters(method=method))
    held = Counter({(row.account, row.claim): row.held_fen for row in trace.held.itertuples()})
    stated = {
        (account, label): fen
        for account, labels in expected["balances"].items()
        for label, fen in labels.items()
        if label != "0"
    }
    assert +held == +Counter(stated)
    spent: Counter[str] = Counter()
    for row in trace.sinks.itertuples():
        spent[row.claim] += row.amount_fen
    assert +spent == +Counter({label: fen for label, fen in expected["sink"].items() if label != "0"})

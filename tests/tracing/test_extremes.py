"""Sizes at which recursion, 64 bits or a quadratic loop would show: long chains, huge sums, a million lots in an account."""

import time

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from ledger.book import Ledger
from ledger.memory import ledger_of
from ledger.records import ACCOUNTS, REPORTS, TRANSFERS
from tests.story import rows
from tracing.result import Parameters
from tracing.trace import trace_claims

Ints = NDArray[np.int64]
LINKED = pytest.mark.parametrize("method", ["fifo", "lifo"])
SECONDS = 60
"""A quadratic loop would take hours; a busy machine must not fail the test."""


def world(source: Ints, target: Ints, fen: Ints, received: Ints | None = None) -> Ledger:
    """A transfer a second; the first one is disputed. Accounts are a0, a1, …"""
    count, accounts = len(source), int(max(source.max(), target.max())) + 1
    columns = {
        "transfer": pa.array([f"T{n}" for n in range(count)]),
        "time": pa.array(np.arange(count) * 1_000_000),
        "source": pa.array(source),
        "target": pa.array(target),
        "amount_fen": pa.array(fen),
        "received_fen": pa.array(fen if received is None else received),
        "file": pa.array(np.zeros(count, np.int64)),
        "line": pa.array(np.arange(count)),
    }
    words = {"currency": "CNY", "kind": "bank", "status": "done"}
    arrays = [
        columns[field.name].cast(field.type)
        if field.name in columns
        else pa.array([words.get(field.name)] * count, pa.string()).cast(field.type)
        if field.name in words
        else pa.nulls(count, field.type)
        for field in TRANSFERS
    ]
    named = [{"account": f"a{n}", "kind": "bank", "hub": False, "declared": False} for n in range(accounts)]
    report = [{"report": "C1", "victim": "a0", "transfer": "T0", "file": 0, "line": 1}]
    return ledger_of(pa.table(arrays, schema=TRANSFERS), rows(named, ACCOUNTS), rows(report, REPORTS))


@LINKED
def test_a_chain_of_100_000_hops_is_followed_both_ways(method: str) -> None:
    hops = np.arange(100_000)
    ledger = world(hops, hops + 1, np.full(len(hops), 7))
    begin = time.monotonic()
    forward = trace_claims(ledger, Parameters(method=method))
    assert forward.held[["account", "held_fen"]].values.tolist() == [["a100000", 7]]
    backward = trace_claims(ledger, Parameters(method=method, direction="backward", accounts=("a100000",)))
    assert (len(backward.traced), backward.traced["hop"].max()) == (100_000, 100_000)
    assert time.monotonic() - begin < SECONDS


@LINKED
def test_amounts_near_9_2e18_in_total_are_exact(method: str) -> None:
    big = 1_020_000_000_000_000_003
    given, received = np.array([big, big, big - 5, big - 5]), np.array([big, big - 5, big - 5, big - 10])
    ledger = world(np.arange(4), np.arange(1, 5), given, received)
    forward = trace_claims(ledger, Parameters(method=method))
    assert forward.held[["account", "held_fen", "basis_fen"]].values.tolist() == [["a4", big - 10, big]]
    backward = trace_claims(ledger, Parameters(method=method, direction="backward", accounts=("a4",)))
    assert backward.origins is not None
    assert backward.origins[["origin", "claim", "amount_fen"]].values.tolist() == [["claim", "C1", big - 10]]


@LINKED
def test_a_million_lots_in_one_account_are_spent_in_one_pass(method: str) -> None:
    lots = 1_000_000
    source, target = np.append(np.full(lots, 0), [1]), np.append(np.full(lots, 1), [2])
    ledger = world(source, target, np.append(np.full(lots, 3), [3 * lots - 1]))
    begin = time.monotonic()
    held = trace_claims(ledger, Parameters(method=method)).held[["account", "held_fen"]].values.tolist()
    assert held == ([["a2", 3]] if method == "fifo" else [["a1", 1], ["a2", 2]])
    backward = trace_claims(ledger, Parameters(method=method, direction="backward", accounts=("a2",)))
    assert backward.totals()["claim_fen"].tolist() == [3 * lots - 1]
    assert time.monotonic() - begin < SECONDS

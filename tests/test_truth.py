"""Generated cases from their record files to the trace, against the truth of an independent replay, to the fen."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from ledger import open_ledger
from ledger.generate import generate, scenario_names
from ledger.ingest import ingest
from tracing import Trace, build_index, trace_claims
from tracing.index import indexed_axis
from tracing.links import fifo_links, lot_links
from tracing.lots import lot_axis
from tracing.result import METHODS, Parameters


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def fen(text: str) -> int:
    return int(text.replace(".", ""))


def stated(truth: Path, method: str, name: str, keys: tuple[str, ...], amount: str) -> Counter[tuple[str, ...]]:
    total: Counter[tuple[str, ...]] = Counter()
    for row in rows(truth / f"{name}_{method}.csv"):
        total[tuple(row[key] for key in keys)] += fen(row[amount])
    return +total


def found(trace: Trace, table: str, keys: tuple[str, ...], amount: str) -> Counter[tuple[str, ...]]:
    frame = getattr(trace, table)
    total: Counter[tuple[str, ...]] = Counter()
    for row in frame[[*keys, amount]].itertuples(index=False):
        total[tuple(row[:-1])] += int(row[-1])
    return +total


@pytest.mark.parametrize("scenario", scenario_names())
def test_a_generated_case_is_traced_as_the_replay_says(tmp_path: Path, scenario: str) -> None:
    generate(tmp_path / "records", scenario, seed=3)
    ingest(tmp_path / "ledger", [tmp_path / "records"])
    ledger, truth = open_ledger(tmp_path / "ledger"), tmp_path / "records" / "truth"
    for method in METHODS:  # poison too: its truth is a set
        trace = trace_claims(ledger, Parameters(method=method))
        for table, keys, amount, name in (
            ("traced", ("claim", "transfer"), "traced_fen", "traced"),
            ("held", ("claim", "account"), "held_fen", "held"),
            ("held", ("claim", "account"), "basis_fen", "basis"),
            ("sinks", ("claim", "sink"), "amount_fen", "amount"),
        ):
            assert found(trace, table, keys, amount) == stated(truth, method, table, keys, name), (method, table, name)


def test_a_payment_to_a_merchant_is_traced_to_the_vouchers_of_its_order(tmp_path: Path) -> None:
    generate(tmp_path / "records", "merchant_order", seed=1)
    ingest(tmp_path / "ledger", [tmp_path / "records"])
    ledger = open_ledger(tmp_path / "ledger")
    trace = trace_claims(ledger)
    vouchers = trace.traced[trace.traced["target"].str.startswith(("card:", "qq:"))]
    orders = ledger.transfers("transfer", "order").set_index("transfer")["order"]
    assert set(vouchers["claim"]) == set(trace.claims["claim"])
    assert orders.loc[vouchers["transfer"]].notna().all()
    assert trace.sinks.empty or "merchant" not in set(trace.sinks[trace.sinks["account"].isin(vouchers["source"])]["sink"])


def test_a_stored_index_gives_the_same_trace_as_a_fresh_one(tmp_path: Path) -> None:
    generate(tmp_path / "records", "boss_impostor", seed=1)
    ingest(tmp_path / "ledger", [tmp_path / "records"])
    ledger = open_ledger(tmp_path / "ledger")
    fresh = lot_axis(ledger)
    build_index(ledger)
    stored = indexed_axis(open_ledger(tmp_path / "ledger"))
    for name in ("credit_start", "debit_start", "debit_leg", "balance_fen", "slot_start"):
        assert (getattr(stored, name) == getattr(fresh, name)).all()


def test_the_lot_links_of_a_case_account_for_every_fen_received(tmp_path: Path) -> None:
    generate(tmp_path / "records", "demo", seed=2)
    ingest(tmp_path / "ledger", [tmp_path / "records"])
    ledger = open_ledger(tmp_path / "ledger")
    axis = lot_axis(ledger)
    from tracing.settle import traceable_legs

    legs = traceable_legs(ledger)
    links = lot_links(axis, fifo_links(axis), legs.received_fen)
    total = Counter()  # type: Counter[int]
    for leg, length in zip(links.in_leg.tolist(), links.length_fen.tolist(), strict=True):
        total[leg] += length
    assert total == +Counter(dict(enumerate(legs.received_fen.tolist())))
    assert len(links.in_leg) <= 2 * len(legs.received_fen) + len(axis.slots)


def test_a_new_batch_leaves_only_its_own_index(tmp_path: Path) -> None:
    from api.pipeline import ingest_records

    generate(tmp_path / "records", "boss_impostor", seed=1)
    ingest_records(tmp_path / "ledger", [tmp_path / "records"])
    first = open_ledger(tmp_path / "ledger").digest
    (tmp_path / "more.csv").write_text("account,kind\nnew,bank\n")
    ingest_records(tmp_path / "ledger", [tmp_path / "more.csv"])
    kept = [folder.name for folder in (tmp_path / "ledger" / "index").iterdir()]
    assert kept == [open_ledger(tmp_path / "ledger").digest]
    assert first not in kept

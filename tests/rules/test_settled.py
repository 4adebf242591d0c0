"""What took place and stayed: the transfers rules look at, beside what the trace lets money do."""

import pandas as pd

from rules.scope import columns, scope_of
from rules.settled import moved_transfers, settled_transfers
from tests.rules.cases import case, fired
from tests.story import story

GATHERED = """
    09:00 v1 -> m 90000 bank  # claim
    09:01 v2 -> m 90000 bank id=P  # claim
    09:02 v3 -> m 90000 bank  # claim
    09:20 m -> x 200000 bank
"""


def seen(moves: pd.DataFrame) -> list[tuple[int, int]]:
    """Row and amount in whole yuan."""
    row, fen = columns(moves, "row", "amount_fen")
    return list(zip(row.tolist(), (fen // 100).tolist(), strict=True))


def test_a_payment_given_back_is_none_and_a_part_is_taken_off() -> None:
    ledger = story("""
        09:00 a -> m 500 bank id=A
        09:01 b -> m 300 bank id=B
        09:02 m -> a 500 bank reverses=A
        09:03 m -> b 100 bank reverses=B
        09:04 m -> b 50 bank reverses=B
    """)
    assert seen(settled_transfers(ledger, None)) == [(1, 150)]
    assert seen(moved_transfers(ledger, None)) == [(0, 500), (1, 300), (2, 500), (3, 100), (4, 50)]


def test_a_reversal_that_fits_no_payment_moved_money() -> None:
    ledger = story("""
        09:00 a -> m 500 bank id=A
        09:01 b -> m 300 bank id=B status=failed
        09:02 m -> x 400 bank reverses=A
        09:03 m -> b 300 bank reverses=B
        09:04 m -> a 600 bank reverses=A
        09:05 m -> a 20 bank reverses=nobody
    """)
    assert seen(settled_transfers(ledger, None)) == [(0, 500), (2, 400), (3, 300), (4, 600), (5, 20)]


def test_nothing_came_back_before_it_did() -> None:
    ledger = story("""
        09:00 a -> m 500 bank id=A
        09:10 m -> a 500 bank reverses=A
    """)
    (_, second) = ledger.read(("time",))["time"].cast("int64").to_pylist()
    assert seen(settled_transfers(ledger, second - 1)) == [(0, 500)]
    assert seen(settled_transfers(ledger, second)) == []


def test_payments_marked_reversed_are_none() -> None:
    ledger = story("""
        09:00 a -> m 500 bank id=A status=reversed
        09:01 b -> m 300 bank status=reversed
        09:02 c -> m 200 bank
        09:10 m -> a 500 bank reverses=A
    """)
    assert seen(settled_transfers(ledger, None)) == [(2, 200)]


def test_other_currencies_are_left_out() -> None:
    ledger = story("""
        09:00 a -> m 500 bank id=A currency=USD
        09:01 b -> m 300 bank
        09:10 m -> a 100 bank reverses=A currency=USD
    """)
    assert seen(settled_transfers(ledger, None, "USD")) == [(0, 400)]
    assert seen(settled_transfers(ledger, None, "CNY")) == [(1, 300)]


def test_a_token_refund_hides_no_collector() -> None:
    scope, _ = case(GATHERED + "    09:30 m -> v2 0.01 bank reverses=P\n")
    found = fired(scope, "RUL-CRIMINAL-LINE")
    assert set(found) == {"m"}
    assert found["m"].transfers == ("T1", "P", "T3")


def test_what_came_back_whole_settles_nothing() -> None:
    scope, trace = case(GATHERED.replace("200000", "100000") + "    09:30 m -> v2 90000 bank reverses=P\n")
    assert "m" not in fired(scope, "RUL-CRIMINAL-LINE")
    gone = trace.traced[(trace.traced["transfer"] == "P").to_numpy(dtype=bool)]
    assert scope.ids(columns(gone, "transfer_row")[0]) == ("P",), "named although no rule looks at it"


def test_a_traced_reversal_of_a_failed_payment_is_in_view() -> None:
    scope, trace = case("""
        09:00 v1 -> m 90000 bank  # claim
        09:01 m -> b 500 bank id=B status=failed
        09:02 b -> m 500 bank reverses=B
        09:03 m -> c 90000 bank reverses=B
    """)
    rows = set(columns(trace.traced, "transfer_row")[0].tolist())
    assert rows <= set(columns(scope.transfers, "row")[0].tolist())
    assert seen(scope_of(scope.ledger).transfers) == [(0, 90000), (2, 500), (3, 90000)]

"""The order of events inside one file: stories in which rows stand as banks write them."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ledger.statements.balances import break_decisions, break_messages, chain_breaks
from ledger.statements.sequence import Statement, sequenced

Row = tuple[str, int, int, int | None]
"""Account, time, what the account gains, its balance after."""


def _statement(rows: Sequence[Row], first_line: int = 2) -> Statement:
    names = sorted({account for account, *_ in rows})
    return Statement(
        account=np.array([names.index(account) for account, *_ in rows], np.int32),
        names=names,
        time_us=np.array([time for _, time, _, _ in rows], np.int64),
        change=np.array([change for *_, change, _ in rows], np.int64),
        after=np.array([after or 0 for *_, after in rows], np.int64),
        known=np.array([after is not None for *_, after in rows], bool),
        line=np.arange(first_line, first_line + len(rows), dtype=np.int32),
    )


def _events(rows: Sequence[Row], order: str = "detect") -> list[int]:
    """The lines in order of events."""
    statement = _statement(rows)
    sequence = sequenced(statement, order).sequence
    place = statement.line if sequence is None else sequence
    return statement.line[np.lexsort((place, statement.time_us))].tolist()


def test_a_file_in_order_needs_no_sequence() -> None:
    assert sequenced(_statement([("a", 1, 5, 5), ("a", 1, 5, 10), ("a", 2, -3, 7)])).sequence is None


def test_in_a_newest_first_file_rows_of_one_time_are_read_from_the_last_line_up() -> None:
    rows: list[Row] = [("a", 9, 1, None), ("a", 5, 2, None), ("a", 5, 3, None), ("a", 1, 4, None)]
    assert _events(rows) == [5, 4, 3, 2]
    (decision,) = sequenced(_statement(rows)).decisions
    assert decision["kind"] == "order_of_day"
    assert "2 rows that share their time" in str(decision["evidence"])


def test_a_profile_may_say_how_the_rows_stand() -> None:
    rows: list[Row] = [("a", 5, 2, None), ("a", 5, 3, None)]
    assert _events(rows, "oldest_first") == [2, 3]
    assert _events(rows, "newest_first") == [3, 2]


def test_the_rows_of_a_day_are_put_in_the_order_their_balances_chain_in() -> None:
    rows: list[Row] = [("a", 1, 100, 100), ("a", 2, -30, 80), ("a", 2, 25, 105), ("a", 2, -50, 110), ("a", 2, 60, 160)]
    order = sequenced(_statement(rows))
    assert _events(rows) == [2, 6, 5, 3, 4]
    assert [decision["account"] for decision in order.decisions] == ["a"]
    assert "lines 6, 5, 3, 4" in str(order.decisions[0]["evidence"])
    assert "from 1.00 to 1.05" in str(order.decisions[0]["evidence"])


def test_a_day_that_goes_round_begins_at_the_balance_of_the_day_before() -> None:
    up_first: list[Row] = [("a", 1, 100, 100), ("a", 2, -10, 100), ("a", 2, 10, 110)]
    down_first: list[Row] = [("a", 1, 110, 110), ("a", 2, 10, 110), ("a", 2, -10, 100)]
    assert _events(up_first) == [2, 4, 3]
    assert _events(down_first) == [2, 4, 3]


def test_the_order_as_it_stands_is_kept_where_several_chain() -> None:
    rows: list[Row] = [("a", 1, 0, 100), ("a", 2, 10, 110), ("a", 2, -10, 100), ("a", 2, 10, 110), ("a", 2, -10, 100)]
    assert sequenced(_statement(rows)).sequence is None


def test_a_day_that_does_not_chain_stays_as_it_stands_and_is_told() -> None:
    rows: list[Row] = [("a", 1, 100, 100), ("a", 2, 5, 300), ("a", 2, 5, 200)]
    statement = _statement(rows)
    order = sequenced(statement)
    assert (order.sequence, order.decisions) == (None, [])
    breaks = chain_breaks(statement, order.sequence)
    assert break_messages(statement, breaks) == [
        (0, "2 of 3 running balances do not follow from the one before"),
        (3, "balance 3.00: 1.00 stood before, the row implies 2.95"),
        (4, "balance 2.00: 3.00 stood before, the row implies 1.95"),
    ]
    decisions = break_decisions(statement, breaks, pa.array(["t1", "t2", "t3"]))
    assert [(row["transfer"], row["amount_fen"], row["state"]) for row in decisions] == [
        ("t2", 195, "noted"),
        ("t3", -105, "noted"),
    ]


def test_a_row_without_a_balance_is_walked_over() -> None:
    rows: list[Row] = [("a", 1, 100, 100), ("a", 2, -30, None), ("a", 3, 10, 80), ("b", 1, 7, 7)]
    assert not len(chain_breaks(_statement(rows), None).rows)


def test_a_missing_row_breaks_the_chain_once() -> None:
    statement = _statement([("a", 1, 100, 100), ("a", 2, 50, 150), ("a", 3, -50, 200), ("a", 4, -150, 50)])
    breaks = chain_breaks(statement, None)
    assert breaks.rows.tolist() == [2]
    assert breaks.expected.tolist() == [150]


def test_days_of_two_accounts_do_not_meet() -> None:
    rows: list[Row] = [("a", 1, 5, 15), ("b", 1, 5, 15), ("a", 1, 10, 10), ("b", 1, 10, 10)]
    assert _events(rows) == [4, 5, 2, 3]


def test_entries_that_share_a_line_are_counted_instead() -> None:
    statement = _statement([("a", 1, 10, 20), ("a", 1, 10, 10)])
    shared = Statement(**{**vars(statement), "line": np.array([7, 7], np.int32)})
    sequence = sequenced(shared).sequence
    assert sequence is not None
    assert sequence.tolist() == [2, 1]


def test_a_day_of_many_rows_is_ordered_in_linear_time() -> None:
    count = 200_000
    change = np.where(np.arange(count) % 3 == 0, -100, 70).astype(np.int64)
    after = np.cumsum(change)
    shuffled = np.random.default_rng(1).permutation(count)
    statement = Statement(
        np.zeros(count, np.int32), ["a"], np.zeros(count, np.int64), change[shuffled], after[shuffled],
        np.ones(count, bool), np.arange(count, dtype=np.int32),
    )  # fmt: skip
    order = sequenced(statement)
    assert order.sequence is not None
    assert not len(chain_breaks(statement, order.sequence).rows)


@given(changes=st.lists(st.integers(-3, 3).filter(bool), min_size=1, max_size=9), data=st.data())
def test_any_shuffled_day_chains_again(changes: list[int], data: st.DataObject) -> None:
    balances = np.cumsum([50, *changes]).tolist()
    day: list[Row] = [("a", 2, change, after) for change, after in zip(changes, balances[1:], strict=True)]
    rows: list[Row] = [("a", 1, 50, 50), *data.draw(st.permutations(day))]
    statement = _statement(rows)
    assert not len(chain_breaks(statement, sequenced(statement).sequence).rows)


@given(rows=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.integers(-2, 2), st.integers(0, 3)), max_size=8))
def test_places_are_those_of_the_rows_of_one_time(rows: list[Row]) -> None:
    statement = _statement(rows)
    sequence = sequenced(statement).sequence
    if sequence is not None:
        for time in set(statement.time_us.tolist()):
            among = statement.time_us == time
            assert sorted(sequence[among].tolist()) == statement.line[among].tolist()

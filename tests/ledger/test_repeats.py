"""Repeated ids, ledger order, account codes and balance chains against what they should be by definition."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.batch import hashing
from ledger.batch.loose import Loose
from ledger.batch.order import ledger_order
from ledger.batch.settled import final_accounts
from ledger.batch.spill import Room

IDS = st.lists(
    st.one_of(st.sampled_from(["a", "b", "", "ab", "12345678", "123456789", "T" * 16, "T" * 17, "长"]), st.text(max_size=20)),
    max_size=12,
)


@given(new=IDS, old=IDS)
def test_every_repeated_id_is_found_and_no_other(new: list[str], old: list[str]) -> None:
    columns = [pa.chunked_array([pa.array(ids[:5], pa.string()), pa.array(ids[5:], pa.string())]) for ids in (new, old)]
    together = new + old
    fresh, published = hashing.possible_repeats(*columns)
    assert fresh.tolist() == [row for row, name in enumerate(new) if together.count(name) > 1]
    assert published.tolist() == [row for row, name in enumerate(old) if together.count(name) > 1]


@given(rows=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.sampled_from("abc"))))
def test_ledger_order_is_that_of_sorted_tuples(rows: list[tuple[int, int, str]]) -> None:
    time = np.array([row[0] for row in rows], np.int64)
    line = np.array([row[1] for row in rows], np.int32)
    order = ledger_order(time, line, pa.chunked_array([pa.array([row[2] for row in rows], pa.string())]))
    found = rows if order is None else [rows[at] for at in order]
    assert found == sorted(rows)


@given(
    names=st.lists(st.lists(st.sampled_from("wxyz"), max_size=6), min_size=1, max_size=3), known=st.sets(st.sampled_from("wxq"))
)
@settings(deadline=None)  # the first call may compile
def test_codes_are_appended_in_sorted_order(names: list[list[str]], known: set[str]) -> None:
    loose = Loose(Room(Path, 0))
    codes = [loose.accounts.codes(pa.array([*part, "gone"], pa.string()))[:-1] for part in names]
    seen = np.array([name.as_py() != "gone" for name in loose.accounts.texts()], np.uint8)
    before = sorted(known, reverse=True)
    final = final_accounts(loose, seen, pa.array(["d"]), pa.array(before, pa.string()))
    accounts = before + final.fresh.to_pylist()
    assert final.fresh.to_pylist() == sorted({name for part in names for name in part} - known | {"d"})
    assert [[accounts[final.codes[code]] for code in part] for part in codes] == names
    assert [accounts[code] for code in np.flatnonzero(final.seen)] == [
        name for name in accounts if any(name in p for p in names)
    ]

"""Text that must not run in a spreadsheet, and must come back as it was elsewhere."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.formulas import guarded, guarded_texts, unguarded_texts


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\r", "\n", "＝1", "'=1", "\x00=1"])
def test_every_way_to_begin_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(text).startswith("'")


@pytest.mark.parametrize("text", ["", "6217-1", "张三", "a=b", "12.00"])
def test_harmless_text_stays(text: str) -> None:
    assert guarded(text) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_one_text_and_many_are_guarded_alike_and_can_be_taken_back(texts: list[str]) -> None:
    array = guarded_texts(pa.array(texts, pa.string()))
    assert array.to_pylist() == [guarded(text) for text in texts]
    assert unguarded_texts(array).to_pylist() == [text.replace("\x00", "") for text in texts]

"""Dwell times against an example worked by hand."""

from rules.dwell import dwell_times
from rules.wording import MINUTE_US
from tests.rules.cases import case


def test_a_rest_ends_when_the_money_leaves_and_is_censored_where_it_stays() -> None:
    scope, _ = case("""
        09:00 victim -> mule 100   # claim
        09:10 mule -> next 60
        09:30 mule -> other 30
        10:00 x -> y 1
    """)
    rests = dwell_times(scope)
    mule = rests[rests["account_code"] == 1].sort_values("dwell_us")
    assert (mule["dwell_us"] // MINUTE_US).tolist() == [10, 30, 60]
    assert mule["left"].tolist() == [True, True, False]
    assert mule["basis_fen"].tolist() == [60_00, 30_00, 10_00]

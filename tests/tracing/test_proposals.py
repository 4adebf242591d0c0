"""Return proposals over a trace: which case of article 8 it is, whose money came back, and what is left out."""

import pytest

from ledger.problems import LiushuiError
from tests.story import story
from tests.tracing.test_inferred import RECYCLED, links
from tracing.proposals import Disputed, disputed_at, proposed
from tracing.result import Parameters


def disputed(text: str, amount: int | None = None, **returned: int) -> Disputed:
    return disputed_at(story(text), "mule", Parameters(), amount, returned)


def due(case: Disputed, method: str = "art8") -> dict[str, int]:
    return {share.loss.claim: share.due_fen for share in proposed(case, method).shares}


MIXED = """
    09:00 a -> mule 1500   # claim
    09:10 b -> mule 500    # claim
    09:20 mule -> x 800
"""


def test_a_single_credit_goes_back_to_its_victim() -> None:
    case = disputed("09:00 a -> mule 1500   # claim\n09:20 mule -> x 800")
    assert (case.rule, due(case)) == ("single", {"C1": 700_00})


def test_a_single_credit_gives_no_more_than_it_brought() -> None:
    case = disputed("08:00 mule -> y 1\n09:00 a -> m1 1500   # claim\n09:20 m1 -> mule 800", 1000_00)
    assert due(case) == {"C1": 800_00}
    assert proposed(case, "art8").rest_fen == 200_00


def test_credits_the_time_stamps_keep_apart_go_back_as_traced() -> None:
    case = disputed("""
        09:00 a -> mule 1500   # claim
        09:10 mule -> x 1500
        09:20 b -> mule 500    # claim
    """)
    assert (case.rule, due(case)) == ("timestamps", {"C1": 0, "C2": 500_00})


def test_credits_the_time_stamps_do_not_keep_apart_are_shared_pro_rata_after_a_notice() -> None:
    case = disputed(MIXED)
    assert (case.rule, due(case), proposed(case, "art8").notice_days) == ("pro_rata", {"C1": 900_00, "C2": 300_00}, 30)
    assert case.traced_range == {"C1": (700_00, 1200_00), "C2": (0, 500_00)}


def test_an_instant_whose_order_matters_is_not_settled_by_time_stamps() -> None:
    told = """
        opening mule 0
        09:00 a -> mule 100   # claim
        09:{} mule -> x 100
        09:{} b -> mule 100   # claim
    """
    assert [disputed(told.format(*when)).rule for when in (("10", "20"), ("00", "00"))] == ["timestamps", "pro_rata"]


def test_every_way_shares_the_same_amount() -> None:
    case = disputed(MIXED, 600_00)
    assert {sum(due(case, method).values()) for method in ("art8", "pro_rata", "net_loss", "rising_tide", "traced")} == {600_00}


def test_money_that_came_back_to_the_victim_is_no_loss_any_more() -> None:
    case = disputed("""
        09:00 a -> mule 1500     # claim
        09:10 b -> mule 500      # claim
        09:20 mule -> a 600
    """)
    assert [loss.returned_fen for loss in case.losses] == [600_00, 0]


def test_money_that_came_back_counts_also_when_the_victim_spent_it() -> None:
    case = disputed("09:00 a -> mule 1500   # claim\n09:20 mule -> a 600\n10:00 a -> shop 600")
    assert [loss.returned_fen for loss in case.losses] == [600_00]


def test_money_that_came_back_and_was_lost_again_is_lost_once() -> None:
    case = disputed("09:00 a -> mule 1500   # claim\n09:20 mule -> a 600\n10:00 a -> mule 600   # claim")
    assert [(loss.claim, loss.net_fen) for loss in case.losses] == [("C1", 1500_00)]


def test_what_never_left_the_victims_own_accounts_is_no_loss() -> None:
    """The loan of 50,000 goes to the own card; 49,950 of it is emptied."""
    case = disputed("""
        account wallet wallet holder=v
        account card bank holder=v
        09:00 wallet -> card 50000   # claim
        09:02 card -> mule 49950
    """)
    assert [loss.net_fen for loss in case.losses] == [49_950_00]


def test_a_return_outside_the_records_lowers_the_net_loss() -> None:
    case = disputed(MIXED, None, C1=1400_00)
    assert [loss.net_fen for loss in case.losses] == [100_00, 500_00]
    assert due(case) == {"C1": 100_00, "C2": 500_00}


def test_an_account_or_a_claim_that_is_not_there_is_refused() -> None:
    with pytest.raises(LiushuiError, match="account nobody"):
        disputed_at(story(MIXED), "nobody", Parameters())
    with pytest.raises(LiushuiError, match="no money of report C9"):
        disputed(MIXED, None, C9=1)


def test_an_account_without_reported_money_returns_nothing() -> None:
    case = disputed_at(story(MIXED + "\n10:00 p -> q 5"), "q", Parameters())
    assert (case.rule, due(case)) == ("nobody", {})


HOLDER = """
    account mule bank holder=h1
    account other wallet holder=h1
    09:00 a -> mule 1500   # claim
    09:05 mule -> other 1500
    09:10 b -> other 500   # claim
    09:20 mule -> x 800
"""


def test_at_the_level_of_holders_the_money_of_all_his_accounts_is_shared_out() -> None:
    for account in ("mule", "other"):
        case = disputed_at(story(HOLDER), account, Parameters(level="holder"))
        assert (case.accounts, case.amount_fen, case.balance_fen) == (("mule", "other"), 1200_00, 1200_00)
        assert (case.rule, case.credits, due(case)) == ("pro_rata", ("T1", "T3"), {"C1": 900_00, "C2": 300_00})
    alone = disputed_at(story(HOLDER), "mule", Parameters())
    assert (alone.accounts, alone.amount_fen, alone.credits) == (("mule",), 0, ("T1",))


def test_a_holders_balance_counts_an_account_that_its_own_opening_leaves_overdrawn() -> None:
    case = disputed_at(story("opening mule 0\n08:00 mule -> y 100" + HOLDER), "mule", Parameters(level="holder"))
    assert case.balance_fen == 1200_00


def test_what_came_over_inferred_links_is_told_apart() -> None:
    ledger, table = story(RECYCLED + "19:30 w -> boss 100   # claim C2"), links(("P", ("R1", "R2"), 9_512))
    case = disputed_at(ledger, "boss", Parameters(inferred=True), inferred=table)
    assert (dict(case.estimated), case.probability_bp) == ({"C1": 500_00, "C2": 0}, 9_512)
    assert (case.rule, due(case)) == ("timestamps", {"C1": 500_00, "C2": 100_00})
    exact = disputed_at(ledger, "boss", Parameters(), inferred=table)
    assert (dict(exact.estimated), due(exact)) == ({"C2": 0}, {"C2": 100_00})


def test_an_overdraft_opened_again_is_refused_because_not_every_method_knows_it() -> None:
    with pytest.raises(LiushuiError) as refused:
        disputed_at(story(MIXED), "mule", Parameters(overdraft="backward"))
    assert refused.value.code == "TRC-overdraft"

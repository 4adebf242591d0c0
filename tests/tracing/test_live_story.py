"""What a live trace tells of a case while records come in."""

import pytest

from ledger.book import frame
from ledger.problems import LiushuiError
from ledger.records import ACCOUNTS, REPORTS, TRANSFERS
from tests.story import Story, rows, tell, transfer
from tracing import live_groups
from tracing.live import LiveTrace
from tracing.live_events import Update
from tracing.result import Parameters


def opened(text: str) -> tuple[LiveTrace, Story]:
    """A live trace of a story; what is told later has the same accounts."""
    told = gathered(text)
    return LiveTrace.open(told.ledger()), told


def gathered(text: str) -> Story:
    told = Story()
    for number, line in enumerate(text.splitlines(), 1):
        tell(told, line.strip(), number)
    return told


def append(live: LiveTrace, told: Story, text: str) -> Update:
    """Tell on: further lines of the same story."""
    known, told.transfers = live._match.rows.base.transfer_count + len(live._match.rows.row_of), []
    for number, line in enumerate(text.strip().splitlines()):
        transfer(told, line.strip(), number)
        told.transfers[-1]["transfer"] = f"L{known + number}"
    accounts = frame(rows(list(told.accounts.values()), ACCOUNTS))
    return live.append(rows(told.transfers, TRANSFERS), accounts)


CASE = """
    opening mule 0
    09:00 victim -> mule 500 bank    # claim
    09:10 mule -> helper 200 bank
"""


def test_an_event_says_whose_money_moved_from_where_to_where_and_what_is_left() -> None:
    live, told = opened(CASE)
    (event,) = append(live, told, "09:20 mule -> new 120 bank").events
    assert (event.claim, event.kind, event.source, event.target, event.amount_fen) == ("C1", "moved", "mule", "new", 120_00)
    assert (event.held_before_fen, event.held_after_fen, event.target_held_fen) == (300_00, 180_00, 120_00)
    assert (event.hop, event.sink, event.is_new_account) == (2, "", True)


def test_money_that_is_not_a_victims_raises_no_event() -> None:
    live, told = opened(CASE)
    update = append(live, told, "09:20 stranger -> mule 10 bank\n09:21 other -> stranger 10 bank")
    assert (update.events, update.rebuilt) == ((), "")


def test_a_late_record_moves_what_later_ones_had_taken() -> None:
    live, told = opened(CASE)
    events = append(live, told, "08:00 payer -> mule 200 bank").events
    assert [(event.kind, event.target, event.amount_fen) for event in events] == [("revised", "helper", -200_00)]
    assert live.held()[["account", "held_fen"]].to_numpy().tolist() == [["mule", 500_00]]


def test_a_voided_transfer_gives_the_money_back() -> None:
    live, _ = opened(CASE)
    (event,) = live.correct(voided=["T2"]).events
    assert (event.kind, event.amount_fen, event.held_before_fen, event.held_after_fen) == ("revised", -200_00, 300_00, 500_00)


def test_a_new_report_opens_a_claim_with_all_its_moves() -> None:
    live, told = opened(CASE.replace("# claim", ""))
    told.reports.append({"report": "R9", "victim": "victim", "transfer": "T1", "file": 0, "line": 1})
    update = live.append(rows([], TRANSFERS), reports=frame(rows(told.reports, REPORTS)))
    assert [(event.claim, event.kind, event.target) for event in update.events] == [
        ("R9", "opened", "mule"),
        ("R9", "opened", "helper"),
    ]


def test_a_reversal_touches_the_accounts_of_its_payment_only() -> None:
    live, told = opened(CASE)
    update = append(live, told, "09:30 helper -> mule 200 bank reverses=T2")
    assert (update.rebuilt, update.rematched) == ("", 3)  # both accounts, and the private balance of the two payments
    assert [(event.kind, event.transfer, event.amount_fen) for event in update.events] == [("moved", "L2", 200_00)]
    assert live.held()[["account", "held_fen"]].to_numpy().tolist() == [["mule", 500_00]]


def test_a_partial_reversal_splits_the_payment_and_a_later_one_takes_the_rest_back() -> None:
    live, told = opened(CASE)
    append(live, told, "09:30 helper -> mule 50 bank reverses=T2\n09:40 helper -> boss 30 bank")
    assert held(live) == {"mule": 350_00, "helper": 120_00, "boss": 30_00}
    append(live, told, "09:50 helper -> mule 150 bank reverses=T2")
    assert held(live) == {"mule": 500_00}


def test_an_order_number_leads_on_when_the_shop_pays_under_it() -> None:
    text = """
        account shop merchant
        09:00 victim -> shop 500 bank ref=N1   # claim
        09:05 other -> shop 100 bank ref=N2
    """
    live, told = opened(text)
    assert held(live) == {}
    update = append(live, told, "09:30 shop -> seller 480 bank ref=N1")
    assert update.rebuilt == ""
    assert [(event.source, event.target, event.amount_fen) for event in update.events] == [("shop", "seller", 480_00)]
    assert held(live) == {"seller": 480_00, "shop": 20_00}
    append(live, told, "09:40 other -> shop 7 bank ref=N1")  # a second payer: the number identifies nobody
    assert held(live) == {}


def test_a_reversal_that_is_voided_gives_the_payment_its_money_again() -> None:
    live, told = opened(CASE)
    append(live, told, "09:30 helper -> mule 80 bank reverses=T2")
    assert held(live) == {"mule": 380_00, "helper": 120_00}
    update = live.correct(voided=["L2"])
    assert (update.rebuilt, held(live)) == ("", {"mule": 300_00, "helper": 200_00})


def test_more_than_is_looked_at_apart_is_matched_with_the_whole_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    live, told = opened(CASE)
    monkeypatch.setattr(live_groups, "MOST", 1)
    update = append(live, told, "09:30 helper -> mule 200 bank reverses=T2")
    assert update.rebuilt.startswith("more records hang together")
    assert [(event.transfer, event.amount_fen) for event in update.events] == [("L2", 200_00)]
    assert held(live) == {"mule": 500_00}


def held(live: LiveTrace) -> dict[str, int]:
    return dict(live.held()[["account", "held_fen"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    "parameters",
    [Parameters(method="lifo"), Parameters(as_of_us=1), Parameters(direction="backward"), Parameters(level="holder")],
)
def test_what_only_a_trace_of_its_own_can_answer_is_refused(parameters: Parameters) -> None:
    with pytest.raises(LiushuiError, match="forward, by fifo"):
        LiveTrace.open(gathered(CASE).ledger(), parameters)


def test_ids_that_are_there_are_corrected_not_appended_and_others_are_not_corrected() -> None:
    live, told = opened(CASE)
    append(live, told, "09:20 mule -> new 120 bank")
    with pytest.raises(LiushuiError, match="already there"):
        live.append(rows(told.transfers, TRANSFERS))
    with pytest.raises(LiushuiError, match="not there to be corrected"):
        live.correct(voided=["T99"])

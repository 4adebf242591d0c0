"""The acts a desk can ask for: how long each holds, on what legal basis, and what the request must carry."""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta

VOUCHER_TARGETS = ("order", "card", "qq")


@dataclass(frozen=True)
class Act:
    """One act. mandatory: (field, column of the request that fills it); an empty column is never in the records."""

    name: str
    hours: int
    months: int
    legal_basis: str
    mandatory: tuple[tuple[str, str], ...]


PAYER_SIDE = (("payer account", "payer_account"), ("payment time", "payment_time"), ("payment amount", "payment_amount"))
PAYEE_SIDE = (("payee institution", "institution"), ("target", "target"), ("holder name", "holder_name"))
WATCH = (("case", "case"), *PAYEE_SIDE[:2])
PAPERS = (("case type", ""), ("two officers", ""), ("documents", ""))

ACTS = (
    Act(
        "stop_payment",
        48,
        0,
        "Yinfa [2016] 86: stop payment for 48 hours, at most twice; a mismatch of details does not stop it",
        (("case", "case"), *PAYER_SIDE, ("channel", "channel"), *PAYEE_SIDE, ("urgency", "priority"), *PAPERS),
    ),
    Act(
        "freeze",
        0,
        6,
        "Limited freeze of the amount, not of the account, for 6 months, renewable; return under the 2016 rules, article 8",
        (("case", "case"), *PAYER_SIDE, *PAYEE_SIDE, ("lien amount", "lien_amount"), ("holder id", ""), *PAPERS),
    ),
    Act("watch", 0, 1, "Watch of the account's movements for 1 month, renewable to 3 months", WATCH),
)
"""Source: domain facts, section 2 (yinfa [2016] 86; freeze periods; 2016 rules on returning funds)."""


def act_named(name: str) -> Act:
    """The act of a freeze line; an unknown name is our own mistake."""
    found = [act for act in ACTS if act.name == name]
    assert found, f"no such act: {name!r}"
    return found[0]


def valid_until(act: Act, start: datetime) -> datetime:
    """When the act lapses: months keep the day, or end with a shorter month (31 August + 6 months = the end of February)."""
    if not act.months:
        return start + timedelta(hours=act.hours)
    years, month = divmod(start.month - 1 + act.months, 12)
    year = start.year + years
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


def missing_fields(act: Act, request: dict[str, str]) -> list[str]:
    """Mandatory fields the request lacks, in the act's order; they are named, they never hold a request back.

    A voucher or an order is found by its own number: no holder name is needed, a channel or serial neither.
    """
    voucher = request["target_kind"] in VOUCHER_TARGETS
    needless = ("holder name", "holder id", "channel") if voucher else ()
    return [field for field, column in act.mandatory if field not in needless and not (column and request[column])]

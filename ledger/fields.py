"""The columns of the seven canonical record kinds, and how a header is recognised."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from ledger.problems import LiushuiError
from ledger.records import ACCOUNT_KINDS, INSTANT, LINK_KINDS, STATUSES, VOUCHER_OPERATIONS, WALLET_OPERATIONS, WORD

Sort = Literal["id", "account", "text", "word", "instant", "amount", "balance", "flag"]
"""What a cell holds. `amount` must be above zero; `balance` may be anything; both are decimal strings of the currency."""

TYPES: dict[Sort, pa.DataType] = {
    "id": pa.string(),
    "account": WORD,
    "text": pa.string(),
    "word": WORD,
    "instant": INSTANT,
    "amount": pa.int64(),
    "balance": pa.int64(),
    "flag": pa.bool_(),
}


@dataclass(frozen=True)
class Field:
    """One column: what it holds, whether a row must have it, and the words it may hold."""

    name: str
    sort: Sort
    required: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordKind:
    """One canonical record kind and its columns."""

    name: str
    fields: tuple[Field, ...]

    @property
    def required(self) -> frozenset[str]:
        """The columns a header of this kind must name."""
        return frozenset(field.name for field in self.fields if field.required)

    def field(self, name: str) -> Field | None:
        """The column of that name, if the kind has it."""
        return next((field for field in self.fields if field.name == name), None)


_PAYMENT = (
    Field("transfer", "id", required=True),
    Field("time", "instant", required=True),
    Field("source", "account", required=True),
    Field("target", "account", required=True),
    Field("amount", "amount", required=True),
    Field("currency", "word"),
    Field("channel", "word"),
    Field("status", "word", words=STATUSES),
    Field("reverses", "text"),
    Field("reference", "text"),
    Field("source_balance", "balance"),
    Field("target_balance", "balance"),
    Field("device", "text"),
    Field("ip", "text"),
    Field("remark", "text"),
)

BANK = RecordKind("bank", _PAYMENT)
WALLET = RecordKind("wallet", (*_PAYMENT, Field("operation", "word", words=WALLET_OPERATIONS)))

_EVENT = (
    Field("event", "id", required=True),
    Field("time", "instant", required=True),
    Field("operation", "word", required=True, words=VOUCHER_OPERATIONS),
    Field("amount", "amount"),
    Field("account", "account"),
    Field("order", "text"),
    Field("reference", "text"),
)

GIFT_CARD = RecordKind(
    "gift_card", (*_EVENT, Field("card", "account", required=True), Field("issuer", "text"), Field("face", "amount"))
)
Q_COIN = RecordKind("q_coin", (*_EVENT, Field("qq", "account", required=True), Field("quantity", "amount")))

ACCOUNT_RECORDS = RecordKind(
    "accounts",
    (
        Field("account", "id", required=True),
        Field("kind", "word", words=ACCOUNT_KINDS),
        Field("holder", "text"),
        Field("holder_name", "text"),
        Field("institution", "text"),
        Field("opened", "instant"),
        Field("opening_balance", "balance"),
        Field("hub", "flag"),
    ),
)
REPORT_RECORDS = RecordKind(
    "reports",
    (
        Field("report", "id", required=True),
        Field("victim", "text", required=True),
        Field("transfer", "text", required=True),
        Field("amount", "amount"),
        Field("reported", "instant"),
        *(Field(name, "text") for name in ("scam", "phone", "messenger", "app", "url")),
    ),
)
LINK_RECORDS = RecordKind(
    "links",
    (
        Field("kind", "word", required=True, words=LINK_KINDS),
        Field("identifier", "text", required=True),
        Field("account", "text", required=True),
    ),
)

CARD_ORDER = RecordKind(
    "card_order",
    (
        Field("order", "id", required=True),
        Field("time", "instant"),
        Field("account", "account"),
        Field("face", "amount"),
        Field("quantity", "amount"),
        Field("amount", "amount"),
        Field("discount", "balance"),
        Field("issuer", "text"),
        Field("reference", "text"),
    ),
)
CARD_LIST = RecordKind(
    "card_list",
    (
        Field("card", "id", required=True),
        Field("order", "text", required=True),
        Field("face", "amount"),
        Field("time", "instant"),
        Field("issuer", "text"),
    ),
)
TICKET = RecordKind(
    "ticket",
    (
        Field("ticket", "id", required=True),
        Field("cards", "text", required=True),
        *(Field(name, "text") for name in ("seller", "face", "rate", "payout", "account", "time", "status")),
    ),
)
MEASURE = RecordKind(
    "measure",
    (
        Field("account", "id", required=True),
        *(Field(name, "text") for name in ("authority", "measure", "number", "begins", "ends", "amount", "currency", "note")),
    ),
)
SET_KINDS = (CARD_ORDER, CARD_LIST, TICKET, MEASURE)
"""What is no record by itself: sets about gift cards, seizures an account is under.

`ledger/vouchers/sets.py` makes records of it.
"""

KINDS: dict[str, RecordKind] = {
    kind.name: kind for kind in (ACCOUNT_RECORDS, BANK, WALLET, GIFT_CARD, Q_COIN, REPORT_RECORDS, LINK_RECORDS)
}
PROFILE_KINDS = {**KINDS, **{kind.name: kind for kind in SET_KINDS}}
"""Every kind a profile can read a file as."""
PAYMENT_KINDS = ("bank", "wallet")
VOUCHER_KINDS = ("gift_card", "q_coin")


def clean_header(cells: Sequence[str]) -> list[str]:
    """Column names as they are compared: no byte order mark, no blanks around, lower case where it is a known name."""
    known = {field.name for kind in KINDS.values() for field in kind.fields}
    names = [cell.replace("\ufeff", "").strip() for cell in cells]
    return [name.lower() if name.lower() in known else name for name in names]


def recognise(header: Sequence[str]) -> RecordKind | None:
    """The canonical kind whose required columns the header has; None when there is none.

    Raises LiushuiError when two kinds fit, or a known column stands there twice.
    """
    names = set(header)
    fits = [kind for kind in (BANK, GIFT_CARD, Q_COIN, REPORT_RECORDS, LINK_RECORDS) if kind.required <= names]
    if len(fits) > 1:
        raise LiushuiError("LDG-ambiguous-header", f"the header fits {' and '.join(kind.name for kind in fits)} records")
    if fits:
        kind = WALLET if fits[0] is BANK and "operation" in names else fits[0]
    elif _names_accounts(names):
        kind = ACCOUNT_RECORDS
    else:
        return None
    twice = sorted(field.name for field in kind.fields if list(header).count(field.name) > 1)
    if twice:
        raise LiushuiError("LDG-repeated-column", f"the header has the column {twice[0]!r} more than once")
    return kind


def _names_accounts(names: set[str]) -> bool:
    """`account` alone is a weak sign: the other columns must be those of accounts, not of some unknown statement."""
    others = names - {"account"}
    known = {field.name for field in ACCOUNT_RECORDS.fields}
    return "account" in names and (not others or len(others & known) * 2 >= len(others))

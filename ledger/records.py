"""The tables of the product: record kinds as desks hand them in, and the canonical tables a ledger keeps.

Money is integer fen (minor units of the row's currency), times are UTC microseconds, accounts are int32 codes into the
accounts table. `amount_fen` leaves the source, `received_fen` arrives at the target; they differ only in a conversion.
"""

import pyarrow as pa

RECORD_KINDS = ("accounts", "bank", "wallet", "gift_card", "q_coin", "reports", "links")
ACCOUNT_KINDS = ("bank", "wallet", "card", "q_coin", "merchant", "issuer", "courier", "clearing", "cash", "loan", "person")
HUB_KINDS = ("merchant", "issuer", "courier", "clearing", "cash")
STATUSES = ("done", "failed", "reversed")
WALLET_OPERATIONS = ("top_up", "transfer", "payment", "withdrawal", "refund")
VOUCHER_OPERATIONS = ("purchase", "redemption")
WITNESSES = ("source", "target", "both")
DECISION_KINDS = (
    "both_sides",
    "reversal",
    "masked_account",
    "same_account",
    "order_of_day",
    "own_account_hop",
    "failed",
    "fee",
    "balance_break",
    "implied_opening",
    "period_gap",
)
DECISION_STATES = ("applied", "ambiguous", "noted", "off")
LINK_KINDS = ("device", "phone", "ip", "id", "messenger", "app", "url", "order")

CARD_PREFIX = "card:"
QQ_PREFIX = "qq:"
UNKNOWN_PREFIX = "unknown:"
"""Accounts the records do not name; money that goes there is out of view."""

WORD = pa.dictionary(pa.int32(), pa.string())
INSTANT = pa.timestamp("us", "UTC")

TRANSFERS = pa.schema(
    [
        pa.field("transfer", pa.string(), nullable=False),
        pa.field("time", INSTANT, nullable=False),
        pa.field("source", pa.int32(), nullable=False),
        pa.field("target", pa.int32(), nullable=False),
        pa.field("amount_fen", pa.int64(), nullable=False),
        pa.field("received_fen", pa.int64()),  # null: the same as amount_fen
        pa.field("currency", WORD, nullable=False),
        pa.field("kind", WORD, nullable=False),  # bank wallet gift_card q_coin
        pa.field("operation", WORD),
        pa.field("channel", WORD),
        pa.field("status", WORD, nullable=False),
        pa.field("reverses", pa.string()),
        pa.field("reference", pa.string()),
        pa.field("order", pa.string()),
        pa.field("source_balance_fen", pa.int64()),  # after the transfer
        pa.field("target_balance_fen", pa.int64()),
        pa.field("device", pa.string()),
        pa.field("ip", pa.string()),
        pa.field("remark", pa.string()),
        pa.field("extra", pa.string()),  # unknown columns as one JSON object
        pa.field("witness", WORD),  # whose statement tells it: source, target, both; null: a record of both sides
        pa.field("sequence", pa.int32()),  # place in its own file's order of events; null: the line
        pa.field("file", pa.int32(), nullable=False),  # number of the source file in the manifest
        pa.field("line", pa.int32(), nullable=False),  # 1-based line (entry, sheet row) in that file
    ]
)
"""One row per transfer, purchase or redemption, in ledger order: (time, sequence, transfer)."""

ACCOUNTS = pa.schema(
    [
        pa.field("account", pa.string(), nullable=False),
        pa.field("kind", WORD, nullable=False),
        pa.field("holder", pa.string()),
        pa.field("holder_name", pa.string()),
        pa.field("institution", pa.string()),
        pa.field("opened", INSTANT),
        pa.field("opening_fen", pa.int64()),
        pa.field("hub", pa.bool_(), nullable=False),
        pa.field("declared", pa.bool_(), nullable=False),  # false: only named by a transfer
        pa.field("extra", pa.string()),
    ]
)
"""One row per account; the row's position is the account's code."""

REPORTS = pa.schema(
    [
        pa.field("report", pa.string(), nullable=False),
        pa.field("victim", pa.string(), nullable=False),
        pa.field("transfer", pa.string(), nullable=False),
        pa.field("amount_fen", pa.int64()),  # null: the whole payment
        pa.field("reported", INSTANT),
        pa.field("scam", pa.string()),
        pa.field("phone", pa.string()),
        pa.field("messenger", pa.string()),
        pa.field("app", pa.string()),
        pa.field("url", pa.string()),
        pa.field("extra", pa.string()),
        pa.field("file", pa.int32(), nullable=False),
        pa.field("line", pa.int32(), nullable=False),
    ]
)

LINKS = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("identifier", pa.string(), nullable=False),
        pa.field("account", pa.string(), nullable=False),
        pa.field("extra", pa.string()),
        pa.field("file", pa.int32(), nullable=False),
        pa.field("line", pa.int32(), nullable=False),
    ]
)


DECISIONS = pa.schema(
    [
        pa.field("decision", pa.string(), nullable=False),  # stable id: the same finding has the same id in every batch
        pa.field("kind", WORD, nullable=False),  # DECISION_KINDS
        pa.field("state", WORD, nullable=False),  # DECISION_STATES; `noted` changes nothing
        pa.field("transfer", pa.string()),  # the transfer that stays, or that is spoken of
        pa.field("other", pa.string()),  # the second witness that is dropped, or the original of a reversal
        pa.field("account", pa.string()),  # the account that stays, or that is spoken of
        pa.field("other_account", pa.string()),  # the name that is taken for `account`
        pa.field("from_time", INSTANT),
        pa.field("to_time", INSTANT),
        pa.field("amount_fen", pa.int64()),
        pa.field("evidence", pa.string(), nullable=False),  # a sentence an officer can check
    ]
)
"""What reconciliation decided. Stored beside the rows, applied when a ledger is opened; rows are never overwritten.

both_sides: `other` is the second witness of `transfer`. reversal: `transfer` gives back `other`. masked_account and
same_account: `other_account` is another name of `account`. order_of_day: rows of one day put into the order their balances
chain in (`sequence` of the rows). The last decision of an id counts.
"""

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
        pa.field("file", pa.int32(), nullable=False),  # number of the source file in the manifest
        pa.field("line", pa.int32(), nullable=False),  # 1-based line in that file: the sequence within it
    ]
)
"""One row per transfer, purchase or redemption, in ledger order: (time, line, transfer)."""

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

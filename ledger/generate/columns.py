"""The rows and accounts of a whole set as arrays, small words as codes."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ledger.generate.draft import BANKS, WALLETS, Draft

KINDS = ("gift_card", "q_coin", "bank", "wallet")
OPERATIONS = ("", "purchase", "redemption", "top_up", "transfer", "payment", "withdrawal", "refund")
CHANNELS = ("", "mobile", "online", "atm", "quick_pay", "qr_code", "batch", "counter", "system")
STATUSES = ("done", "failed", "reversed")
ACCOUNT_KINDS = ("bank", "wallet", "merchant", "issuer", "courier", "clearing", "cash", "loan", "card", "q_coin")
INSTITUTIONS = (*BANKS, *WALLETS, "Suning", "Tencent", "Shunda", "UnionPay", "Haoyi", "Acquirer", "")
REMARKS = ("", "工资", "房租", "消费", "转账", "充值", "提现", "退款", "红包", "饭钱")
"""Remarks of ordinary payments; those of the rings are kept as texts beside their rows."""


@dataclass(frozen=True)
class Rows:
    """n transfers: words as codes, amounts in fen.

    time: seconds of local time. draft: the row of the rings' draft, -1 for ordinary life.
    """

    time: NDArray[np.int64]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    amount: NDArray[np.int64]
    kind: NDArray[np.int8]
    operation: NDArray[np.int8]
    channel: NDArray[np.int8]
    status: NDArray[np.int8]
    remark: NDArray[np.int8]
    date_only: NDArray[np.bool_]
    draft: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.time)

    def take(self, order: NDArray[np.int64]) -> "Rows":
        """The rows of these positions."""
        return Rows(*(getattr(self, column.name)[order] for column in fields(self)))


@dataclass(frozen=True)
class Accounts:
    """m accounts: words as codes; opening_extra -1 where no opening balance is reported; age in days at the start."""

    kind: NDArray[np.int8]
    person: NDArray[np.int64]
    institution: NDArray[np.int8]
    hub: NDArray[np.bool_]
    declared: NDArray[np.bool_]
    opening_extra: NDArray[np.int64]
    age_days: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.kind)


def join_rows(parts: list[Rows]) -> Rows:
    """All rows, one part after the other."""
    return Rows(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Rows)))


def join_accounts(parts: list[Accounts]) -> Accounts:
    """All accounts, one part after the other."""
    return Accounts(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Accounts)))


def drafted_rows(draft: Draft) -> Rows:
    """The draft's rows as arrays."""

    def codes(name: str, words: tuple[str, ...]) -> NDArray[np.int8]:
        known = {word: code for code, word in enumerate(words)}
        return np.array([known[getattr(row, name)] for row in draft.rows], dtype=np.int8)

    return Rows(
        time=np.array([row.time for row in draft.rows], dtype=np.int64),
        source=np.array([row.source for row in draft.rows], dtype=np.int32),
        target=np.array([row.target for row in draft.rows], dtype=np.int32),
        amount=np.array([row.amount for row in draft.rows], dtype=np.int64),
        kind=codes("kind", KINDS),
        operation=codes("operation", OPERATIONS),
        channel=codes("channel", CHANNELS),
        status=codes("status", STATUSES),
        remark=np.zeros(len(draft.rows), dtype=np.int8),
        date_only=np.array([row.date_only for row in draft.rows], dtype=np.bool_),
        draft=np.arange(len(draft.rows), dtype=np.int32),
    )


def drafted_accounts(draft: Draft) -> Accounts:
    """The draft's accounts as arrays."""
    kinds = {word: code for code, word in enumerate(ACCOUNT_KINDS)}
    institutions = {word: code for code, word in enumerate(INSTITUTIONS)}
    extras = [-1 if account.opening_extra is None else account.opening_extra for account in draft.accounts]
    return Accounts(
        kind=np.array([kinds[account.kind] for account in draft.accounts], dtype=np.int8),
        person=np.array([account.person for account in draft.accounts], dtype=np.int64),
        institution=np.array([institutions[account.institution] for account in draft.accounts], dtype=np.int8),
        hub=np.array([account.hub for account in draft.accounts], dtype=np.bool_),
        declared=np.array([account.declared for account in draft.accounts], dtype=np.bool_),
        opening_extra=np.array(extras, dtype=np.int64),
        age_days=np.array([account.age_days for account in draft.accounts], dtype=np.int64),
    )

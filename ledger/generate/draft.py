"""A case under construction: plain rows and accounts that the schemes append to.

Accounts are named by their position until all of them are known; people get their names and numbers afterwards, so
that nothing in an account number tells which side its owner is on. Times are whole seconds of Chinese local time since
1970, amounts are fen.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

BANKS = ("ICBC", "CCB", "ABC", "BOC", "CMB", "BOCOM", "SPDB", "PSBC")
WALLETS = ("WeChat Pay", "Alipay")
MINUTE = 60
HOUR = 3600
DAY = 86400
NOBODY = -1


class Account(NamedTuple):
    """One account; person is a number that own accounts of one holder share, NOBODY for hubs and vouchers."""

    kind: str
    person: int
    institution: str
    identifier: str | None = None  # None: numbered later
    name: str | None = None  # None: the person's name
    hub: bool = False
    declared: bool = True
    opening_extra: int | None = 0  # fen above the implied minimum; None: no opening balance is reported
    age_days: int = 800
    overdrawn: int = 0  # fen of credit line in use: the opening balance is reported lower than the payments need


class Row(NamedTuple):
    """One transfer, purchase or redemption."""

    time: int
    source: int
    target: int
    amount: int
    kind: str = "bank"
    operation: str = ""
    channel: str = "mobile"
    status: str = "done"
    reverses: int = -1  # position of the row that this one takes back
    reference: str = ""
    order: str = ""
    device: str = ""
    ip: str = ""
    remark: str = ""
    date_only: bool = False


class Report(NamedTuple):
    """One disputed payment."""

    row: int
    victim: int
    scenario: str
    cash_out: str
    reported: int
    amount: int = 0  # 0: all of it
    phone: str = ""
    messenger: str = ""
    app: str = ""
    url: str = ""


class Payout(NamedTuple):
    """What a recycler paid for one redeemed voucher: the link that no record shows."""

    payout: int
    redemption: int
    recycler: int
    rate: str
    face: int
    ring: int


class Role(NamedTuple):
    """What an account is in the story; tier 0 where the word does not apply."""

    account: int
    role: str
    tier: int
    ring: int


@dataclass
class Draft:
    """Everything one generation gathers; rows and accounts are referred to by position."""

    random: np.random.Generator
    accounts: list[Account] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    links: list[tuple[str, str, int]] = field(default_factory=list)
    payouts: list[Payout] = field(default_factory=list)
    roles: dict[int, Role] = field(default_factory=dict)
    people: int = 0
    serial: int = 0

    def person(self) -> int:
        """A new holder."""
        self.people += 1
        return self.people - 1

    def account(self, account: Account, role: str = "innocent", tier: int = 0, ring: int = 0) -> int:
        """Add an account with its role; returns its position."""
        self.accounts.append(account)
        position = len(self.accounts) - 1
        self.roles[position] = Role(position, role, tier, ring)
        return position

    def pay(self, row: Row) -> int:
        """Add a row; returns its position."""
        assert row.amount > 0, "a transfer of nothing is no transfer"
        self.rows.append(row)
        return len(self.rows) - 1

    def between(self, low: float, high: float) -> float:
        """A number drawn evenly from the range."""
        return float(low + (high - low) * self.random.random())

    def whole(self, low: int, high: int) -> int:
        """A whole number drawn evenly, both ends included."""
        return int(self.random.integers(low, high + 1))

    def code(self, prefix: str, digits: int = 12) -> str:
        """A new unique number such as an order or a card has: a running part hidden by multiplication, same length always."""
        self.serial += 1
        return f"{prefix}{(self.serial * 7_368_787 + 314_159_265) % 10**digits:0{digits}d}"


def bank_account(draft: Draft, person: int, extra: int | None = 0, age_days: int = 800) -> Account:
    """A personal bank account at a drawn bank."""
    return Account("bank", person, BANKS[draft.whole(0, len(BANKS) - 1)], opening_extra=extra, age_days=age_days)


def wallet_account(draft: Draft, person: int, extra: int | None = 0, institution: str = "") -> Account:
    """A personal wallet."""
    return Account("wallet", person, institution or WALLETS[draft.whole(0, 1)], opening_extra=extra)

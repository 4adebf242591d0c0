"""The people of one ring and the hubs that everybody shares."""

from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.generate.draft import DAY, NOBODY, Account, Draft, Report, bank_account, wallet_account
from ledger.generate.parameters import Parameters

SEGMENTS_APART = 2
"""From one ring's leased segment to the next one's: the last number of one and the first of another are not neighbours."""


class Hubs(NamedTuple):
    """Accounts that commingle everybody's money: never on a path unless an order says so."""

    card_issuer: int
    coin_issuer: int
    store: int
    courier: int
    cash: int
    lender: int
    fees: int


class Recycler(NamedTuple):
    """One person who redeems vouchers into his wallet and pays for them from his bank account."""

    person: int
    bank: int
    wallet: int


class Voucher(NamedTuple):
    """A bought card or a credited QQ number waiting to be redeemed."""

    account: int
    face: int
    bought: int


@dataclass
class Ring:
    """Accounts by role, the vouchers in the middleman's hand, and where the ring's round robins stand."""

    number: int
    start: int  # second of the first day's midnight
    parameters: Parameters
    hubs: Hubs
    boss: int
    runner: int
    middleman: int
    collector: int
    first: list[int]
    second: list[int]
    third: list[int]
    recyclers: dict[str, list[Recycler]]
    devices: dict[int, tuple[str, str]]
    stock: dict[str, list[Voucher]] = field(default_factory=lambda: {"gift_card": [], "q_coin": []})
    redeemed: dict[int, tuple[int, int]] = field(default_factory=dict)  # by recycler's wallet: face so far, last time
    visits: int = 0
    payments: int = 0
    calls: int = 0

    def next_first(self) -> int:
        """The next account to send a victim to."""
        self.payments += 1
        return self.first[(self.payments - 1) % len(self.first)]

    def phone(self) -> str:
        """The number of the next call, from the ring's own segment: consecutive calls differ in the last two digits."""
        self.calls += 1
        segment = int(self.parameters.text("phone_segment")) + (self.number - 1) * SEGMENTS_APART
        return f"{segment}{(self.number * 17 + self.calls) % 100:02d}"

    def app(self) -> str:
        """The loan app of the ring: the first bears the lender's name, later ones have a number of their own."""
        return "haoyi-loans" if self.number == 1 else f"haoyi-loans-{self.number}"


def open_hubs(draft: Draft) -> Hubs:
    """The hubs of the whole set."""
    return Hubs(
        card_issuer=hub(draft, "issuer", "suning-cards", "苏宁易购", "Suning"),
        coin_issuer=hub(draft, "issuer", "tencent-qcoin", "腾讯Q币", "Tencent"),
        store=hub(draft, "merchant", "suning-store", "苏宁易购商城", "Suning"),
        courier=hub(draft, "courier", "shunda-cod", "顺达快递代收", "Shunda"),
        cash=hub(draft, "cash", "ATM", "自动取款机", "UnionPay"),
        lender=draft.account(Account("loan", NOBODY, "Haoyi", "haoyi-loans", "好易小额贷款", opening_extra=None), "innocent"),
        fees=hub(draft, "clearing", "wallet-fees", "支付手续费", "WeChat Pay"),
    )


def hub(draft: Draft, kind: str, identifier: str, name: str, institution: str) -> int:
    """One declared hub; it has no opening balance."""
    return draft.account(Account(kind, NOBODY, institution, identifier, name, hub=True, opening_extra=None), "hub")


def recruit(draft: Draft, number: int, start: int, hubs: Hubs, parameters: Parameters) -> Ring:
    """Open the accounts of a ring: mules by tier, collector, middleman, runner, boss and the recyclers."""

    def mules(name: str, tier: int) -> list[int]:
        return [
            draft.account(bank_account(draft, draft.person(), draft.whole(0, 9000), draft.whole(4, 60)), "mule", tier, number)
            for _ in range(parameters.count(name))
        ]

    def member(role: str, tier: int, extra: int) -> int:
        return draft.account(bank_account(draft, draft.person(), extra, draft.whole(200, 900)), role, tier, number)

    each = parameters.count("recyclers_each")
    ring = Ring(
        number=number,
        start=start,
        parameters=parameters,
        hubs=hubs,
        boss=member("boss", 0, draft.whole(100_000, 900_000)),
        runner=member("cash_out_runner", 0, draft.whole(0, 90_000)),
        middleman=member("middleman", 0, draft.whole(50_000, 400_000)),
        collector=member("collector", 4, draft.whole(0, 20_000)),
        first=mules("first_accounts", 1),
        second=mules("second_accounts", 2),
        third=mules("third_accounts", 3),
        recyclers={kind: [recycler(draft, kind, number) for _ in range(each)] for kind in ("gift_card", "q_coin")},
        devices={},
    )
    share_devices(draft, ring)
    return ring


def recycler(draft: Draft, kind: str, ring: int) -> Recycler:
    """A recycler's bank account and store wallet, one holder."""
    person = draft.person()
    role = f"{kind}_recycler"
    bank = draft.account(bank_account(draft, person, draft.whole(2_000_000, 9_000_000), draft.whole(500, 2000)), role, 0, ring)
    shop = "Suning" if kind == "gift_card" else "Tencent"
    wallet = draft.account(wallet_account(draft, person, draft.whole(0, 300_000), shop), role, 0, ring)
    return Recycler(person, bank, wallet)


def share_devices(draft: Draft, ring: Ring) -> None:
    """Let groups of mules share a telephone and its address, and say so in the links."""
    per_device = ring.parameters.count("shared_device_accounts")
    mules = [*ring.first, *ring.second, *ring.third]
    for begin in range(0, len(mules), per_device):
        device = draft.code("dev-", 10)
        ip = f"203.0.113.{draft.whole(1, 254)}"
        phone = draft.code("199", 8)
        for account in mules[begin : begin + per_device]:
            ring.devices[account] = (device, ip)
            draft.links += [("device", device, account), ("phone", phone, account), ("ip", ip, account)]


def dispute(draft: Draft, ring: Ring, row: int, scenario: str, cash_out: str = "A", delay_hours: float | None = None) -> None:
    """The victim reports a payment after a delay from the real distribution, now and then only a part of it."""
    payment = draft.rows[row]
    hours = report_delay_hours(draft, ring.parameters) if delay_hours is None else delay_hours
    partial = payment.amount > 100_000 and draft.random.random() < ring.parameters.number("partial_report_share")
    draft.reports.append(
        Report(
            row=row,
            victim=payment.source,
            scenario=scenario,
            cash_out=cash_out,
            reported=payment.time + int(hours * 3600) + 1,
            amount=payment.amount * draft.whole(5, 9) // 1000 * 100 if partial else 0,
            phone=ring.phone(),
            messenger=f"wx-{ring.number:04d}-{ring.calls % 4}",
            app=ring.app() if "loan" in scenario else "",
            url=f"http://refund-{ring.number:04d}.example/{ring.calls % 3}" if scenario == "refund_impostor" else "",
        )
    )


def report_delay_hours(draft: Draft, parameters: Parameters) -> float:
    """Hours between payment and report: one of four classes by its share, even within the class."""
    limits = [float(limit) for limit in parameters.values["report_delay_hours"]]
    drawn = float(draft.random.random())
    for low, high, share in zip(limits, limits[1:], parameters.values["report_delay_share"], strict=False):
        if drawn < share:
            return low + (high - low) * drawn / float(share)
        drawn -= float(share)
    return limits[-1]


def own_pair(draft: Draft, role: str, ring: int, extra: int = 0) -> tuple[int, int]:
    """A person's wallet and own bank card."""
    person = draft.person()
    wallet = draft.account(wallet_account(draft, person, extra), role, 0, ring)
    card = draft.account(bank_account(draft, person, extra), role, 0, ring)
    return wallet, card


def day_of(ring: Ring, number: int) -> int:
    """Midnight of the ring's n-th day."""
    return ring.start + number * DAY

"""Innocent things that look like parts of a ring, and records that look like mistakes."""

from ledger.generate.draft import DAY, HOUR, Account, Draft, Row, bank_account, wallet_account
from ledger.generate.laundering import buy_card, move
from ledger.generate.ring import Ring, day_of, own_pair


def add_decoys(draft: Draft, ring: Ring) -> None:
    """Every decoy once or twice around one ring."""
    refunds(draft, ring)
    presents(draft, ring)
    payroll(draft, ring)
    couriers(draft, ring)
    own_transfers(draft, ring)
    failed_and_reversed(draft, ring)
    date_only_statement(draft, ring)
    credit_line(draft, ring)


def refunds(draft: Draft, ring: Ring) -> None:
    """A store gives money back under the order's number, as the fake customer service only promises."""
    for _ in range(2):
        buyer = draft.account(wallet_account(draft, draft.person(), draft.whole(30_000, 300_000)))
        order, price = draft.code("OD"), draft.whole(4_000, 30_000)
        time = day_of(ring, draft.whole(0, 2)) + draft.whole(9 * HOUR, 20 * HOUR)
        draft.pay(Row(time, buyer, ring.hubs.store, price, "wallet", "payment", reference=order))
        time += draft.whole(20, 60) * HOUR
        draft.pay(Row(time, ring.hubs.store, buyer, price, "wallet", "refund", reference=order, remark="退款"))


def presents(draft: Draft, ring: Ring) -> None:
    """Gift cards bought as presents and redeemed by the one who got them."""
    giver = draft.account(bank_account(draft, draft.person(), draft.whole(200_000, 900_000)))
    order = draft.code("SN")
    time = day_of(ring, 1) + draft.whole(9 * HOUR, 20 * HOUR)
    for number in range(3):
        friend = draft.account(wallet_account(draft, draft.person(), draft.whole(1_000, 90_000), "Suning"))
        card = buy_card(draft, ring, giver, 50_000, time + 40 * number, order).account
        draft.roles[card] = draft.roles[card]._replace(ring=0)
        draft.pay(Row(time + draft.whole(5, 70) * HOUR, card, friend, 50_000, "gift_card", "redemption", "online"))


def payroll(draft: Draft, ring: Ring) -> None:
    """A firm pays six people within a minute: dispersed out, and harmless."""
    firm = Account("bank", draft.person(), "CCB", name="永盛机械有限公司", opening_extra=50_000_000, age_days=4000)
    payer = draft.account(firm)
    time = day_of(ring, 2) + 10 * HOUR
    for number in range(6):
        worker = draft.account(bank_account(draft, draft.person(), draft.whole(10_000, 900_000)))
        draft.pay(Row(time + 8 * number, payer, worker, draft.whole(45, 160) * 10_000, channel="batch", remark="工资"))


def couriers(draft: Draft, ring: Ring) -> None:
    """Honest cash-on-delivery through the same courier."""
    shop = draft.account(bank_account(draft, draft.person(), draft.whole(200_000, 2_000_000)))
    for _ in range(3):
        payer = draft.account(wallet_account(draft, draft.person(), draft.whole(9_000, 90_000)))
        waybill, price = draft.code("SD"), draft.whole(60, 400) * 100
        time = day_of(ring, draft.whole(0, 3)) + draft.whole(9 * HOUR, 20 * HOUR)
        draft.pay(Row(time, payer, ring.hubs.courier, price, "wallet", "payment", "qr_code", reference=waybill, remark="代收"))
        draft.pay(Row(time + 30 * HOUR, ring.hubs.courier, shop, price - 300, reference=waybill, remark="代收货款"))


def own_transfers(draft: Draft, ring: Ring) -> None:
    """People move money between their own wallet and card, both ways."""
    for number in range(2):
        wallet, card = own_pair(draft, "innocent", 0, draft.whole(100_000, 900_000))
        time = day_of(ring, number) + draft.whole(9 * HOUR, 20 * HOUR)
        draft.pay(Row(time, card, wallet, draft.whole(5, 30) * 10_000, "wallet", "top_up"))
        draft.pay(Row(time + 9 * HOUR, wallet, card, draft.whole(5, 30) * 10_000, "wallet", "withdrawal"))


def failed_and_reversed(draft: Draft, ring: Ring) -> None:
    """A payment that failed, one of a mule that was sent back, and one of innocents that was sent back."""
    time = day_of(ring, 4) + draft.whole(9 * HOUR, 18 * HOUR)
    mule, other = ring.first[0], ring.second[-1]
    draft.pay(Row(time, mule, other, 500_000, status="failed", remark="转账"))
    giver, taker = (draft.account(bank_account(draft, draft.person(), draft.whole(100_000, 900_000))) for _ in range(2))
    draft.pay(Row(time + HOUR, giver, taker, 88_800, status="failed"))
    for source, target, amount in ((ring.collector, ring.third[0], 66_600), (giver, taker, 120_000)):
        paid = move(draft, ring, source, target, amount, time + 2 * HOUR)
        draft.rows[paid] = draft.rows[paid]._replace(status="reversed")
        draft.pay(Row(time + 3 * HOUR, target, source, amount, reverses=paid, channel="system", remark="退回"))


def date_only_statement(draft: Draft, ring: Ring) -> None:
    """A bank that prints days only: one statement, its rows put in order by the balance alone."""
    holder = draft.account(Account("bank", draft.person(), "ICBC", opening_extra=draft.whole(500_000, 2_000_000)))
    landlord = draft.account(bank_account(draft, draft.person(), draft.whole(100_000, 900_000)))
    firm = draft.account(Account("bank", draft.person(), "ICBC", name="新程贸易公司", opening_extra=5_000_000, age_days=3000))
    for day, source, target, amount, remark in (
        (0, firm, holder, 812_000, "工资"),
        (0, holder, landlord, 260_000, "房租"),
        (1, holder, ring.hubs.store, 45_900, "消费"),
        (1, holder, ring.hubs.cash, 100_000, "取现"),
        (3, landlord, holder, 20_000, "退押金"),
        (3, holder, landlord, 18_500, "水电"),
    ):
        time = day_of(ring, day) + 12 * HOUR + len(draft.rows) % 1000
        draft.pay(Row(time, source, target, amount, channel="", remark=remark, date_only=True))


def credit_line(draft: Draft, ring: Ring) -> None:
    """A seller whose account is overdrawn when a mule's payment arrives: the bank is repaid first."""
    extra = 30_000
    seller = Account("bank", draft.person(), "CMB", opening_extra=extra, overdrawn=80_000)
    account = draft.account(seller, "good_faith_recipient", 0, ring.number)
    time = day_of(ring, 5) + 20 * HOUR
    draft.pay(Row(time - DAY, account, ring.hubs.store, 150_000, channel="quick_pay"))
    draft.pay(Row(time, ring.collector, account, 120_000, remark="二手电脑"))

"""How vouchers become money: redeemed by recyclers, paid to the middleman at a rate, passed back to the ring."""

from ledger.generate.draft import DAY, HOUR, MINUTE, Draft, Payout, Row, bank_account
from ledger.generate.laundering import buy_card, buy_q_coins, minutes, move
from ledger.generate.ring import Recycler, Ring, Voucher

RATES = {"gift_card": "gift_card_rate", "q_coin": "q_coin_rate"}


def recycle(draft: Draft, ring: Ring) -> None:
    """Redeem everything the ring bought, in batches that the recyclers take in turn; then pay the ring back."""
    received: list[tuple[int, int]] = []
    for kind in ("gift_card", "q_coin"):
        genuine_sellers(draft, ring, kind)
        stock = sorted(ring.stock[kind], key=lambda voucher: voucher.bought)
        low, high = ring.parameters.span("batch_vouchers")
        taken = 0
        turn = 0
        while taken < len(stock):
            batch = stock[taken : taken + draft.whole(int(low), int(high))]
            batch = [voucher for voucher in batch if voucher.bought - batch[0].bought <= 3 * HOUR]
            taken += len(batch)
            recycler = ring.recyclers[kind][turn % len(ring.recyclers[kind])]
            turn += 1
            received.append(settle(draft, ring, kind, recycler, batch, ring.middleman))
        for recycler in ring.recyclers[kind]:
            sell_on(draft, ring, kind, recycler)
    pass_back(draft, ring, sorted(received))


def settle(draft: Draft, ring: Ring, kind: str, recycler: Recycler, batch: list[Voucher], seller: int) -> tuple[int, int]:
    """Redeem a batch in one burst and pay rate × face within a day, rounded as people do; returns (time, payout)."""
    rate_bp = round(ring.parameters.number(RATES[kind]) * 10_000)
    redeemed = []
    time = batch[-1].bought + int(draft.between(*ring.parameters.span("redeem_minutes")) * MINUTE)
    for voucher in batch:
        time += int(draft.between(*ring.parameters.span("card_gap_seconds")))
        redeemed.append(draft.pay(Row(time, voucher.account, recycler.wallet, voucher.face, kind, "redemption", "online")))
    face = sum(voucher.face for voucher in batch)
    before, last = ring.redeemed.get(recycler.wallet, (0, 0))
    ring.redeemed[recycler.wallet] = (before + face, max(last, time))
    units = ring.parameters.fens("payout_rounding")
    unit = units[draft.whole(0, len(units) - 1)]
    amount = (face * rate_bp // 10_000 + unit // 2) // unit * unit
    time += int(draft.between(*ring.parameters.span("payout_hours")) * HOUR)
    payout = draft.pay(Row(time, recycler.bank, seller, amount, remark=("", "回收", "货款")[draft.whole(0, 2)]))
    rate = f"{rate_bp / 10_000:.2f}"
    for row, voucher in zip(redeemed, batch, strict=True):
        draft.payouts.append(Payout(payout, row, recycler.bank, rate, voucher.face, draft.roles[seller].ring))
    return time, amount


def genuine_sellers(draft: Draft, ring: Ring, kind: str) -> None:
    """People who sell a present they do not need: same recyclers, same rates, nothing to do with the ring."""
    for number in range(ring.parameters.count("genuine_sellers")):
        seller = draft.account(bank_account(draft, draft.person(), draft.whole(100_000, 2_000_000)), "innocent")
        time = ring.start + draft.whole(0, 4) * DAY + draft.whole(9 * HOUR, 21 * HOUR)
        if kind == "gift_card":
            order = draft.code("SN")
            faces = (100_000, 50_000)[: 1 + number % 2]
            batch = [buy_card(draft, ring, seller, face, time + 40 * at, order) for at, face in enumerate(faces)]
        else:
            batch = [buy_q_coins(draft, ring, seller, draft.whole(2, 30) * 10_000, time, draft.code("QB"))]
        for voucher in batch:
            draft.roles[voucher.account] = draft.roles[voucher.account]._replace(ring=0)
        settle(draft, ring, kind, ring.recyclers[kind][number % 2], batch, seller)


def sell_on(draft: Draft, ring: Ring, kind: str, recycler: Recycler) -> None:
    """The recycler spends what he redeemed in the store and sells the goods, or the game credit, to end buyers."""
    face, last = ring.redeemed.get(recycler.wallet, (0, 0))
    if not face:
        return
    time = last + draft.whole(1, 5) * HOUR
    draft.pay(Row(time, recycler.wallet, ring.hubs.store, face * 2 // 5, "wallet", "payment", "online"))
    for _ in range(2):
        buyer = draft.account(bank_account(draft, draft.person(), draft.whole(50_000, 900_000)), "end_buyer", 0, ring.number)
        time = last + draft.whole(6, 40) * HOUR + draft.whole(1, 3000)
        price = face * draft.whole(10, 20) // 10_000 * 100
        draft.pay(Row(time, buyer, recycler.bank, price, remark="家电" if kind == "gift_card" else "点券"))


def pass_back(draft: Draft, ring: Ring, received: list[tuple[int, int]]) -> None:
    """The middleman keeps his part and passes the payouts on after every second one: notes, the boss, the runner."""
    keeps_bp = round(ring.parameters.number("middleman_keeps") * 10_000)
    low, high = ring.parameters.fens("cash_withdrawal")
    purse = 0
    for number, (time, amount) in enumerate(received):
        purse += amount - amount * keeps_bp // 10_000
        if number % 2 == 0 and number != len(received) - 1:
            continue
        time += minutes(draft, ring)
        notes = min(high, purse // 2 // 10_000 * 10_000)
        if notes >= low:
            draft.pay(Row(time, ring.middleman, ring.hubs.cash, notes, channel="atm"))
            purse -= notes
        share = purse * 4 // 5 // 100 * 100
        move(draft, ring, ring.middleman, ring.boss if number % 4 == 1 else ring.runner, share, time + minutes(draft, ring))
        purse -= share

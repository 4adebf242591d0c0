"""How a ring empties its accounts: tiers within minutes, vouchers, cash, and a few goods bought from honest people."""

from collections.abc import Callable

from ledger.generate.draft import HOUR, MINUTE, NOBODY, Account, Draft, Row, bank_account
from ledger.generate.ring import Ring, Voucher

REMARKS = ("", "", "转账", "货款", "还款", "=1+1", "<b>货款</b>")
"""What ring members write beside a payment; two of them are attacks on careless exports."""

Purpose = Callable[[Draft, Ring, int, int, int], None]
"""(draft, ring, account, fen, second): what an account does with money that has just come in."""


def launder(draft: Draft, ring: Ring, mule: int, amount: int, time: int) -> None:
    """Empty a first account into two or three second accounts within minutes; each of those has its own purpose."""
    low, high = ring.parameters.span("split")
    count = draft.whole(int(low), int(high)) if amount >= 1_500_000 else 1
    left = amount - residue(draft, ring, amount)
    for number in range(count):
        time += minutes(draft, ring)
        share = left if number == count - 1 else left // (count - number) // 100 * 100 + draft.whole(-200, 200) * 100
        share = min(share, left)
        left -= share
        second = ring.second[ring.visits % len(ring.second)]
        move(draft, ring, mule, second, share, time)
        spend(draft, ring, second, share, time + minutes(draft, ring))


def spend(draft: Draft, ring: Ring, mule: int, amount: int, time: int) -> None:
    """What a second account does with its money: purposes take turns, now and then a part is not spent yet."""
    every = max(2, round(1 / ring.parameters.number("held_share")))
    turn = ring.visits
    ring.visits += 1
    if turn % every == every - 1:
        passed = int(amount * (1 - draft.between(*ring.parameters.span("held_part"))))
        pass_on(draft, ring, mule, passed, time)
        return
    purposes: tuple[Purpose, ...] = (buy_cards, buy_coins, pass_on, buy_cards, buy_goods, buy_coins, pass_on)
    purposes[(turn - turn // every) % len(purposes)](draft, ring, mule, amount, time)


def buy_cards(draft: Draft, ring: Ring, mule: int, amount: int, time: int) -> None:
    """Buy gift cards in one burst under one order; what is left over goes on if it is worth it."""
    large, small = ring.parameters.fens("card_faces")
    low, high = ring.parameters.span("cards_per_visit")
    count = min(draft.whole(int(low), int(high)), amount // large)
    faces = [large] * count + [small] * (amount - count * large >= small)
    order = draft.code("SN")
    for face in faces:
        time += int(draft.between(*ring.parameters.span("card_gap_seconds")))
        ring.stock["gift_card"].append(buy_card(draft, ring, mule, face, time, order))
    left_over(draft, ring, mule, amount - sum(faces), time)


def all_in_cards(draft: Draft, ring: Ring, mule: int, amount: int, time: int, limit: int) -> None:
    """Everything into the largest cards at once, order after order, each below the limit; what is less than a card stays."""
    face = ring.parameters.fens("card_faces")[0]
    each = (limit - 1) // face
    for number in range(amount // face):
        if number % each == 0:
            order = draft.code("SN")
        time += int(draft.between(*ring.parameters.span("card_gap_seconds")))
        ring.stock["gift_card"].append(buy_card(draft, ring, mule, face, time, order))


def buy_card(draft: Draft, ring: Ring, buyer: int, face: int, time: int, order: str) -> Voucher:
    """One card, paid at its face."""
    card = open_voucher(draft, ring, "card", draft.code("card:7", 15))
    device, ip = ring.devices.get(buyer, ("", ""))
    draft.pay(Row(time, buyer, card, face, "gift_card", "purchase", "online", order=order, device=device, ip=ip))
    return Voucher(card, face, time)


def buy_coins(draft: Draft, ring: Ring, mule: int, amount: int, time: int) -> None:
    """Credit Q-coins to several QQ numbers, each order hugging the daily cap of a number."""
    low, high = ring.parameters.span("q_orders_per_visit")
    for _ in range(draft.whole(int(low), int(high))):
        quantity = draft.whole(*(int(end) for end in ring.parameters.span("q_coins_per_order"))) * 100
        if quantity > amount:
            break
        time += int(draft.between(*ring.parameters.span("card_gap_seconds")))
        ring.stock["q_coin"].append(buy_q_coins(draft, ring, mule, quantity, time, draft.code("QB")))
        amount -= quantity
    left_over(draft, ring, mule, amount, time)


def buy_q_coins(draft: Draft, ring: Ring, buyer: int, quantity: int, time: int, order: str) -> Voucher:
    """Q-coins for one QQ number, one yuan each."""
    number = open_voucher(draft, ring, "q_coin", draft.code("qq:3", 9))
    draft.pay(Row(time, buyer, number, quantity, "q_coin", "purchase", "online", order=order))
    return Voucher(number, quantity, time)


def open_voucher(draft: Draft, ring: Ring, kind: str, identifier: str) -> int:
    """A card or a QQ number: an account that no accounts file names."""
    return draft.account(Account(kind, NOBODY, "", identifier, declared=False, opening_extra=None), "voucher", 0, ring.number)


def left_over(draft: Draft, ring: Ring, mule: int, amount: int, time: int) -> None:
    """Three thousand yuan and more are passed on, less stays on the account."""
    if amount >= 300_000:
        pass_on(draft, ring, mule, amount, time)


def pass_on(draft: Draft, ring: Ring, mule: int, amount: int, time: int) -> None:
    """To a third account, to the collector, and out as cash or to the boss."""
    third = ring.third[ring.visits % len(ring.third)]
    for source, target in ((mule, third), (third, ring.collector)):
        time += minutes(draft, ring)
        amount -= residue(draft, ring, amount)
        move(draft, ring, source, target, amount, time)
    time += minutes(draft, ring)
    cash_out(draft, ring, ring.collector, amount, time)


def cash_out(draft: Draft, ring: Ring, account: int, amount: int, time: int) -> None:
    """Half in notes, in hundreds; of the rest a part goes to the boss or to the runner, who draws notes as well."""
    low, high = ring.parameters.fens("cash_withdrawal")
    notes = min(high, amount // 2 // 10_000 * 10_000)
    if notes >= low:
        draft.pay(Row(time, account, ring.hubs.cash, notes, channel="atm"))
        amount -= notes
    time += minutes(draft, ring)
    share = amount * 3 // 4 // 100 * 100
    if not share:
        return
    if ring.visits % 3 or share < low:
        move(draft, ring, account, ring.boss, share, time)
    else:
        move(draft, ring, account, ring.runner, share, time)
        notes = min(high, share // 10_000 * 10_000)
        draft.pay(Row(time + minutes(draft, ring), ring.runner, ring.hubs.cash, notes, channel="atm"))


def buy_goods(draft: Draft, ring: Ring, mule: int, amount: int, time: int) -> None:
    """A telephone from a private seller, who is paid in good faith and goes on living; the rest is passed on."""
    low, high = ring.parameters.fens("second_hand_price")
    price = draft.whole(low // 10_000, high // 10_000) * 10_000
    if price <= amount:
        extra = draft.whole(20_000, 900_000)
        seller = draft.account(bank_account(draft, draft.person(), extra), "good_faith_recipient", 0, ring.number)
        device, ip = ring.devices.get(mule, ("", ""))
        draft.pay(Row(time, mule, seller, price, device=device, ip=ip, remark="二手手机"))
        spent = min(price, extra) // 3 + 100
        draft.pay(Row(time + draft.whole(2, 40) * HOUR, seller, ring.hubs.store, spent, channel="quick_pay"))
        amount -= price
    left_over(draft, ring, mule, amount, time)


def move(draft: Draft, ring: Ring, source: int, target: int, amount: int, time: int) -> int:
    """A transfer with the telephone of the one who made it and one of the usual remarks; returns its position."""
    device, ip = ring.devices.get(source, ("", ""))
    text = REMARKS[draft.whole(0, len(REMARKS) - 1)]
    return draft.pay(Row(time, source, target, amount, device=device, ip=ip, remark=text))


def residue(draft: Draft, ring: Ring, amount: int) -> int:
    """The few fen or yuan that an emptied account keeps."""
    low, high = ring.parameters.fens("residue")
    return min(draft.whole(low, high), amount // 100)


def minutes(draft: Draft, ring: Ring) -> int:
    """Seconds until the next move of a hop."""
    return int(draft.between(*ring.parameters.span("hop_minutes")) * MINUTE) + draft.whole(1, 59)

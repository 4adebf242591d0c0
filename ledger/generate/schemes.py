"""The schemes of the case reports: how each victim comes to pay. One function per scheme, all with the same signature."""

from collections.abc import Callable

from ledger.generate.draft import DAY, HOUR, MINUTE, Draft, Row, bank_account, wallet_account
from ledger.generate.laundering import all_in_cards, buy_card, buy_q_coins, cash_out, launder, minutes, residue
from ledger.generate.parameters import Parameters
from ledger.generate.ring import Ring, day_of, dispute, own_pair
from ledger.generate.suppliers import suppliers

FEES = ("账号更正费", "保险费", "VIP费", "保证金", "解冻费", "验资", "手续费")
"""What the victim of a fake loan is told to pay for, in this order."""


def refund_impostor(draft: Draft, ring: Ring, parameters: Parameters, victims: int) -> None:
    """Order, call, loan into the wallet, own card, and 49,950.00 of 50,000.00 are gone within minutes."""
    kept = parameters.fen("loan") - parameters.fen("paid_out")
    for number in range(victims):
        wallet, card = own_pair(draft, "victim", ring.number, draft.whole(30_000, 400_000))
        draft.roles[wallet] = draft.roles[wallet]._replace(role="own_account")
        others = parameters.fens("other_loans")
        loan = parameters.fen("loan") if number % 2 == 0 else others[number // 2 % len(others)]
        ordered = day_of(ring, number // 2) + draft.whole(8 * HOUR, 20 * HOUR)
        price, order = parameters.fen("order_price"), draft.code("OD")
        draft.pay(Row(ordered, wallet, ring.hubs.store, price, "wallet", "payment", reference=order))
        called = ordered + int(draft.between(*parameters.span("order_to_call_hours")) * HOUR)
        time = called + int(draft.between(*parameters.span("loan_delay_hours")) * HOUR)
        draft.pay(Row(time, ring.hubs.lender, wallet, loan, "wallet", "top_up", remark="放款"))
        time += int(draft.between(*parameters.span("own_hop_minutes")) * MINUTE)
        draft.pay(Row(time, wallet, card, loan, "wallet", "withdrawal"))
        time += int(draft.between(*parameters.span("out_minutes")) * MINUTE)
        mule = ring.next_first()
        paid = draft.pay(Row(time, card, mule, loan - kept, remark="退款验证"))
        if number % 2 < round(2 * parameters.number("left_over_is_fee_share")):
            draft.pay(Row(time + 20, card, ring.hubs.fees, kept, channel="online", remark="手续费"))
        dispute(draft, ring, paid, "refund_impostor")
        if number + 1 < parameters.count("all_in_cards_from"):
            launder(draft, ring, mule, loan - kept, time)
        else:
            all_in_cards(draft, ring, mule, loan - kept, time + minutes(draft, ring), parameters.fen("order_limit"))


def merchant_order(draft: Draft, ring: Ring, parameters: Parameters, victims: int) -> None:
    """Cash-out B: the victim pays a merchant for vouchers; every other one is known only by the voucher event itself."""
    for number in range(victims):
        payer = draft.account(wallet_account(draft, draft.person(), draft.whole(20_000, 300_000)), "victim", 0, ring.number)
        time = day_of(ring, 1 + number // 3) + draft.whole(9 * HOUR, 21 * HOUR)
        if number % 2 == 0:
            pay_card_order(draft, ring, parameters, payer, time)
            continue
        low, high = parameters.span("q_coins")
        quantity = draft.whole(int(low) // 100, int(high) // 100) * 10_000
        ring.stock["q_coin"].append(buy_q_coins(draft, ring, payer, quantity, time, draft.code("QB")))
        dispute(draft, ring, len(draft.rows) - 1, "merchant_order", "B")


def pay_card_order(draft: Draft, ring: Ring, parameters: Parameters, payer: int, time: int) -> None:
    """One payment to the store with the order as its reference, and the cards of that order seconds later."""
    face = parameters.fen("card_face")
    count = draft.whole(*(int(end) for end in parameters.span("cards_per_order")))
    order = draft.code("SN")
    paid = draft.pay(Row(time, payer, ring.hubs.store, face * count, "wallet", "payment", "qr_code", reference=order))
    dispute(draft, ring, paid, "merchant_order", "B")
    for _ in range(count):
        time += draft.whole(*(int(end) for end in parameters.span("issue_seconds")))
        ring.stock["gift_card"].append(buy_card(draft, ring, payer, face, time, order))


def fake_loan(draft: Draft, ring: Ring, parameters: Parameters, victims: int) -> None:
    """A ladder of fees: 20 % of the loan first, then insurance, VIP and so on; nothing ever comes in."""
    for number in range(victims):
        victim = draft.account(bank_account(draft, draft.person(), draft.whole(1_000, 90_000)), "victim", 0, ring.number)
        low, high = parameters.span("steps")
        steps = parameters.count("demo_steps") if number == 0 else draft.whole(int(low), int(high))
        payees = [ring.next_first() for _ in range(parameters.count("payees"))]
        time = day_of(ring, 1 + number) + draft.whole(9 * HOUR, 12 * HOUR)
        for step, amount in enumerate(fee_ladder(draft, parameters, steps)):
            mule = payees[step * len(payees) // steps]
            paid = draft.pay(Row(time, victim, mule, amount, remark=FEES[step]))
            dispute(draft, ring, paid, "fake_loan")
            if step < steps - 1:  # the last payment has just been made: the money is still there
                launder(draft, ring, mule, amount, time)
            time += int(draft.between(*parameters.span("step_hours")) * HOUR)


def fee_ladder(draft: Draft, parameters: Parameters, steps: int) -> list[int]:
    """Fees that add up to the total of the case, the first of them 20 % of the loan that was asked for."""
    first = round(parameters.fen("asked_loan") * parameters.number("first_fee_share"))
    rest = parameters.fen("total") - first
    weights = [draft.between(0.6, 1.4) for _ in range(steps - 1)]
    fees = [int(rest * weight / sum(weights)) // 100_000 * 100_000 for weight in weights[:-1]]
    return [first, *fees, rest - sum(fees)]


def brush_flow_loan(draft: Draft, ring: Ring, parameters: Parameters, victims: int) -> None:
    """A handling fee and brushing transactions, more than 10,000 together, after a call from a 95 number."""
    for number in range(victims):
        victim = draft.account(bank_account(draft, draft.person(), draft.whole(5_000, 300_000)), "victim", 0, ring.number)
        low, high = parameters.fens("handling_fee")
        fees = [draft.whole(low, high) // 10_000 * 10_000]
        low, high = parameters.fens("brushing")
        fees += [draft.whole(low, high) for _ in range(draft.whole(*(int(end) for end in parameters.span("brushing_count"))))]
        fees[-1] += max(0, 1_000_001 - sum(fees))
        time = day_of(ring, 2 + number // 4) + draft.whole(9 * HOUR, 16 * HOUR)
        mule = ring.next_first()
        for step, amount in enumerate(fees):
            paid = draft.pay(Row(time, victim, mule, amount, remark="手续费" if step == 0 else "刷流水"))
            dispute(draft, ring, paid, "brush_flow_loan")
            launder(draft, ring, mule, amount, time)
            time += int(draft.between(*parameters.span("step_minutes")) * MINUTE)


def boss_impostor(draft: Draft, ring: Ring, parameters: Parameters, victims: int) -> None:
    """One transfer of 150,000.00 on a false screenshot, discovered after about a day."""
    for number in range(victims):
        victim = draft.account(bank_account(draft, draft.person(), draft.whole(500_000, 4_000_000)), "victim", 0, ring.number)
        time = day_of(ring, 3 + number) + draft.whole(9 * HOUR, 17 * HOUR)
        mule = ring.next_first()
        paid = draft.pay(Row(time, victim, mule, parameters.fen("amount"), remark="代付货款"))
        dispute(draft, ring, paid, "boss_impostor", delay_hours=draft.between(*parameters.span("discovered_hours")))
        launder(draft, ring, mule, parameters.fen("amount"), time)


def micro_cod(draft: Draft, ring: Ring, parameters: Parameters, victims: int) -> None:
    """Equal small payments to a courier, settled to one shipper by waybill; one or two in a hundred report."""
    shipper = draft.account(bank_account(draft, draft.person(), draft.whole(0, 30_000), 90), "collector", 1, ring.number)
    amount, fee = parameters.fen("payment"), parameters.fen("courier_fee")
    reporting = set(range(0, victims, max(1, round(1 / parameters.number("report_share")))))
    settled: list[tuple[int, str]] = []
    for number in range(victims):
        payer = draft.account(wallet_account(draft, draft.person(), draft.whole(5_000, 200_000)), "victim", 0, ring.number)
        waybill = draft.code("SD")
        time = day_of(ring, draft.whole(0, 3)) + draft.whole(9 * HOUR, 20 * HOUR)
        row = Row(time, payer, ring.hubs.courier, amount, "wallet", "payment", "qr_code", reference=waybill, remark="代收")
        paid = draft.pay(row)
        if number in reporting:
            dispute(draft, ring, paid, "micro_cod")
        settled.append((time, waybill))
    low, high = parameters.span("settlement_hours")
    for time, waybill in settled:
        day = (time + int((low + high) / 2 * HOUR)) // DAY * DAY
        time = day + 2 * HOUR + draft.whole(0, 5 * HOUR)
        draft.pay(Row(time, ring.hubs.courier, shipper, amount - fee, reference=waybill, remark="代收货款"))
    total = (amount - fee) * victims
    cash_out(draft, ring, shipper, total - residue(draft, ring, total), day_of(ring, 6) + 18 * HOUR)


def number_segment(draft: Draft, ring: Ring, parameters: Parameters, victims: int) -> None:
    """Losses of people called from consecutive numbers of one segment; only the numbers tie them together."""
    for number in range(victims):
        victim = draft.account(bank_account(draft, draft.person(), draft.whole(5_000, 300_000)), "victim", 0, ring.number)
        low, high = parameters.fens("loss")
        amount = draft.whole(low // 10_000, high // 10_000) * 10_000
        called = day_of(ring, number // 3) + draft.whole(9 * HOUR, 18 * HOUR)
        time = called + int(draft.between(0.5, parameters.number("human_within_hours")) * HOUR)
        mule = ring.next_first()
        paid = draft.pay(Row(time, victim, mule, amount, remark="验资"))
        dispute(draft, ring, paid, "number_segment")
        mobile = draft.code("138", 8)
        draft.links += [("phone", draft.reports[-1].phone, victim), ("phone", mobile, victim)]
        launder(draft, ring, mule, amount, time)


SCHEMES: dict[str, Callable[[Draft, Ring, Parameters, int], None]] = {
    "refund_impostor": refund_impostor,
    "merchant_order": merchant_order,
    "fake_loan": fake_loan,
    "brush_flow_loan": brush_flow_loan,
    "boss_impostor": boss_impostor,
    "micro_cod": micro_cod,
    "suppliers": suppliers,
    "number_segment": number_segment,
}
"""What a scenario's parts can name."""

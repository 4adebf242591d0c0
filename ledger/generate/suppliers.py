"""Eleven helpers: what a ring pays to people who sell it data, accounts and numbers. Tagged, never laundering."""

from ledger.generate.draft import HOUR, Draft, Row, bank_account, wallet_account
from ledger.generate.parameters import Parameters
from ledger.generate.ring import Ring, day_of

DAYS_BEFORE = 9
"""Numbers and lines are rented so many days before the first call."""


def suppliers(draft: Draft, ring: Ring, parameters: Parameters, victims: int) -> None:
    """Repeated payments of k × a unit price from the boss to each helper; `victims` is not used, they have none."""
    _ = victims
    each = parameters.count("purchases_each")
    prices = {"data_seller": [parameters.fen("record_price")]}
    messenger, qq = parameters.fens("messenger_prices"), parameters.fens("qq_prices")
    for _ in range(parameters.count("data_sellers")):
        pay_helper(draft, ring, "data_seller", prices["data_seller"], (100, 900), each)
    for _ in range(parameters.count("messenger_sellers")):
        pay_helper(draft, ring, "account_seller", messenger, (5, 30), each)
    for _ in range(parameters.count("qq_sellers")):
        pay_helper(draft, ring, "account_seller", qq, (5, 60), each)
    lease_numbers(draft, ring, parameters)


def pay_helper(draft: Draft, ring: Ring, role: str, prices: list[int], quantity: tuple[int, int], each: int) -> None:
    """Several payments to one helper's wallet over the days of the ring."""
    helper = draft.account(wallet_account(draft, draft.person(), draft.whole(1_000, 80_000)), role, 0, ring.number)
    for number in range(each):
        time = day_of(ring, 1 + 2 * number) + draft.whole(10 * HOUR, 23 * HOUR)
        amount = prices[number % len(prices)] * draft.whole(*quantity)
        draft.pay(Row(time, ring.boss, helper, amount, remark=("", "资料", "号")[number % 3]))


def lease_numbers(draft: Draft, ring: Ring, parameters: Parameters) -> None:
    """Numbers by the piece, from a lessor and from an insider, lines, a shell company, robot calls by the minute.

    All but the robot calls are paid before the first victim is called.
    """
    lessor = draft.account(bank_account(draft, draft.person(), draft.whole(100_000, 900_000)), "number_lessor", 0, ring.number)
    robot_hundredths = round(parameters.number("robot_minute") * 10_000)
    amounts = [
        parameters.fen("number_price") * draft.whole(200, 900),
        parameters.fen("insider_number_price") * draft.whole(50, 200),
        *parameters.fens("line_fees"),
        parameters.fen("shell_company"),
        robot_hundredths * draft.whole(20_000, 90_000) // 100,
    ]
    for number, amount in enumerate(amounts):
        day = 4 if number == len(amounts) - 1 else number - DAYS_BEFORE
        time = day_of(ring, day) + draft.whole(9 * HOUR, 20 * HOUR)
        draft.pay(Row(time, ring.boss, lessor, amount, remark=("号码", "线路", "服务费")[number % 3]))

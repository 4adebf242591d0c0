"""Ordinary life, drawn in arrays: shopping, friends, salaries, rents, refunds, and moves between own accounts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.generate.cadence import monthly, spent
from ledger.generate.columns import ACCOUNT_KINDS, CHANNELS, INSTITUTIONS, KINDS, OPERATIONS, REMARKS, Accounts, Rows, join_rows
from ledger.generate.draft import BANKS, DAY, HOUR, NOBODY, WALLETS
from ledger.generate.parameters import Parameters

CHUNK = 1_000_000
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Town:
    """Who lives here, as account codes: people's bank accounts, their wallets, shops and firms, each one block of codes."""

    people: int
    shops: int
    firms: int
    base: int

    def bank(self, person: Ints) -> Ints:
        """Bank account of each person."""
        return self.base + person

    def wallet(self, person: Ints) -> Ints:
        """Wallet of each person."""
        return self.base + self.people + person

    def shop(self, number: Ints) -> Ints:
        """Merchant account of each shop."""
        return self.base + 2 * self.people + number

    def firm(self, number: Ints) -> Ints:
        """Bank account of each firm."""
        return self.base + 2 * self.people + self.shops + number


def found_town(rows: int, base: int, parameters: Parameters) -> Town:
    """A town large enough for so many rows, its account codes starting at base."""
    people = max(12, rows // parameters.count("rows_per_person"))
    return Town(people=people, shops=max(3, people // 15), firms=max(2, people // 40), base=base)


def town_accounts(town: Town, first_person: int, random: np.random.Generator, parameters: Parameters) -> Accounts:
    """The accounts of the town in the order of their codes."""
    sizes = (town.people, town.people, town.shops, town.firms)
    count = sum(sizes)
    block = np.repeat(np.arange(4), sizes)
    kind = np.array([ACCOUNT_KINDS.index(name) for name in ("bank", "wallet", "merchant", "bank")], dtype=np.int8)[block]
    person = first_person + np.arange(town.people, dtype=np.int64)
    firms = first_person + town.people + np.arange(town.firms, dtype=np.int64)
    institution = random.integers(0, len(BANKS), count)
    institution[block == 1] = len(BANKS) + random.integers(0, len(WALLETS), town.people)
    institution[block == 2] = INSTITUTIONS.index("Acquirer")
    extra = random.lognormal(11.5, 1.4, count).astype(np.int64)
    extra[(random.random(count) >= parameters.number("opening_known_share")) | (block == 2)] = -1
    return Accounts(
        kind=kind,
        person=np.concatenate([person, person, np.full(town.shops, NOBODY, dtype=np.int64), firms]),
        institution=institution.astype(np.int8),
        hub=block == 2,
        declared=np.ones(count, dtype=np.bool_),
        opening_extra=extra,
        age_days=random.integers(40, 4000, count),
    )


def background_rows(town: Town, count: int, start: int, days: int, seed: int, parameters: Parameters) -> Rows:
    """So many ordinary transfers from `start` (a midnight) on, in chunks that each have their own seed, unsorted."""
    parts = []
    for chunk, begin in enumerate(range(0, count, CHUNK)):
        random = np.random.default_rng([seed, 7_001, chunk])
        parts.append(ordinary(town, min(CHUNK, count - begin), start, days, random, parameters))
    rows = join_rows(parts) if parts else ordinary(town, 0, start, days, np.random.default_rng(0), parameters)
    return paid_by_month(rows, town, (start, days), np.random.default_rng([seed, 7_002]), parameters)


def paid_by_month(rows: Rows, town: Town, span: tuple[int, int], random: np.random.Generator, parameters: Parameters) -> Rows:
    """Wages and rents once a month; who would have had more goes shopping."""
    rows, many = monthly(rows, *span)
    wage = rows.remark[many] == REMARKS.index("工资")
    payer = np.where(wage, rows.target[many], rows.source[many])
    shops = town.shop(ranked(town.shops, len(many), random, parameters))
    return spent(rows, many, payer, shops, np.maximum(amounts("shop_amount", len(many), random, parameters), 1))


def ordinary(town: Town, count: int, start: int, days: int, random: np.random.Generator, parameters: Parameters) -> Rows:
    """One chunk: first what happens, then who pays whom, how much and when."""
    mix = parameters.values["mix"]
    shares = np.cumsum(list(mix.values()))
    sort = np.searchsorted(shares / shares[-1], random.random(count), side="right")
    names = list(mix)
    person = (town.people * random.random(count) ** 1.6).astype(np.int64)
    is_wallet = random.random(count) < 0.6
    source, target = np.zeros(count, np.int64), np.zeros(count, np.int64)
    amount = np.zeros(count, np.int64)
    words = np.zeros((4, count), np.int8)
    for number, name in enumerate(names):
        at = np.flatnonzero(sort == number)
        drawn = pay_for(name, town, person[at], is_wallet[at], random, parameters)
        source[at], target[at], amount[at] = drawn.source, drawn.target, drawn.amount
        words[:, at] = drawn.words
    time = start + random.integers(0, days, count) * DAY + time_of_day(count, random, parameters)
    is_failed = random.random(count) < parameters.number("failed_share")
    return Rows(
        time=time,
        source=source.astype(np.int32),
        target=target.astype(np.int32),
        amount=np.maximum(amount, 1),
        kind=words[0],
        operation=words[1],
        channel=words[2],
        status=is_failed.astype(np.int8),
        remark=words[3],
        date_only=np.zeros(count, np.bool_),
        draft=np.full(count, -1, np.int32),
    )


@dataclass(frozen=True)
class Payments:
    """Payments of one sort: words are kind, operation, channel and remark as codes."""

    source: Ints
    target: Ints
    amount: Ints
    words: NDArray[np.int8]


def pay_for(
    name: str, town: Town, person: Ints, is_wallet: NDArray[np.bool_], random: np.random.Generator, parameters: Parameters
) -> Payments:
    """Payments of one sort for these people."""
    count = len(person)
    own = np.where(is_wallet, town.wallet(person), town.bank(person))
    if name == "shop":
        target = town.shop(ranked(town.shops, count, random, parameters))
        return Payments(
            own, target, amounts("shop_amount", count, random, parameters), words(is_wallet, "payment", "quick_pay", "消费")
        )
    if name == "friend":
        other = (person + 1 + ranked(town.people - 1, count, random, parameters)) % town.people
        target = np.where(is_wallet, town.wallet(other), town.bank(other))
        return Payments(own, target, friendly(count, random, parameters), words(is_wallet, "transfer", "mobile", "转账"))
    if name == "refund":
        shop = town.shop(ranked(town.shops, count, random, parameters))
        return Payments(
            shop, own, amounts("shop_amount", count, random, parameters), words(is_wallet, "refund", "online", "退款")
        )
    if name in {"own", "top_up"}:
        ends = (town.bank(person), town.wallet(person))
        sums = friendly(count, random, parameters) // 10_000 * 10_000 + 10_000
        operation, remark = ("top_up", "充值") if name == "top_up" else ("withdrawal", "提现")
        ends = ends if name == "top_up" else ends[::-1]
        return Payments(*ends, sums, words(np.ones(count, np.bool_), operation, "mobile", remark))
    return regular(name, town, person, parameters)


def regular(name: str, town: Town, person: Ints, parameters: Parameters) -> Payments:
    """Salaries and rents: the same amount between the same two, month after month."""
    median, sigma = parameters.span(f"{name}_amount")
    # A person's own even number in (0, 1), spread to a bell by its logit: no state, the same in every chunk.
    even = ((person * 2_654_435_761) % 1_000_003 + 0.5) / 1_000_004
    sums = (median * np.exp(sigma * 0.6 * np.log(even / (1 - even)))).astype(np.int64) * 100
    nobody = np.zeros(len(person), np.bool_)
    if name == "salary":
        return Payments(town.firm(person % town.firms), town.bank(person), sums, words(nobody, "", "batch", "工资"))
    landlord = (person * 31 + 7) % town.people
    landlord += (landlord == person) * (1 - town.people * (person == town.people - 1))
    return Payments(town.bank(person), town.bank(landlord), sums, words(nobody, "", "mobile", "房租"))


def words(is_wallet: NDArray[np.bool_], operation: str, channel: str, remark: str) -> NDArray[np.int8]:
    """Codes of kind, operation, channel and remark; a bank row has no operation."""
    rows = np.zeros((4, len(is_wallet)), np.int8)
    rows[0] = np.where(is_wallet, KINDS.index("wallet"), KINDS.index("bank"))
    rows[1] = np.where(is_wallet, OPERATIONS.index(operation), 0)
    rows[2] = CHANNELS.index(channel)
    rows[3] = REMARKS.index(remark)
    return rows


def amounts(name: str, count: int, random: np.random.Generator, parameters: Parameters) -> Ints:
    """Log-normal amounts in fen."""
    median, sigma = parameters.span(name)
    return np.asarray((median * 100 * np.exp(sigma * random.standard_normal(count))).astype(np.int64))


def friendly(count: int, random: np.random.Generator, parameters: Parameters) -> Ints:
    """Amounts between people: log-normal with a Pareto tail up to a million yuan, half of them whole yuan."""
    sums = amounts("friend_amount", count, random, parameters)
    share, exponent = parameters.span("friend_tail")
    is_tail = random.random(count) < share
    tail = np.minimum(200_000 * (1 - random.random(count)) ** (-1 / exponent), 100_000_000).astype(np.int64)
    sums = np.where(is_tail, tail, sums)
    return np.where(random.random(count) < 0.5, sums // 100 * 100 + 100, sums)


def ranked(size: int, count: int, random: np.random.Generator, parameters: Parameters) -> Ints:
    """Ranks 0 … size-1 that follow a bounded Zipf law."""
    steep = parameters.number("zipf") - 1
    drawn = (1 - random.random(count) * (1 - (size + 1.0) ** -steep)) ** (-1 / steep)
    return np.asarray(np.minimum(drawn.astype(np.int64) - 1, size - 1), dtype=np.int64)


def time_of_day(count: int, random: np.random.Generator, parameters: Parameters) -> Ints:
    """Seconds since midnight with few at night."""
    weights = np.array(parameters.values["hours"], dtype=np.float64)
    hour = np.searchsorted(np.cumsum(weights) / weights.sum(), random.random(count), side="right")
    second: Ints = random.integers(0, HOUR, count)
    return np.minimum(hour, 23) * HOUR + second

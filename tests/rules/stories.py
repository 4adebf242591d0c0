"""For every rule: a story that fires it, the accounts it is found at, and the nearest innocent story, which does not.

The innocent twin differs in the one thing that makes it harmless. Stories without a claim are told of the whole ledger; a case
is one with a claim in it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """One rule's pair of stories. why: what the innocent one differs in."""

    story: str
    found: frozenset[str]
    innocent: str
    why: str


def told(story: str, found: str, change: tuple[str, str], why: str) -> Told:
    """The innocent story is the other one with one thing changed."""
    assert change[0] in story, f"{change[0]!r} is not in the story"
    return Told(story, frozenset(found.split()), story.replace(*change), why)


DAY_BY_DAY = """
    opening m 0
    2025-03-03 09:00 a -> m 9000
    2025-03-03 20:00 m -> b 8990
    2025-03-04 09:00 c -> m 9000
    2025-03-04 20:00 m -> b 8990
    2025-03-05 09:00 x -> y 1
"""
DORMANT = "\n".join(
    [
        "account m bank opened=2020-01-01",
        "2024-08-01 09:00 x -> y 1",
        "2024-10-01 09:00 shop -> m 20",
        "2024-12-20 09:00 shop -> m 20",
        *(f"2025-03-01 {9 + k:02d}:00 a{k} -> m 900" for k in range(10)),
    ]
)
STRANGERS = "\n".join(
    [
        "2025-01-01 09:00 x -> y 1",
        "2025-01-01 10:00 a0 -> n 1",
        *(f"2025-03-0{k + 1} 09:00 a{k} -> m 2000" for k in range(5)),
    ]
)
LADDER = """
    2025-03-01 09:00 payer -> mule 60000
    2025-03-02 09:00 payer -> mule 30000
    2025-03-04 09:00 payer -> mule 20000
    2025-03-05 09:00 x -> y 1
"""
CARDS = """
    09:00 a -> card:1 1000
    09:01 b -> card:2 1000
    09:02 c -> card:3 1000
    12:00 card:1 -> r 1000
    12:01 card:2 -> r 1000
    12:02 card:3 -> r 1000
"""
MICRO = "\n".join(f"{9 + k // 60:02d}:{k % 60:02d} p{k} -> shipper 39" for k in range(80))
BURST = "\n".join(f"09:{k:02d} m -> card:{k} 500 order=O{k}" for k in range(10))
SPLIT = """
    09:00 m -> card:1 9000 order=O1
    10:00 m -> card:2 9000 order=O2
    11:00 m -> card:3 9000 order=O3
"""
COINS = """
    09:00 m -> qq:1 5000=>4900
    10:00 m -> qq:2 5000=>4900
    11:00 m -> qq:3 5000=>4900
"""
LINE = """
    09:00 a -> m 90000
    09:10 b -> m 90000
    09:20 c -> m 90000
    10:00 m -> boss 269000
    2025-03-04 09:00 x -> y 1
"""


def recycler(rate: float) -> str:
    """Redemptions of one to three cards a day, paid for the same evening."""
    lines = ["account store wallet holder=h", "account purse bank holder=h", "opening purse 900000"]
    number = 0
    for day in range(1, 9):
        faces = [(500, 1000, 200)[(day + k) % 3] * (1 + day % 2) for k in range(1 + day % 3)]
        for value in faces:
            number += 1
            lines.append(f"2025-03-{day:02d} 08:{number:02d} buyer{number % 7} -> card:{number} {value}")
            lines.append(f"2025-03-{day:02d} 10:{number:02d} card:{number} -> store {value}")
        lines.append(f"2025-03-{day:02d} 18:00 purse -> middleman {round(sum(faces) * rate)}")
    return "\n".join(lines)


SCATTERED = """
    09:00 boss -> a 10000
    09:01 boss -> b 12000
    09:02 boss -> c 9000
    15:00 a -> nest 9500
    16:00 b -> nest 11000
    17:00 c -> nest 9000
"""
GATHERED = """
    09:00 a -> m 5000
    09:10 b -> m 6000
    09:20 c -> m 7000
    15:00 m -> x 6000
    15:00 m -> y 6000
    15:00 m -> z 5500
"""
STACKED = """
    09:00 boss -> a 10000
    09:05 boss -> b 10000
    09:10 boss -> c 10000
    11:00 a -> x 9900
    11:05 b -> y 9900
    11:10 c -> z 9900
"""
HANDED = """
    09:00 a -> b 20000
    10:00 b -> c 19800
    11:00 c -> d 19500
    12:00 d -> e 19500
"""


def block(payees: str) -> str:
    """Every payer pays every payee."""
    lines = [f"{payer} -> {payee} 2000" for payer in "abc" for payee in payees]
    return "\n".join(f"09:{minute:02d} {line}" for minute, line in enumerate(lines))


STORIES: dict[str, Told] = {
    "RUL-PASS-THROUGH": told(
        "09:00 v -> mule 6000\n09:20 mule -> a 5500", "mule", ("09:20 mule", "11:20 mule"), "spent over the day"
    ),
    "RUL-FAN-IN": told(
        "09:00 a -> m 3000\n10:00 b -> m 3000\n11:00 c -> m 3000\n15:00 m -> boss 8900", "m", ("8900", "8000"), "some stays"
    ),
    "RUL-FAN-OUT": told(
        "09:00 v -> m 9000\n09:05 m -> a 3000\n09:07 m -> b 3000\n09:09 m -> c 2950", "m", ("m -> c", "m -> b"), "two payees"
    ),
    "RUL-REPEATED": told(
        "2025-03-03 09:00 a -> m 5000\n2025-03-05 09:00 a -> m 5200\n2025-03-07 09:00 a -> m 4900",
        "m",
        ("2025-03-07", "2025-03-10"),
        "six working days",
    ),
    "RUL-LOOP": told(
        "09:00 a -> b 5000\n10:00 b -> c 4900\n11:00 c -> a 4800", "a b c", ("10:00 b", "08:00 b"), "not in time order"
    ),
    "RUL-PING-PONG": told(
        "2025-03-01 09:00 a -> b 5000\n2025-03-01 12:00 b -> a 5000\n2025-03-02 09:00 a -> b 5000\n"
        "2025-03-03 09:00 b -> a 5000",
        "a b",
        ("2025-03-03", "2025-03-05"),
        "not within three days",
    ),
    "RUL-EMPTIED": told(
        "opening m 50000\n09:00 m -> shop 20 device=D1\n12:00 m -> thief 30000 device=D2\n12:20 m -> thief 19900 device=D2",
        "m",
        ("D2", "D1"),
        "the device it always used",
    ),
    "RUL-RESIDUE": told(DAY_BY_DAY, "m", ("opening m 0", "opening m 500"), "a balance of its own stays"),
    "RUL-DORMANT": told(DORMANT, "m", ("2024-10-01 09:00", "2024-12-10 09:00"), "two in one month: in use"),
    "RUL-NEW-ACCOUNT": told(
        "account m bank opened=2025-02-20\n09:00 a -> m 60000", "m", ("2025-02-20", "2025-01-20"), "older than a month"
    ),
    "RUL-NIGHT": told(
        "01:00 a -> m 5\n02:00 b -> m 5\n12:00 m -> x 3\n13:00 m -> x 3\n23:00 m -> y 3",
        "m",
        ("23:00", "21:59"),
        "two of five at night",
    ),
    "RUL-PROBE": told("09:00 a -> m 5\n09:30 a -> m 5000", "m", ("09:30", "10:30"), "not within the hour"),
    "RUL-ROUND": told(
        "2025-03-01 09:00 a -> m 20000\n2025-03-03 09:00 m -> b 10000\n2025-03-05 09:00 m -> c 10000",
        "m",
        ("10000", "10160"),
        "bills are not round",
    ),
    "RUL-BELOW-LINE": told(
        "09:00 a -> m 49900\n11:00 b -> m 49800\n13:00 m -> c 48000", "m", ("49800", "50000"), "one is on the line"
    ),
    "RUL-UNRELATED": told(STRANGERS, "m", ("a0 -> n", "a0 -> m"), "one of them was known before"),
    "RUL-SHARED-DEVICE": told(
        "09:00 a -> x 5 device=D1\n10:00 b -> x 5 device=D1\n11:00 c -> x 5 device=D1",
        "a b c",
        ("11:00 c", "11:00 b"),
        "a couple's telephone",
    ),
    "RUL-NEIGHBOUR": told(
        "09:00 v -> mule 9000  # claim\n09:30 mule -> n 3000\n10:00 x -> y 1",
        "n",
        ("09:30 mule", "08:30 mule"),
        "before the disputed payment",
    ),
    "RUL-LOAN-OUT": told(
        "account lender loan\n10:00 lender -> w 50000\n10:09 w -> mule 49950", "mule", ("49950", "44000"), "a part is spent"
    ),
    "RUL-FEE-LADDER": told(LADDER, "mule", ("x -> y 1", "mule -> payer 100"), "something came back"),
    "RUL-FAKE-INBOUND": told(
        "2025-03-01 09:00 v -> m 150000  # claim\n2025-03-02 08:00 x -> y 1\n2025-03-03 09:00 x -> y 1",
        "m",
        ("08:00 x -> y 1\n", "08:00 x -> v 150000\n"),
        "the promised credit came",
    ),
    "RUL-MICRO-COLLECTOR": told(MICRO, "shipper", ("p7", "p1"), "customers who come back"),
    "RUL-VOUCHER-BURST": told(BURST, "m", ("09:09 m", "09:31 m"), "nine in half an hour"),
    "RUL-VOUCHER-SPLIT": told(SPLIT, "m", ("11:00 m", "11:00 friend"), "two orders of one buyer"),
    "RUL-Q-COIN-CAP": told(COINS, "m", ("qq:3 5000=>4900", "qq:3 500"), "two numbers filled"),
    "RUL-BUYER-REDEEMER": told(CARDS, "r", ("c -> card:3", "b -> card:3"), "cards from two friends"),
    "RUL-RECYCLER-PAYOUT": Told(recycler(0.97), frozenset(("store", "purse", "middleman")), recycler(0.93), "another market"),
    "RUL-BELOW-MARKET": Told(recycler(0.80), frozenset(("store", "purse")), recycler(0.97), "the market's rate"),
    "RUL-SUPPLIER": told(
        "09:00 m -> seller 600\n10:00 m -> seller 1200\n11:00 m -> seller 660",
        "seller",
        ("660", "661"),
        "not all by the piece",
    ),
    "RUL-SEGMENT": told(
        "09:00 v1 -> m 5000 # claim C1 phone=95275012\n10:00 v2 -> m 5000 # claim C2 phone=95275077\n"
        "11:00 v3 -> n 5000 # claim C3 phone=+86-95275031",
        "m n",
        ("95275031", "95533031"),
        "a bank's own number",
    ),
    "RUL-CRIMINAL-LINE": told(LINE, "m", ("90000", "60000"), "below the line"),
    "RUL-CYCLE": told(
        "2025-03-01 09:00 a -> b 50000\n2025-03-02 10:00 b -> c 49000\n2025-03-03 08:00 c -> a 48000",
        "a b c",
        ("48000", "20000"),
        "less than half comes home",
    ),
    "RUL-SCATTER-GATHER": told(SCATTERED, "boss a b c nest", ("nest 9500", "nest 3000"), "one pays a part only: rent"),
    "RUL-GATHER-SCATTER": told(GATHERED, "m", ("z 5500", "z 1000"), "a good part is kept"),
    "RUL-STACK": told(STACKED, "a b c", ("11:10", "19:10"), "one of them waits"),
    "RUL-BIPARTITE": told(block("xyz"), "a b c x y z", (" z ", " x "), "three customers of the same two shops"),
    "RUL-CHAIN": told(HANDED, "b c d", ("12:00", "22:00"), "the money rests overnight"),
}

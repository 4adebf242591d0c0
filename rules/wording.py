"""Figures as the sentences and files of this room print them."""

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


def yuan(fen: int) -> str:
    """Fen as a decimal string with two places: 4995000 is "49950.00"."""
    sign, value = ("-" if fen < 0 else ""), abs(int(fen))
    return f"{sign}{value // 100}.{value % 100:02d}"


def ratio(basis_points: int) -> str:
    """Basis points as a decimal string with four places: 9700 is "0.9700"."""
    return f"{basis_points // 10_000}.{basis_points % 10_000:04d}"


def percent(part: int, whole: int) -> str:
    """A share in whole percent, rounded down; 0 % of nothing."""
    return f"{100 * part // whole if whole else 0} %"


def span(microseconds: int) -> str:
    """A duration in the unit a reader would choose, rounded down: "9 min", "5 h", "3 d"."""
    if microseconds < HOUR_US:
        return f"{microseconds // MINUTE_US} min"
    return f"{microseconds // HOUR_US} h" if microseconds < 2 * DAY_US else f"{microseconds // DAY_US} d"


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 transfer", "3 transfers"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""Words of users (times, durations, amounts) into what the engine takes. Used by the command line and by REST alike."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from tracing.result import DIRECTIONS, LEAST_PROBABILITY_BP, LEVELS, METHODS, OVERDRAFTS, TIES, Parameters

DURATION = re.compile(
    r"P(?:(?P<days>\d{1,6})D)?(?:T(?:(?P<hours>\d{1,7})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9})S)?)?"
)
OPENINGS = ("reported", "implied", "zero")
LARGEST_FEN = 2**53


class BadWord(ValueError):  # noqa: N818 - it is the word that is bad
    """A word of the user cannot be used; `name` is the option, the message says why and shows a good one."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def parameters_from(words: Mapping[str, Any]) -> Parameters:
    """Trace parameters from the words of `api.results.parameters_told`; a missing or null word is the default.

    Raises: BadWord.
    """
    given = {name: word for name, word in words.items() if word is not None}
    check_direction(given)
    return Parameters(
        method=method_named(given.get("method", "fifo")),
        as_of_us=us_of(given["as_of"], "as_of") if "as_of" in given else None,
        reports=tuple(given["reports"]) if given.get("reports") else None,
        currency=given.get("currency"),
        opening=one_of(given.get("opening", "reported"), OPENINGS, "opening"),
        ties=one_of(given.get("ties", "ledger"), TIES, "ties"),
        direction=one_of(given.get("direction", "forward"), DIRECTIONS, "direction"),
        accounts=tuple(given["accounts"]) if given.get("accounts") else None,
        transfers=tuple(given["transfers"]) if given.get("transfers") else None,
        overdraft=one_of(given.get("overdraft", "dissipate"), OVERDRAFTS, "overdraft"),
        overdraft_window_us=(
            duration_us(given["overdraft_window"], "overdraft_window") if "overdraft_window" in given else None
        ),
        level=one_of(given.get("level", "account"), LEVELS, "level"),
        inferred=bool(given.get("inferred", False)),
        probability_bp=(share_bp(given["probability"], "probability") if "probability" in given else LEAST_PROBABILITY_BP),
        max_hops=given.get("max_hops"),
        hop_window_us=duration_us(given["hop_window"], "hop_window") if "hop_window" in given else None,
        min_amount_fen=fen_of(given.get("min_amount", "0.00"), "min_amount"),
    )


def check_direction(given: Mapping[str, Any]) -> None:
    """Starts belong to a trace backward. Raises: BadWord."""
    backward = given.get("direction") == "backward"
    for name in ("accounts", "transfers"):
        if given.get(name) and not backward:
            raise BadWord(name[:-1], "a start is for a trace backward only; add --direction backward")


def method_named(word: str) -> str:
    """A tracing method that exists."""
    if word not in METHODS:
        raise BadWord("method", f"method {word!r} does not exist in this version; there is: {', '.join(METHODS)}")
    return word


def one_of(word: str, choices: tuple[str, ...], name: str) -> Any:
    """One of the choices."""
    if word not in choices:
        raise BadWord(name, f"{word!r} is none of: {', '.join(choices)}")
    return word


def us_of(word: str, name: str) -> int:
    """An ISO 8601 instant with offset as UTC microseconds.

    >>> us_of("1970-01-01T08:00:01+08:00", "as_of")
    1000000
    """
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise BadWord(name, f"{word!r} is not a time; write it like 2026-03-01T09:00:00+08:00") from None
    if moment.tzinfo is None:
        raise BadWord(name, f"{word!r} has no offset; write it like 2026-03-01T09:00:00+08:00")
    return (moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment_of(us: int) -> datetime:
    """UTC microseconds as an aware time."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def duration_us(word: str, name: str) -> int:
    """An ISO 8601 duration of days, hours, minutes and seconds in microseconds; it must be longer than nothing.

    >>> duration_us("PT72H", "hop_window") == duration_us("P3D", "hop_window")
    True
    """
    found = DURATION.fullmatch(word)
    parts = {unit: int(count) for unit, count in found.groupdict().items() if count} if found else {}
    seconds = sum(
        parts.get(unit, 0) * size for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
    )
    if not 0 < seconds < 10**10:
        raise BadWord(name, f"{word!r} is not a duration; write it like PT72H or P3D")
    return seconds * 1_000_000


def share_bp(word: str, name: str) -> int:
    """A share between 0 and 1, in steps of 0.0001, in basis points.

    >>> share_bp("0.95", "probability")
    9500
    """
    try:
        bp = Decimal(word) * 10_000
        if bp.is_finite() and bp == bp.to_integral_value() and 0 <= bp <= 10_000:
            return int(bp)
    except InvalidOperation:
        pass
    raise BadWord(name, f"{word!r} is not a share between 0 and 1 with at most four decimals; write it like 0.95")


def fen_of(word: str, name: str) -> int:
    """A decimal string in yuan as fen, exact; not negative.

    >>> fen_of("49950.5", "min_amount")
    4995050
    """
    try:
        fen = Decimal(word) * 100
        if fen.is_finite() and fen == fen.to_integral_value() and 0 <= fen <= LARGEST_FEN:
            return int(fen)
    except InvalidOperation:
        pass
    raise BadWord(name, f"{word!r} is not an amount; write it like 100.00")

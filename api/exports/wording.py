"""Words, amounts and times as people read them, and text from records made safe to show."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

from api.exports.font import is_drawable, text_width

SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
LONG_TITLE = 20_000
ADDRESS = re.compile(r"0x[0-9a-fA-F]{16,}")


def yuan(fen: int) -> str:
    """A decimal string in yuan: 4995000 → 49950.00."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100}.{fen % 100:02d}"


def money(fen: int, currency: str = "CNY") -> str:
    """An amount for readers: ¥49,950.00; a currency without a sign of its own is named."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    mark = SIGNS.get(currency, f"{currency} ")
    return f"{sign}{mark}{fen // 100:,}.{fen % 100:02d}"


def instant(time_us: int, zone_minutes: int) -> datetime:
    """The instant as a local time with its offset dropped, for display only."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us, minutes=zone_minutes)).replace(tzinfo=None)


def zone_name(zone_minutes: int) -> str:
    """UTC+08:00."""
    sign = "-" if zone_minutes < 0 else "+"
    return f"UTC{sign}{abs(zone_minutes) // 60:02d}:{abs(zone_minutes) % 60:02d}"


def when(span: tuple[int, int], count: int, zone_minutes: int, dated: bool) -> str:
    """When a flow ran: `09:08:20` for one transfer, `09:08–09:41 ×2` for several, with the day where pictures span days."""
    first, last = (instant(time_us, zone_minutes) for time_us in span)
    day = f"{first:%m-%d} " if dated else ""
    if count == 1:
        return f"{day}{first:%H:%M}" if dated else f"{first:%H:%M:%S}"
    if first.date() != last.date():
        return f"{first:%m-%d}–{last:%m-%d} ×{count}"
    times = f"{first:%H:%M}" if f"{first:%H:%M}" == f"{last:%H:%M}" else f"{first:%H:%M}–{last:%H:%M}"
    return f"{day}{times} ×{count}"


def safe(text: str) -> str:
    """Text from a record with everything invisible or undrawable spelt out: U+202E becomes ‹U+202E›.

    Control, format (direction overrides, zero width) and unassigned characters, characters no bundled font draws, and piles of
    more than two combining marks. Line breaks and tabs become a space.
    """
    if text.isascii() and text.isprintable():
        return text
    shown, marks = [], 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category.startswith("M") else 0
        if character in "\t\n\r\u2028\u2029":
            shown.append(" ")
        elif category in ("Cc", "Cf", "Cn", "Co", "Cs") or marks > 2 or not is_drawable(character):
            shown.append(f"‹U+{ord(character):04X}›")
        else:
            shown.append(character)
    return "".join(shown)


def fitted(text: str, room: float, size: float, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it is wider than the room."""
    text = text[:400]
    if text_width(text, size, bold) <= room:
        return text
    while text and text_width(text + "…", size, bold) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def tail(account: str) -> str:
    """A short name of an account: …8424; 0x8b3c…2d33 for addresses; short names stay whole."""
    name = account.partition(":")[2] or account
    if ADDRESS.fullmatch(name):
        return f"{name[:6]}…{name[-4:]}"
    return name if len(name) <= 10 else f"…{name[-4:]}"

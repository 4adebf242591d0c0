"""The bundled fonts: which characters they draw and how wide, read from their own tables."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from struct import unpack_from

FOLDER = Path(__file__).parent / "fonts"
REGULAR, BOLD, CJK = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DroidSansFallbackFull.ttf"
FAMILY = "DejaVu Sans"
CJK_FAMILY = "Droid Sans Fallback"


class Font:
    """Character map (formats 4 and 12) and advance widths of one TrueType file."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        count = unpack_from(">H", self.data, 4)[0]
        records = (unpack_from(">4sIII", self.data, 12 + 16 * i) for i in range(count))
        tables = {tag.decode(): offset for tag, _, offset, _ in records}
        self.units = unpack_from(">H", self.data, tables["head"] + 18)[0]
        self.metrics = unpack_from(">H", self.data, tables["hhea"] + 34)[0]
        self.hmtx = tables["hmtx"]
        self.ranges = _ranges(self.data, tables["cmap"])
        self.ends = [last for _, last, _ in self.ranges]

    def glyph(self, character: str) -> int:
        """Number of the character's glyph; 0 where the font has none."""
        code = ord(character)
        i = bisect_left(self.ends, code)
        if i == len(self.ends) or code < self.ranges[i][0]:
            return 0
        first, _, glyphs = self.ranges[i]
        return glyphs[code - first]

    def advance(self, character: str) -> float:
        """Width of the character at size 1."""
        at = self.hmtx + 4 * min(self.glyph(character), self.metrics - 1)
        return float(unpack_from(">H", self.data, at)[0] / self.units)


@lru_cache(maxsize=3)
def font(name: str) -> Font:
    """One of the bundled fonts, read once."""
    return Font(FOLDER / name)


@lru_cache(maxsize=65536)
def width(character: str, bold: bool = False) -> float:
    """Width of a character at size 1, in DejaVu where it draws it, else in Droid; 1 em where neither does."""
    if is_latin(character):
        return font(BOLD if bold else REGULAR).advance(character)
    return font(CJK).advance(character) if font(CJK).glyph(character) else 1.0


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of a line of text in the unit of `size`."""
    return size * sum(width(character, bold) for character in text)


@lru_cache(maxsize=65536)
def is_latin(character: str) -> bool:
    """Whether DejaVu draws the character in both weights; what it does not draw is set in the CJK font."""
    return bool(font(REGULAR).glyph(character) and font(BOLD).glyph(character))


def is_drawable(character: str) -> bool:
    """Whether a bundled font has the character."""
    return is_latin(character) or bool(font(CJK).glyph(character))


def _ranges(data: bytes, cmap: int) -> list[tuple[int, int, Sequence[int]]]:
    """(first, last, glyph per code point) of the richest Unicode subtable, ascending."""
    count = unpack_from(">H", data, cmap + 2)[0]
    offsets = {cmap + unpack_from(">HHI", data, cmap + 4 + 8 * i)[2] for i in range(count)}
    by_format = {unpack_from(">H", data, offset)[0]: offset for offset in sorted(offsets)}
    if 12 in by_format:
        at = by_format[12]
        groups = (unpack_from(">III", data, at + 16 + 12 * i) for i in range(unpack_from(">I", data, at + 12)[0]))
        return [(first, last, range(glyph, glyph + last - first + 1)) for first, last, glyph in groups]
    return _segments(data, by_format[4])


def _segments(data: bytes, at: int) -> list[tuple[int, int, Sequence[int]]]:
    count = unpack_from(">H", data, at + 6)[0] // 2
    columns = [unpack_from(f">{count}H", data, at + 14 + 2 * count * i + (2 if i else 0)) for i in range(4)]
    found: list[tuple[int, int, Sequence[int]]] = []
    for i, (last, first, delta, offset) in enumerate(zip(*columns, strict=True)):
        size = last - first + 1
        if offset == 0:
            glyphs = [(code + delta) & 0xFFFF for code in range(first, last + 1)]
        else:
            place = at + 16 + 6 * count + 2 * i + offset
            size = min(size, (len(data) - place) // 2)
            glyphs = [(glyph + delta) & 0xFFFF if glyph else 0 for glyph in unpack_from(f">{size}H", data, place)]
        found.append((first, first + size - 1, glyphs))
    return found

"""The flow diagram as PNG, drawn with the bundled fonts only."""

import re
from html import unescape

from api.exports.diagram import Diagram
from api.exports.drawing import draw
from api.exports.font import BOLD, CJK, FAMILY, FOLDER, REGULAR, is_drawable
from ledger.problems import LiushuiError

SHARPNESS = 2.0
"""Pixels per unit of the drawing, where the picture is not too large for it."""
FINE_WIDTH = 4500
"""Up to this width a picture is drawn sharper than one pixel per unit: an A3 page at 270 dots per inch."""
MOST_PIXELS = 80_000_000
"""Beyond this it is drawn smaller: a picture of this size takes 320 MB to draw."""


def render(diagram: Diagram) -> bytes:
    """The picture's pixels; an error where a character has no glyph, because it would silently be missing."""
    import resvg_py

    svg = draw(diagram)
    check_glyphs(svg)
    width, height = (int(value) for value in re.findall(r'(?:width|height)="(\d+)"', svg[:200])[:2])
    zoom = min(SHARPNESS, max(FINE_WIDTH / width, 1.0), (MOST_PIXELS / (width * height)) ** 0.5)
    fonts = [str(FOLDER / name) for name in (REGULAR, BOLD, CJK)]
    drawn = resvg_py.svg_to_bytes(
        svg_string=svg, width=max(1, int(width * zoom)), skip_system_fonts=True, font_files=fonts, font_family=FAMILY
    )
    return bytes(drawn)


def check_glyphs(svg: str) -> None:
    """Raise for any character of the picture's text that no bundled font draws."""
    drawn = re.sub(r"<title>.*?</title>|<style>.*?</style>|<[^>]*>", "", svg, flags=re.DOTALL)
    missing = sorted({character for character in unescape(drawn) if character != "\n" and not is_drawable(character)})
    if missing:
        codes = " ".join(f"U+{ord(character):04X}" for character in missing)
        raise LiushuiError("API-missing-glyph", f"no bundled font draws {codes}; the picture would lack it")

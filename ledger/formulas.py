"""Text for spreadsheets: what an attacker wrote must not run as a formula when a file of ours is opened.

An apostrophe in front makes a text inert. Texts that begin with an apostrophe get one more, so it can be taken off again.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

RISKY = r"^[\s\x00-\x1f]*[=+\-@＝＋－＠']|^[\t\r\n]"
"""What spreadsheets take for the start of a formula, full-width forms included, and our own mark."""

_RISKY_TEXT = re.compile(RISKY, re.ASCII)


def guarded(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would calculate it; NUL characters are taken out."""
    plain = text.replace("\x00", "")
    return f"'{plain}" if _RISKY_TEXT.match(plain) else plain


def guarded_texts(texts: pa.Array) -> pa.Array:
    """The same for a whole Arrow array; null stays null."""
    plain = pc.replace_substring(pc.cast(texts, pa.string()), "\x00", "")
    risky = pc.match_substring_regex(plain, RISKY)
    return pc.if_else(risky, pc.binary_join_element_wise("'", plain, ""), plain)


def unguarded_texts(texts: pa.Array) -> pa.Array:
    """The texts as they were before `guarded_texts`, but for NUL characters."""
    return pc.replace_substring_regex(texts, "^'", "")

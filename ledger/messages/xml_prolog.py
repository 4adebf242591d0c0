"""What stands before the root element of an XML file: its encoding, and no document type, which is refused in any form."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ledger.problems import LiushuiError

PROLOG_BYTES = 1 << 16
"""The root element must begin within this many bytes; a document type further on would not be found."""
_LATIN = re.compile(
    r"^(utf-?8|us-?ascii|ascii|iso[-_]?8859-?\d{1,2}|latin-?1|windows-125\d|cp125\d|gb2312|gbk|gb18030)$", re.IGNORECASE
)
"""Encodings in which every byte below 128 is that character of ASCII, so that no markup can hide in other bytes."""
_DECLARATION = re.compile(r"""^<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][\w.:-]*)["']""")
_PIECES = re.compile(r"\s+|<\?(?:(?!\?>).)*\?>|<!--(?:(?!-->).)*-->", re.DOTALL)
_ROOT = re.compile(r"""<([^\s<>/!?&]+)((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>""")


@dataclass(frozen=True)
class Prolog:
    """How an XML file starts.

    encoding: of its bytes, as Python names it. skip: bytes of the byte order mark. root: bytes before the root element (of the
    text as UTF-8, without the mark). name, tag: of the root element, the tag whole.
    """

    encoding: str
    skip: int
    root: int
    name: str
    tag: str


def read_prolog(start: bytes, rewritten: bool = False) -> Prolog:
    """Read up to the root element.

    Args:
        start: the first bytes of the file. rewritten: they are UTF-8 now, whatever the file says of its encoding.
    Raises LiushuiError for a document type, an encoding that is not read, and a file without a root element.
    """
    skip = 3 if start.startswith(codecs.BOM_UTF8) else 0
    encoding = "utf-8" if rewritten else _declared(start[skip:PROLOG_BYTES], marked=bool(skip))
    text = codecs.getincrementaldecoder(encoding)("replace").decode(start[skip:PROLOG_BYTES])
    at = 0
    while found := _PIECES.match(text, at):
        at = found.end()
    if text[at : at + 9].upper() == "<!DOCTYPE":
        raise LiushuiError("LDG-xml-refused", "the file declares a document type; such XML is not read, whatever it says")
    root = _ROOT.match(text, at)
    if root is None:
        raise LiushuiError(
            "LDG-damaged-file", f"no root element begins within the first {PROLOG_BYTES:,} bytes of the XML file"
        )
    return Prolog(encoding, skip, len(text[:at].encode()), root.group(1), root.group(0))


def _declared(start: bytes, marked: bool) -> str:
    """The encoding the declaration names. Every one of them writes the declaration itself in ASCII."""
    found = _DECLARATION.match(start.decode("latin-1"))
    name = found.group(1).lower() if found else "utf-8"
    if not _LATIN.match(name) or (marked and name not in ("utf-8", "utf8")):
        raise LiushuiError("LDG-undecodable", f"the encoding {name!r} of the XML file is not read")
    try:
        return codecs.lookup({"gb2312": "gb18030", "gbk": "gb18030"}.get(name, name)).name
    except LookupError as error:
        raise LiushuiError("LDG-undecodable", f"the encoding {name!r} of the XML file is not known") from error


def utf8_pieces(pieces: Iterator[bytes], prolog: Prolog, checked: bool) -> Iterator[bytes]:
    """The file as UTF-8 without its byte order mark.

    Args:
        checked: also look for bytes that are no UTF-8 where it is UTF-8 already.
    Raises LiushuiError at the first byte that its encoding does not have, after what stood before it has been given.
    """
    decoder = codecs.getincrementaldecoder(prolog.encoding)()
    skip, plain = prolog.skip, prolog.encoding in ("utf-8", "ascii")
    try:
        for piece in pieces:
            text = "" if plain and not checked else decoder.decode(piece[skip:])
            yield piece[skip:] if plain else text.encode()
            skip = 0
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        yield b"" if plain else error.object[: error.start].decode(prolog.encoding, "replace").encode()
        raise LiushuiError("LDG-damaged-file", f"a byte that {prolog.encoding} does not have") from error

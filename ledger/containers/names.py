"""Names out of archives and workbooks, written by strangers: made fit to be shown, never used as paths."""

import re
from collections import Counter

LONGEST = 120
"""Characters of a name that are shown; longer ones serve nobody."""


def decoded_name(name: str, is_utf8: bool) -> str:
    """A zip member's name. Without the UTF-8 mark it was read as code page 437; Chinese programs wrote GBK."""
    if is_utf8 or name.isascii():
        return name
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:
        return name
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name


def harmless(name: str) -> tuple[str, bool]:
    """The name without anything that could lead elsewhere, and whether it tried to.

    >>> harmless("2025/三月.csv"), harmless("..\\\\..\\\\etc/passwd"), harmless("C:/a.csv")
    (('2025/三月.csv', False), ('etc/passwd', True), ('a.csv', True))
    """
    parts = [part.strip() for part in name.replace("\\", "/").split("/")]
    kept = [part for part in parts if part not in ("", ".", "..") and not re.fullmatch(r"[A-Za-z]:", part)]
    leads_out = ".." in parts or (parts[0] == "" and len(parts) > 1) or bool(re.match(r"[A-Za-z]:", parts[0]))
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in "/".join(kept)) or "unnamed"
    shown = shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2]}…{shown[-LONGEST // 2 :]}"
    return shown, leads_out


class Shown:
    """Gives every part of a container a name of its own: a repeated one is numbered."""

    def __init__(self, container: str) -> None:
        self.container = container
        self.taken: Counter[str] = Counter()

    def name(self, inner: str) -> str:
        """`archive.zip/inner.csv`, the next of that name `archive.zip/inner.csv#2`."""
        self.taken[inner] += 1
        number = self.taken[inner]
        return f"{self.container}/{inner}" + (f"#{number}" if number > 1 else "")

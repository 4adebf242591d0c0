"""Names with a mask: which digits of the account they show, and which bank and owner they speak of."""

import re
import unicodedata
from dataclasses import dataclass

WALLETS = ("wechat", "alipay", "jd", "tenpay")
STRONG_DIGITS = 8
"""Visible digits from which prefix and suffix alone tell an account (P)."""
KEPT_LENGTH = 15
"""A mask of this length and more is as long as the number it hides (P)."""
CERTAIN_LENGTH = 17
"""Below this length a fixed format (6 + 6 stars + 4) may hide a longer number: other lengths are rivals (P)."""
LONGEST_NAME = 128
HINT = r"[*＊•●]|[xXｘ]{2,}|尾号|尾数|[(（][^()（）]*[0-9０-９]{3,6}[)）]$"
"""What a name must contain to be looked at as a masked one (RE2)."""

_DIGITS = re.compile(
    r"(?P<prefix>[0-9A-Z]{0,16}?)(?:[*•●]+|(?<=[0-9])[xX]{2,}(?=[0-9])|[xX]{3,}(?=[0-9]))(?P<suffix>[0-9]{0,16})"
)
_TAIL = re.compile(
    r"(?P<bank>[^()]*?)\s*"
    r"(?:\((?:尾号|尾数)?[*•●\s]*(?P<inside>[0-9]{3,6})\)|(?:尾号|尾数|ending in)[为:\s]*[*•●]*(?P<behind>[0-9]{3,6}))"
)
_BANK_WORD = re.compile(r"银行|信用社|信用卡|储蓄卡|借记卡|农信|bank|card|尾号|尾数", re.IGNORECASE)
_FULL = re.compile(r"[0-9A-Z]{8,34}")


@dataclass(frozen=True)
class Mask:
    """What a masked name shows. length: of the whole number, 0 where the mask does not keep it."""

    prefix: str
    suffix: str
    length: int = 0
    bank: str = ""
    owner: str = ""

    @property
    def strong(self) -> bool:
        """Enough digits on both ends to tell an account by them alone."""
        return len(self.prefix) + len(self.suffix) >= STRONG_DIGITS and min(len(self.prefix), len(self.suffix)) >= 2

    def shows(self, number: str) -> bool:
        """Whether the visible digits are those of the number."""
        hidden = len(number) > len(self.prefix) + len(self.suffix)
        return hidden and number.startswith(self.prefix) and number.endswith(self.suffix)

    def fits(self, number: str) -> bool:
        """Whether the number may be the one behind the mask."""
        return self.shows(number) and self.length in (0, len(number))


def parse_mask(name: str) -> Mask | None:
    """The mask a name is, or None. A wallet's own purse is a mask only when it names a bank and a tail."""
    if len(name) > LONGEST_NAME:
        return None
    text = unicodedata.normalize("NFKC", name).strip()
    system, _, path = text.partition(":")
    owner, slash, purse = path.rpartition("/")
    if system in WALLETS:
        return _tail(purse, owner) if slash else None
    text = path.strip() if system == "unknown" and path else text
    plain = re.sub(r"[\s-]", "", text).upper()
    found = _DIGITS.fullmatch(plain)
    if found and (found["prefix"] or found["suffix"]):
        length = len(plain) if len(plain) >= KEPT_LENGTH else 0
        return Mask(found["prefix"], found["suffix"], length) if len(found["suffix"]) >= 2 else None
    return _tail(text, "")


def is_full_number(name: str) -> bool:
    """Whether a name can be what a mask hides: a bare number, or an IBAN."""
    return bool(_FULL.fullmatch(name)) and sum(letter.isdigit() for letter in name) >= 6


def _tail(text: str, owner: str) -> Mask | None:
    found = _TAIL.fullmatch(text)
    if not found or not _BANK_WORD.search(text):
        return None
    return Mask("", found["inside"] or found["behind"], 0, found["bank"].strip(), owner.strip())

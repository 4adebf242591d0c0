"""The text of tag 86 of an MT940 line: numbered subfields, slash words, or what a person wrote."""

import re
from dataclasses import dataclass

_NUMBERED = re.compile(r"^([0-9]{3})\?(?=[0-9]{2})")
_SEPA = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|COAM|OAMT|MDAT|SQTP)\+")
_SLASHED = re.compile(
    r"/(EREF|PREF|MARF|CSID|IBAN|BIC|NAME|REMI|ORDP|BENM|CNTP|TRCD|RTRN|ULTC|ULTD|PURP|ADDR|ISDT|SVCL|OCMT|CHGS|INIT|ID|ACCW|CTRY)/"
)
_FORM = re.compile(r"^(?:USTD|STRD)/")
_WORDS = frozenset(("", "NOTPROVIDED", "NOT PROVIDED", "NONREF", "NONE"))
"""What banks write where they have no reference."""


@dataclass(frozen=True)
class Details:
    """What a statement line says of the other side and of why it was paid."""

    account: str | None = None
    name: str | None = None
    agent: str | None = None
    end_to_end: str | None = None
    mandate: str | None = None
    remark: str | None = None
    code: str | None = None
    return_reason: str | None = None
    behind: str | None = None


def read_details(lines: list[str]) -> Details:
    """Read the text of tag 86, in whichever of the three ways it is written.

    Args:
        lines: as they stand in the file; a field runs over the end of a line where it is full.
    """
    joined = "".join(lines)
    if _NUMBERED.match(joined):
        return _numbered(joined)
    if len(_SLASHED.findall(joined)) > 1 or _SLASHED.match(joined):
        return _slashed(joined)
    return Details(remark=_text(" ".join(line.strip() for line in lines)))


def _numbered(text: str) -> Details:
    """`166?00GUTSCHRIFT?20EREF+…?30BIC?31IBAN?32NAME`."""
    pieces = re.split(r"\?([0-9]{2})", text[3:])
    fields = dict[str, str]()
    for number, value in zip(pieces[1::2], pieces[2::2], strict=True):
        fields[number] = fields.get(number, "") + value
    purpose = "".join(fields[number] for number in sorted(fields) if "20" <= number <= "29" or "60" <= number <= "63")
    words = _after(_SEPA, purpose)
    said = words.get("SVWZ") or (_SEPA.split(purpose)[0] if words else purpose)
    return Details(
        account=_account(fields.get("31") or words.get("IBAN")),
        name=_text(fields.get("32", "") + fields.get("33", "")),
        agent=_text(fields.get("30") or words.get("BIC")),
        end_to_end=_reference(words.get("EREF")),
        mandate=_reference(words.get("MREF")),
        remark=_text(said) or _text(fields.get("00")),
        code=_text(f"{text[:3]} {fields.get('00', '')}"),
        return_reason=_text(fields.get("34")),
        behind=_text(words.get("ABWA") or words.get("ABWE")),
    )


def _slashed(text: str) -> Details:
    """`/EREF/…/CNTP/account/BIC/name/city/REMI/USTD//…`."""
    words = _after(_SLASHED, text)
    party = [part.strip() for part in words.get("CNTP", "").strip("/").split("/")] + ["", "", ""]
    remark = _FORM.sub("", words.get("REMI", "")).strip("/")
    return Details(
        account=_account(words.get("IBAN") or words.get("ACCW", "").split(",")[0] or party[0]),
        name=_text(words.get("NAME", "").strip("/") or party[2]),
        agent=_text(words.get("BIC", "").strip("/") or party[1]),
        end_to_end=_reference(words.get("EREF")),
        mandate=_reference(words.get("MARF")),
        remark=_text(remark),
        code=_text(words.get("TRCD", "").strip("/")),
        return_reason=_text(words.get("RTRN", "").strip("/")),
        behind=_text((words.get("ULTC") or words.get("ULTD") or "").strip("/")),
    )


def _after(words: "re.Pattern[str]", text: str) -> dict[str, str]:
    """What stands behind each word up to the next; the first time a word comes counts."""
    pieces = words.split(text)
    found: dict[str, str] = {}
    for word, value in zip(pieces[1::2], pieces[2::2], strict=True):
        found.setdefault(word, value)
    return found


def _text(text: str | None) -> str | None:
    return " ".join((text or "").split()) or None


def _account(text: str | None) -> str | None:
    return "".join((text or "").strip("/").split()) or None


def _reference(text: str | None) -> str | None:
    bare = (text or "").strip().strip("/").strip()
    return None if bare.upper() in _WORDS else bare

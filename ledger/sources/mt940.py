"""SWIFT MT940: the customer statement of tags, as banks outside China export it."""

import re
from collections.abc import Sequence

from ledger.reading import Progress, Reader, Reading
from ledger.statements.profile import Profile

TITLE = "MT940 customer statements, with or without the SWIFT envelope"
EXAMPLE = """\
:20:STARTUMS
:25:10020030/1234567
:28C:00001/001
:60F:C250101EUR1000,00
:61:2501020102D12,50NMSCNONREF//B1
:86:166?00UEBERWEISUNG?20EREF+E2E-1?31DE02…
:62F:C250102EUR987,50"""
_START = re.compile(rb"^(?:\xef\xbb\xbf)?(?:\{[^\n]*)?:20:", re.MULTILINE)
_HEAD = re.compile(rb"^:(?:25P?|28C?|60[FM]?):", re.MULTILINE)


def offered(start: bytes, profiles: Sequence[Profile]) -> Reader | None:
    """Text in which a tag 20 stands at the start of a line, and one of the tags that follow it."""
    return read if _START.search(start) and _HEAD.search(start) else None


def read(reading: Reading, progress: Progress) -> None:
    """Read an MT940 file to its end."""
    from ledger.messages.mt940_file import read_mt940

    read_mt940(reading, progress)

"""ISO 20022 messages: statements (camt.052, 053, 054) and payments between banks (pacs.008), any version and namespace."""

from collections.abc import Sequence

from ledger.reading import Progress, Reader, Reading
from ledger.statements.profile import Profile

TITLE = "ISO 20022 XML: camt.052, camt.053, camt.054 and pacs.008 of any version"
EXAMPLE = """\
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S1</Id>
<Acct><Id><IBAN>DE02…</IBAN></Id></Acct><Ntry><Amt Ccy="EUR">8.85</Amt><CdtDbtInd>CRDT</CdtDbtInd>…"""
_PAGES = (b"<!doctype html", b"<html", b"<table")


def offered(start: bytes, profiles: Sequence[Profile]) -> Reader | None:
    """Any XML but web pages: what is no message that is read becomes a problem that says so."""
    head = start[:400].lstrip(b"\xef\xbb\xbf \t\r\n")
    return read if head.startswith(b"<") and not head.lower().startswith(_PAGES) else None


def read(reading: Reading, progress: Progress) -> None:
    """Read a message file to its end."""
    from ledger.messages.iso20022 import read_message

    read_message(reading, progress)

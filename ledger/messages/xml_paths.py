"""Which elements of ISO 20022 messages are read, by local names alone, as one table that both XML scanners walk.

A path starts at its container (a statement, report, notification or payment message), wherever that stands in the file, in
whatever namespace and version. Of several paths of one field the one that comes first in the document counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

CONTAINERS = ("Stmt", "Rpt", "Ntfctn", "FIToFICstmrCdtTrf")
"""camt.053, camt.052, camt.054 and pacs.008, in this order."""
MESSAGES = ("camt.053", "camt.052", "camt.054", "pacs.008")

_AGENT = ("FinInstnId/BIC", "FinInstnId/BICFI")
_ACCOUNT = ("Id/IBAN", "Id/Othr/Id", "Id/BBAN", "Id/PrtryAcct/Id", "IBAN")

HEADER: dict[str, tuple[str, ...]] = {
    "statement": ("Id",),
    "made": ("CreDtTm", "GrpHdr/CreDtTm"),
    "page": ("StmtPgntn/PgNb", "RptPgntn/PgNb", "NtfctnPgntn/PgNb"),
    "last_page": ("StmtPgntn/LastPgInd", "RptPgntn/LastPgInd", "NtfctnPgntn/LastPgInd"),
    "from": ("FrToDt/FrDtTm", "FrToDt/FrDt"),
    "to": ("FrToDt/ToDtTm", "FrToDt/ToDt"),
    "account": tuple(f"Acct/{path}" for path in _ACCOUNT),
    "account_currency": ("Acct/Ccy",),
    "owner": ("Acct/Ownr/Nm", "Acct/Ownr/Pty/Nm"),
    "servicer": tuple(f"Acct/Svcr/{path}" for path in _AGENT),
    "servicer_name": ("Acct/Svcr/FinInstnId/Nm", "Acct/Svcr/FinInstnId/CmbndId/Nm"),
    "balance": ("Bal",),
    "balance_code": ("Bal/Tp/CdOrPrtry/Cd", "Bal/Tp/Cd"),
    "balance_amount": ("Bal/Amt",),
    "balance_currency": ("Bal/Amt@Ccy",),
    "balance_side": ("Bal/CdtDbtInd",),
    "balance_date": ("Bal/Dt/Dt", "Bal/Dt/DtTm"),
    "message": ("GrpHdr/MsgId",),
    "settled": ("GrpHdr/IntrBkSttlmDt",),
}

ENTRY: dict[str, tuple[str, ...]] = {
    "entry_reference": ("NtryRef",),
    "amount": ("Amt",),
    "currency": ("Amt@Ccy",),
    "side": ("CdtDbtInd",),
    "reversal": ("RvslInd",),
    "state": ("Sts", "Sts/Cd", "Sts/Prtry"),
    "booked": ("BookgDt/DtTm", "BookgDt/Dt"),
    "valued": ("ValDt/DtTm", "ValDt/Dt"),
    "bank_reference": ("AcctSvcrRef",),
    "domain": ("BkTxCd/Domn/Cd",),
    "family": ("BkTxCd/Domn/Fmly/Cd",),
    "sub_family": ("BkTxCd/Domn/Fmly/SubFmlyCd",),
    "proprietary": ("BkTxCd/Prtry/Cd",),
    "entry_information": ("AddtlNtryInf",),
    "batch": ("NtryDtls/Btch/PmtInfId", "NtryDtls/Btch/MsgId"),
    "batch_count": ("NtryDtls/Btch/NbOfTxs",),
    "charge": ("Chrgs/Rcrd/Amt", "Chrgs/Amt"),
    "charge_currency": ("Chrgs/Rcrd/Amt@Ccy", "Chrgs/Amt@Ccy"),
    "charge_included": ("Chrgs/Rcrd/ChrgInclInd",),
}

_PARTIES: dict[str, tuple[str, ...]] = {
    f"{field}_{name}": tuple(f"{start}{element}{path}" for path in paths for start in ("RltdPties/", "RltdAgts/", ""))
    for field, side in (("debtor", "Dbtr"), ("creditor", "Cdtr"))
    for name, element, paths in (
        ("name", side, ("/Nm", "/Pty/Nm")),
        ("account", f"{side}Acct", tuple(f"/{path}" for path in _ACCOUNT)),
        ("account_name", f"{side}Acct", ("/Nm",)),
        ("agent", f"{side}Agt", tuple(f"/{path}" for path in _AGENT)),
        ("agent_name", f"{side}Agt", ("/FinInstnId/Nm",)),
        ("behind", f"Ultmt{side}", ("/Nm", "/Pty/Nm")),
    )
}
_REMITTANCE: dict[str, tuple[str, ...]] = {
    "remittance": ("RmtInf/Ustrd",),
    "structured": ("RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef", "RmtInf/Strd/AddtlRmtInf"),
}
DETAIL: dict[str, tuple[str, ...]] = {
    **_PARTIES,
    **_REMITTANCE,
    **{
        name: tuple(f"{start}{element}" for start in ("Refs/", "PmtId/"))
        for name, element in (
            ("uetr", "UETR"),
            ("end_to_end", "EndToEndId"),
            ("transaction", "TxId"),
            ("instruction", "InstrId"),
            ("mandate", "MndtId"),
            ("detail_reference", "AcctSvcrRef"),
        )
    },
    "detail_amount": ("Amt", "AmtDtls/TxAmt/Amt"),
    "detail_currency": ("Amt@Ccy", "AmtDtls/TxAmt/Amt@Ccy"),
    "detail_side": ("CdtDbtInd",),
    "instructed": ("AmtDtls/InstdAmt/Amt", "InstdAmt"),
    "instructed_currency": ("AmtDtls/InstdAmt/Amt@Ccy", "InstdAmt@Ccy"),
    "detail_charge": ("Chrgs/Rcrd/Amt", "Chrgs/Amt", "ChrgsInf/Amt"),
    "detail_charge_currency": ("Chrgs/Rcrd/Amt@Ccy", "Chrgs/Amt@Ccy", "ChrgsInf/Amt@Ccy"),
    "detail_charge_included": ("Chrgs/Rcrd/ChrgInclInd",),
    "return_reason": ("RtrInf/Rsn/Cd", "RtrInf/RtrRsn/Cd"),
    "detail_information": ("AddtlTxInf",),
}
PAYMENT: dict[str, tuple[str, ...]] = DETAIL | {
    "settlement": ("IntrBkSttlmAmt",),
    "settlement_currency": ("IntrBkSttlmAmt@Ccy",),
    "settlement_date": ("IntrBkSttlmDt",),
    "accepted": ("AccptncDtTm",),
    "borne_by": ("ChrgBr",),
    "purpose": ("Purp/Cd", "Purp/Prtry"),
}

JOINED = ("remittance", "structured")
"""Fields that may come several times; all their texts count."""
MARKS = ("open", "close", "entry", "detail")
"""Not texts but places: a container opens and closes, an entry or payment, a detail of an entry."""
FIELDS: tuple[str, ...] = (*MARKS, *dict.fromkeys([*HEADER, *ENTRY, *PAYMENT]))
CODE: dict[str, int] = {name: code for code, name in enumerate(FIELDS)}
IN_HEADER = frozenset(CODE[name] for name in HEADER)
DEAD, OUTSIDE = 0, 1


@dataclass(frozen=True)
class Trie:
    """All paths as a machine: from node `n` the element named `names[k]` leads to `steps[n, k]`; DEAD means not read.

    text, currency, mark: per node the code of its text, of its Ccy attribute, and of the place it is; -1 for none.
    container: per node the position in CONTAINERS, -1 for all others.
    """

    names: tuple[str, ...]
    steps: NDArray[np.int16]
    text: NDArray[np.int16]
    currency: NDArray[np.int16]
    mark: NDArray[np.int16]
    container: NDArray[np.int16]


@cache
def trie() -> Trie:
    """The machine for every path above."""
    paths = list(_paths())
    names = tuple(sorted({part for path, _ in paths for part in path.split("@")[0].split("/")} | set(CONTAINERS)))
    number = {name: at for at, name in enumerate(names)}
    steps: list[dict[int, int]] = [{}, {}]
    codes: list[dict[str, int]] = [{}, {}]
    for path, code in paths:
        element, _, attribute = path.partition("@")
        node = OUTSIDE
        for part in element.split("/"):
            if number[part] not in steps[node]:
                steps[node][number[part]] = len(steps)
                steps.append({})
                codes.append({})
            node = steps[node][number[part]]
        codes[node].setdefault("currency" if attribute else "mark" if FIELDS[code] in (*MARKS, "balance") else "text", code)
        if path in CONTAINERS:
            codes[node]["container"] = CONTAINERS.index(path)
    table = np.full((len(steps), len(names)), DEAD, np.int16)
    table[OUTSIDE] = OUTSIDE
    for node, leads in enumerate(steps):
        for name, to in leads.items():
            table[node, name] = to
    sort = {
        sort: np.array([code.get(sort, -1) for code in codes], np.int16) for sort in ("text", "currency", "mark", "container")
    }
    return Trie(names, table, **sort)


def _paths() -> Iterator[tuple[str, int]]:
    """Every path from its container on, with the code of its field."""
    for container in CONTAINERS:
        yield container, CODE["open"]
        for name, path in _each(HEADER):
            yield f"{container}/{path}", CODE[name]
    for container in CONTAINERS[:3]:
        yield f"{container}/Ntry", CODE["entry"]
        for name, path in _each(ENTRY):
            yield f"{container}/Ntry/{path}", CODE[name]
        for start in ("NtryDtls/TxDtls", "TxDtls"):
            yield f"{container}/Ntry/{start}", CODE["detail"]
            for name, path in _each(DETAIL):
                yield f"{container}/Ntry/{start}/{path}", CODE[name]
    yield f"{CONTAINERS[3]}/CdtTrfTxInf", CODE["entry"]
    for name, path in _each(PAYMENT):
        yield f"{CONTAINERS[3]}/CdtTrfTxInf/{path}", CODE[name]


def _each(fields: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for name, paths in fields.items():
        for path in paths:
            yield name, path

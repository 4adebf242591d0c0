"""Bodies and answers of the service, with the examples that stand in its OpenAPI document."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Field(min_length=1, max_length=200)
AMOUNT = r"^\d{1,13}(\.\d{1,2})?$"


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordsIn(Body):
    """Records of one kind, as the canonical columns; amounts are decimal strings."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "bank",
                    "items": [
                        {
                            "transfer": "T1",
                            "time": "2026-03-01T09:00:00+08:00",
                            "source": "6217000010001",
                            "target": "6222020010002",
                            "amount": "50000.00",
                        }
                    ],
                }
            ]
        }
    )
    kind: Literal["accounts", "bank", "wallet", "gift_card", "q_coin", "reports", "links"]
    items: list[dict[str, Any]]


class ProblemOut(BaseModel):
    """One thing wrong with one place of the material."""

    code: str = Field(examples=["LDG-bad-amount"])
    severity: str = Field(examples=["error"])
    file: str
    line: int
    message: str


class RecordsOut(BaseModel):
    """What became of an upload."""

    file: str
    published: bool = Field(description="false: nothing new in it, or nothing usable")
    batch: int | None = Field(description="null when nothing was published")
    summary: dict[str, Any]
    problems: list[ProblemOut] = Field(description="at most 500; problem_count counts all")
    problem_count: int


class ReportIn(Body):
    """A victim's report given with the case instead of through the records."""

    report: str = Text
    victim: str = Text
    transfer: str = Text
    amount: str | None = Field(default=None, pattern=AMOUNT, examples=["5000.00"])
    reported: str | None = Field(default=None, max_length=40)
    scam: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=200)
    messenger: str | None = Field(default=None, max_length=200)
    app: str | None = Field(default=None, max_length=200)
    url: str | None = Field(default=None, max_length=2000)


class CaseIn(Body):
    """A new case: reports of the ledger by id, reports given here, or both."""

    title: str = Field(default="", max_length=500, examples=["Refund impostor, March"])
    reports: list[str] = Field(default=[], examples=[["R1", "R2"]])
    inline_reports: list[ReportIn] = []


class CaseOut(BaseModel):
    """A case."""

    id: str = Field(examples=["case-1"])
    title: str
    created: str
    desk: str
    institution: str | None
    reports: list[str]


class TraceIn(Body):
    """How to trace. Everything has the default of the command line: exact, no limits."""

    method: str = Field(default="fifo", max_length=20, examples=["fifo"])
    as_of: str | None = Field(default=None, max_length=40, examples=["2026-03-01T18:00:00+08:00"])
    opening: str = Field(default="reported", max_length=20, examples=["reported"])
    ties: str = Field(default="ledger", max_length=20, examples=["ledger"])
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$", examples=["CNY"])
    max_hops: int | None = Field(default=None, ge=1, le=10_000)
    hop_window: str | None = Field(default=None, max_length=40, examples=["PT72H"])
    min_amount: str = Field(default="0.00", pattern=AMOUNT, examples=["0.00"])
    now: str | None = Field(
        default=None, max_length=40, description="the moment the ranking is for; default as_of or the records' end"
    )


class TraceOut(BaseModel):
    """A trace: it never changes; another one of the same case is another version."""

    id: str = Field(examples=["trace-1"])
    case: str = Field(examples=["case-1"])
    version: int
    created: str
    summary: dict[str, Any] = Field(
        description="trace.json: parameters, digests, totals and identity per claim, limits, warnings"
    )
    files: dict[str, str] = Field(description="SHA-256 of every file of this trace")


class FreezeIn(Body):
    """A freeze batch from a trace of the current records."""

    trace: str = Field(pattern=r"^trace-\d{1,9}$", examples=["trace-1"])
    limit: int | None = Field(default=None, ge=1, le=10_000, description="how many requests at most")
    now: str | None = Field(default=None, max_length=40, description="validity starts here; default the server's clock")


class FreezeOut(BaseModel):
    """A freeze batch: proposed requests per institution; nothing is submitted from here."""

    id: str = Field(examples=["batch-1"])
    trace: str
    state: str = Field(examples=["draft"])
    created: str
    created_by: str
    approved: str | None
    approved_by: str | None
    digest: str = Field(description="SHA-256 of batch.json")
    batch: dict[str, Any] = Field(description="batch.json as written")


class AccountOut(BaseModel):
    """What the records say about an account."""

    account: str
    kind: str
    institution: str | None
    holder: str | None
    holder_name: str | None = Field(description="null unless the account is with the caller's institution")
    hub: bool
    declared: bool
    opened: str | None
    credits: dict[str, Any]
    debits: dict[str, Any]
    first: str | None
    last: str | None
    reports: list[str]

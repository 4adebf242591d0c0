"""The service's tables. Ids are made of the row number: `case-1`, `trace-1`, `batch-1`."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

METADATA = MetaData()

CASES = Table(
    "case_file",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("institution", String(200)),  # null: made by a server without keys
    Column("desk", String(200), nullable=False),
    Column("title", String(500), nullable=False),
    Column("created", String(40), nullable=False),
    Column("reports", JSON, nullable=False),
    sqlite_autoincrement=True,
)

TRACES = Table(
    "trace",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("case_number", ForeignKey("case_file.number"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("institution", String(200)),
    Column("created", String(40), nullable=False),
    Column("folder", String(64), nullable=False),  # name below LEDGER/traces
    Column("views", String(64), nullable=False),  # name below LEDGER/service
    Column("summary", JSON, nullable=False),
    Column("files", JSON, nullable=False),  # SHA-256 of every file a trace can answer with
    UniqueConstraint("case_number", "version"),
    sqlite_autoincrement=True,
)

FREEZE_BATCHES = Table(
    "freeze_batch",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("trace_number", ForeignKey("trace.number"), nullable=False),
    Column("institution", String(200)),
    Column("desk", String(200), nullable=False),
    Column("person", String(200), nullable=False),
    Column("created", String(40), nullable=False),
    Column("folder", String(64), nullable=False),  # name below LEDGER/service
    Column("digest", String(64), nullable=False),  # SHA-256 of batch.json
    Column("state", String(20), nullable=False),  # draft approved
    Column("approved_by", String(200)),
    Column("approved", String(40)),
    sqlite_autoincrement=True,
)

ANSWERS = Table(
    "first_answer",
    METADATA,
    Column("owner", String(800), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request", String(64), nullable=False),  # SHA-256 of method, path, query, type and body
    Column("status", Integer, nullable=False),
    Column("location", String(500)),
    Column("body", LargeBinary, nullable=False),
    Column("created", String(40), nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("time", String(40), nullable=False),
    Column("desk", String(200), nullable=False),
    Column("person", String(200), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("detail", JSON, nullable=False),  # ids, digests and counts; no names, no remarks
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
)

TRIGGERS = tuple(
    f"""CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table}
    BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
    for table in ("audit", "trace")
    for verb in ("UPDATE", "DELETE")
)
"""The audit chain and the traces never change; the database itself refuses."""

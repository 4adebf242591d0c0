"""What happened: records of every kind into one immutable, verifiable ledger, nothing lost and nothing doubled.

The reading itself is `ledger.ingest.ingest`; the opened ledger is `open_ledger`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ledger.problems import LiushuiError, Problem, ProblemKind, Severity, worst

if TYPE_CHECKING:
    from ledger.book import Ledger
    from ledger.catalogue import PROBLEM_KINDS
    from ledger.ingest import IngestResult, SourceResult
    from ledger.memory import ledger_of
    from ledger.store.opening import open_ledger
    from ledger.store.verify import verify_store

__all__ = [
    "PROBLEM_KINDS",
    "IngestResult",
    "Ledger",
    "LiushuiError",
    "Problem",
    "ProblemKind",
    "Severity",
    "SourceResult",
    "ledger_of",
    "open_ledger",
    "verify_store",
    "worst",
]

_HOMES = {
    "PROBLEM_KINDS": "catalogue",
    "IngestResult": "ingest",
    "Ledger": "book",
    "SourceResult": "ingest",
    "ledger_of": "memory",
    "open_ledger": "store.opening",
    "verify_store": "store.verify",
}


def __getattr__(name: str) -> Any:
    """Import the rooms behind the public names only when one is asked for: `--help` must stay quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ledger' has no attribute {name!r}")
    value = getattr(import_module(f"ledger.{_HOMES[name]}"), name)
    globals()[name] = value
    return value

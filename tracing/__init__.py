"""Where the money went: lot links, claims followed through them, and the graph they make."""

from tracing.index import build_index, drop_other_indexes, indexed_axis
from tracing.live import LiveTrace
from tracing.reach import reach
from tracing.result import METHODS, SINKS, Limit, Parameters, Trace
from tracing.trace import trace_claims

__all__ = [
    "METHODS",
    "SINKS",
    "Limit",
    "LiveTrace",
    "Parameters",
    "Trace",
    "build_index",
    "drop_other_indexes",
    "indexed_axis",
    "reach",
    "trace_claims",
]

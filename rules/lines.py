"""What the lines of a freeze plan have in common."""

from ledger.records import CARD_PREFIX, QQ_PREFIX
from tracing.result import Trace

Line = dict[str, object]
LEAST_LIEN_FEN = 100_00
"""Residues below this are not asked for. Grade P."""
PREFIXES = {"card": (CARD_PREFIX, "card"), "q_coin": (QQ_PREFIX, "qq")}
"""Per kind of voucher: what its account's id begins with, and the kind of target."""


def currency_of(trace: Trace) -> str:
    """The currency of the trace."""
    return str(trace.claims["currency"].iloc[0]) if len(trace.claims) else "CNY"

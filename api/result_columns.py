"""The columns of the result files."""

from api.csv_tables import COUNT, MONEY, TEXT, TIME
from tracing.result import METHODS, TIES, Trace

Columns = dict[str, tuple[str, str]]

COLUMNS: dict[str, Columns] = {
    "traced": {
        "claim": ("claim", TEXT),
        "transfer": ("transfer", TEXT),
        "hop": ("hop", COUNT),
        "time": ("time_us", TIME),
        "source": ("source", TEXT),
        "target": ("target", TEXT),
        "amount": ("amount_fen", MONEY),
        "traced": ("traced_fen", MONEY),
        "basis": ("basis_fen", MONEY),
        "made_by": ("made_by", TEXT),
    },
    "held": {
        "claim": ("claim", TEXT),
        "account": ("account", TEXT),
        "tier": ("tier", COUNT),
        "held": ("held_fen", MONEY),
        "basis": ("basis_fen", MONEY),
        "balance": ("balance_fen", MONEY),
        "opening": ("opening_fen", MONEY),
        "opening_source": ("opening_source", TEXT),
    },
    "sinks": {
        "claim": ("claim", TEXT),
        "sink": ("sink", TEXT),
        "account": ("account", TEXT),
        "amount": ("amount_fen", MONEY),
    },
    "frontier": {
        "account": ("account", TEXT),
        "institution": ("institution", TEXT),
        "from_time": ("from_us", TIME),
        "to_time": ("to_us", TIME),
        "traced": ("traced_fen", MONEY),
        "why": ("why", TEXT),
    },
}
"""Per result file: the column in the file, the column of the trace it shows, and how it is written."""

LINKED: Columns = {
    "payer": ("payer", TEXT),
    "payee": ("payee", TEXT),
    "voucher": ("kind", TEXT),
    "redemptions": ("redeemed", TEXT),
    "face": ("face_fen", MONEY),
    "paid": ("payout_fen", MONEY),
    "rate": ("rate", TEXT),
    "rate_low": ("low", TEXT),
    "rate_high": ("high", TEXT),
    "probability": ("probability", TEXT),
}
"""What a link and a set of links have in common, behind the payouts."""

ON_OCCASION: dict[str, Columns] = {
    "overlaps": {
        "claim": ("claim", TEXT),
        "transfer": ("transfer", TEXT),
        "overlap": ("overlap_fen", MONEY),
        "earlier": ("earlier", TEXT),
        "why": ("why", TEXT),
    },
    "ties": {
        "claim": ("claim", TEXT),
        "account": ("account", TEXT),
        "what": ("what", TEXT),
        **{order: (f"{order}_fen", MONEY) for order in TIES},
        "least": ("least_fen", MONEY),
        "most": ("most_fen", MONEY),
    },
    "origins": {
        "start": ("start", TEXT),
        "origin": ("origin", TEXT),
        "claim": ("claim", TEXT),
        "account": ("account", TEXT),
        "transfer": ("transfer", TEXT),
        "amount": ("amount_fen", MONEY),
    },
    "inferred_links": {"payout": ("transfer", TEXT), **LINKED},
    "inferred_sets": {"payouts": ("payouts", TEXT), **LINKED},
}
"""The same of the files that are there only when there is something to say in them."""

FLAGGED = ("traced", "held", "sinks", "origins")
"""The files whose amounts may be flagged."""

ENVELOPE = {
    "claim": ("claim", TEXT),
    "account": ("account", TEXT),
    **{method: (f"{method}_fen", MONEY) for method in METHODS},
    "least": ("least_fen", MONEY),
    "chosen": ("chosen_fen", MONEY),
    "most": ("most_fen", MONEY),
    "sentence": ("sentence", TEXT),
}
"""Columns of envelope.csv: what every method finds held of a claim at an account."""


def columns_of(trace: Trace) -> dict[str, Columns]:
    """The columns of each file; `flags` closes those with amounts where the parameters let money be flagged, and `probability`
    those of a trace through inferred links."""
    flagged = trace.parameters.inferred or trace.parameters.overdraft == "backward"
    flags = {"flags": ("flags", TEXT)} if flagged else {}
    flags |= {"probability": ("probability", TEXT)} if trace.parameters.inferred else {}
    return {name: columns | (flags if name in FLAGGED else {}) for name, columns in (COLUMNS | ON_OCCASION).items()}

"""Wages: payments a firm hands to its bank in one batch."""

import pyarrow as pa
import pyarrow.compute as pc

from rules.scope import Flags, Scope, columns, mask, taken

PAYROLL_CHANNEL = "batch"


def through_payroll(scope: Scope) -> Flags:
    """Which transfers in view went through a payroll channel."""
    return scope.once("payroll", lambda: through_payroll_of(scope))


def through_payroll_of(scope: Scope) -> Flags:
    """As `through_payroll`, made anew."""
    column = scope.ledger.read(("channel",))["channel"]
    return mask(pc.equal(taken(column, columns(scope.transfers, "row")[0]).cast(pa.string()), PAYROLL_CHANNEL))

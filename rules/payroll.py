"""Wages: payments a firm hands to its bank in one batch."""

from rules.scope import Flags, Scope, columns
from rules.settled import is_word

PAYROLL_CHANNEL = "batch"


def through_payroll(scope: Scope) -> Flags:
    """Which transfers in view went through a payroll channel."""
    return scope.once("payroll", lambda: through_payroll_of(scope))


def through_payroll_of(scope: Scope) -> Flags:
    """As `through_payroll`, made anew."""
    column = scope.ledger.read(("channel",))["channel"]
    return is_word(column, PAYROLL_CHANNEL)[columns(scope.transfers, "row")[0]]

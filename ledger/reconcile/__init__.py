"""What the rows of several statements say together: second witnesses, refunds, names of one account, missing statements."""

from ledger.reconcile.periods import Period
from ledger.reconcile.reconciliation import reconcile
from ledger.reconcile.standing import decision_id

__all__ = ["Period", "decision_id", "reconcile"]

"""Who sells a ring its data, accounts and numbers: repeated payments of a quantity times a price. Apart from laundering."""

import numpy as np
import pandas as pd

from rules.rule import Finding
from rules.scope import Flags, Ints, Scope, columns, records
from rules.wording import counted

SUPPLIER_RULE = "RUL-SUPPLIER"
UNIT_PRICES_FEN = (600, 1_000, 4_000, 20_000)
"""A record of data, and the prices of accounts, in fen. Grade S."""
LEAST_QUANTITY, LEAST_PAYMENTS = 5, 3
"""Pieces in a purchase, and purchases from one supplier. Grade S+P."""
MOST_PAYMENT_FEN = 1_000_000
"""A purchase is small beside what is laundered: at most 10,000.00. Grade P."""
BUYERS = ("boss", "middleman", "collector")
"""Who buys for a ring."""
OPEN_ROLES = ("unknown", "good_faith_recipient")
"""Roles that say nothing against being a supplier."""


def with_suppliers(scope: Scope, roles: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """The roles with `supplier` added for whom the ring's buyers pay by the piece; other roles stay as they are.

    roles: as `rules.roles.name_roles` gives them.
    """
    told = {one.account_code: one.explanation for one in findings if one.rule == SUPPLIER_RULE}
    reasons = {code: told.get(code, reason) for code, reason in paid_by_the_piece(scope, roles).items()}
    taken = set(roles.loc[~roles["role"].isin(OPEN_ROLES), "account_code"].tolist())
    found = {code: reason for code, reason in sorted(reasons.items()) if code not in taken}
    tiers = dict(zip(roles["account_code"].tolist(), roles["tier"].tolist(), strict=True))
    codes = np.asarray(list(found), dtype=np.int64)
    added = pd.DataFrame(
        {
            "account_code": codes,
            "role": "supplier",
            "tier": np.asarray([tiers.get(code, 0) for code in found], dtype=np.int64),
            "reason": list(found.values()),
        }
    )
    kept = roles[~roles["account_code"].isin(codes)]
    return pd.concat([kept, added], ignore_index=True).sort_values("account_code", ignore_index=True)


def paid_by_the_piece(scope: Scope, roles: pd.DataFrame) -> dict[int, str]:
    """Payees of a ring's buyers, each of whose payments is a quantity times a known price, by account code."""
    buyers = roles.loc[roles["role"].isin(BUYERS), "account_code"].to_numpy(dtype=np.int64)
    moves = scope.dealings()
    source, target, amount = columns(moves, "source", "target", "amount_fen")
    bought = np.isin(source, buyers) & ~scope.hub[target]
    moves = moves[bought].assign(fits=priced(amount[bought]))
    found = {}
    pairs = moves.groupby(["source", "target"], as_index=False).agg(payments=("fits", "size"), fits=("fits", "all"))
    for pair in records(pairs[pairs["fits"] & (pairs["payments"] >= LEAST_PAYMENTS)]):
        paid = counted(int(pair.payments), "payment")
        found[int(pair.target)] = f"{paid} from {scope.name(int(pair.source))}, each a quantity times a known unit price."
    return found


def priced(amount: Ints) -> Flags:
    """Whether an amount is at least five times a known price, and exactly a multiple of it."""
    fits = np.zeros(len(amount), dtype=np.bool_)
    for price in UNIT_PRICES_FEN:
        fits |= (amount % price == 0) & (amount >= LEAST_QUANTITY * price)
    return fits & (amount <= MOST_PAYMENT_FEN)

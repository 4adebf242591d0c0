"""Where a trace backward starts: balances of accounts, transfers, or the disputed payments themselves.

At holder level the balance of an account is that of all the holder's accounts: there it is one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ledger.book import Ledger
from ledger.problems import LiushuiError
from tracing.claims import Claims, legs_of_rows, payments, seeds_of
from tracing.follow import Pieces
from tracing.holders import one_balance, own_slots
from tracing.identified import rows_by_id
from tracing.legs import Ints, ending_accounts
from tracing.links import Links
from tracing.lots import UNSPENT, LotAxis
from tracing.result import Parameters

BALANCE = -1
"""Stands for the leg of a start that is a balance."""


@dataclass(frozen=True)
class Starts:
    """k starts and their pieces.

    table: claim (the start's name), victim, transfer, transfer_row (-1: a balance), currency, fen, account_code (whose
    balance, else who paid). piece_start, leg (`BALANCE`: low is a position of the axis), low, fen: the pieces, by start.
    own: whether they are disputed payments, behind which a trace is to go on.
    """

    table: pd.DataFrame
    piece_start: Ints
    leg: Ints
    low: Ints
    fen: Ints
    own: bool

    def counted(self) -> Ints:
        """Fen of the start before each piece."""
        begin = np.cumsum(self.fen) - self.fen
        first = np.searchsorted(self.piece_start, self.piece_start, side="left")
        return np.asarray(begin - begin[first], dtype=np.int64) if len(begin) else begin


@dataclass(frozen=True)
class Asked:
    """What every part of a trace backward needs: the claims behind which it stops, in parts no other claim has.

    inferred: the inferred links among the legs.
    """

    ledger: Ledger
    axis: LotAxis
    claims: Claims
    seeds: Pieces
    starts: Starts
    holder: Ints
    parameters: Parameters
    warnings: tuple[str, ...] = ()
    inferred: pd.DataFrame | None = None


def starts_of(ledger: Ledger, axis: LotAxis, links: Links, disputed: pd.DataFrame, parameters: Parameters) -> Starts:
    """The starts the parameters ask for.

    Args:
        disputed: the claims to start from when no account and no transfer is named.
    Raises: LiushuiError TRC-account, TRC-transfer for one that does not exist or cannot be a start.
    """
    if not parameters.accounts and not parameters.transfers:
        return disputed_starts(axis, disputed)
    currency = parameters.currency or (str(disputed["currency"].iloc[0]) if len(disputed) else axis.slots.currencies[0])
    rows: list[dict[str, Any]] = []
    pieces: list[NDArray[np.int64]] = []
    for name in dict.fromkeys(parameters.accounts or ()):
        code = account_code(ledger, name)
        part = balance_pieces(axis, links, balance_slots(ledger, axis, code, currency))
        rows.append(start_row(f"account:{name}", name, "", -1, code) | {"fen": int(part[:, 1].sum())})
        pieces.append(np.column_stack([np.full(len(part), len(rows) - 1), np.full(len(part), BALANCE), part]))
    if parameters.transfers:
        paid = transfer_rows(ledger, axis, parameters.transfers, currency)
        parts = legs_of_rows(axis, paid["transfer_row"].to_numpy(), paid["fen"].to_numpy())
        fen = parts.end - parts.begin
        part = np.column_stack([len(rows) + parts.at, parts.leg, np.zeros_like(fen), fen])
        pieces.append(part[fen > 0])  # what a link exchanges is no part of the payment
        rows += [{str(key): value for key, value in row.items()} for row in paid.to_dict("records")]
    table = pd.DataFrame(rows).assign(currency=currency)
    every = np.concatenate(pieces).astype(np.int64)
    start, leg, low, fen = every.T.copy()
    return Starts(table, start, leg, low, fen, own=False)


def start_row(claim: str, victim: str, transfer: str, row: int, code: int) -> dict[str, Any]:
    """One row of the starts."""
    return {"claim": claim, "victim": victim, "transfer": transfer, "transfer_row": row, "account_code": code}


def disputed_starts(axis: LotAxis, disputed: pd.DataFrame) -> Starts:
    """Every report's part of its payment; several reports of one payment have parts one behind the other."""
    seeds = seeds_of(disputed, axis)
    seeds = seeds.take(np.lexsort([seeds.start_fen, seeds.leg, seeds.claim]))
    fen = np.zeros(len(disputed), dtype=np.int64)
    np.add.at(fen, seeds.claim, seeds.fen)
    table = disputed[["claim", "victim", "transfer", "transfer_row", "currency"]].assign(fen=fen)
    table = table.assign(account_code=disputed["payer_code"])
    return Starts(table, seeds.claim, seeds.leg, seeds.start_fen, seeds.fen, own=True)


def account_code(ledger: Ledger, name: str) -> int:
    """The account's code. Raises: LiushuiError TRC-account."""
    found = np.flatnonzero((ledger.accounts["account"] == name).to_numpy(dtype=bool))
    if not len(found):
        raise LiushuiError("TRC-account", f"not in the ledger: account {name}")
    if ending_accounts(ledger)[found[0]]:
        raise LiushuiError(
            "TRC-account", f"account {name} is a hub or nobody's: its balance is everybody's money; start from a transfer"
        )
    return int(found[0])


def balance_slots(ledger: Ledger, axis: LotAxis, code: int, currency: str) -> Ints:
    """The slots that make up an account's balance."""
    accounts = one_balance(ledger, code, "account" if axis.apart is None else "holder")
    return own_slots(axis.slots, accounts, _currency_code(axis, currency))


def balance_pieces(axis: LotAxis, links: Links, slots: Ints) -> NDArray[np.int64]:
    """Position and length of what no debit of the slots spends."""
    parts = [np.zeros((0, 2), dtype=np.int64)]
    for slot in slots:
        low, high = np.searchsorted(links.start, axis.slot_start[slot : slot + 2], side="left")
        begin, end = links.start[low:high], links.start[low + 1 : high + 1]
        some = (np.asarray(links.leg[low:high]) == UNSPENT) & (end > begin)
        parts.append(np.column_stack([begin[some], (end - begin)[some]]))
    return np.concatenate(parts)


def transfer_rows(ledger: Ledger, axis: LotAxis, names: tuple[str, ...], currency: str) -> pd.DataFrame:
    """The named transfers as starts. Raises: LiushuiError TRC-transfer."""
    row_of = rows_by_id(ledger, set(names))
    if missing := [name for name in names if name not in row_of]:
        raise LiushuiError("TRC-transfer", f"not in the ledger: transfer {', '.join(missing)}")
    wanted = list(dict.fromkeys(names))
    rows = np.array([row_of[name] for name in wanted], dtype=np.int64)
    why = "stays with one holder, failed, was undone, or is later" if axis.apart else "failed, was undone, or is later"
    for name in np.array(wanted, dtype=object)[(rows >= axis.rows) | np.isin(rows, axis.idle_row)]:
        raise LiushuiError("TRC-transfer", f"transfer {name} moved no money by then: it {why}")
    facts = payments(ledger, rows)
    for name in np.array(wanted, dtype=object)[(facts["currency"] != currency).to_numpy(dtype=bool)]:
        raise LiushuiError("TRC-transfer", f"transfer {name} is not in {currency}: name its currency with --currency")
    code = ledger.rows(rows, "source")["source"].to_numpy(np.int64)
    victim = ledger.accounts["account"].to_numpy(dtype=object)[code]
    claim = [f"transfer:{name}" for name in wanted]
    columns = {"claim": claim, "victim": victim, "transfer": wanted, "transfer_row": rows, "account_code": code}
    return pd.DataFrame(columns | {"fen": facts["paid_fen"]})


def _currency_code(axis: LotAxis, currency: str) -> int:
    return axis.slots.currencies.index(currency) if currency in axis.slots.currencies else -1

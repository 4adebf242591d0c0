"""What bank statements say of themselves: account, period, page, balances."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ledger.fields import Field
from ledger.messages.iso_times import iso_times
from ledger.text.cells import check_column
from ledger.text.parse import Parsed

DAY_US = 86_400_000_000
OPENING = ("OPBD", "PRCD")
CLOSING = ("CLBD",)


@dataclass
class Head:
    """One statement, report, notification or payment message as its head tells it.

    message: `camt.053`, `mt940`, … fields: texts by name. balances: of each its fields by name, in order. first_line: its first
    entry in the file, 0 while there is none. refused: entries that are no rows.
    """

    message: str
    fields: dict[str, str] = field(default_factory=dict)
    balances: list[dict[str, str]] = field(default_factory=list)
    first_line: int = 0
    entries: int = 0
    refused: int = 0

    @property
    def account(self) -> str | None:
        """The account the statement is of, without blanks."""
        return "".join(self.fields.get("account", "").split()) or None

    @property
    def name(self) -> str:
        """How the statement is called in messages."""
        return f"statement {self.fields['statement'][:40]!r}" if "statement" in self.fields else "the statement"

    @property
    def is_page(self) -> bool:
        """True when it is one page of several, so that its balances need not be those of its entries."""
        return self.fields.get("page", "1").lstrip("0") != "1" or self.fields.get("last_page", "true").lower() in ("false", "0")

    def balance(self, codes: Iterable[str]) -> tuple[int, str] | None:
        """Fen (below zero: overdrawn) and currency of the first balance of one of these sorts; None where none can be read."""
        for code in codes:
            found = [told for told in self.balances if told.get("balance_code") == code and "balance_amount" in told]
            if found:
                fen = check_column(Field("balance", "balance"), pa.array([found[0]["balance_amount"]])).values[0].as_py()
                minus = found[0].get("balance_side") == "DBIT"
                currency = found[0].get("balance_currency", self.fields.get("account_currency", ""))
                return None if fen is None else (-fen if minus else fen, currency)
        return None

    def period(self) -> tuple[str, int, int] | None:
        """The account and the first and last UTC microsecond the statement says it is for; None where it does not say."""
        told = [self.fields.get("from"), self.fields.get("to")]
        read = iso_times(pa.array(told, pa.string())).instants.cast(pa.int64()).to_pylist()
        if self.account is None or None in read:
            return None
        last = read[1] + (DAY_US - 1 if len(told[1] or "") == len("2025-01-31") else 0)
        return (self.account, read[0], last) if read[0] <= last else None


def take_heads(told: Iterable[tuple[str, str]], heads: list[Head], messages: tuple[str, ...]) -> None:
    """Add what a block says of its containers to the list; the last of it may go on from the block before.

    Args:
        told: pairs of field and text, in the order of the document.
    """
    for name, text in told:
        if name == "open":
            heads.append(Head(messages[int(text)]))
        elif name == "balance":
            heads[-1].balances.append({})
        elif name.startswith("balance_"):
            heads[-1].balances[-1].setdefault(name, text)
        elif name != "close":
            heads[-1].fields.setdefault(name, text)


def count_refused(heads: Sequence[Head], parsed: Parsed) -> None:
    """Count bad entries at their statements; those that are only announced belong to no balance."""
    lost = [bad.line for bad in parsed.bad if bad.code != "LDG-not-booked"]
    if lost:
        filled = [head for head in heads if head.first_line]
        for number in (np.searchsorted([head.first_line for head in filled], lost, side="right") - 1).tolist():
            filled[number].refused += 1

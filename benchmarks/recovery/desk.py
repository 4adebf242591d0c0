"""What a desk knows at an instant, and what it may compute from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.judgement import Choices, Judged, judge
from benchmarks.recovery.case import Case
from ledger.book import Ledger
from rules.blocked import Block
from tracing.result import Parameters, Trace
from tracing.trace import trace_claims

if TYPE_CHECKING:
    from benchmarks.recovery.game import Bank

Request = tuple[int, int]
"""A slot and how many fen are to be blocked there in all."""
Kept = dict[tuple[Any, ...], Any]
"""Results by the digest of the records they were computed from: equal records are traced and judged once."""


@dataclass
class Desk:
    """The records and reports so far, the instant, and how many requests may be filed now.

    bank: the world itself, with its future: only the two bounds look into it; others see of it what banks have answered.
    """

    case: Case
    ledger: Ledger
    now_us: int
    most: int
    bank: "Bank"
    kept: Kept

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """The result under a name, computed at most once for these records."""
        key = (name, self.ledger.digest)
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    @property
    def trace(self) -> Trace:
        """The reports by first in, first out."""
        return self.once("fifo", lambda: trace_claims(self.ledger))

    @property
    def poison(self) -> Trace:
        """Whatever suspect money touched."""
        return self.once("poison", lambda: trace_claims(self.ledger, Parameters(method="poison")))

    def judged(self, suspected: bool) -> Judged:
        """The product's own plan for this moment, told what the banks answered."""
        choices = Choices(suspected=suspected, blocks=self.blocks)
        return self.once(f"judged {choices}", lambda: judge(self.ledger, self.trace, self.now_us, choices=choices))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What the banks answered so far, as a desk hands it to `liushui freeze --blocked`."""
        account, names = self.case.settled.legs.slots.account, self.case.ledger.accounts["account"]
        answers = ((when, slot, int(account[slot]), fen) for when, slot, fen in self.bank.landed if fen)
        return tuple(Block(str(names.iloc[code]), when, fen) for when, slot, code, fen in answers if self.slot(code) == slot)

    @property
    def disputed(self) -> pd.DataFrame:
        """The disputed payments."""
        return self.trace.traced[(self.trace.traced["hop"] == 1).to_numpy(dtype=bool)]

    def slot(self, account: int) -> int:
        """The balance of an account."""
        return int(self.case.slot_of[account])

    def ends(self, accounts: "pd.Series[int]") -> NDArray[np.bool_]:
        """Which accounts are hubs or cash, where nothing can be frozen."""
        return np.asarray(self.case.settled.legs.slots.ends[self.case.slot_of[accounts.to_numpy(dtype=np.int64)]], np.bool_)

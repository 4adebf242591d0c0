"""The accounts of a live trace: which slots each has, whose it is, and where tracing ends."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tracing.legs import Codes, Flags, Ints, ending_accounts
from tracing.live_events import AccountWords, account_words
from tracing.live_rows import LiveRows
from tracing.live_slots import LiveSlots
from tracing.openings import SOURCES
from tracing.result import Parameters
from tracing.trace import holders_of_accounts


@dataclass
class LiveAccounts:
    """place: per currency the slot of every account, -1 where it has none; fee_place: that of fees paid to it.

    ends: per account. holder: per slot.
    """

    rows: LiveRows
    slots: LiveSlots
    parameters: Parameters
    place: list[Codes]
    fee_place: list[Codes]
    ends: Flags
    holder_of: Ints
    holder: Ints
    words: AccountWords

    @classmethod
    def of(cls, rows: LiveRows, slots: LiveSlots, parameters: Parameters) -> "LiveAccounts":
        """The accounts of an opened ledger."""
        slot, count = slots.slot, slots.slots
        place, fee_place = ([np.full(len(rows.accounts), -1, np.int32) for _ in slots.currencies] for _ in range(2))
        identified, ends = slot.identified[:count], slot.ends[:count]
        for own, places in ((~identified, place), (identified & ends, fee_place)):
            for currency, found in enumerate(places):
                mine = np.flatnonzero(own & (slot.currency[:count] == currency))
                found[slot.account[mine]] = mine
        ends, holder_of = ending_accounts(rows.base), holders_of_accounts(rows.base)
        words = account_words(rows.accounts, ends)
        return cls(rows, slots, parameters, place, fee_place, ends, holder_of, holder_of[slot.account[:count]], words)

    def add(self, accounts: pd.DataFrame) -> None:
        """Accounts nobody had named before; those that were there are as they were."""
        more = np.full(len(accounts) - len(self.rows.accounts), -1, np.int32)
        self.rows.accounts = accounts
        now = replace(self.rows.base, accounts=accounts)
        self.ends, self.holder_of = ending_accounts(now), holders_of_accounts(now)
        self.words = account_words(accounts, self.ends)
        self.place = [np.concatenate([place, more]) for place in self.place]
        self.fee_place = [np.concatenate([place, more]) for place in self.fee_place]
        self.holder = self.holder_of[self.slots.slot.account[: self.slots.slots]]

    def slots_of(self, account: Codes, currency: Codes) -> Codes:
        """The slot of each account in a currency; one that has none gets one."""
        found = np.empty(len(account), np.int32)
        for code, place in enumerate(self.place):
            mine = currency == code
            new = np.unique(account[mine & (place[account] < 0)])
            if len(new):
                place[new] = self.new_slots(new, code)
            found[mine] = place[account[mine]]
        return found

    def fee_slots_of(self, account: Codes, currency: Codes) -> Codes:
        """The slot of the fees paid to each account in a currency, where tracing ends; one that has none gets one."""
        found = np.empty(len(account), np.int32)
        for code, place in enumerate(self.fee_place):
            mine = currency == code
            new = np.unique(account[mine & (place[account] < 0)])
            if len(new):
                same = np.full(len(new), code, np.int32)
                place[new] = slot = self.slots.add_slots(new.astype(np.int32), same, np.ones(len(new), np.bool_), known=False)
                self.slots.slot.identified[slot], self.slots.slot.changed_at[slot] = True, -1
                self.holder = np.concatenate([self.holder, self.holder_of[new]])
            found[mine] = place[account[mine]]
        return found

    def private_slot(self, account: int, currency: int) -> int:
        """A private balance of a link."""
        slots, zero = self.slots, self.parameters.opening == "zero"
        one, same = np.asarray([account], np.int32), np.asarray([currency], np.int32)
        new = slots.add_slots(one, same, np.zeros(1, np.bool_), known=True)
        slots.slot.identified[new], slots.slot.changed_at[new] = True, -1
        slots.slot.origin[new] = SOURCES.index("zero" if zero else "implied")
        self.holder = np.concatenate([self.holder, self.holder_of[one]])
        return int(new[0])

    def new_slots(self, account: Codes, currency: int) -> Ints:
        """Slots for accounts that were not used in a currency before."""
        slots, zero = self.slots, self.parameters.opening == "zero"
        same = np.full(len(account), currency, np.int32)
        new = slots.add_slots(account.astype(np.int32), same, self.ends[account], known=zero)
        slots.slot.origin[new] = SOURCES.index("zero" if zero else "implied")
        declared = self.rows.accounts["opening_fen"].iloc[account]
        if self.parameters.opening == "reported" and declared.notna().any():
            at = new[declared.notna().to_numpy(dtype=bool) & ~self.ends[account]]
            slots.slot.known[at], slots.slot.origin[at] = True, SOURCES.index("reported")
            slots.slot.declared_fen[new] = np.where(slots.slot.known[new], declared.fillna(0).to_numpy(dtype=np.int64), 0)
        slots.slot.changed_at[new] = -1  # lays out the declared balance too
        self.holder = np.concatenate([self.holder, self.holder_of[account]])
        return new

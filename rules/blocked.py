"""What banks have blocked already: it did not move on, whatever the records' order says, and is not asked for again."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ledger import Ledger
from rules.lines import currency_of
from rules.scope import Ints, records
from rules.score import RankingResult
from rules.settled import moved_transfers
from rules.suspected import PREFIX
from tracing.result import Trace

CLEAN, REPORTED, SUSPECTED = 0, 1, 2
COLUMNS = ["reported_fen", "suspected_fen", "blocked_fen"]
Lots = list[tuple[int, int]]
"""Label and fen, the oldest first."""


class Block(NamedTuple):
    """A bank's answer: so many fen of an account do not move any more, since an instant (UTC microseconds)."""

    account: str
    since_us: int
    fen: int


@dataclass(frozen=True)
class Free:
    """Per account with blocks, by its code: victims' money that is not blocked, reported and suspected, and what is blocked.

    frame: index account_code; reported_fen, suspected_fen, blocked_fen.
    """

    frame: pd.DataFrame = field(default_factory=lambda: free_frame({}))

    def taken_off(self, ranking: RankingResult) -> RankingResult:
        """The ranking in which held, balance, lien and expected recovery are of what is free, with blocked_fen beside them."""
        if self.frame.empty:
            return ranking
        free = self.frame.reindex(ranking.frame["account_code"]).reset_index(drop=True)
        told = free["blocked_fen"].notna()
        frame = ranking.frame.assign(blocked_fen=free["blocked_fen"].fillna(0).astype("int64"))
        frame["held_fen"] = frame["held_fen"].where(~told, free["reported_fen"]).astype("int64")
        frame["balance_fen"] = frame["balance_fen"] - frame["blocked_fen"]
        known = frame["balance_fen"].fillna(2**62).to_numpy(dtype=np.int64)
        for name in ("recoverable_fen", "lien_fen"):
            least = np.clip(np.minimum(np.minimum(frame[name], frame["held_fen"]), known), 0, None)
            frame[name] = frame[name].where(~told, least).astype("int64")
        chance = frame["chance_bp"].fillna(0).astype("int64")
        frame["expected_recovery_fen"] = frame["recoverable_fen"] * chance // 10_000
        return replace(ranking, frame=frame)


def free_of_blocks(ledger: Ledger, trace: Trace, blocks: tuple[Block, ...]) -> Free:
    """Replay every account with blocks by itself, first in first out, with what is blocked set aside.

    A block takes victims' fen first, the oldest first, then others; later payments out of the account spend what is left. The
    trace knows nothing of blocks: by it those payments spent the oldest fen, blocked or not.

    Args:
        trace: by first in first out; with suspected claims where there are any. blocks: of accounts of the ledger; others are
            not looked at.
    """
    if not blocks:
        return Free()
    codes = pd.Series(np.arange(len(ledger.accounts)), index=ledger.accounts["account"].astype(str))
    wanted = sorted({int(codes[block.account]) for block in blocks if block.account in codes.index})
    moves = moved_transfers(ledger, trace.parameters.as_of_us, currency_of(trace))
    moves = moves[moves["source"].isin(wanted) | moves["target"].isin(wanted)]
    victims = victims_fen(trace)
    balance = trace.held.groupby("account_code")["balance_fen"].first().astype("Int64").fillna(0)
    found = {}
    for code in wanted:
        mine = moves[((moves["source"] == code) | (moves["target"] == code)) & (moves["source"] != moves["target"])]
        change = np.where(mine["target"] == code, mine["received_fen"], -mine["amount_fen"]).astype(np.int64)
        opening = max(int(balance.get(code, 0)) - int(change.sum()), 0)
        landed = sorted((block.since_us, block.fen) for block in blocks if codes.get(block.account) == code)
        arrived = zip(mine["row"], mine["amount_fen"], mine["received_fen"], strict=True)
        parts = [scaled(victims.get((int(row), code), (0, 0)), int(given), int(got)) for row, given, got in arrived]
        rest = rest_of(opening, mine["time_us"].to_numpy(dtype=np.int64), change, parts, landed)
        sums = {label: sum(fen for one, fen in rest if one == label) for label in (REPORTED, SUSPECTED)}
        found[code] = (sums[REPORTED], sums[SUSPECTED], sum(fen for _, fen in landed))
    return Free(free_frame(found))


def free_frame(found: dict[int, tuple[int, int, int]]) -> pd.DataFrame:
    """The frame of `Free`."""
    codes = pd.Index(list(found), dtype="int64", name="account_code")
    return pd.DataFrame(list(found.values()), index=codes, columns=COLUMNS, dtype="int64")


def victims_fen(trace: Trace) -> dict[tuple[int, int], tuple[int, int]]:
    """Reported and suspected fen per transfer row and payee, in what left the payer."""
    traced = trace.traced
    suspected = traced["claim"].astype(str).str.startswith(PREFIX)
    told = pd.DataFrame({"row": traced["transfer_row"], "code": traced["target_code"]})
    told = told.assign(reported=traced["traced_fen"].where(~suspected, 0), suspected=traced["traced_fen"].where(suspected, 0))
    sums = told.groupby(["row", "code"]).sum().reset_index()
    return {(int(one.row), int(one.code)): (int(one.reported), int(one.suspected)) for one in records(sums)}


def scaled(parts: tuple[int, int], given: int, received: int) -> tuple[int, int]:
    """The same parts in what arrived, rounded down."""
    return parts[0] * received // given, parts[1] * received // given


def rest_of(opening: int, time_us: Ints, change: Ints, victims: list[tuple[int, int]], landed: list[tuple[int, int]]) -> Lots:
    """What an account holds beside its blocks: credits (> 0) queue up, debits take the oldest, blocks take victims' first.

    Of one credit victims' fen are taken to leave first: rather too little of it is asked for than another's money.
    """
    lots: deque[tuple[int, int]] = deque([(CLEAN, opening)])
    waiting = deque(landed)
    for when, fen, (reported, suspected) in zip(time_us.tolist(), change.tolist(), victims, strict=True):
        while waiting and waiting[0][0] < when:
            lots = beside(lots, waiting.popleft()[1])
        if fen > 0:
            told = min(reported, fen)
            guessed = min(suspected, fen - told)
            lots += [(REPORTED, told), (SUSPECTED, guessed), (CLEAN, fen - told - guessed)]
        else:
            spend(lots, -fen)
    for _, fen in waiting:
        lots = beside(lots, fen)
    return [lot for lot in lots if lot[1]]


def spend(lots: deque[tuple[int, int]], fen: int) -> None:
    """Take the oldest fen; what lacks is the bank's."""
    while fen and lots:
        label, there = lots.popleft()
        if there > fen:
            lots.appendleft((label, there - fen))
        fen -= min(there, fen)


def beside(lots: deque[tuple[int, int]], fen: int) -> deque[tuple[int, int]]:
    """What is left beside a block: it takes victims' fen first, the oldest first, then the others."""
    left = list(lots)
    for mine in (True, False):
        for at, (label, there) in enumerate(left):
            if (label != CLEAN) == mine:
                part = min(there, fen)
                left[at] = (label, there - part)
                fen -= part
    return deque(left)

"""Methods against a plain-Python replay: `python -m benchmarks.replays [--transfers N] [--method M] [--claims K]`.

CPU time, both in one process, one after the other; liushui's is the median of three runs. A virtual machine gives memory back
to its host after seconds and pays a second per GB to get it again: a GB is touched before each run, of either contender, and
what the system took all the same is told beside. The plain replay is what one writes by hand: Python integers and dicts; a slot
no claim has reached is its balance alone. Arrays in memory and opening balances are given to both. liushui writes down every
piece on every payment as well; the plain replay keeps what each claim holds where, and that is compared, fen by fen.
"""

import argparse
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter
from resource import RUSAGE_THREAD, getrusage
from typing import Any

import numpy as np

from benchmarks.contenders import implied_openings
from benchmarks.tracing import ledger_in_memory
from benchmarks.world import World, world

METHODS = ("fifo", "lifo", "clean_first", "taint_first", "pro_rata")
HEADER = (
    "| transfers | claims | method | liushui s | of it system | plain s | ratio | pieces | held fen |\n"
    "|---:|---:|---|---:|---:|---:|---:|---:|---|"
)
CLEAN, MEMORY_BYTES = -1, 2**30
RUNS = 3
Lots = deque[tuple[int, int]]
Move = tuple[int, int, int]
Held = dict[tuple[int, int], int]
remainder = itemgetter(2)


def main() -> None:
    """Measure every size and method asked for and print the table."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--transfers", type=int, action="append", help="size of the ledger; may be given several times")
    words.add_argument("--method", choices=METHODS, action="append", help="may be given several times; default: all")
    words.add_argument("--claims", type=int, help="only so many claims, spread over the time; default: all 1,000")
    asked = words.parse_args()
    print(HEADER, flush=True)
    for transfers in asked.transfers or [1_000_000]:
        made = world(transfers)
        if asked.claims:
            chosen = np.linspace(0, len(made.disputed) - 1, asked.claims).astype(np.int64)
            made = replace(made, disputed=made.disputed[chosen])
        for cells in rows_of(made, tuple(asked.method or METHODS)):
            print(f"| {transfers:,} | {len(made.disputed):,} | " + " | ".join(cells) + " |", flush=True)


def rows_of(made: World, methods: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The table's rows of one ledger."""
    from ledger.problems import LiushuiError

    warm = ways(world(2000))
    for method in methods:
        warm(method, 1)  # loops are compiled once
    opening, way = implied_openings(made), ways(made)
    for method in methods:
        try:
            ours, system, pieces, held = way(method, RUNS)
        except LiushuiError as refused:
            yield method, *5 * ("–",), refused.code
            continue
        plain, expected = by_plain_python(made, method, opening)
        told = "the same" if held == expected else "DIFFERENT"
        yield method, f"{ours:.3f}", f"{system:.3f}", f"{plain:.3f}", f"{plain / ours:.1f} ×", f"{pieces:,}", told


def ways(made: World) -> Any:
    """A function that follows all claims of the ledger by one method, so many times: CPU seconds of the median run and
    the system's part of them, pieces, what each claim holds where."""
    from tracing.claims import claims_of
    from tracing.lots import axis_of, settled_legs
    from tracing.result import Parameters
    from tracing.trace import followed_claims, holders_of_accounts, way_of

    ledger = ledger_in_memory(made, disputed=True)
    settled = settled_legs(ledger)
    axis, holder = axis_of(ledger, settled), holders_of_accounts(ledger)
    claims = claims_of(ledger, axis, Parameters())
    assert len(claims.table) == len(made.disputed)

    def followed(method: str, runs: int) -> tuple[float, float, int, Held]:
        way, seconds = way_of(axis, settled, method), []
        for _ in range(runs):
            found = None  # what the last run needed is free again
            touch_memory()
            begun, before = time.thread_time(), getrusage(RUSAGE_THREAD).ru_stime
            _, found = followed_claims(ledger, axis, claims, holder, Parameters(method=method), way)
            seconds.append((time.thread_time() - begun, getrusage(RUSAGE_THREAD).ru_stime - before))
        assert found is not None
        held: Held = {}
        rested = found.rested
        accounts = axis.slots.account[axis.target(rested.leg)].tolist()
        for claim, account, fen in zip(rested.claim.tolist(), accounts, rested.fen.tolist(), strict=True):
            held[claim, account] = held.get((claim, account), 0) + fen
        return *sorted(seconds)[runs // 2], len(found.carried), held

    return followed


def touch_memory() -> None:
    """Have the machine find memory, so that neither contender pays for it."""
    np.ones(MEMORY_BYTES, np.uint8)


def by_plain_python(made: World, method: str, opening: list[int]) -> tuple[float, Held]:
    """CPU seconds of the plain replay, and what every claim holds at every account in the end."""
    moves = list(zip(made.source.tolist(), made.target.tolist(), made.amount_fen.tolist(), strict=True))
    claim_of = dict(zip(made.disputed.tolist(), range(len(made.disputed)), strict=True))
    held: Held = {}
    touch_memory()
    begun = time.thread_time()
    if method == "pro_rata":
        for account, pool in replayed_shares(moves, claim_of, list(opening)).items():
            held.update(((claim, account), fen) for claim, fen in pool.items() if fen)
        return time.thread_time() - begun, held
    for account, lots in replayed_lots(moves, claim_of, list(opening), method).items():
        for claim, fen in lots:
            if claim != CLEAN:
                held[claim, account] = held.get((claim, account), 0) + fen
    return time.thread_time() - begun, held


def replayed_lots(moves: list[Move], claim_of: dict[int, int], balance: list[int], method: str) -> dict[int, Lots]:
    """The lots of every account a claim has reached. `balance` is of all others; under clean_first and taint_first, whose clean
    money is no lot, of the clean money of those as well."""
    lots: dict[int, Lots] = {}
    chained, newest = method in ("fifo", "lifo"), method == "lifo"
    for row, (source, target, fen) in enumerate(moves):
        mine, claim = lots.get(source), claim_of.get(row, CLEAN)
        if mine is None:
            balance[source] -= fen
            parcel = [(claim, fen)]
            if claim == CLEAN and (not chained or target not in lots):
                balance[target] += fen
                continue
        elif chained:
            parcel = off(mine, fen, newest)
        elif method == "clean_first":
            clean = min(fen, balance[source])
            balance[source] -= clean
            parcel = [(CLEAN, clean), *off(mine, fen - clean, False)]
        else:
            parcel, left = some_off(mine, fen)
            balance[source] -= left
            parcel.append((CLEAN, left))
        if claim != CLEAN:
            parcel = [(claim if label == CLEAN else label, part) for label, part in parcel]
        into = lots.get(target)
        if into is None:
            if all(label == CLEAN for label, part in parcel if part):
                balance[target] += fen
                continue
            into = lots[target] = deque([(CLEAN, balance[target])] if chained and balance[target] else [])
        for label, part in parcel:
            if not chained and label == CLEAN:
                balance[target] += part
            elif part and into and into[-1][0] == label == CLEAN:
                into[-1] = (label, into[-1][1] + part)
            elif part:
                into.append((label, part))
    return lots


def off(lots: Lots, fen: int, newest: bool) -> list[tuple[int, int]]:
    """That many fen off one end of the lots, in their order."""
    parcel = []
    while fen:
        label, part = lots.pop() if newest else lots.popleft()
        if part > fen:
            (lots.append if newest else lots.appendleft)((label, part - fen))
            part = fen
        fen -= part
        parcel.append((label, part))
    return parcel[::-1] if newest else parcel


def some_off(lots: Lots, fen: int) -> tuple[list[tuple[int, int]], int]:
    """Up to that many fen off the old end of the lots, and how many are missing."""
    parcel = []
    while fen and lots:
        label, part = lots.popleft()
        if part > fen:
            lots.appendleft((label, part - fen))
            part = fen
        fen -= part
        parcel.append((label, part))
    return parcel, fen


def replayed_shares(moves: list[Move], claim_of: dict[int, int], balance: list[int]) -> dict[int, dict[int, int]]:
    """What each claim has at every account one has reached, by shares to the largest remainder. `balance` is of all money."""
    pools: dict[int, dict[int, int]] = {}
    for row, (source, target, fen) in enumerate(moves):
        pool, claim = pools.get(source), claim_of.get(row, CLEAN)
        total, left, parcel = balance[source], fen, {}
        balance[source] = total - fen
        if pool:
            clean = total - sum(pool.values())
            shares = [(label, *divmod(part * fen, total)) for label, part in sorted(pool.items())]
            shares.append((CLEAN, *divmod(clean * fen, total)))
            more = fen - sum(share for _, share, _ in shares)
            favoured = {label for label, _, _ in sorted(shares, key=remainder, reverse=True)[:more]} if more else ()
            for label, share, _ in shares:
                if label in favoured:
                    share += 1
                if share and label != CLEAN:
                    parcel[label] = share
                    left -= share
                    pool[label] -= share
                    if not pool[label]:
                        del pool[label]
        if claim != CLEAN and left:
            parcel[claim] = parcel.get(claim, 0) + left
        if parcel:
            into = pools.setdefault(target, {})
            for label, share in parcel.items():
                into[label] = into.get(label, 0) + share
        balance[target] += fen
    return pools


if __name__ == "__main__":
    main()

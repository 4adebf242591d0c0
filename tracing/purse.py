"""One balance by hand: what lies in it in which order, and what a method takes out. Plain and slow, as an officer would do it.

`tracing.explain` redoes the accounts of a path with this and compares: it shares no code with the compiled methods.
"""

from collections import deque
from dataclasses import dataclass, replace

CLEAN = -1
"""The claim of money that is nobody's claim."""
NO_PIECE = -1


@dataclass(frozen=True)
class Part:
    """Some fen that lie or move together.

    claim: number of the claim, or `CLEAN`. basis: fen of victims' money they stand for; basis_from: where in the disputed
    payment that begins, -1 where it is not followed. leg: what brought them, -1 for the opening balance. piece: which piece of
    the explained claim's money they are of.
    """

    claim: int
    fen: int
    basis: int = 0
    basis_from: int = -1
    leg: int = -1
    piece: int = NO_PIECE

    def cut(self, begin: int, end: int) -> "Part":
        """The part begin … end of it; basis by cumulative floor, so that parts add up."""
        before = begin * self.basis // self.fen
        basis_from = self.basis_from + before if self.basis_from >= 0 else -1
        return replace(self, fen=end - begin, basis=end * self.basis // self.fen - before, basis_from=basis_from)


@dataclass
class Lot:
    """What is left of a part that came in: low … high of it."""

    part: Part
    low: int
    high: int

    def left(self) -> Part:
        """The part that is left."""
        return self.part.cut(self.low, self.high)


class Purse:
    """What an account holds, by lots. owed: what the bank has paid for it and not got back."""

    def __init__(self, opening_fen: int) -> None:
        self.owed = max(0, -opening_fen)
        self.fen = 0
        if opening_fen > 0:
            self.put(Part(CLEAN, opening_fen), 0)

    def put(self, part: Part, low: int) -> None:
        """Put in a part without its first `low` fen, which went to the bank."""
        if low < part.fen:
            self.fen += part.fen - low
            self._add(part, low)

    def take(self, fen: int) -> list[Part]:
        """Take out what the method says; what the purse does not hold the bank pays, and it is clean."""
        own = min(fen, self.fen)
        parts = self._remove(own) if own else []
        self.fen -= own
        self.owed += fen - own
        return [*parts, Part(CLEAN, fen - own)] if fen > own else parts

    def lots(self) -> list[Part]:
        """What lies in it, in the order of the method's lots."""
        raise NotImplementedError

    def _add(self, part: Part, low: int) -> None:
        raise NotImplementedError

    def _remove(self, fen: int) -> list[Part]:
        raise NotImplementedError


class Queue(Purse):
    """First in, first out; or last in, first out, where what leaves keeps its order."""

    def __init__(self, opening_fen: int, newest: bool = False) -> None:
        self.newest = newest
        self.queue: deque[Lot] = deque()
        super().__init__(opening_fen)

    def lots(self) -> list[Part]:
        return [lot.left() for lot in self.queue]

    def _add(self, part: Part, low: int) -> None:
        self.queue.append(Lot(part, low, part.fen))

    def _remove(self, fen: int) -> list[Part]:
        out = taken(self.queue, fen, self.newest)
        return out[::-1] if self.newest else out


class Sorted(Purse):
    """Clean money apart from the claims', which stand oldest first; one of the two is spent before the other."""

    def __init__(self, opening_fen: int, clean_first: bool) -> None:
        self.clean_first = clean_first
        self.clean = 0
        self.queue: deque[Lot] = deque()
        super().__init__(opening_fen)

    def lots(self) -> list[Part]:
        clean = [Part(CLEAN, self.clean)] if self.clean else []
        claims = [lot.left() for lot in self.queue]
        return clean + claims if self.clean_first else claims + clean

    def _add(self, part: Part, low: int) -> None:
        if part.claim == CLEAN:
            self.clean += part.fen - low
        else:
            self.queue.append(Lot(part, low, part.fen))

    def _remove(self, fen: int) -> list[Part]:
        claims = self.fen - self.clean
        clean = min(fen, self.clean) if self.clean_first else fen - min(fen, claims)
        self.clean -= clean
        parts = [Part(CLEAN, clean)] if clean else []
        rest = taken(self.queue, fen - clean, newest=False)
        return parts + rest if self.clean_first else rest + parts


class Mixed(Purse):
    """Pro rata: one pool per claim and the clean money; each gives its share, the rest by largest remainder."""

    def __init__(self, opening_fen: int) -> None:
        self.pools: dict[int, Part] = {}
        self.clean = 0
        super().__init__(opening_fen)

    def lots(self) -> list[Part]:
        clean = [Part(CLEAN, self.clean)] if self.clean else []
        return [self.pools[claim] for claim in sorted(self.pools)] + clean

    def _add(self, part: Part, low: int) -> None:
        if part.claim == CLEAN:
            self.clean += part.fen - low
            return
        left = part.cut(low, part.fen)
        pool = self.pools.get(part.claim, Part(part.claim, 0))
        self.pools[part.claim] = replace(pool, fen=pool.fen + left.fen, basis=pool.basis + left.basis, leg=left.leg)

    def _remove(self, fen: int) -> list[Part]:
        pools = self.lots()
        share = [pool.fen * fen // self.fen for pool in pools]
        by_remainder = sorted(range(len(pools)), key=lambda at: -(pools[at].fen * fen % self.fen))
        for at in by_remainder[: fen - sum(share)]:
            share[at] += 1
        out = []
        for pool, part in zip(pools, share, strict=True):
            if part:
                out.append(pool.cut(0, part))
            if pool.claim == CLEAN:
                self.clean -= part
            elif part == pool.fen:
                del self.pools[pool.claim]
            elif part:
                self.pools[pool.claim] = replace(pool, fen=pool.fen - part, basis=pool.basis - out[-1].basis)
        return out


def taken(queue: deque[Lot], fen: int, newest: bool) -> list[Part]:
    """Take fen off one end of the lots, in the order in which they are met."""
    out = []
    while fen > 0:
        lot = queue[-1] if newest else queue[0]
        part = min(fen, lot.high - lot.low)
        fen -= part
        if newest:
            lot.high -= part
            out.append(lot.part.cut(lot.high, lot.high + part))
        else:
            out.append(lot.part.cut(lot.low, lot.low + part))
            lot.low += part
        if lot.low == lot.high:
            queue.pop() if newest else queue.popleft()
    return out


def purse_for(method: str, opening_fen: int) -> Purse:
    """An account's purse under a method that shares out."""
    if method in ("fifo", "lifo"):
        return Queue(opening_fen, method == "lifo")
    if method == "pro_rata":
        return Mixed(opening_fen)
    return Sorted(opening_fen, method == "clean_first")

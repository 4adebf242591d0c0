"""A slow, obviously right twin of the tracer: every fen is a token, every account a list of tokens.

It shares no code with `tracing`. It knows every allocating method, ties, openings, overdrafts, hubs, conversions and several
claims; it does not know identified links, limits or currencies, which have tests of their own. For a trace backward every fen
remembers its birth and its way (`births`), under every method but pro rata, where no fen has a way of its own.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True)
class Move:
    """One transfer of the twin's world, amounts in fen."""

    time: int
    source: int
    target: int
    given: int
    received: int
    failed: bool = False


@dataclass(frozen=True)
class Report:
    """Claim `name` disputes `fen` of move number `move`; reports on one move are served in the order given."""

    name: str
    move: int
    fen: int


@dataclass(eq=False)
class Piece:
    """Tokens that arrived together: `fen` of them stand for `basis` fen of a claim's money."""

    claim: str
    fen: int
    basis: int

    def share(self, begin: int, end: int) -> int:
        return end * self.basis // self.fen - begin * self.basis // self.fen


Token = tuple[Piece, int] | None
"""A fen: its piece and its place in it; None is clean."""


@dataclass
class World:
    moves: list[Move]
    reports: list[Report]
    opening: dict[int, int]
    hubs: set[int]
    method: str = "fifo"
    purse: dict[int, list[Token]] = field(default_factory=lambda: defaultdict(list))
    debt: Counter[int] = field(default_factory=Counter)
    sinks: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    traced: Counter[tuple[str, int]] = field(default_factory=Counter)

    def held(self) -> tuple[Counter[tuple[str, int]], Counter[tuple[str, int]]]:
        fen: Counter[tuple[str, int]] = Counter()
        basis: Counter[tuple[str, int]] = Counter()
        for account, tokens in self.purse.items():
            for piece, begin, end in runs(tokens):
                fen[piece.claim, account] += end - begin
                basis[piece.claim, account] += piece.share(begin, end)
        return fen, basis


def runs(tokens: list[Token]) -> list[tuple[Piece, int, int]]:
    """Stretches of neighbouring tokens of one piece: (piece, begin, end) in places of the piece."""
    found: list[tuple[Piece, int, int]] = []
    previous: Token = None
    for token in tokens:
        if token is not None:
            piece, place = token
            if previous is not None and previous[0] is piece and previous[1] + 1 == place:
                found[-1] = (piece, found[-1][1], place + 1)
            else:
                found.append((piece, place, place + 1))
        previous = token
    return found


def replay(
    moves: list[Move],
    reports: list[Report],
    opening: dict[int, int],
    hubs: set[int],
    method: str = "fifo",
    ties: str = "ledger",
) -> World:
    """Replay the world one move after the other."""
    world = World(moves, reports, opening, hubs, method)
    order = trace_order(moves, opening, hubs, ties)
    for account in range(1 + max((max(m.source, m.target) for m in moves), default=-1)):
        start = opening[account] if account in opening else implied(moves, order, account)
        world.debt[account] = max(-start, 0)
        world.purse[account] = [None] * max(start, 0) if account not in hubs else []
    for number in order:
        pay(world, number)
    return world


def trace_order(moves: list[Move], opening: dict[int, int], hubs: set[int], ties: str = "ledger") -> list[int]:
    """Again and again the first move of the instant that may go; where none may, the first."""
    balance = Counter(opening)
    order: list[int] = []
    live = [n for n, move in enumerate(moves) if not move.failed]
    for time in sorted({moves[n].time for n in live}):
        waiting = [n for n in live if moves[n].time == time]
        early = covered_debits(moves, waiting, balance, hubs) if ties == "debit_first" else set()
        while waiting:
            number = next((n for n in waiting if may_go(moves, waiting, n, balance, hubs, ties, early)), waiting[0])
            waiting.remove(number)
            order.append(number)
            move = moves[number]
            if move.source not in hubs:
                balance[move.source] -= move.given
                if move.source not in opening:
                    balance[move.source] = max(balance[move.source], 0)
            balance[move.target] += move.received
    return order


def covered_debits(moves: list[Move], waiting: list[int], balance: Counter[int], hubs: set[int]) -> set[int]:
    """The debits of an instant that what was there before it covers, one after the other."""
    found = set()
    for account in {moves[n].source for n in waiting} - hubs:
        spent = 0
        for number in (n for n in waiting if moves[n].source == account != moves[n].target):
            spent += moves[number].given
            if spent > balance[account]:
                break
            found.add(number)
    return found


def may_go(
    moves: list[Move], waiting: list[int], number: int, balance: Counter[int], hubs: set[int], ties: str, early: set[int]
) -> bool:
    source, target = moves[number].source, moves[number].target
    if source in hubs:
        return True
    first = next(n for n in waiting if moves[n].source == source) == number
    to_come = any(moves[n].target == source != moves[n].source for n in waiting)
    if ties == "credit_first":
        return first and not to_come
    held_up = any(n in early and moves[n].source == target != source for n in waiting)
    return first and (balance[source] >= moves[number].given or not to_come) and not held_up


def implied(moves: list[Move], order: list[int], account: int) -> int:
    balance = lowest = 0
    for number in order:
        if moves[number].source == account:
            balance -= moves[number].given
            lowest = min(lowest, balance)
        if moves[number].target == account:
            balance += moves[number].received
    return -lowest


def pay(world: World, number: int) -> None:
    move = world.moves[number]
    tokens = taken(world, move)
    label(world, number, tokens)
    arriving: list[Token] = [None] * move.received
    for at, piece, begin, end in placed_runs(tokens):
        world.traced[piece.claim, number] += end - begin
        first, last = at * move.received // move.given, (at + end - begin) * move.received // move.given
        basis = piece.share(begin, end)
        if last == first:
            world.sinks[piece.claim, "discount", move.target] += basis
            continue
        sent = Piece(piece.claim, last - first, basis)
        arriving[first:last] = [(sent, place) for place in range(last - first)]
    arrive(world, move.target, arriving)


def taken(world: World, move: Move) -> list[Token]:
    """The fen that leave: those the method names, then the bank's."""
    if move.source in world.hubs:
        return [None] * move.given
    purse = world.purse[move.source]
    fen = min(move.given, len(purse))
    if world.method == "pro_rata":
        out, world.purse[move.source] = shared(purse, fen)
    else:
        chosen = set(CHOICES[world.method](purse, fen))
        wanted = sorted(chosen) if world.method in ("fifo", "lifo") else CHOICES[world.method](purse, fen)
        out = [purse[at] for at in wanted]
        world.purse[move.source] = [token for at, token in enumerate(purse) if at not in chosen]
    world.debt[move.source] += move.given - len(out)
    return out + [None] * (move.given - len(out))


def of_kind(purse: list[Token], clean: bool) -> list[int]:
    return [at for at, token in enumerate(purse) if (token is None) == clean]


CHOICES: dict[str, Callable[[list[Token], int], list[int]]] = {
    "fifo": lambda purse, fen: list(range(fen)),
    "lifo": lambda purse, fen: list(range(len(purse) - fen, len(purse))),
    "clean_first": lambda purse, fen: [*of_kind(purse, clean=True), *of_kind(purse, clean=False)][:fen],
    "taint_first": lambda purse, fen: [*of_kind(purse, clean=False), *of_kind(purse, clean=True)][:fen],
}
"""Which places of a purse are spent, in the order in which they leave."""


def shared(purse: list[Token], fen: int) -> tuple[list[Token], list[Token]]:
    """Every label's share leaves, to the fen by the largest remainder; equals go by the claim's name, clean last."""
    pools: dict[str, list[Token]] = {}
    for claim in sorted({token[0].claim for token in purse if token}):
        parts = [(piece, begin, end) for piece, begin, end in runs(purse) if piece.claim == claim]
        quantity = sum(end - begin for _, begin, end in parts)
        melted = Piece(claim, quantity, sum(piece.share(begin, end) for piece, begin, end in parts))
        pools[claim] = [(melted, place) for place in range(quantity)]
    pools["~"] = [token for token in purse if token is None]
    exact = {name: Fraction(len(pool) * fen, max(len(purse), 1)) for name, pool in pools.items()}
    share = {name: int(part) for name, part in exact.items()}
    by_remainder = sorted(pools, key=lambda name: (share[name] - exact[name], name))
    for name in by_remainder[: fen - sum(share.values())]:
        share[name] += 1
    out, rest = [], []
    for name, pool in pools.items():
        out += pool[: share[name]]
        left = pool[share[name] :]
        if name != "~" and left:  # what stays is a lot of its own from here on
            piece, place = left[0] or (None, 0)
            assert piece
            stays = Piece(name, len(left), piece.share(place, piece.fen))
            left = [(stays, at) for at in range(len(left))]
        rest += left
    return out, rest


def label(world: World, number: int, tokens: list[Token]) -> None:
    """Mark the clean fen that the reports on this move claim."""
    begin = 0
    for report in world.reports:
        if report.move != number:
            continue
        clean: list[list[int]] = []
        for place in range(begin, min(begin + report.fen, len(tokens))):
            if tokens[place] is None:
                if clean and clean[-1][-1] + 1 == place:
                    clean[-1].append(place)
                else:
                    clean.append([place])
        for stretch in clean:
            piece = Piece(report.name, len(stretch), len(stretch))
            for place, at in enumerate(stretch):
                tokens[at] = (piece, place)
        begin += report.fen


def placed_runs(tokens: list[Token]) -> list[tuple[int, Piece, int, int]]:
    """`runs`, each with where in the transfer it begins."""
    found, at = [], 0
    while at < len(tokens):
        token = tokens[at]
        if token is None:
            at += 1
            continue
        piece, begin, end = runs(tokens[at:])[0]
        found.append((at, piece, begin, end))
        at += end - begin
    return found


def arrive(world: World, account: int, tokens: list[Token]) -> None:
    """Repay the bank first; what comes to a hub is gone."""
    repaid = min(world.debt[account], len(tokens)) if account not in world.hubs else 0
    world.debt[account] -= repaid
    for piece, begin, end in runs(tokens[:repaid]):
        world.sinks[piece.claim, "overdraft", account] += piece.share(begin, end)
    if account in world.hubs:
        for piece, begin, end in runs(tokens):
            world.sinks[piece.claim, "hub", account] += piece.share(begin, end)
    else:
        world.purse[account].extend(tokens[repaid:])


def openings_by(mode: str, opening: dict[int, int], hubs: set[int], accounts: int) -> dict[int, int]:
    """The openings that are known: the records', none, or zero for everybody."""
    if mode == "zero":
        return {account: 0 for account in range(accounts) if account not in hubs}
    return opening if mode == "reported" else {}


@dataclass(frozen=True)
class Fen:
    """A fen that remembers: its birth (kind, claim, account, move; -1 for no move), and the moves it has made since."""

    birth: tuple[str, str, int, int]
    way: tuple[int, ...] = ()


@dataclass
class Births:
    """purse: what each account holds in the end. paid: the fen of every move, labelled; unlabelled: as they came."""

    purse: dict[int, list[Fen]] = field(default_factory=lambda: defaultdict(list))
    paid: dict[int, list[Fen]] = field(default_factory=dict)
    unlabelled: dict[int, list[Fen]] = field(default_factory=dict)


def births(
    moves: list[Move], reports: list[Report], opening: dict[int, int], hubs: set[int], method: str, ties: str = "ledger"
) -> Births:
    """Replay the world with fen that remember."""
    world = Births()
    debt: Counter[int] = Counter()
    order = trace_order(moves, opening, hubs, ties)
    for account in {end for move in moves for end in (move.source, move.target)} | set(opening):
        if account in hubs:
            continue
        start = opening[account] if account in opening else implied(moves, order, account)
        debt[account] = max(-start, 0)
        world.purse[account] = [Fen(("opening", "", account, -1))] * max(start, 0)
    for number in order:
        move = moves[number]
        purse, out = world.purse[move.source], []
        if move.source not in hubs:
            fen = min(move.given, len(purse))
            wanted = chosen_births(purse, fen, method)
            out = [purse[at] for at in wanted]
            world.purse[move.source] = [one for at, one in enumerate(purse) if at not in set(wanted)]
            debt[move.source] += move.given - fen
        kind = "hub" if move.source in hubs else "overdraft"
        out += [Fen((kind, "", move.source, number))] * (move.given - len(out))
        out = [Fen(fen.birth, (*fen.way, number)) for fen in out]
        world.unlabelled[number] = list(out)
        begin = 0
        for report in (report for report in reports if report.move == number):
            for place in range(begin, min(begin + report.fen, len(out))):
                if out[place].birth[0] != "claim":
                    out[place] = Fen(("claim", report.name, move.source, number), (number,))
            begin += report.fen
        world.paid[number] = out
        arriving = [fen for y, fen in enumerate(out) for _ in range(brought(move, y))]
        if move.target not in hubs:
            repaid = min(debt[move.target], len(arriving))
            debt[move.target] -= repaid
            world.purse[move.target].extend(arriving[repaid:])
    return world


def chosen_births(purse: list[Fen], fen: int, method: str) -> list[int]:
    """Which places of a purse leave, in the order in which they leave."""
    piece = Piece("", 1, 1)
    found = CHOICES[method]([(piece, 0) if one.birth[0] == "claim" else None for one in purse], fen)
    return sorted(found) if method in ("fifo", "lifo") else found


def brought(move: Move, place: int) -> int:
    """How many received fen a given fen becomes."""
    return (place + 1) * move.received // move.given - place * move.received // move.given

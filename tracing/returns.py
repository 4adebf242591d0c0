"""Return proposals: how a frozen amount is shared out over claims. A distribution, not a replay: integers in, integers out.

Every way is one picture: a level rises, and claim i has got `level × weight - before`, never less than nothing and never more
than its cap, until the amount is used up. What differs is the weight, what counts as had before, and the cap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from operator import itemgetter

RETURN_METHODS = ("art8", "pro_rata", "net_loss", "rising_tide", "traced")
SHARING = RETURN_METHODS[1:]
"""The ways that are arithmetic alone; `art8` chooses among them by what the records show."""


@dataclass(frozen=True)
class Loss:
    """What one claim brings to the sharing, in fen.

    loss_fen: what the victim lost. returned_fen: what of it has come back. traced_fen: what tracing finds of it at the account.
    """

    claim: str
    victim: str
    loss_fen: int
    returned_fen: int = 0
    traced_fen: int = 0

    @property
    def net_fen(self) -> int:
        """The net loss: nobody gets back more than that."""
        return max(0, self.loss_fen - self.returned_fen)


@dataclass(frozen=True)
class Share:
    """One claim's part: exact_fen before rounding, due_fen after, and the sum an officer can do again."""

    loss: Loss
    exact_fen: Fraction
    due_fen: int
    arithmetic: str


@dataclass(frozen=True)
class Proposal:
    """How `amount_fen` is shared out; steps: one sentence each, in the order of the sum. Shares are sorted by claim.

    shared_by: the way of sharing (another than `method` for `art8`). rest_fen: what no claim gets; it stays frozen.
    notice_days: length of the public notice the rule asks for.
    """

    method: str
    shared_by: str
    amount_fen: int
    shares: tuple[Share, ...]
    steps: tuple[str, ...]
    rest_fen: int
    notice_days: int = 0


@dataclass(frozen=True)
class Part:
    """A claim in one way of sharing, all in fen: it gets `level × weight - before`, from 0 up to `cap`."""

    loss: Loss
    weight: int
    before: int
    cap: int


def shared(amount_fen: int, losses: Sequence[Loss], method: str) -> Proposal:
    """Share an amount out by one of `SHARING`. The order of the losses changes nothing.

    Args:
        amount_fen: at least 0. losses: no two of one claim, no negative figure.
    Returns:
        shares that add up to min(amount, sum of the caps) and keep below every cap; fen left by rounding down go to the largest
        remainders, equals by claim.
    """
    parts = sorted((part_of(loss, method) for loss in losses), key=lambda part: part.loss.claim)
    level = level_of(amount_fen, parts)
    exact = [reached(part, level) for part in parts]
    given = [int(fen) for fen in exact]
    left = min(amount_fen, sum(part.cap for part in parts)) - sum(given)
    by_remainder = sorted(range(len(parts)), key=lambda at: (given[at] - exact[at], parts[at].loss.claim))
    more = set(by_remainder[:left])
    due = [fen + (at in more) for at, fen in enumerate(given)]
    full = sorted((part for part in parts if part.cap and reached(part, level) == part.cap), key=full_at)
    running = [part for part, fen in zip(parts, exact, strict=True) if 0 < fen < part.cap]
    pot = amount_fen - sum(part.cap for part in full) + sum(part.before for part in running)
    over = sum(part.weight for part in running)
    told = zip(parts, exact, due, strict=True)
    shares = tuple(Share(part.loss, fen, got, sum_told(pot, over, part, fen, got)) for part, fen, got in told)
    steps = steps_of(amount_fen, method, parts, full, running)
    if more:
        names = listed([parts[at].loss.claim for at in sorted(more)])
        steps.append(f"rounded down the shares leave {yuan(left)}: 0.01 each to the largest remainders, {names}")
    rest = amount_fen - sum(due)
    if rest:
        steps.append(f"{yuan(rest)} is beyond what the claims may get: it stays frozen")
    return Proposal(method, method, amount_fen, shares, tuple(steps), rest)


def part_of(loss: Loss, method: str) -> Part:
    """Weight, what counts as had before, and cap of a claim."""
    if method == "pro_rata":
        return Part(loss, loss.loss_fen, 0, loss.net_fen)
    if method == "net_loss":
        return Part(loss, loss.net_fen, 0, loss.net_fen)
    if method == "traced":
        return Part(loss, loss.traced_fen, 0, min(loss.traced_fen, loss.net_fen))
    assert method == "rising_tide", method
    return Part(loss, loss.loss_fen, loss.returned_fen, loss.net_fen)


def reached(part: Part, level: Fraction) -> Fraction:
    """What a claim has got when the level is reached."""
    return min(max(level * part.weight - part.before, Fraction(0)), Fraction(part.cap))


def level_of(amount_fen: int, parts: Sequence[Part]) -> Fraction:
    """The level at which the parts take the amount, or all their caps where that is less.

    The sum over the parts rises in straight lines between the levels at which a part begins or is full.
    """
    bends = [(Fraction(part.before, part.weight), part.weight) for part in parts if part.cap]
    bends += [(Fraction(part.before + part.cap, part.weight), -part.weight) for part in parts if part.cap]
    level, taken, slope = Fraction(0), Fraction(0), 0
    for bend, at in groupby(sorted(bends), key=itemgetter(0)):
        if taken + slope * (bend - level) >= amount_fen:
            break
        taken += slope * (bend - level)
        level, slope = bend, slope + sum(weight for _, weight in at)
    return level + (amount_fen - taken) / slope if slope else level


def full_at(part: Part) -> tuple[Fraction, str]:
    """The level at which a part is full; equals by claim."""
    return Fraction(part.before + part.cap, part.weight), part.loss.claim


def sum_told(pot: int, over: int, part: Part, exact: Fraction, due: int) -> str:
    """One claim's arithmetic, with the remainder of the division, so that it can be done again on paper.

    Args:
        pot: what the claims that are neither full nor empty divide, in fen. over: the sum of their weights.
    """
    if exact == 0:
        return "0.00" if not part.before else f"0.00: {yuan(part.before)} came back before"
    if exact == part.cap:
        return f"{yuan(due)}: its cap"
    whole, rest = divmod(pot * part.weight, over)
    less = f" - {yuan(part.before)}" if part.before else ""
    told = f"{yuan(pot)} × {yuan(part.weight)} / {yuan(over)}{less} = {yuan(whole - part.before)}"
    told += f", remainder {rest}/{over} fen" if rest else ""
    return told + (" → +0.01" if due > int(exact) else "")


RATIO = {
    "pro_rata": "in proportion to the losses, none above its net loss",
    "net_loss": "in proportion to the net losses",
    "rising_tide": "so that all reach one rate of recovery, what came back earlier included",
    "traced": "as tracing finds it, none above its net loss",
}


def steps_of(amount_fen: int, method: str, parts: Sequence[Part], full: Sequence[Part], running: Sequence[Part]) -> list[str]:
    """The sum in sentences, up to the rounding."""
    count = f"{len(parts)} claim{'' if len(parts) == 1 else 's'}"
    steps = [f"{yuan(amount_fen)} is shared over {count} {RATIO[method]}"]
    left = amount_fen
    for part in full:
        left -= part.cap
        steps.append(f"{part.loss.claim} reaches its cap and gets {yuan(part.cap)}; {yuan(left)} is left for the others")
    busy = {part.loss.claim for part in [*full, *running]}
    for part in parts:
        if part.before and part.loss.claim not in busy:
            steps.append(f"{part.loss.claim} already has {yuan(part.before)} of {yuan(part.weight)} back and gets nothing")
    if running:
        before = sum(part.before for part in running)
        pot = f"{yuan(left)} and {yuan(before)} that came back before" if before else yuan(left)
        over = yuan(sum(part.weight for part in running))
        names = listed([part.loss.claim for part in running])
        steps.append(f"{pot}: each of {names} gets this × its weight / {over}{', less what it had' if before else ''}")
    return steps


def listed(names: Sequence[str]) -> str:
    """The first of the names, and how many more there are."""
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def yuan(fen: int) -> str:
    """Fen as yuan for reading.

    >>> yuan(2715899)
    '27,158.99'
    """
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{rest:02d}"

"""Lots of money as the game moves them: cut, labelled and scaled by place in the parcel."""

from dataclasses import dataclass

CLEAN = -1


@dataclass
class Lot:
    """fen of one label at a slot; node: the way it came."""

    label: int
    fen: int
    node: int


def placed(parcel: list[Lot]) -> list[tuple[int, Lot]]:
    """Each lot with where in the parcel it begins."""
    found, at = [], 0
    for lot in parcel:
        found.append((at, lot))
        at += lot.fen
    return found


def overlaid(at: int, lot: Lot, span: tuple[int, int], claim: int) -> list[Lot]:
    """A lot cut where a claim begins and ends; its clean fen inside become the claim's."""
    if lot.label != CLEAN:
        return [lot]
    low, high = max(at, span[0]), min(at + lot.fen, span[1])
    if high <= low:
        return [lot]
    parts = [Lot(CLEAN, low - at, -1), Lot(claim, high - low, -1), Lot(CLEAN, at + lot.fen - high, -1)]
    return [part for part in parts if part.fen]


def scaled(parcel: list[Lot], given: int, received: int) -> list[Lot]:
    """The lots as the target gets them: a conversion scales positions, rounded down."""
    if given == received:
        return parcel
    found = []
    for at, lot in placed(parcel):
        begin, end = at * received // given, (at + lot.fen) * received // given
        if end > begin:
            found.append(Lot(lot.label, end - begin, lot.node))
    return found

"""Legs of a live trace behind their row's own: the rest of a payment of which only a part is identified."""

from dataclasses import dataclass, fields, replace

import numpy as np

from tracing.legs import Flags, Ints


@dataclass(frozen=True)
class LegsBehind:
    """By leg: the row each belongs to, where in its amount it begins, and whether it still counts."""

    leg: Ints
    row: Ints
    part_fen: Ints
    counts: Flags

    @classmethod
    def of(cls, leg: Ints, row: Ints, part_fen: Ints) -> "LegsBehind":
        """Legs that count."""
        return cls(leg, row, part_fen, np.ones(len(leg), np.bool_))

    def with_more(self, leg: Ints, row: Ints, part_fen: Ints) -> "LegsBehind":
        """With further ones, whose numbers are higher."""
        more = LegsBehind.of(leg, row, part_fen)
        return LegsBehind(*(np.concatenate([getattr(one, part.name) for one in (self, more)]) for part in fields(self)))

    def beginning(self, leg: Ints, part_fen: Ints) -> "LegsBehind":
        """With some of them beginning elsewhere in the amounts of their rows; legs that are behind no row stay out of it."""
        mine = np.isin(leg, self.leg)
        found = self.part_fen.copy()
        found[np.searchsorted(self.leg, leg[mine])] = part_fen[mine]
        return replace(self, part_fen=found)

    def without(self, legs: list[int]) -> "LegsBehind":
        """With some that count no more: only what happened to them is still asked for."""
        return replace(self, counts=self.counts & ~np.isin(self.leg, legs))

    def of_rows(self, rows: Ints) -> dict[int, int]:
        """By row its leg behind, of those that have one that counts."""
        mine = self.counts & np.isin(self.row, rows)
        return dict(zip(self.row[mine].tolist(), self.leg[mine].tolist(), strict=True))

    def row_of(self, leg: Ints) -> Ints:
        """Row of each leg; one that is behind no row is its own."""
        if not len(self.leg):
            return leg
        at = np.minimum(np.searchsorted(self.leg, leg), len(self.leg) - 1)
        return np.where(self.leg[at] == leg, self.row[at], leg)

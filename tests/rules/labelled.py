"""A small bank with labelled gangs: payers, mules and collectors that deal once, among people who deal again."""

from datetime import date, timedelta

import numpy as np

from rules.labels import Label

GANGS = 14
FIRST = date(2025, 1, 1)
DAYS = 70


def bank(seed: int = 1) -> tuple[list[tuple[str, str, str, str]], list[Label], set[int]]:
    """Rows (time, source, target, amount) by time, labels with the gang as group, and which rows launder."""
    draw = np.random.default_rng(seed)
    rows: list[tuple[str, str, str, str, bool]] = []
    for person in range(120):
        for partner in draw.integers(0, 120, 3).tolist():
            for day in sorted(draw.integers(0, DAYS, 3).tolist()):
                rows.append((at(day, draw), f"p{person:03d}", f"p{partner:03d}", yuan(draw.integers(2_000, 300_000)), False))
        rows.append(
            (at(int(draw.integers(0, DAYS)), draw), f"p{person:03d}", f"p{int(draw.integers(0, 120)):03d}", "77.00", False)
        )
    labels = [Label(f"p{person:03d}", False, "") for person in range(120)]
    for gang in range(GANGS):
        day, names = 36 + 2 * gang, [f"g{gang:02d}-{who}" for who in ("payer", "m1", "m2", "m3", "collector")]
        for mule in names[1:4]:
            fen = int(draw.integers(20_000, 90_000))  # less than any rule looks at
            rows.append((f"{on(day)}T09:00:00+08:00", names[0], mule, yuan(fen), True))
            rows.append((f"{on(day)}T15:00:00+08:00", mule, names[4], yuan(fen * 9 // 10), True))
        labels += [Label(name, True, f"gang{gang}") for name in names]
    kept = sorted(row for row in rows if row[1] != row[2])
    return [row[:4] for row in kept], labels, {number for number, row in enumerate(kept) if row[4]}


def on(day: int) -> str:
    return (FIRST + timedelta(days=day)).isoformat()


def at(day: int, draw: np.random.Generator) -> str:
    return f"{on(day)}T{int(draw.integers(8, 20)):02d}:{int(draw.integers(0, 60)):02d}:00+08:00"


def yuan(fen: int) -> str:
    return f"{int(fen) // 100}.{int(fen) % 100:02d}"

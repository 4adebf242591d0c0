"""Accounts of generated rings ranked: by the rules alone on a ledger without reports, and as `liushui rank` does with them.

Ring members are positive; victims, innocents and a ring's suppliers, who launder nothing, are not. Hubs and vouchers are not
ranked: nobody needs a score to know them. A generated ring is made by the parameters the rules look for: these figures are
upper bounds.
"""

import csv
import shutil
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.detection.metrics import Flags, Floats, quality
from benchmarks.rules import side

HEADER = (
    "| seed | ranking | ring members | ranked | precision | recall | F1 | average precision | precision at 100 |\n"
    "|---:|---|---:|---:|---:|---:|---:|---:|---:|"
)
ROWS = 20_000
SUPPLIERS = ("data_seller", "account_seller", "number_lessor")
MEMBER_POINTS = 20.0
"""From this score on an account is named: the points of a role. Grade P, not tuned."""
HELD = 1_000.0
"""Accounts with an expected recovery come before all others, whose score is at most 100."""
SINGLE_LISTED = 5
"""Single rules shown: those with the best average precision over all seeds."""

ORDER = "order of the product, reports"
Ranked = tuple[Floats, Flags]


def report(seeds: list[int]) -> str:
    """One row per seed and ranking, then all seeds as one, then the best single rules."""
    lines, every = [HEADER], dict[str, list[Ranked]]()
    folder = Path(tempfile.mkdtemp(prefix="liushui-rings-"))
    try:
        for seed in seeds:
            for name, ranked in one(folder / str(seed), seed).items():
                every.setdefault(name, []).append(ranked)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    whole = [name for name in every if not name.startswith("RUL-")]
    for at, seed in enumerate(seeds):
        lines += [line(str(seed), name, every[name][at]) for name in whole]
    pooled = {
        name: (np.concatenate([s for s, _ in parts]), np.concatenate([y for _, y in parts])) for name, parts in every.items()
    }
    lines += [line("all", name, pooled[name]) for name in whole]
    singles = sorted(set(pooled) - set(whole), key=lambda name: (-quality(*pooled[name], 0.5).average_precision, name))
    lines += [line("all", f"{name} alone, no reports", pooled[name], 0.5) for name in singles[:SINGLE_LISTED]]
    return "\n".join(lines) + "\n"


def together(parts: list[Ranked]) -> Ranked:
    """The accounts of all seeds as one ranking."""
    return np.concatenate([score for score, _ in parts]), np.concatenate([positive for _, positive in parts])


def line(seed: str, name: str, ranked: Ranked, threshold: float = MEMBER_POINTS) -> str:
    """One row of the table; the product's order names the accounts it expects money from."""
    threshold = HELD if name == ORDER else threshold
    return f"| {seed} | {name} | {quality(*ranked, threshold).cells()} |"


def one(folder: Path, seed: int) -> dict[str, Ranked]:
    """Every ranking of one generated ledger."""
    from ledger.generate import generate
    from ledger.ingest import ingest
    from rules.catalogue import RULES

    records = folder / "records"
    generate(records, "demo", seed, ROWS)
    paths = sorted(path for path in records.iterdir() if path.is_file())
    ingest(folder / "with", paths)
    ingest(folder / "without", [path for path in paths if path.name != "reports.csv"])
    with (records / "truth" / "roles.csv").open(encoding="utf-8") as file:
        roles = {row["account"]: row["role"] for row in csv.DictReader(file)}
    points = {rule.code: rule.points for rule in RULES}
    told: dict[str, Ranked] = {}
    without, seen = rule_strengths(folder / "without")
    told["rules, no reports"] = over(roles, total(without, points), seen)
    for code in points:
        told[code] = over(roles, {name: found[code] for name, found in without.items() if code in found}, seen)
    reported, seen = rule_strengths(folder / "with")
    told["rules, reports"] = over(roles, total(reported, points), seen)
    scores, order = product_scores(folder / "with")
    told["score of the product, reports"] = over(roles, scores, seen)
    told[ORDER] = over(roles, order, seen)
    return told


def rule_strengths(folder: Path) -> tuple[dict[str, dict[str, float]], list[str]]:
    """The strongest finding of every rule per account, 0 … 1; and all accounts of the ledger."""
    from ledger.store.opening import open_ledger
    from rules.catalogue import apply_rules

    ledger = open_ledger(folder)
    names = ledger.accounts["account"].astype(str).tolist()
    found: dict[str, dict[str, float]] = {}
    for finding in apply_rules(ledger)[0]:
        mine = found.setdefault(names[finding.account_code], {})
        mine[finding.rule] = max(mine.get(finding.rule, 0.0), finding.strength / 10_000)
    return found, names


def total(found: dict[str, dict[str, float]], points: dict[str, int]) -> dict[str, float]:
    """Points of an account's rules, each once."""
    return {name: sum(points[code] * strength for code, strength in mine.items()) for name, mine in found.items()}


def product_scores(folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Score, and place as a number that falls, of every account `liushui rank` lists."""
    from api.judgement import judge
    from api.summary import last_moment_us
    from ledger.store.opening import open_ledger
    from tracing import trace_claims

    ledger = open_ledger(folder)
    frame = judge(ledger, trace_claims(ledger), last_moment_us(ledger)).ranking
    names = frame["account"].astype(str)
    score = frame["score"].astype(float)
    place = np.where(frame["expected_recovery_fen"] > 0, HELD + len(frame) - frame["rank"], score)
    return dict(zip(names, score, strict=True)), dict(zip(names, place.tolist(), strict=True))


def over(roles: dict[str, str], scores: dict[str, float], seen: list[str]) -> Ranked:
    """Scores (0 where there is none) and truth of every account of the ledger but hubs and vouchers."""
    names = [name for name in sorted(seen) if roles.get(name, "innocent") not in ("hub", "voucher")]
    score = np.array([scores.get(name, 0.0) for name in names])
    role = [roles.get(name, "innocent") for name in names]
    return score, np.array([side(one) == "ring" and one not in SUPPLIERS for one in role], dtype=np.bool_)

"""What the rules say about a trace: findings, the ranking, and the freeze lines that follow from it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from api.blocks import known_blocks
from api.parameters import us_of
from api.results import json_bytes, money, parameters_told, write_whole
from ledger.book import Ledger
from ledger.problems import LiushuiError
from rules import plan_freezes, rank_accounts, write_ranking
from rules.blocked import Block, free_of_blocks
from rules.catalogue import apply_to
from rules.cut import cut_sentence, least_cuts
from rules.dwell import LATENCY_US
from rules.lines import LEAST_LIEN_FEN
from rules.plan import left_out
from rules.scope import scope_of
from rules.score import RankingResult
from rules.suspected import suspect
from rules.weights import load_weights
from rules.wording import MINUTE_US
from tracing.result import Trace

SHOWN = 10


@dataclass(frozen=True)
class Choices:
    """What a desk chooses beyond the defaults.

    weights: its file of points over the shipped ones. suspected: also ask for money of victims who have not reported yet, on
    lines apart. whole: judge every account of the ledger, whether reported money reached it or not. blocks: what banks have
    blocked already.
    """

    weights: Path | None = None
    suspected: bool = False
    whole: bool = False
    blocks: tuple[Block, ...] = ()


USUAL = Choices()


@dataclass(frozen=True)
class Judged:
    """Everything judged about one trace: the ranking with its findings, and the lines of a freeze batch."""

    result: RankingResult
    lines: pd.DataFrame

    @property
    def ranking(self) -> pd.DataFrame:
        """The ranked accounts."""
        return self.result.frame

    def roles(self) -> dict[str, str]:
        """Role by account."""
        return self.result.roles()


def judge(
    ledger: Ledger,
    trace: Trace,
    end_us: int,
    now: datetime | None = None,
    limit: int | None = None,
    choices: Choices = USUAL,
) -> Judged:
    """Apply the rules, rank the accounts, plan the freezes.

    Args:
        end_us: when the records end. now: the moment a request would be sent; every hour after the records' end lowers the
            chance that money is still there. None: the records' end.
        limit: how many requests at most.
    Raises: LiushuiError RUL-weights for a file that cannot be used; API-blocks for a block of an account nobody knows;
        API-no-claims when no report could be traced and the whole ledger is not asked for: there is nobody to recover
        anything for.
    """
    points = None if choices.weights is None else load_weights(choices.weights)
    if not len(trace.claims) and not choices.whole:
        why = trace.warnings[0] if trace.warnings else "the ledger holds no reports"
        raise LiushuiError("API-no-claims", f"no report can be traced: {why}")
    later = 0 if now is None else max(us_of(now.isoformat(), "now") - end_us, 0)
    seen = trace if len(trace.claims) else None
    scope = scope_of(ledger, seen, trace.parameters.as_of_us, whole=choices.whole)
    findings, problems = apply_to(scope)
    latency_us = LATENCY_US + later
    result = rank_accounts(ledger, trace, findings, problems, scope=scope, latency_us=latency_us, weights=points)
    beside = suspect(scope, result.frame[["account_code", "role"]], findings, latency_us) if choices.suspected else None
    known = trace if beside is None else beside.trace
    free = free_of_blocks(ledger, known, known_blocks(ledger, choices.blocks))
    result = free.taken_off(result)
    return Judged(result, plan_freezes(result, limit, suspected=beside, free=free))


def write_judged(judged: Judged, out: Path) -> None:
    """Write ranking.csv, findings.csv and ranking.json."""
    write_ranking(judged.result, out)
    write_whole(out / "ranking.json", json_bytes(made_with(judged.result)))


def made_with(result: RankingResult) -> dict[str, Any]:
    """What a ranking was made from and with, so that it can be made again."""
    trace = result.trace
    return {
        "engine_version": trace.engine_version,
        "ledger_digest": trace.ledger_digest,
        "batch": trace.batch,
        "parameters": parameters_told(trace.parameters),
        "latency_minutes": result.latency_us // MINUTE_US,
        "chances": result.chances,
        "whole": result.scope.whole,
        "accounts": len(result.frame),
        "weights_digest": result.weights.digest,
        "weights": result.weights.told(),
        "not_evaluated": [f"{one.code} {one.message}" for one in result.problems],
    }


def judged_told(judged: Judged) -> dict[str, Any]:
    """The judgement in numbers: accounts, roles, what is recoverable, what is asked for, rates, what could not be evaluated."""
    frame = judged.ranking
    accounts, fen = left_out(judged.result, judged.lines)
    asked = {name: money(int(judged.lines[f"{name}_fen"].sum())) for name in ("lien", "expected_recovery")}
    return {
        "recoverable": money(int(frame["recoverable_fen"].sum())),
        "asked": asked,
        "left_out": {"accounts": accounts, "lien": money(fen), "least": money(LEAST_LIEN_FEN)},
        "accounts": len(frame),
        "roles": dict(sorted(Counter(frame["role"]).items())),
        "findings": dict(sorted(Counter(one.rule for one in judged.result.findings).items())),
        "rates": rates(judged),
        "weights_digest": judged.result.weights.digest,
        "not_evaluated": [f"{one.code} {one.message}" for one in judged.result.problems],
    }


def cuts_told(judged: Judged) -> list[dict[str, Any]]:
    """Per currency what left, the narrowest places all of it passed, and a sentence; where not computed, the sentence alone."""
    ranking = judged.result
    names = ranking.ledger.accounts["account"]
    try:
        cuts = least_cuts(ranking)
    except LiushuiError as error:
        return [{"sentence": f"where the victims' money narrows was not computed: {error.code} {error}"}]
    told = []
    for cut in cuts:
        places = [
            {
                "kind": str(row["kind"]),
                "source": str(names.iloc[row["source_code"]]),
                "target": str(names.iloc[row["target_code"]]),
                "sink": str(row["sink"]),
                "amount": money(int(row["fen"])),
            }
            for row in cut.places.to_dict("records")
        ]
        exits = {sink: money(fen) for sink, fen in sorted(cut.exits.items())}
        told.append({"currency": cut.currency, "exits": exits, "places": places, "sentence": cut_sentence(cut, ranking)})
    return told


def rates(judged: Judged) -> list[dict[str, Any]]:
    """The estimated rate of every recycler, with its interval, by voucher kind."""
    found = {}
    for finding in judged.result.findings:
        if finding.inputs.get("side") == "recycler":
            told = {name: finding.inputs[name] for name in ("voucher", "rate", "interval", "batches")}
            found[str(sorted(told.items()))] = told
    return [found[key] for key in sorted(found, key=lambda key: (str(found[key]["voucher"]), key))]


def ranking_lines(judged: Judged) -> list[str]:
    """The first accounts of the ranking, one line each, then what could not be evaluated."""
    rows = judged.ranking.head(SHOWN).to_dict("records")
    lines = [
        f"{row['rank']:>3}  {row['account']}  {row['role']}  score {row['score']}  held {money(row['held_fen'])}  "
        f"expected {money(row['expected_recovery_fen'])}"
        for row in rows
    ]
    return lines + [f"not evaluated: {one.code} {one.message}" for one in judged.result.problems]

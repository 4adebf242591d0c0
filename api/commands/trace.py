"""`liushui trace`, `rank`, `freeze` and `diagram`: from a ledger to the files a desk uses."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.options import (
    AsOf,
    AsOfBatch,
    BlockedFile,
    Currency,
    Direction,
    FromAccount,
    FromTransfer,
    HopWindow,
    Inferred,
    Json,
    LedgerFolder,
    Level,
    MaxHops,
    Method,
    MinAmount,
    Now,
    Opening,
    OutFolder,
    Overdraft,
    OverdraftWindow,
    Probability,
    Reports,
    Ties,
    WeightsFile,
    Whole,
)
from api.commands.output import counted, progress, sum_text, tell
from api.commands.telling import origin_lines, trace_lines


def trace(  # noqa: PLR0913, PLR0917 - the options of the contract
    ledger: LedgerFolder,
    out: OutFolder,
    method: Method = "fifo",
    reports: Reports = None,
    as_of: AsOf = None,
    as_of_batch: AsOfBatch = None,
    max_hops: MaxHops = None,
    hop_window: HopWindow = None,
    min_amount: MinAmount = "0.00",
    opening: Opening = "reported",
    ties: Ties = "ledger",
    direction: Direction = "forward",
    accounts: FromAccount = None,
    transfers: FromTransfer = None,
    overdraft: Overdraft = "dissipate",
    overdraft_window: OverdraftWindow = None,
    level: Level = "account",
    inferred: Inferred = False,
    probability: Probability = None,
    currency: Currency = None,
    as_json: Json = False,
) -> None:
    """Trace the reported money and write the result files.

    With --method all: a folder for each method, and envelope.csv with what each finds held, and where they disagree.

    These are traced.csv, held.csv, sinks.csv, frontier.csv and trace.json; ties.csv where the order within an instant matters;
    with --inferred also inferred_links.csv, and inferred_sets.csv where payouts were for several batches together.

    With --direction backward: whose money a balance, a transfer or a disputed payment is; origins.csv is the answer.

    The amounts are exact: per claim, held + sinks = the claim, to the fen. A limit that cut something off is named.

    Example: `liushui trace ledger --out result --as-of 2026-03-01T18:00:00+08:00 --report R1 --report R2`
    """
    words = {"method": method, "reports": reports, "as_of": as_of, "max_hops": max_hops, "hop_window": hop_window}
    words |= {"min_amount": min_amount, "opening": opening, "ties": ties, "currency": currency}
    words |= {"direction": direction, "accounts": accounts, "transfers": transfers, "level": level, "inferred": inferred}
    words |= {"overdraft": overdraft, "overdraft_window": overdraft_window, "probability": probability}
    from api import pipeline

    if method == "all" and direction == "backward":
        from api.parameters import BadWord

        raise BadWord("method", "a trace backward is by one method at a time")
    if method == "all":
        by_all(ledger, out, words | {"method": None}, as_of_batch, as_json)
        return
    opened, traced = traced_with(ledger, words, as_of_batch, keep=True)
    with progress("writing"):
        pipeline.write_trace(opened, traced, out)
        pipeline.keep_trace(opened, traced, ledger)
    summary = pipeline.summary(opened, traced)
    lines = trace_lines(summary) if traced.origins is None else origin_lines(summary, traced.origins)
    tell(as_json, summary | {"out": str(out)}, [*lines, f"files: {out}"])


def by_all(ledger: Path, out: Path, words: dict[str, Any], as_of_batch: int | None, as_json: bool) -> None:
    """Every method into a folder of its own, and envelope.csv over them."""
    from api import pipeline
    from api.parameters import parameters_from

    parameters = parameters_from(words)
    with progress("opening"):
        opened = pipeline.open_ledger(ledger, as_of_batch)
    with progress("tracing by every method"):
        chosen, apart = pipeline.trace_by_all(opened, parameters, out)
    summary = pipeline.summary(opened, chosen)
    where = f"{apart['disagree']} of {counted(apart['holdings'], 'holding')}"
    told = f"the methods disagree on {where}, by up to {sum_text(apart['widest'])}"
    tell(as_json, summary | {"envelope": apart, "out": str(out)}, [*trace_lines(summary), told, f"files: {out}"])


def rank(  # noqa: PLR0913, PLR0917 - the options of the contract
    ledger: LedgerFolder,
    out: OutFolder,
    as_of: AsOf = None,
    as_of_batch: AsOfBatch = None,
    now: Now = None,
    inferred: Inferred = False,
    weights: WeightsFile = None,
    whole: Whole = False,
    as_json: Json = False,
) -> None:
    """Rank accounts by what a freeze would save.

    Writes ranking.csv, findings.csv, and ranking.json with what they were made with.

    With --whole: also accounts no reported money reached, after the others, by their score.

    The ranking is for --now; without it for the moment the records end, or --as-of.

    Example: `liushui rank ledger --out result --as-of 2026-03-01T18:00:00+08:00`
    """
    from api import pipeline

    chosen = {"weights": weights, "whole": whole}
    judged = judged_with((ledger, as_of_batch), {"as_of": as_of, "inferred": inferred}, now, None, chosen)[2]
    pipeline.write_judged(judged, out)
    result = pipeline.judged_told(judged) | {"out": str(out)}
    files = " ".join(str(out / name) for name in ("ranking.csv", "findings.csv", "ranking.json"))
    tell(as_json, result, [*pipeline.ranking_lines(judged), f"files: {files}"])


def freeze(  # noqa: PLR0913, PLR0917 - the options of the contract
    ledger: LedgerFolder,
    out: OutFolder,
    as_of: AsOf = None,
    as_of_batch: AsOfBatch = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="At most N requests, the best first.")
    ] = None,
    suspected: Annotated[
        bool,
        typer.Option(
            "--suspected", help="Also stop payments over money of victims who have not reported yet, on lines of their own."
        ),
    ] = False,
    blocked: BlockedFile = None,
    now: Now = None,
    inferred: Inferred = False,
    weights: WeightsFile = None,
    as_json: Json = False,
) -> None:
    """Write a freeze batch, one set of files per institution.

    A CSV, an XLSX and a JSON file of stop payments and freezes each, and batch.json over all.

    The validity of the requests starts at --now; without it at --as-of; without that at this computer's clock.

    Example: `liushui freeze ledger --out batch --limit 50`
    """
    from datetime import UTC, datetime

    from api import pipeline

    words = {"as_of": as_of, "inferred": inferred}
    blocks = pipeline.read_blocks(blocked) if blocked else ()
    chosen = {"weights": weights, "suspected": suspected, "blocks": blocks}
    opened, traced, judged, asked = judged_with((ledger, as_of_batch), words, now, limit, chosen)
    moment = asked or (pipeline.records_end(opened, traced) if as_of else datetime.now(UTC).replace(microsecond=0))
    batch = pipeline.write_batch(opened, traced, judged, out, now=moment, case="")
    rest, cuts = pipeline.judged_told(judged)["left_out"], pipeline.cuts_told(judged)
    told = [batch_line(batch), *left_out_lines(rest), *(cut["sentence"] for cut in cuts), f"files: {out}"]
    tell(as_json, batch | {"left_out": rest, "cuts": cuts, "out": str(out)}, told)


def diagram(  # noqa: PLR0913, PLR0917 - the options of the contract
    ledger: LedgerFolder,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The picture; its format by its extension.")],
    reports: Reports = None,
    as_of: AsOf = None,
    as_of_batch: AsOfBatch = None,
    title: Annotated[str, typer.Option("--title", help="Text above the picture.")] = "",
    inferred: Inferred = False,
    as_json: Json = False,
) -> None:
    """Draw where the money went.

    One column per hop, an amount and a time on every flow.

    Example: `liushui diagram ledger --out flow.svg --report R1`
    """
    from api import pipeline

    pipeline.check_drawable(out)  # a typing mistake costs no time
    opened, traced = traced_with(ledger, {"reports": reports, "as_of": as_of, "inferred": inferred}, as_of_batch)
    with progress("drawing"):
        pipeline.draw(opened, traced, out, title=title)
    tell(as_json, {"out": str(out), "bytes": out.stat().st_size}, [f"files: {out}"])


def traced_with(ledger: Path, words: dict[str, Any], as_of_batch: int | None = None, *, keep: bool = False) -> tuple[Any, Any]:
    """The opened ledger and its trace; the words come first, so that a typing mistake costs no time.

    keep: the trace is to be kept, so it says whether the order within an instant matters.
    """
    from api import pipeline
    from api.parameters import parameters_from

    parameters = parameters_from(words)
    with progress("opening"):
        opened = pipeline.open_ledger(ledger, as_of_batch)
    with progress("tracing"):
        return opened, (pipeline.trace_to_keep if keep else pipeline.trace_ledger)(opened, parameters)


def judged_with(
    place: tuple[Path, int | None],
    words: dict[str, Any],
    now: str | None,
    limit: int | None = None,
    chosen: dict[str, Any] | None = None,
) -> tuple[Any, Any, Any, Any]:
    """Ledger, trace, judgement, and the moment asked for (None: not said).

    Args:
        place: the folder, and as of which batch. words: of the trace. chosen: fields of `api.judgement.Choices`.
    """
    from api import pipeline
    from api.parameters import moment_of, us_of

    moment = moment_of(us_of(now, "now")) if now else None
    opened, traced = traced_with(place[0], words, place[1])
    with progress("judging"):
        choices = pipeline.Choices(**(chosen or {}))
        return opened, traced, pipeline.judge_trace(opened, traced, moment, limit, choices), moment


def left_out_lines(rest: dict[str, Any]) -> list[str]:
    """A sentence on the liens no request asks for; nothing when there are none."""
    if not rest["accounts"]:
        return []
    liens = f"{counted(rest['accounts'], 'account')} with {sum_text(rest['lien'])}"
    return [f"left out: {liens} (below {rest['least']} each, or beyond the limit)"]


def batch_line(batch: dict[str, Any]) -> str:
    """What a freeze batch asks for, in one line."""
    totals = batch["totals"]
    liens = ", ".join(sum_text(amount, currency) for currency, amount in totals["lien_amount"].items()) or "nothing"
    acts = ", ".join(f"{totals[act]} {act}" for act in ("stop_payment", "freeze", "watch") if totals.get(act))
    asked = f"{counted(totals['requests'], 'request')} to {counted(totals['institutions'], 'institution')}"
    beside = totals.get("suspected")
    parts = f", of these {counted(beside['requests'], 'request')} for claims that are suspected, not reported" if beside else ""
    return f"{asked} over {liens}" + (f" ({acts})" if acts else "") + parts + f", as of {batch['now']}"

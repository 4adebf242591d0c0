"""The demo: the straight line on the shipped scenario, and ten lines that tell what came of it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api import pipeline
from api.commands.output import counted, sum_text
from api.commands.trace import batch_line
from api.results import money, write_whole
from ledger.problems import LiushuiError
from tracing.result import Parameters, Trace

MARK = ".liushui-demo"
SCENARIO = "demo"
PARTS = ("records", "ledger", "result", "freeze", "diagram.svg", "diagram.png")


@dataclass(frozen=True)
class Found:
    """What the demo found: for machines, and in lines for people."""

    result: dict[str, Any]
    lines: list[str]


def demonstrate(out: Path, seed: int, show: Callable[..., None] = lambda *_told: None) -> Found:
    """Run the whole line in `out`; what an earlier demo left there is replaced.

    Raises: LiushuiError when the folder holds something else.
    """
    renew(out)
    show("generating")
    pipeline.generate_records(out / "records", SCENARIO, seed, None)
    show("ingesting")
    _, problems = pipeline.ingest_records(out / "ledger", [out / "records"])
    ledger = pipeline.open_ledger(out / "ledger")
    show("tracing")
    trace = pipeline.trace_to_keep(ledger, Parameters())
    pipeline.write_trace(ledger, trace, out / "result")
    pipeline.keep_trace(ledger, trace, out / "ledger")
    show("judging")
    judged = pipeline.judge_trace(ledger, trace)
    pipeline.write_judged(judged, out / "result")
    batch = pipeline.write_batch(ledger, trace, judged, out / "freeze", now=pipeline.records_end(ledger, trace), case="demo")
    show("drawing")
    for name in ("diagram.svg", "diagram.png"):
        pipeline.draw(ledger, trace, out / name, title="liushui demo", judged=judged)
    summary = pipeline.summary(ledger, trace)
    judgement = pipeline.judged_told(judged)
    result = {"out": str(out), "summary": summary, "judgement": judgement, "batch": batch, "problems": len(problems)}
    return Found(result, told(out, trace, judged, result))


def renew(out: Path) -> None:
    """Make the folder, or empty it of an earlier demo's parts; anything else in it stops the demo."""
    if out.exists() and not out.is_dir():
        raise LiushuiError("API-demo-folder", f"{out} is not a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).exists():
        raise LiushuiError("API-demo-folder", f"{out} holds other files; name a new folder: liushui demo OUT")
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / MARK, b"made by liushui demo, which may empty this folder\n")
    for name in PARTS:
        part = out / name
        shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)


def told(out: Path, trace: Trace, judged: pipeline.Judged, result: dict[str, Any]) -> list[str]:
    """The ten lines."""
    summary, totals, asked = result["summary"], result["summary"]["totals"], result["judgement"]["asked"]
    currency, reach = summary["currency"], result["summary"]["reach"]
    victims = int(trace.claims["victim"].nunique())
    sinks = "; ".join(f"{kind} {sum_text(amount)}" for kind, amount in summary["sinks"].items())
    exact = "held + sinks = claim for every claim: " + ("yes" if totals["identity"] else "NO")
    way = f"{counted(reach['transfers'], 'transfer')} over {counted(reach['hops'], 'hop')}"
    return [
        f"victims  {counted(victims, 'victim')}, {counted(totals['claims'], 'report')}",
        f"lost     {sum_text(totals['amount'], currency)}; {exact}",
        f"path     {way} through {counted(reach['accounts'], 'account')}",
        f"now      {sum_text(totals['held'])} still held in {counted(reach['resting'], 'account')}: {by_kind(judged)}",
        f"gone     {sum_text(totals['sinks'])}: {sinks or 'nothing'}",
        f"freeze   {batch_line(result['batch'])}",
        f"saves    {sum_text(asked['expected_recovery'])} expected of {sum_text(asked['lien'])} asked for",
        f"roles    {roles_text(result['judgement']['roles'])}",
        f"rates    {rates_text(result['judgement']['rates'])}",
        f"files    {out}/: diagram.svg diagram.png result/ freeze/ records/ (truth/ has the answers)",
        f"next     liushui serve {out / 'ledger'}",
    ]


def by_kind(judged: pipeline.Judged) -> str:
    """Where the money is now, by role of the account."""
    held = judged.ranking.groupby("role", sort=True)["held_fen"].sum().sort_values(ascending=False, kind="stable")
    return ", ".join(f"{role} {sum_text(money(int(fen)))}" for role, fen in held.items() if fen) or "nowhere"


def roles_text(roles: dict[str, int]) -> str:
    """How many accounts of every role."""
    return ", ".join(f"{number} {role}" for role, number in roles.items() if role != "unknown")


def rates_text(rates: list[dict[str, Any]]) -> str:
    """What recyclers pay for a voucher's face, estimated from the records."""
    names = {"card": "gift card", "q_coin": "Q-coin"}
    told = [f"{names[one['voucher']]} {one['rate']} ({one['interval'][0]} to {one['interval'][1]})" for one in rates]
    return ", ".join(dict.fromkeys(told)) or "no recycler's rate could be estimated"

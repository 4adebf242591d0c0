"""`liushui explain`: how a report's money came to rest at an account, to check by hand."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.options import (
    AsOf,
    AsOfBatch,
    Currency,
    Inferred,
    Json,
    LedgerFolder,
    Level,
    Opening,
    Overdraft,
    Probability,
    Ties,
)
from api.commands.output import plain, progress, tell


def explain(  # noqa: PLR0913, PLR0917 - the options of the contract
    ledger: LedgerFolder,
    account: Annotated[str, typer.Option("--account", metavar="ID", help="The account where the money rests.")],
    report: Annotated[str, typer.Option("--report", metavar="ID", help="The report whose money it is.")],
    method: Annotated[
        str, typer.Option("--method", metavar="NAME", help="fifo, lifo, pro_rata, clean_first, or taint_first.")
    ] = "fifo",
    as_of: AsOf = None,
    as_of_batch: AsOfBatch = None,
    opening: Opening = "reported",
    ties: Ties = "ledger",
    currency: Currency = None,
    level: Level = "account",
    inferred: Inferred = False,
    probability: Probability = None,
    overdraft: Overdraft = "dissipate",
    every: Annotated[bool, typer.Option("--all", help="Leave no line out, also those that move other money.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it to a .txt, .csv or .json file too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Explain what an account holds of a report, fen by fen, with the file and line of every record.

    The path from the disputed payment, then every account on it: opening, what comes in, which lots leave, what is left.

    Money that goes back through an overdraft cannot be shown so: --overdraft backward is refused.

    Example: `liushui explain ledger --account 6217000000000000022 --report R1`
    """
    from api import pipeline
    from api.parameters import BadWord, one_of, parameters_from
    from tracing.result import ALLOCATING

    one_of(method, ALLOCATING, "method")
    if out is not None and out.suffix.lower() not in pipeline.EXPLANATION_FORMATS:
        raise BadWord("out", f"{out.name!r} is none of: {', '.join(pipeline.EXPLANATION_FORMATS)}")
    words: dict[str, Any] = {"method": method, "as_of": as_of, "opening": opening, "ties": ties, "currency": currency}
    words |= {"level": level, "inferred": inferred, "probability": probability, "overdraft": overdraft}
    parameters = parameters_from(words)
    with progress("opening"):
        opened = pipeline.open_ledger(ledger, as_of_batch)
    with progress("explaining"):
        found = pipeline.explained(opened, account, report, parameters, every)
    if out is not None:
        pipeline.write_explanation(found, out, every, plain)
    lines = [] if as_json else pipeline.explanation_lines(found, every)
    tell(as_json, pipeline.explanation_told(found) if as_json else {}, lines)

"""`liushui returns`: how the money frozen at an account would be shared out over the victims."""

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
    OutFolder,
    Overdraft,
    Probability,
    Reports,
    Ties,
)
from api.commands.output import counted, progress, sum_text, tell

SHOWN = 20


def returns(  # noqa: PLR0913, PLR0917 - the options of the contract
    ledger: LedgerFolder,
    account: Annotated[str, typer.Option("--account", metavar="ID", help="The account whose frozen money is shared out.")],
    out: OutFolder,
    amount: Annotated[
        str | None,
        typer.Option("--amount", metavar="YUAN", help="What is frozen, e.g. 90000.00. Default: what tracing finds held there."),
    ] = None,
    method: Annotated[
        str, typer.Option("--method", metavar="NAME", help="art8, pro_rata, net_loss, rising_tide, traced, or all.")
    ] = "art8",
    returned: Annotated[
        list[str] | None,
        typer.Option(
            "--returned", metavar="CLAIM=YUAN", help="What came back to a claim outside the records; repeat for more."
        ),
    ] = None,
    trace_method: Annotated[
        str, typer.Option("--trace-method", metavar="NAME", help="The tracing method that `traced` follows.")
    ] = "fifo",
    reports: Reports = None,
    as_of: AsOf = None,
    as_of_batch: AsOfBatch = None,
    opening: Opening = "reported",
    ties: Ties = "ledger",
    currency: Currency = None,
    level: Level = "account",
    inferred: Inferred = False,
    probability: Probability = None,
    overdraft: Overdraft = "dissipate",
    as_json: Json = False,
) -> None:
    """Propose how to return the money frozen at an account.

    Writes returns.csv, a row per claim with its arithmetic, and returns.json, with every method and the range over them.

    With --level holder the money is that of all accounts of the account's holder. --overdraft backward is refused: not every
    method knows it, and article 8 asks whether they agree.

    Example: `liushui returns ledger --account 6217000000000000022 --amount 90000.00 --out result`
    """
    from api import pipeline
    from api.parameters import fen_of, one_of, parameters_from
    from tracing.result import ALLOCATING
    from tracing.returns import RETURN_METHODS

    one_of(method, (*RETURN_METHODS, "all"), "method")
    one_of(trace_method, ALLOCATING, "trace_method")
    words: dict[str, Any] = {"method": trace_method, "reports": reports, "as_of": as_of, "opening": opening, "ties": ties}
    words |= {"currency": currency, "level": level, "inferred": inferred, "probability": probability, "overdraft": overdraft}
    parameters = parameters_from(words)
    amount_fen = None if amount is None else fen_of(amount, "amount")
    before = returned_fen(returned or [])
    with progress("opening"):
        opened = pipeline.open_ledger(ledger, as_of_batch)
    with progress("tracing by every method"):
        asked = {"amount_fen": amount_fen, "returned": before, "inferred": pipeline.inferred_links(opened, parameters)[0]}
        told = pipeline.write_returns(opened, account, parameters, out, method, **asked)
    tell(as_json, told | {"out": str(out)}, [*returns_lines(told), f"files: {out / 'returns.csv'} {out / 'returns.json'}"])


def returned_fen(words: list[str]) -> dict[str, int]:
    """The amounts of `--returned`, by claim."""
    from api.parameters import BadWord, fen_of

    found: dict[str, int] = {}
    for word in words:
        claim, equals, text = word.rpartition("=")
        if not equals:
            raise BadWord("returned", f"{word!r} is not CLAIM=YUAN; write it like R1=500.00")
        found[claim] = found.get(claim, 0) + fen_of(text, "returned")
    return found


def returns_lines(told: dict[str, Any]) -> list[str]:
    """The proposal for people: the rule, the steps, a line per claim."""
    one = "art8" if told["method"] == "all" else told["method"]
    found = next(proposal for proposal in told["proposals"] if proposal["method"] == one)
    shared_by = "" if found["shared_by"] == one else f", shared by {found['shared_by']}"
    lines = [
        f"{sum_text(told['amount'])} at {', '.join(told['one_balance'])}, {counted(len(told['claims']), 'claim')}",
        f"article 8: {told['article_8']['rule']}: {told['article_8']['why']}",
        f"{one}{shared_by}: {sum_text(found['returned'])} to return, {sum_text(found['rest'])} stays frozen",
    ]
    steps = found["steps"]
    lines += [f"  {number}. {step}" for number, step in enumerate(steps[:SHOWN], start=1)]
    lines += [f"  … {counted(len(steps), 'step')} in all: returns.json"] if len(steps) > SHOWN else []
    for share, claim in list(zip(found["shares"], told["claims"], strict=True))[:SHOWN]:
        over = f"over the methods {sum_text(claim['least'])} to {sum_text(claim['most'])}"
        lines.append(f"{share['claim']}  {sum_text(share['returned'])}  ({share['arithmetic']}; {over})")
    lines += [f"… {counted(len(told['claims']), 'claim')} in all: returns.csv"] if len(told["claims"]) > SHOWN else []
    warnings = told["warnings"]
    lines += [f"warning: {one}" for one in warnings[:SHOWN]]
    return lines + ([f"… {counted(len(warnings), 'warning')} in all: returns.json"] if len(warnings) > SHOWN else [])

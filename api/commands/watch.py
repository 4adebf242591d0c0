"""`liushui watch`: whose money moves, as batches are published."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Annotated, Any

import typer

from api.commands.options import HopWindow, Json, LedgerFolder, MaxHops, MinAmount, Reports
from api.commands.output import counted, plain, progress, sum_text


def watch(  # noqa: PLR0913, PLR0917 - the options of the contract
    ledger: LedgerFolder,
    reports: Reports = None,
    max_hops: MaxHops = None,
    hop_window: HopWindow = None,
    min_amount: MinAmount = "0.00",
    once: Annotated[bool, typer.Option("--once", help="Tell what is new since --since-batch, and end.")] = False,
    since: Annotated[
        int | None,
        typer.Option("--since-batch", metavar="N", min=1, help="What came after batch N is new. Default: what is to come."),
    ] = None,
    interval: Annotated[
        float, typer.Option("--interval", metavar="SECONDS", min=0.05, max=3600, help="How often the ledger is looked at.")
    ] = 1.0,
    as_json: Json = False,
) -> None:
    """Follow a ledger that others publish to, and tell each time reported money moves.

    One line per event, as soon as a batch is published: from where to where, how much of whose money, what is left, what to
    stop. With --json one JSON object per line. Ctrl-C ends it.

    Example: `liushui watch ledger --report R1 --interval 0.5`
    """
    from api.parameters import parameters_from
    from api.watching import watch as begin

    words = {"reports": reports, "max_hops": max_hops, "hop_window": hop_window, "min_amount": min_amount}
    try:
        with progress("opening"):
            watching = begin(ledger, parameters_from(words), since)
        tell_line(as_json, {"event": "watching", "batch": watching.batch}, f"watching {ledger} from batch {watching.batch} on")
        with interrupts() as asked:
            while not asked:
                if found := watching.look():
                    tell_batch(as_json, found)
                if once:
                    return
                rest(interval, asked)
    except KeyboardInterrupt:
        return


@contextmanager
def interrupts() -> Iterator[list[int]]:
    """The interrupts asked for, as they come, also where a script started us with interrupts ignored. The first asks for the
    end and lets a look finish, a second one breaks off."""
    asked: list[int] = []

    def ask(number: int, _frame: object) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def rest(seconds: float, asked: list[int]) -> None:
    """Sleep for so long, or until an interrupt is asked for."""
    until = monotonic() + seconds
    while not asked and (left := until - monotonic()) > 0:
        sleep(min(left, 0.2))


def tell_batch(as_json: bool, found: dict[str, Any]) -> None:
    """One line for the batch, and one for each event."""
    batch, events = found["batch"], found["events"]
    line = f"batch {batch}: {counted(found['transfers'], 'transfer')}, {counted(len(events), 'event')}"
    line += f"; matched again as a whole: {found['rebuilt']}" if found["rebuilt"] else ""
    head = {"event": "batch", "events": len(events)} | {name: found[name] for name in ("batch", "transfers", "rebuilt")}
    tell_line(as_json, head | {"warnings": found["warnings"]}, line)
    for event in events:
        tell_line(as_json, event | {"batch": batch}, event_line(event))


def event_line(event: dict[str, Any]) -> str:
    """An event for people."""
    kind = {"moved": "", "revised": "revised: ", "opened": "new claim: "}[event["event"]]
    way = f"{event['source']} -> {event['target']}" + (" (new account)" if event["new_account"] else "")
    left = f"{sum_text(event['held_after'])} of {sum_text(event['held_before'])} left at {event['source']}"
    amount = f"{kind}{sum_text(event['amount'])} {way} by {event['transfer']}, hop {event['hop']}"
    return f"{event['claim']} {event['time']} {amount}; {left}; {event['next']}"


def tell_line(as_json: bool, value: dict[str, Any], line: str) -> None:
    """One line, at once: somebody waits for it."""
    import sys

    typer.echo(json.dumps(value, ensure_ascii=False) if as_json else plain(line))
    sys.stdout.flush()

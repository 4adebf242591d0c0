"""What a command prints: lines for people, or with `--json` one JSON document on stdout and nothing else."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer


def tell(as_json: bool, result: Mapping[str, Any], lines: list[str]) -> None:
    """Print the result for machines or the lines for people."""
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        for line in lines:
            typer.echo(plain(line))


def plain(line: str) -> str:
    """The line without control characters: names in records are written by attackers and must not steer a terminal."""
    return "".join(sign if sign.isprintable() or sign == "\t" else "�" for sign in line)


@contextmanager
def progress(label: str) -> Iterator[Callable[..., None]]:
    """Show on stderr that a step runs, if somebody watches; yields a function that takes (done, total) or a text."""
    if not sys.stderr.isatty():
        yield lambda *_told: None
        return
    from rich.console import Console

    with Console(stderr=True).status(label) as status:

        def show(*told: Any) -> None:
            match told:
                case (int() as done, int() as total) if total:
                    status.update(f"{label} {done * 100 // total} %")
                case (str() as text, int() as done, int() as total) if total:
                    status.update(f"{label}: {plain(text)} {done * 100 // total} %")
                case (str() as text, *_):
                    status.update(f"{label}: {plain(text)}")
                case (int() as done, *_):
                    status.update(f"{label} {done:,}")

        yield show


def sum_text(amount: str, currency: str = "") -> str:
    """A decimal string with thousands separators and its currency.

    >>> sum_text("1234567.80", "CNY"), sum_text("-0.05")
    ('1,234,567.80 CNY', '-0.05')
    """
    sign, number = ("-", amount[1:]) if amount.startswith("-") else ("", amount)
    whole, _, cents = number.partition(".")
    return f"{sign}{int(whole):,}.{cents or '00'}" + (f" {currency}" if currency else "")


def counted(number: int, word: str) -> str:
    """A number with its word.

    >>> counted(1, "claim"), counted(2000, "claim")
    ('1 claim', '2,000 claims')
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"

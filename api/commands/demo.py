"""`liushui demo`: the main job end to end on the shipped scenario."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import Json
from api.commands.output import progress, tell


def demo(
    out: Annotated[
        Path, typer.Argument(metavar="[OUT]", help="Folder for everything the demo makes; a demo's own folder is renewed.")
    ] = Path("demo"),
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed tells another case.")] = 1,
    as_json: Json = False,
) -> None:
    """The main job end to end on a generated case.

    Generate, ingest, trace, rank, plan the freezes, draw the picture, and tell what was found.

    The demo's clock stands at the end of its records, so that every run gives the same files.

    Example: `liushui demo`
    """
    from api.demonstration import demonstrate

    with progress("demo") as show:
        found = demonstrate(out, seed, show)
    tell(as_json, found.result, found.lines)

"""`liushui sources` and `liushui inspect`: what can be read, and what a file would be taken for."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.options import Json
from api.commands.output import counted, plain, progress, tell

if TYPE_CHECKING:
    from ledger.inspect import Inspected, Inspection
    from ledger.statements.nearly import Nearly

_COLUMNS = ("line", "time", "source", "target", "amount", "status", "witness")
_WIDEST, _LONGEST = 40, 150


def sources(as_json: Json = False) -> None:
    """List the formats that can be read, the containers that are opened, and the profiles of banks and wallets.

    Example: `liushui sources --json`
    """
    from ledger.containers import CONTAINERS
    from ledger.sources import SOURCES
    from ledger.statements.profile import load_profiles

    formats = [
        {"name": one.name, "title": one.title, "encodings": list(one.encodings), "example": one.example.splitlines()}
        for one in SOURCES
    ]
    containers = [{"name": one.name, "title": one.title} for one in CONTAINERS]
    profiles = [
        {
            "name": one.name,
            "title": one.title,
            "encodings": list(one.encodings),
            "header": one.delimiter.join(names[0] for names in one.columns.values()),
        }
        for one in load_profiles([])
    ]
    lines = ["Formats"]
    for form in formats:
        lines += [f"  {form['name']}: {form['title']}", *(f"    {line[:110]}" for line in form["example"])]
    lines += ["Containers", *(f"  {one['name']}: {one['title']}" for one in containers), "Profiles"]
    for one in profiles:
        lines += [f"  {one['name']}: {one['title']}", f"    {str(one['header'])[:110]}"]
    tell(as_json, {"formats": formats, "containers": containers, "profiles": profiles}, lines)


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to look at; archives and workbooks are opened.")],
    profile: Annotated[
        list[Path] | None, typer.Option("--profile", metavar="FILE", help="TOML profile to try first; repeat for more.")
    ] = None,
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=0, max=1000, help="How many rows to show.")] = 5,
    as_json: Json = False,
) -> None:
    """Tell what a file would be taken for and why, and show its first rows. Nothing is written.

    Of a big text file the beginning is read. Exit status 1 when nothing in the file could be read.

    Example: `liushui inspect statement.xlsx --profile mybank.toml --rows 10`
    """
    from ledger.inspect import inspect_file
    from ledger.statements.profile import load_profiles

    with progress("looking"):
        found = inspect_file(file, load_profiles(profile or ()), rows)
    tell(as_json, asdict(found) | {"readable": found.readable}, _inspection_lines(found))
    if not found.readable:
        raise typer.Exit(1)


def _inspection_lines(found: "Inspection") -> list[str]:
    lines = [f"{name}: {form}, opened" for name, form in found.containers]
    lines += _problem_lines(found.problems)
    for file in found.files:
        lines += _file_lines(file)
    return lines


def _file_lines(file: "Inspected") -> list[str]:
    lines = [f"{file.name}: {_taken_for(file)}"]
    if file.source and file.columns:
        lines.append("  columns   " + ", ".join(f"{name} = {field}" for name, field in file.columns))
    if file.source and file.unknown:
        lines.append("  extras    " + ", ".join(file.unknown))
    lines += [f"  {name}: {text if len(text) <= _LONGEST else text[:_LONGEST] + ' …'}" for name, text in file.mapping.items()]
    if file.lines:
        part = "" if file.whole else " (only the beginning was read)"
        told = f"{counted(file.taken, 'row')}, {file.refused:,} refused, {file.blank:,} blank or no rows"
        lines.append(f"  {counted(file.lines, 'line')}: {told}{part}")
    lines += _row_lines(file.rows)
    lines += _problem_lines(file.problems)
    if not file.source or file.guessed:
        lines += [_nearly_line(one) for one in file.nearly]
    return lines


def _taken_for(file: "Inspected") -> str:
    if not file.source:
        return "nothing that is known here"
    kind = f"{file.kind} records" if file.kind else "no kind of records"
    through = f", through the profile {file.profile[0]} ({file.profile[1]})" if file.profile[0] else ""
    header = f", header in line {file.header_line}" if file.header_line else ""
    return f"{kind}, format {file.source}{through}" + (f", {file.encoding}" if file.encoding else "") + header


def _row_lines(rows: tuple[dict[str, str], ...]) -> list[str]:
    """The rows as a table, cells cut to a width that can be read."""
    if not rows:
        return []
    from rich.cells import cell_len

    names = [name for name in _COLUMNS if name in rows[0]] if "source" in rows[0] else list(rows[0])[:8]
    table = [names, *([plain(row.get(name, "")[:_WIDEST]) for name in names] for row in rows)]
    widths = [max(cell_len(row[at]) for row in table) for at in range(len(names))]
    padded = ((cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)) for row in table)
    return ["    " + "  ".join(row).rstrip() for row in padded]


def _problem_lines(problems: tuple[Any, ...]) -> list[str]:
    return [f"  {one.severity} {one.code} {one.file}:{one.line} {one.message}" for one in problems]


def _nearly_line(one: "Nearly") -> str:
    lacks = f"misses {', '.join(one.missing)}" if one.missing else "misses no column"
    other = f", and is not for files with {', '.join(one.barred)}" if one.barred else ""
    return f"  nearly    {one.profile} ({one.title}) in line {one.line}: {lacks}{other}"

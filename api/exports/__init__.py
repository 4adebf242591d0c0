"""Formats of the flow diagram; `EXPORTS` lists them all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path

from api.exports.diagram import Diagram, plan_diagram
from ledger.book import Ledger
from ledger.problems import LiushuiError
from tracing.result import Trace

__all__ = ["EXPORTS", "Diagram", "Export", "export_for", "plan_diagram", "write_diagram"]


@dataclass(frozen=True)
class Export:
    """One format: its file extension and media type; its module `api.exports.<extension>` is imported when used."""

    extension: str
    media_type: str

    def render(self, diagram: Diagram) -> bytes:
        """The diagram in this format."""
        rendered: bytes = import_module(f"api.exports.{self.extension}").render(diagram)
        return rendered


EXPORTS = (
    Export("svg", "image/svg+xml"),
    Export("png", "image/png"),
    Export("json", "application/json"),
    Export("csv", "text/csv"),
)


def export_for(extension: str) -> Export:
    """The format of an extension, with or without its dot.

    Errors: API-diagram-format names the formats there are.
    """
    wanted = extension.lower().removeprefix(".")
    for export in EXPORTS:
        if export.extension == wanted:
            return export
    offered = " ".join(export.extension for export in EXPORTS)
    raise LiushuiError("API-diagram-format", f"there is no diagram format {wanted[:40]!r}; there are: {offered}")


def write_diagram(
    ledger: Ledger, trace: Trace, path: Path, *, title: str, now: datetime | None = None, roles: Mapping[str, str] | None = None
) -> Path:
    """Write the flow diagram of a trace in the format of the path's extension; the file appears whole or not at all.

    Args:
        title: the case, as it stands over the picture and in its footer.
        now: printed in the footer where given; without it the same trace gives the same bytes at any time.
        roles: role of an account by its id.
    """
    export = export_for(path.suffix)
    rendered = export.render(plan_diagram(ledger, trace, title=title, now=now, roles=roles))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(rendered)
    draft.replace(path)
    return path

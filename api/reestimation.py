"""Stored traces over inferred links, made again: the links estimated from the records of their batch, every file compared.

A digest says that a file is as it was written. That the estimate in it follows from the records only a second estimate says.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from api import pipeline
from api.parameters import BadWord, parameters_from
from api.results import write_trace
from ledger.problems import LiushuiError
from tracing.result import ENGINE_VERSION

Check = dict[str, Any]


def estimated_again(folder: Path, stored: Sequence[Path]) -> list[Check]:
    """A check per stored trace that follows inferred links. One that cannot be made again says why: that is no failure.

    Args:
        folder: of the ledger. stored: folders of stored traces whose files have their digests.
    """
    checks: list[Check] = []
    for path in stored:
        told = json.loads((path / "trace.json").read_text(encoding="utf-8"))
        if not told["parameters"].get("inferred"):
            continue
        check: Check = {"check": f"inferred links of trace {path.name}", "ok": True, "problems": []}
        try:
            check |= made_again(folder, told)
        except (LiushuiError, BadWord) as reason:
            check["told"] = f"NOT estimated again: {reason}"
        checks.append(check)
    return checks


def made_again(folder: Path, told: dict[str, Any]) -> Check:
    """What of a stored trace comes out otherwise. Raises: LiushuiError, BadWord where it cannot be made again."""
    if told["engine_version"] != ENGINE_VERSION:
        return {"told": f"NOT estimated again: engine {told['engine_version']} made it, this is {ENGINE_VERSION}"}
    ledger = pipeline.open_ledger(folder, told["batch"])
    if ledger.digest != told["ledger_digest"]:
        return {"told": f"NOT estimated again: it was made of other records than those of batch {told['batch']}"}
    trace = pipeline.trace_to_keep(ledger, parameters_from(told["parameters"]))
    with tempfile.TemporaryDirectory() as place:
        again = write_trace(ledger, trace, Path(place))["files"]
    other = sorted(name for name in {*again, *told["files"]} if again.get(name) != told["files"].get(name))
    links = 0 if trace.inferred is None else len(trace.inferred)
    return {
        "ok": not other,
        "told": f"{links} links estimated again from batch {told['batch']}, every amount traced again",
        "problems": [f"{name} comes out otherwise" for name in other],
    }

"""Run one measurement in a process of its own: wall seconds as it reports them, and its peak memory."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measured:
    """What a child printed, and its peak resident memory in MB; `failed` says why there is no answer."""

    answer: dict[str, Any]
    peak_mb: int
    failed: str = ""


def measured(module: str, *words: str, timeout: float = 1800) -> Measured:
    """Run `python -m module words`, whose last line of output is one JSON object."""
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen([sys.executable, "-m", module, *words], stdout=out, env=installed())
        try:
            peak, status = reaped(child, timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            os.wait4(child.pid, 0)
            return Measured({}, 0, f"stopped after {timeout:.0f} s")
        out.seek(0)
        lines = out.read().strip().splitlines()
    if status != 0 or not lines:
        return Measured({}, peak, f"failed with status {status}")
    return Measured(json.loads(lines[-1]), peak)


def installed() -> dict[str, str]:
    """The environment of a child: libraries come as byte code, as an installer leaves them, not as source."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "liushui-benchmark-bytecode")}


def reaped(child: "subprocess.Popen[str]", timeout: float) -> tuple[int, int]:
    """Peak memory in MB and exit status of the child, once it has ended."""
    import time

    end = time.monotonic() + timeout
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_maxrss // 1024, child.returncode
        if time.monotonic() > end:
            raise subprocess.TimeoutExpired(child.args, timeout)
        time.sleep(0.05)

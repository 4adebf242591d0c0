"""A small case as record files: a loan victim, two mules, a gift card, a recycler, a shop, and a second victim."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ACCOUNTS = """account,kind,holder,holder_name,institution,opened,opening_balance,hub
6217000000000000011,bank,h1,王芳,ICBC,2019-03-01T00:00:00+08:00,1000.00,false
6217000000000000022,bank,h2,李强,ICBC,2025-02-20T00:00:00+08:00,0.00,false
6222000000000000033,bank,h3,赵六,CCB,2025-02-21T00:00:00+08:00,0.00,false
6222000000000000044,bank,h4,"=HYPERLINK(""x"")",CCB,2024-01-01T00:00:00+08:00,0.00,false
6217000000000000055,bank,h5,陈静,ICBC,2018-01-01T00:00:00+08:00,500.00,false
shop-1,merchant,,Corner shop,CCB,,,true
"""
BANK = """transfer,time,source,target,amount,channel,remark
T1,2025-03-01T09:00:00+08:00,6217000000000000011,6217000000000000022,50000.00,mobile,loan
T2,2025-03-01T09:04:00+08:00,6217000000000000022,6222000000000000033,30000.00,mobile,
T3,2025-03-01T09:30:00+08:00,6222000000000000033,shop-1,500.00,pos,
T4,2025-03-01T10:00:00+08:00,6217000000000000055,6217000000000000022,8000.00,mobile,boss
T5,2025-03-01T10:10:00+08:00,6222000000000000044,6222000000000000033,970.00,mobile,
"""
GIFT_CARD = """event,time,operation,card,issuer,face,amount,account,order
G1,2025-03-01T09:10:00+08:00,purchase,SN001,suning,1000.00,1000.00,6217000000000000022,O1
G2,2025-03-01T09:20:00+08:00,redemption,SN001,suning,1000.00,,6222000000000000044,
"""
REPORTS = """report,victim,transfer,amount,reported,scam
R1,6217000000000000011,T1,,2025-03-01T11:00:00+08:00,refund_impostor
R2,6217000000000000055,T4,5000.00,2025-03-01T12:00:00+08:00,boss_impostor
"""
FILES = {"accounts.csv": ACCOUNTS, "bank.csv": BANK, "gift_card.csv": GIFT_CARD, "reports.csv": REPORTS}


def write_records(folder: Path) -> Path:
    """The record files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def liushui(*words: object, status: int = 0, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own and check its exit status."""
    command = [sys.executable, "-W", "error", "-m", "api", *map(str, words)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, timeout=240, check=False, env=os.environ | (env or {})
    )
    assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def told(*words: object, status: int = 0) -> dict[str, Any]:
    """Run with --json as a process of its own and read the one document on stdout."""
    found: dict[str, Any] = json.loads(liushui(*words, "--json", status=status).stdout)
    return found


def here(*words: object, status: int = 0) -> tuple[str, str]:
    """Run the command in this process, for speed; what it wrote to stdout and stderr."""
    from api.cli import main

    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["liushui", *map(str, words)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
        left: object = 0
    except SystemExit as end:
        left = end.code or 0
    finally:
        sys.argv = before
    assert left == status, f"{words}: {left}\n{out.getvalue()}\n{err.getvalue()}"
    return out.getvalue(), err.getvalue()


def told_here(*words: object, status: int = 0) -> dict[str, Any]:
    """Run with --json in this process and read the one document on stdout."""
    found: dict[str, Any] = json.loads(here(*words, "--json", status=status)[0])
    return found

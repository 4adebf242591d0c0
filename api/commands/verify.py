"""`liushui verify`: check a ledger folder against its own digests, and every amount against its claim."""

import typer

from api.commands.options import Json, LedgerFolder
from api.commands.output import counted, progress, sum_text, tell


def verify(ledger: LedgerFolder, as_json: Json = False) -> None:
    """Check a ledger: digests, audit chain, every amount.

    The records' digests and chain, the audit chain, every stored trace, and a fresh trace of every claim.

    Exit 1 when anything does not hold.

    Example: `liushui verify ledger`
    """
    from api.verification import verify_folder

    with progress("verifying") as show:
        checks = verify_folder(ledger, show)
    bad = [one for one in checks if not one["ok"]]
    lines = [f"{'ok  ' if one['ok'] else 'FAIL'} {one['check']}: {check_text(one)}" for one in checks]
    verdict = f"{counted(len(bad), 'check')} failed" if bad else f"all {counted(len(checks), 'check')} hold"
    tell(as_json, {"ok": not bad, "checks": checks}, [*lines, verdict])
    if bad:
        raise typer.Exit(1)


def check_text(check: dict[str, object]) -> str:
    """What a check found: its sums, then its problems."""
    parts = [str(check["told"])] if check.get("told") else []
    if "mismatches" in check:  # poison has claims, but no sums
        sums = [f"{name} {sum_text(str(check[name]))}" for name in ("lost", "held", "sinks")]
        parts += [
            counted(int(str(check["claims"])), "claim"),
            *sums,
            counted(int(str(check["mismatches"])), "mismatch").replace("mismatchs", "mismatches"),
        ]
    problems = check.get("problems")
    return ", ".join(parts + (list(map(str, problems)) if isinstance(problems, list) else []))

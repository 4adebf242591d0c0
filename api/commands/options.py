"""Options that several commands share, with the example each help text shows."""

from pathlib import Path
from typing import Annotated

import typer

LedgerFolder = Annotated[Path, typer.Argument(metavar="LEDGER", help="The ledger folder, made by `liushui ingest`.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of text.")]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the result files; made if missing.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="Only transfers up to this instant exist, e.g. 2026-03-01T18:00:00+08:00."),
]
AsOfBatch = Annotated[
    int | None,
    typer.Option(
        "--as-of-batch", metavar="N", min=1, help="The ledger as it was when batch N was published. Default: the last."
    ),
]
Now = Annotated[
    str | None, typer.Option("--now", metavar="TIME", help="The moment the answer is for, e.g. 2026-03-01T18:00:00+08:00.")
]
Reports = Annotated[
    list[str] | None,
    typer.Option("--report", metavar="ID", help="Trace this report only; repeat for more. Default: every report."),
]
Method = Annotated[
    str, typer.Option("--method", metavar="NAME", help="fifo, lifo, pro_rata, clean_first, taint_first, poison, or all.")
]
MaxHops = Annotated[
    int | None, typer.Option("--max-hops", metavar="N", min=1, help="Do not follow money beyond hop N. Default: no cap.")
]
HopWindow = Annotated[
    str | None,
    typer.Option(
        "--hop-window", metavar="DURATION", help="Do not follow money that rested longer, e.g. PT72H. Default: no window."
    ),
]
MinAmount = Annotated[
    str, typer.Option("--min-amount", metavar="YUAN", help="Do not follow pieces smaller than this, e.g. 10.00.")
]
Opening = Annotated[
    str, typer.Option("--opening", metavar="WORD", help="Opening balances: reported (else implied), implied, or zero.")
]
Ties = Annotated[
    str,
    typer.Option(
        "--ties", metavar="WORD", help="Order within one instant: ledger, credit_first (best for victims), or debit_first."
    ),
]
Currency = Annotated[
    str | None,
    typer.Option("--currency", metavar="CODE", help="The currency to trace, e.g. CNY. Default: that of most claims."),
]
Direction = Annotated[
    str,
    typer.Option(
        "--direction", metavar="WORD", help="forward from the reports, or backward: whose money is this balance or payment?"
    ),
]
FromAccount = Annotated[
    list[str] | None,
    typer.Option("--account", metavar="ID", help="With backward: start at this account's balance; repeat for more."),
]
FromTransfer = Annotated[
    list[str] | None,
    typer.Option(
        "--transfer", metavar="ID", help="With backward: start at this transfer; repeat. Default: the disputed payments."
    ),
]
Overdraft = Annotated[
    str,
    typer.Option(
        "--overdraft",
        metavar="WORD",
        help="Money that repays an overdraft: dissipate (it is gone), or backward (it went where the overdraft was spent).",
    ),
]
OverdraftWindow = Annotated[
    str | None,
    typer.Option(
        "--overdraft-window", metavar="DURATION", help="With --overdraft backward: spent at most this long before, e.g. PT48H."
    ),
]
Level = Annotated[
    str,
    typer.Option(
        "--level", metavar="WORD", help="account: each a balance of its own; holder: one balance for all of a holder's."
    ),
]
Probability = Annotated[
    str | None,
    typer.Option(
        "--probability", metavar="SHARE", help="With --inferred: links of at least this probability; 0.90 if not given."
    ),
]
Inferred = Annotated[
    bool,
    typer.Option(
        "--inferred", help="Follow inferred links from vouchers to recyclers' payouts too; all amounts behind are flagged."
    ),
]
Whole = Annotated[
    bool,
    typer.Option("--whole", help="Judge every account of the ledger, whether reported money came to it or not."),
]
WeightsFile = Annotated[
    Path | None,
    typer.Option(
        "--weights", metavar="FILE", help="Your own points (TOML) over the shipped ones, e.g. one made by `liushui calibrate`."
    ),
]
BlockedFile = Annotated[
    Path | None,
    typer.Option("--blocked", metavar="FILE", help="What banks have blocked already: a CSV of account, since, blocked."),
]

"""Labelled accounts and transfers, of which a desk knows the truth: CSV files."""

import csv
import io
from pathlib import Path
from typing import NamedTuple

from ledger.problems import LiushuiError

MEMBERS = ("mule", "collector", "middleman", "boss", "cash_out_runner", "gift_card_recycler", "q_coin_recycler")
"""Roles that count as 1: they move victims' money."""
OTHERS = (
    "victim", "own_account", "hub", "voucher", "good_faith_recipient", "innocent", "data_seller", "account_seller",
    "number_lessor", "end_buyer",
)  # fmt: skip
"""Roles that count as 0; suppliers of a ring do not launder."""
MOST_BYTES = 100_000_000


class Label(NamedTuple):
    """The truth of one account; group: the ring or case it belongs to, empty where nobody says."""

    account: str
    member: bool
    group: str


def read_labels(path: Path) -> list[Label]:
    """The labels of a file with the columns account and label (0, 1 or a role), and group or ring where it has one.

    `unknown` and an empty label are left out.
    Raises: LiushuiError RUL-labels that names file, line and cause.
    """
    rows = csv.reader(io.StringIO(text_of(path)))
    header = [name.strip() for name in next(rows, [])]
    word = "label" if "label" in header else "role"
    if "account" not in header or word not in header:
        raise bad(path, 1, "needs the columns account and label")
    group = next((name for name in ("group", "ring") if name in header), None)
    found: dict[str, Label] = {}
    for row in rows:
        cells = dict(zip(header, row, strict=False))
        label = labelled(path, rows.line_num, cells, word, group)
        if label is None:
            continue
        if found.setdefault(label.account, label) != label:
            raise bad(path, rows.line_num, f"account {label.account!r} has two different labels")
    return list(found.values())


def read_transfer_labels(path: Path) -> dict[str, bool]:
    """Transfers that launder (1) or do not (0): a file with the columns transfer and label.

    Raises: LiushuiError RUL-labels that names file, line and cause.
    """
    rows = csv.reader(io.StringIO(text_of(path)))
    header = [name.strip() for name in next(rows, [])]
    if "transfer" not in header or "label" not in header:
        raise bad(path, 1, "needs the columns transfer and label")
    found: dict[str, bool] = {}
    for row in rows:
        cells = dict(zip(header, row, strict=False))
        transfer, told = cells.get("transfer", "").strip(), cells.get("label", "").strip()
        if told not in ("0", "1") or not transfer:
            raise bad(path, rows.line_num, f"needs a transfer and a label of 0 or 1, not {transfer!r} and {told!r}")
        if found.setdefault(transfer, told == "1") != (told == "1"):
            raise bad(path, rows.line_num, f"transfer {transfer!r} has two different labels")
    return found


def text_of(path: Path) -> str:
    """The whole of a labels file, which is small."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise bad(path, 0, f"is larger than {MOST_BYTES:,} bytes")
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise bad(path, 0, f"cannot be read: {error}") from error


def labelled(path: Path, line: int, cells: dict[str, str], word: str, group: str | None) -> Label | None:
    """The label of one row, None where it says nothing."""
    account, told = cells.get("account", "").strip(), cells.get(word, "").strip()
    if told in ("", "unknown"):
        return None
    if not account:
        raise bad(path, line, "the account is empty")
    if told not in ("0", "1", *MEMBERS, *OTHERS):
        raise bad(path, line, f"label {told!r} is not 0, 1 or one of {', '.join((*MEMBERS, *OTHERS, 'unknown'))}")
    return Label(account, told == "1" or told in MEMBERS, cells.get(group or "", "").strip())


def bad(path: Path, line: int, cause: str) -> LiushuiError:
    """The one error of a labels file."""
    return LiushuiError("RUL-labels", f"{path.name}{f', line {line}' if line else ''}: {cause}")

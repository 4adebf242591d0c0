"""What banks answered: the file of blocks a desk gives to `freeze`."""

import csv
import io
from pathlib import Path

from api.parameters import BadWord, fen_of, us_of
from ledger.book import Ledger
from ledger.problems import LiushuiError
from rules.blocked import Block

SHOWN = 5
COLUMNS = ("account", "since", "blocked")


def read_blocks(path: Path) -> tuple[Block, ...]:
    """The blocks of a CSV with the columns account, since (ISO 8601 with an offset) and blocked (yuan), others unread.

    Raises: LiushuiError API-blocks that names file, line and cause.
    """
    try:
        rows = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig")))
    except (OSError, UnicodeDecodeError) as error:
        raise bad(path, 0, f"cannot be read: {error}") from error
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise bad(path, 1, f"lacks {', '.join(missing)}")
    found = []
    for row in rows:
        account, since, fen = (str(row[name] or "").strip() for name in COLUMNS)
        if not account:
            raise bad(path, rows.line_num, "the account is empty")
        try:
            found.append(Block(account, us_of(since, "since"), fen_of(fen, "blocked")))
        except BadWord as error:
            raise bad(path, rows.line_num, str(error)) from error
    return tuple(found)


def known_blocks(ledger: Ledger, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The same blocks. Raises: LiushuiError API-blocks for one of an account that is not in the ledger."""
    wanted = sorted({block.account for block in blocks} - set(ledger.accounts["account"].astype(str))) if blocks else []
    if wanted:
        raise LiushuiError("API-blocks", f"no account of the ledger: {', '.join(wanted[:SHOWN])}")
    return blocks


def bad(path: Path, line: int, cause: str) -> LiushuiError:
    """The one error of a file of blocks."""
    return LiushuiError("API-blocks", f"{path.name}{f', line {line}' if line else ''}: {cause}")

"""The record folder: CSV files as desks hand them in, written in slices so that ten million rows fit in memory."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from ledger.generate.assembly import FILES, Book
from ledger.generate.columns import ACCOUNT_KINDS, CHANNELS, INSTITUTIONS, OPERATIONS, REMARKS, STATUSES, Accounts
from ledger.generate.draft import DAY, Draft
from ledger.generate.identity import bank_numbers, holder_ids, holder_names, serials, wallet_numbers

SLICE = 1_000_000
Ints = NDArray[np.int64]
Progress = Callable[[str, int, int], None]


def account_names(accounts: Accounts, draft: Draft, seed: int) -> pa.Array:
    """The account number of every account, in the order of the codes."""
    serial = serials(len(accounts), seed * 1_000_003)
    bank = np.minimum(accounts.institution.astype(np.int64), 7)
    wallet = wallet_numbers(serial, pa.array(INSTITUTIONS).take(pa.array(accounts.institution)))
    is_wallet = pa.array(accounts.kind == ACCOUNT_KINDS.index("wallet"))
    is_hub = pa.array(accounts.kind == ACCOUNT_KINDS.index("merchant"))
    shop = pc.binary_join_element_wise("shop-", pa.array(serial).cast(pa.string()), "")
    names = pc.if_else(is_wallet, wallet, pc.if_else(is_hub, shop, bank_numbers(serial, bank)))
    own = [account.identifier for account in draft.accounts]
    given = pa.array(own + [None] * (len(accounts) - len(own)), pa.string())
    return pc.coalesce(given, names)


def write_accounts(out: Path, accounts: Accounts, names: pa.Array, draft: Draft, book: Book, origin: tuple[int, int]) -> int:
    """accounts.csv, sorted by account number; vouchers are not declared. origin: first midnight and seed."""
    start, seed = origin
    person = np.maximum(accounts.person, 0)
    nobody = pa.array(accounts.person < 0)
    given = [account.name for account in draft.accounts]
    title = pa.array(given + [None] * (len(accounts) - len(given)), pa.string())
    opened = start // DAY - accounts.age_days
    table = pa.table(
        {
            "account": names,
            "kind": pa.array(ACCOUNT_KINDS).take(pa.array(accounts.kind)),
            "holder": pc.if_else(nobody, pa.scalar(None, pa.string()), holder_ids(person)),
            "holder_name": pc.coalesce(title, pc.if_else(nobody, "商户", holder_names(person, seed))),
            "institution": pa.array(INSTITUTIONS).take(pa.array(accounts.institution)),
            "opened": times(opened * DAY),
            "opening_balance": yuan(book.opening, book.known),
            "hub": pa.array(["false", "true"]).take(pa.array(accounts.hub.astype(np.int8))),
        }
    )
    table = table.filter(pa.array(accounts.declared)).sort_by("account")
    write_slices(out / "accounts.csv", iter([table]))
    return int(table.num_rows)


def write_rows(out: Path, book: Book, names: pa.Array, draft: Draft, progress: Progress | None) -> dict[str, int]:
    """The five files of payments; returns rows by file name."""
    written = {}
    done = 0
    for number, name in enumerate(FILES):
        inside = np.flatnonzero(book.file == number)
        inside = inside[np.argsort(book.line[inside], kind="stable")]
        shape = voucher_slice if name in {"gift_card", "q_coin"} else payment_slice

        def slices(
            inside: Ints = inside, shape: Callable[..., pa.Table] = shape, name: str = name, before: int = done
        ) -> Iterator[pa.Table]:
            for begin in range(0, max(len(inside), 1), SLICE):
                yield shape(book, inside[begin : begin + SLICE], names, draft, name)
                if progress:
                    progress("writing", before + min(begin + SLICE, len(inside)), len(book.rows))

        written[f"{name}.csv"] = len(inside)
        done += len(inside)
        write_slices(out / f"{name}.csv", slices())
    return written


def write_both_sides(out: Path, book: Book, names: pa.Array, draft: Draft, share: float) -> int:
    """bank_both_sides.csv: some bank rows once more, as the other bank reports them: same ids, same content."""
    bank = np.flatnonzero(book.file == FILES.index("bank"))
    time = book.rows.time
    alone = np.ones(len(time), np.bool_)
    same = time[1:] == time[:-1]
    alone[1:] &= ~same
    alone[:-1] &= ~same
    every = max(2, round(1 / share))
    chosen = bank[alone[bank]][3::every][:20_000]
    write_slices(out / "bank_both_sides.csv", iter([payment_slice(book, chosen, names, draft, "bank")]))
    return len(chosen)


def payment_slice(book: Book, at: Ints, names: pa.Array, draft: Draft, name: str) -> pa.Table:
    """Rows of a bank or wallet file."""
    rows = book.rows.take(at)
    drafted = DraftTexts(draft, rows.draft)
    columns = {
        "transfer": book.ids.take(pa.array(at)),
        "time": times(rows.time),
        "source": names.take(pa.array(rows.source)),
        "target": names.take(pa.array(rows.target)),
        "amount": yuan(rows.amount),
        "currency": pa.array(["CNY"]).take(pa.array(np.zeros(len(at), np.int8))),
        "channel": word(CHANNELS, rows.channel),
        "status": word(STATUSES, rows.status),
        "reverses": drafted.reversed_ids(book),
        "reference": drafted.text("reference"),
        "source_balance": yuan(book.source_balance[at], book.known[rows.source]),
        "target_balance": yuan(book.target_balance[at], book.known[rows.target]),
        "device": drafted.text("device"),
        "ip": drafted.text("ip"),
        "remark": pc.coalesce(drafted.text("remark"), word(REMARKS, rows.remark)),
    }
    if name == "wallet":
        columns["operation"] = word(OPERATIONS, rows.operation)
    return pa.table(columns)


def voucher_slice(book: Book, at: Ints, names: pa.Array, draft: Draft, name: str) -> pa.Table:
    """Rows of a gift-card or Q-coin file; a redemption has no amount, the face goes to the account."""
    rows = book.rows.take(at)
    is_purchase = rows.operation == OPERATIONS.index("purchase")
    voucher = names.take(pa.array(np.where(is_purchase, rows.target, rows.source)))
    account = names.take(pa.array(np.where(is_purchase, rows.source, rows.target)))
    drafted = DraftTexts(draft, rows.draft)
    columns = {
        "event": book.ids.take(pa.array(at)),
        "time": times(rows.time),
        "operation": word(OPERATIONS, rows.operation),
    }
    face, amount = yuan(rows.amount), yuan(rows.amount, is_purchase)
    if name == "gift_card":
        issuer = pa.array(["suning-cards"]).take(pa.array(np.zeros(len(at), np.int8)))
        columns |= {"card": pc.replace_substring(voucher, "card:", "", max_replacements=1), "issuer": issuer, "face": face}
    else:
        columns |= {"qq": pc.replace_substring(voucher, "qq:", "", max_replacements=1), "quantity": face}
    return pa.table(
        columns | {"amount": amount, "account": account, "order": drafted.text("order"), "reference": drafted.text("reference")}
    )


class DraftTexts:
    """Texts that only rows of a ring have, by the rows of one slice."""

    def __init__(self, draft: Draft, at: NDArray[np.int32]) -> None:
        self.draft = draft
        self.at = at
        self.ours = np.flatnonzero(at >= 0)

    def text(self, name: str) -> pa.Array:
        """One text column, empty texts as nulls."""
        values = np.full(len(self.at), None, dtype=object)
        for position in self.ours.tolist():
            values[position] = getattr(self.draft.rows[self.at[position]], name) or None
        return pa.array(values, pa.string())

    def reversed_ids(self, book: Book) -> pa.Array:
        """The id of the transfer that a row takes back."""
        values = np.full(len(self.at), None, dtype=object)
        taking_back = [at for at in self.ours.tolist() if self.draft.rows[self.at[at]].reverses >= 0]
        for position in taking_back:
            paid = self.draft.rows[self.at[position]].reverses
            values[position] = book.ids[int(book.place[paid])].as_py()
        return pa.array(values, pa.string())


def word(words: Sequence[str], codes: NDArray[np.int8]) -> pa.Array:
    """Words by code, the empty one as null."""
    return pa.array([text or None for text in words], pa.string()).take(pa.array(codes))


def yuan(fen: Ints, valid: NDArray[np.bool_] | None = None) -> pa.Array:
    """Fen as decimal text with two decimals, null where not valid."""
    wide = np.empty((len(fen), 2), np.int64)
    wide[:, 0], wide[:, 1] = fen, fen >> 63
    text = pa.Array.from_buffers(pa.decimal128(18, 2), len(fen), [None, pa.py_buffer(wide)]).cast(pa.string())
    return text if valid is None else pc.if_else(pa.array(valid), text, pa.scalar(None, pa.string()))


def times(seconds: Ints) -> pa.Array:
    """ISO 8601 with the offset of China; days and times of day are looked up, which is ten times faster than formatting."""
    if not len(seconds):
        return pa.array([], pa.string())
    first = int(seconds.min()) // DAY
    days = np.datetime_as_string(np.arange(first, int(seconds.max()) // DAY + 1).astype("datetime64[D]"))
    clock = [f"T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}+08:00" for second in range(DAY)]
    day = pa.array(days.tolist()).take(pa.array(seconds // DAY - first))
    return pc.binary_join_element_wise(day, pa.array(clock).take(pa.array(seconds % DAY)), "")


def write_slices(path: Path, slices: Iterator[pa.Table]) -> None:
    """A CSV file from slices made one at a time, without quotes: no text in it holds a comma, a quote or a line end."""
    options = pyarrow.csv.WriteOptions(quoting_style="none", quoting_header="none")
    first = next(slices)
    with pyarrow.csv.CSVWriter(path, first.schema, write_options=options) as writer:
        writer.write_table(first)
        for table in slices:
            writer.write_table(table)

"""Recyclers' tickets as links: who sold which cards, and which account was paid for them. Evidence, never a transfer."""

import re

import numpy as np
import pyarrow as pa

from ledger.batch.small import Numbered
from ledger.fields import LINK_RECORDS, TICKET
from ledger.reading import Reading
from ledger.records import CARD_PREFIX
from ledger.text.texts import extras

SOLD = "recycler ticket"
"""Marks the links that come from a ticket."""
_DETAILS = ("face", "rate", "payout", "seller", "time", "status")
_BETWEEN = re.compile(r"[\s,;|/、，；]+")


def settle_tickets(numbered: Numbered) -> None:
    """Turn the rows of every file of tickets into links of kind `order`: the ticket with each card, payout account, seller."""
    for _, reading in numbered:
        if reading.kind is TICKET:
            rows = reading.rows
            reading.chunks = [_links(reading)]
            reading.kind = LINK_RECORDS
            reading.derived += reading.rows - rows


def _links(reading: Reading) -> pa.Table:
    table = pa.concat_tables(reading.chunks, promote_options="default").combine_chunks()
    wanted = [name for name in ("cards", "account", "seller") if name in table.column_names]
    cells = table.select(wanted).to_pylist()
    said = [(row, account, role) for row, cell in enumerate(cells) for account, role in _accounts(cell)]
    rows = pa.array([row for row, _, _ in said], pa.int64())
    details = {
        name: table[name].combine_chunks().cast(pa.string()).take(rows) for name in _DETAILS if name in table.column_names
    }
    told = {"told by": pa.array([SOLD] * len(said), pa.string()), "role": pa.array([role for *_, role in said], pa.string())}
    return pa.table(
        {
            "kind": pa.array(np.full(len(said), "order")).cast(pa.string()),
            "identifier": table["ticket"].combine_chunks().take(rows),
            "account": pa.array([account for _, account, _ in said], pa.string()),
            "extra": extras(details | told),
            "line": table["line"].combine_chunks().take(rows),
        }
    )


def _accounts(cell: dict[str, str]) -> list[tuple[str, str]]:
    """The accounts a ticket speaks of, each with its part in it; a card that is named twice counts once."""
    cards = [card for card in _BETWEEN.split(cell["cards"]) if card] or [cell["cards"]]
    found = [(CARD_PREFIX + card, "card") for card in dict.fromkeys(cards)]
    return found + [(cell[role], role) for role in ("account", "seller") if cell.get(role)]

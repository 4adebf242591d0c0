"""Inferred links: a table says which redemptions a recycler's payout paid for, and the payout is paid from what they brought.

Each redemption goes into the private slot of its link, scaled so that all of them bring the payout: a conversion, whose
discount stays with the recycler. The payout leaves that slot. What he really paid with stays his: it is exchanged, at the
moment of the redemption, for the face that is now in the account that redeemed. Links of one set share a slot: their payouts
were for their redemptions together, and the method says which of them comes first.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ledger.book import Ledger
from tracing.flags import CERTAIN_BP
from tracing.identified import rows_by_id
from tracing.legs import Flags, Ints, Legs, Slots
from tracing.result import Parameters

COLUMNS = ("transfer", "redemptions", "probability_bp")


@dataclass(frozen=True)
class Tied:
    """m redemptions of the links that fit.

    balance: number of the private balance, one per link that stands alone, one per set and currency. redemption, payout: legs.
    paid_fen: its part of the payout. doubt_bp: 10,000 less the probability of the least sure link of the balance.
    """

    balance: Ints
    redemption: Ints
    payout: Ints
    paid_fen: Ints
    doubt_bp: Ints


def likely_links(parameters: Parameters, inferred: pd.DataFrame | None) -> pd.DataFrame | None:
    """The inferred links to follow, each set as likely as the least likely of it; None unless the parameters ask for them."""
    if not parameters.inferred:
        return None
    assert inferred is not None, "inferred links are asked for and no table of them is given"
    likely: pd.DataFrame = inferred[inferred["probability_bp"].to_numpy(dtype=np.int64) >= parameters.probability_bp]
    likely = likely.reset_index(drop=True)
    return likely.assign(probability_bp=likely.groupby(sets_of(likely))["probability_bp"].transform("min"))


def with_inferred(ledger: Ledger, legs: Legs, links: pd.DataFrame) -> Legs:
    """The legs with every link of the table on a balance of its own.

    Args:
        links: transfer (id of the payout), redemptions (ids), probability_bp, and where there are sets `set`: one number for
            links whose payouts were for their redemptions together, 0 for one that stands alone. Links to transfers beyond the
            legs are passed over; those that do not fit (failed, taken back, identified otherwise, another currency, paid
            before, more than the face) are passed over with a warning.
    """
    tied, warnings = tied_links(ledger, legs, links)
    legs = replace(legs, warnings=legs.warnings + warnings)
    if not len(tied.balance):
        return legs
    face = legs.given_fen[tied.redemption]
    payer, redeemer = legs.source[tied.payout], legs.target[tied.redemption]
    apart = payer != redeemer
    count = int(tied.balance.max()) + 1
    first = np.unique(tied.balance, return_index=True)[1]
    kept = ~apart & (face > tied.paid_fen)
    own = len(legs.slots) + tied.balance
    exchange = len(legs.slots) + count + np.cumsum(apart) - apart
    mint = len(legs.slots) + count + int(apart.sum()) + np.arange(int(kept.sum()))
    like = np.concatenate([redeemer[first], payer[apart], redeemer[kept]])
    slots = more_slots(legs.slots, like, np.concatenate([tied.doubt_bp[one] for one in (first, apart, kept)]), len(mint))
    source, target, received = legs.source.copy(), legs.target.copy(), legs.received_fen.copy()
    target[tied.redemption], received[tied.redemption] = own, tied.paid_fen
    source[tied.payout] = own
    linked = replace(legs, source=source, target=target, received_fen=received, slots=slots)
    away = (tied.redemption[apart], payer[apart], exchange[apart], tied.paid_fen[apart], tied.paid_fen[apart])
    back = (tied.redemption[apart], exchange[apart], redeemer[apart], tied.paid_fen[apart], face[apart])
    gain = (face - tied.paid_fen)[kept]
    discount = (tied.redemption[kept], mint, redeemer[kept], gain, gain)
    return with_legs(linked, *(np.concatenate(values) for values in zip(away, back, discount, strict=True)))


def tied_links(ledger: Ledger, legs: Legs, links: pd.DataFrame) -> tuple[Tied, tuple[str, ...]]:
    """The links that fit, and a warning where some do not."""
    ids = [*links["transfer"], *(one for batch in links["redemptions"] for one in batch)]
    row = rows_by_id(ledger, set(ids))
    table = pd.DataFrame(
        {
            "link": np.repeat(np.arange(len(links)), [len(batch) for batch in links["redemptions"]]).astype(np.int64),
            "redemption": np.asarray([row.get(one, -1) for batch in links["redemptions"] for one in batch], dtype=np.int64),
        }
    )
    table["payout"] = np.asarray([row.get(one, -1) for one in links["transfer"]], dtype=np.int64)[table["link"]]
    table = table[~(table["redemption"].ge(legs.rows) | table["payout"].ge(legs.rows)).groupby(table["link"]).transform("any")]
    asked = table["link"].nunique()
    fit = pd.Series(fitting(legs, table), index=table.index, dtype=bool).groupby(table["link"]).transform("all")
    table = table[fit.to_numpy(dtype=bool)]
    face = legs.given_fen[table["redemption"]]
    until = pd.Series(face, index=table.index).groupby(table["link"]).cumsum().to_numpy(dtype=np.int64)
    whole = pd.Series(face, index=table.index).groupby(table["link"]).transform("sum").to_numpy(dtype=np.int64)
    payout = legs.given_fen[table["payout"]]
    covered = payout <= whole
    exact = zip(payout.tolist(), until.tolist(), face.tolist(), whole.tolist(), strict=True)
    part = [p * u // w - p * (u - f) // w for p, u, f, w in exact]
    link, redemption, paid = (table[name].to_numpy(dtype=np.int64)[covered] for name in ("link", "redemption", "payout"))
    balance = balances_of(links, legs, link, redemption)
    doubt = np.zeros(int(balance.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(doubt, balance, CERTAIN_BP - links["probability_bp"].to_numpy(dtype=np.int64)[link])
    tied = Tied(balance, redemption, paid, np.asarray(part, dtype=np.int64)[covered], doubt[balance])
    unfit = asked - len(np.unique(link))
    return tied, ((f"{unfit} inferred links do not fit the records; not followed",) if unfit else ())


def sets_of(links: pd.DataFrame) -> Ints:
    """The set of every link; one that stands alone is a set of its own, numbered below 0."""
    alone = -1 - np.arange(len(links))
    if "set" not in links:
        return alone
    number = links["set"].to_numpy(dtype=np.int64)
    return np.where(number > 0, number, alone)


def balances_of(links: pd.DataFrame, legs: Legs, link: Ints, redemption: Ints) -> Ints:
    """Number of the private balance of every redemption, from 0: one per set and currency."""
    currency = legs.slots.currency[legs.target[redemption]].astype(np.int64)
    both = np.column_stack([sets_of(links)[link], currency])
    return np.asarray(np.unique(both, axis=0, return_inverse=True)[1], dtype=np.int64).reshape(-1)


def fitting(legs: Legs, table: pd.DataFrame) -> Flags:
    """Whether each redemption of a link is a plain one before a plain payout, in one currency, and neither is used twice."""
    redemption, payout = table["redemption"].to_numpy(dtype=np.int64), table["payout"].to_numpy(dtype=np.int64)
    known = (redemption >= 0) & (payout >= 0)
    slots = legs.slots
    plain = ~(slots.ends | slots.identified)
    into, out = legs.target[redemption], legs.source[payout]
    whole = (legs.given_fen == legs.received_fen) & (legs.given_fen > 0)
    whole[legs.extra_row] = False
    fit = known & plain[into] & plain[out] & whole[redemption] & whole[payout]
    fit &= ~slots.identified[legs.target[payout]]  # taken back, or paid under an order
    fit &= (slots.currency[into] == slots.currency[out]) & (legs.time_us[redemption] <= legs.time_us[payout])
    once = ~table["redemption"].duplicated(keep=False).to_numpy(dtype=bool)
    alone = table.groupby("payout")["link"].transform("nunique").to_numpy() == 1
    return np.asarray(fit & once & alone, dtype=np.bool_)


def more_slots(slots: Slots, like: Ints, doubt_bp: Ints, mints: int) -> Slots:
    """The slots with one more like each given one, private to a link or set; kept discounts come from the last `mints`."""
    more = len(like)
    ends = np.arange(more) >= more - mints
    before = np.zeros(len(slots), dtype=np.bool_)
    return replace(
        slots,
        account=np.concatenate([slots.account, slots.account[like]]),
        currency=np.concatenate([slots.currency, slots.currency[like]]),
        ends=np.concatenate([slots.ends, ends]),
        identified=np.concatenate([slots.identified, np.ones(more, dtype=np.bool_)]),
        inferred=np.concatenate([before, ~ends]),
        doubt_bp=np.concatenate([np.zeros(len(slots), dtype=np.int64), doubt_bp]),
    )


def doubts_by_row(ledger: Ledger, links: pd.DataFrame | None) -> dict[int, int]:
    """Per transfer row of a payout or a redemption the doubt of its link."""
    if links is None or not len(links):
        return {}
    rows = rows_by_id(ledger, {*links["transfer"], *(one for batch in links["redemptions"] for one in batch)})
    found: dict[int, int] = {}
    for payout, batch, probability in links[list(COLUMNS)].itertuples(index=False, name=None):
        found |= {rows[one]: CERTAIN_BP - int(probability) for one in (payout, *batch) if one in rows}
    return found


def with_legs(legs: Legs, row: Ints, source: Ints, target: Ints, given: Ints, received: Ints) -> Legs:
    """The legs with further ones at the moment of the given rows; no part of the row's amount: they begin behind it."""
    return replace(
        legs,
        time_us=np.concatenate([legs.time_us, legs.time_us[row]]),
        source=np.concatenate([legs.source, source.astype(np.int32)]),
        target=np.concatenate([legs.target, target.astype(np.int32)]),
        given_fen=np.concatenate([legs.given_fen, given]),
        received_fen=np.concatenate([legs.received_fen, received]),
        extra_row=np.concatenate([legs.extra_row, row]),
        extra_part_fen=np.concatenate([legs.extra_part_fen, legs.given_fen[row]]),
    )

"""Whose money is this? The exact dual of a trace forward: from a balance or a payment back to claims and other origins."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ledger.book import Ledger
from ledger.problems import LiushuiError
from tracing.claims import claims_of, seeds_of
from tracing.flags import flags_of_slots
from tracing.follow import NONE, Pieces, limits_of
from tracing.index import indexed_inverse
from tracing.legs import Ints
from tracing.links import Inverse, Links, inverse_of
from tracing.lots import LotAxis, Settled, axis_of
from tracing.origins import CARRIED_COLUMNS, ENDED_COLUMNS, Behind, opening_parts_of, told_back
from tracing.repayments import repayments_of
from tracing.result import Parameters, Trace
from tracing.starts import Asked, starts_of
from tracing.trace import LINKED, followed_claims, holders_of_accounts, links_for, settled_for, way_of, with_tiers

Table = NDArray[np.int64]


def trace_backward(ledger: Ledger, parameters: Parameters, inferred: pd.DataFrame | None = None) -> Trace:
    """Follow balances, transfers or disputed payments back to where their money came from.

    Under FIFO and LIFO fen by fen through the links. Under the methods that depend on labels the claims' part is what the
    replay finds there; what is nobody's claim is `other` money of the account. Under poison the claims whose money may be
    there.

    Args:
        inferred: the inferred links to go back through, as `trace_claims` has them.
    Raises:
        LiushuiError TRC-account, TRC-transfer for a start that is none; TRC-backward for what has no meaning backward.
        AssertionError when a start does not balance.
    """
    asked, behind = found_behind(ledger, parameters, inferred)
    return replace(told_back(asked, behind), inferred=inferred)


def found_behind(ledger: Ledger, parameters: Parameters, inferred: pd.DataFrame | None = None) -> tuple[Asked, Behind]:
    """What was asked, and what is behind it. Arguments and errors as `trace_backward`."""
    check(parameters)
    settled = None
    if parameters.method in LINKED:
        axis, links = links_for(ledger, parameters, inferred)
        way: Links | Settled = links
    else:
        settled = settled_for(ledger, parameters, inferred)
        axis = axis_of(ledger, settled)
        links, way = _fifo(axis, settled), settled
    free = replace(parameters, max_hops=None, hop_window_us=None, min_amount_fen=0)
    named = bool(parameters.accounts or parameters.transfers)
    claims = claims_of(ledger, axis, free if named else replace(free, reports=None))
    chosen = claims if named else claims_of(ledger, axis, free)
    accounts = holders_of_accounts(ledger)
    if parameters.method == "poison":
        seeds = seeds_of(claims.table, axis)
    else:
        seeds, _ = followed_claims(ledger, axis, claims, accounts, free, way)
    starts = starts_of(ledger, axis, links, chosen.table, parameters)
    warnings = (claims if named else chosen).warnings
    asked = Asked(ledger, axis, claims, seeds, starts, accounts, parameters, warnings, inferred)
    return asked, behind_by(asked, links, settled, inferred is None)


def behind_by(asked: Asked, links: Links, settled: Settled | None, plain: bool) -> Behind:
    """What is behind the starts by the method asked for. plain: without inferred links."""
    if settled is None:
        return walked_back(asked, links, inverse_for(asked, links, plain))
    if asked.parameters.method == "poison":
        from tracing.suspects import suspects_behind

        return suspects_behind(asked, settled)
    from tracing.replay_back import replayed_back

    return replayed_back(asked, settled)


def check(parameters: Parameters) -> None:
    """Refuse what has no answer. Raises: LiushuiError TRC-backward."""
    limited = parameters.max_hops or parameters.hop_window_us or parameters.min_amount_fen
    if limited and parameters.method == "poison":
        raise LiushuiError(
            "TRC-backward", "poison says which reports can be behind a balance at all; with a limit that would no longer be so"
        )


def _fifo(axis: LotAxis, settled: Settled) -> Links:
    links = way_of(axis, settled, "fifo")
    assert isinstance(links, Links)
    return links


def inverse_for(asked: Asked, links: Links, plain: bool) -> Inverse:
    """The way back: kept with the stored links where they are those, else made now. plain: without inferred links."""
    parameters, usual = asked.parameters, Parameters()
    if plain and all(getattr(parameters, name) == getattr(usual, name) for name in ("as_of_us", "opening", "ties", "level")):
        return indexed_inverse(asked.ledger, asked.axis, links, parameters.method)
    return inverse_of(asked.axis, links)


def walked_back(asked: Asked, links: Links, inverse: Inverse) -> Behind:
    """Back through the links of FIFO or LIFO."""
    from tracing import back_kernels as kernels

    axis, parameters = asked.axis, asked.parameters
    time_us = None
    if parameters.hop_window_us is not None or parameters.overdraft_window_us is not None:
        time_us = np.array(asked.ledger.read(("time",))["time"].cast(pa.int64()).to_numpy())
    repaid = repayments_of(axis, parameters)
    pieces, ended = kernels.traced_back(
        start_table(asked),
        links.start,
        links.leg,
        links.offset_fen,
        inverse.first,
        inverse.rows,
        inverse.credit_leg,
        axis.credit_start,
        axis.slot_start,
        axis.openings.fen,
        axis.slots.identified,
        asked.holder[axis.slots.account],
        axis.conversions.leg,
        axis.conversions.given_fen,
        axis.conversions.received_fen,
        claim_table(asked.seeds),
        own_claims(asked),
        limits_of(parameters, time_us),
        NONE if time_us is None else time_us,
        axis.rows,
        axis.extra_row,
        flags_of_slots(axis.slots),
        opening_parts_of(asked)[0],
        repaid.reach_us,
        repaid.banked,
        repaid.credit_end,
    )
    carried = pd.DataFrame(pieces[pieces[:, kernels.LEG] >= 0, : len(CARRIED_COLUMNS)], columns=CARRIED_COLUMNS)
    return Behind(carried, pd.DataFrame(ended, columns=ENDED_COLUMNS))


def own_claims(asked: Asked) -> Ints:
    """Number of the claim each start is; -1 for balances and named transfers."""
    names = asked.starts.table["claim"].tolist()
    place = {name: number for number, name in enumerate(asked.claims.table["claim"])} if asked.starts.own else {}
    return np.asarray([place.get(name, -1) for name in names], dtype=np.int64)


def start_table(asked: Asked) -> Table:
    """The starts as the kernel's pieces."""
    from tracing import back_kernels as kernels

    starts = asked.starts
    table = np.zeros((len(starts.leg), 14), dtype=np.int64)
    table[:, kernels.START], table[:, kernels.LEG], table[:, kernels.LOW] = starts.piece_start, starts.leg, starts.low
    table[:, kernels.FEN], table[:, kernels.BASIS], table[:, kernels.CROSSING] = starts.fen, starts.fen, -1
    table[:, kernels.COUNTED], table[:, kernels.SHIFT] = starts.counted(), starts.counted() - starts.low
    table[:, kernels.OWN] = starts.own
    table[:, kernels.HOP], table[:, kernels.TIER] = starts.leg >= 0, start_tiers(asked)
    return table


def start_tiers(asked: Asked) -> Ints:
    """Tier of each piece of the starts: 0 for a balance, and for a payment to an own account."""
    starts = asked.starts
    tier = np.zeros(len(starts.leg), dtype=np.int64)
    paid = np.flatnonzero(starts.leg >= 0)
    none = np.zeros(len(paid), dtype=np.int64)
    pieces = Pieces(starts.piece_start[paid], starts.leg[paid], none, none, none, none, none, none, none)
    payer = asked.holder[starts.table["account_code"].to_numpy(dtype=np.int64)]
    tier[paid] = with_tiers(asked.axis, pieces, asked.holder[asked.axis.slots.account], payer).tier
    return tier


def claim_table(seeds: Pieces) -> Table:
    """leg, low, high, claim of every disputed stretch, sorted."""
    table = np.column_stack([seeds.leg, seeds.start_fen, seeds.start_fen + seeds.fen, seeds.claim])
    return np.ascontiguousarray(table[np.lexsort([table[:, 1], table[:, 0]])], np.int64)

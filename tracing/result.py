"""What a trace is asked and what it answers: parameters, the five result tables, and their conservation."""

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

ENGINE_VERSION = "3"
METHODS = ("fifo", "lifo", "pro_rata", "clean_first", "taint_first", "poison")
ALLOCATING = METHODS[:5]
"""The methods that share the money out; poison is an upper bound."""
SINKS = ("cash", "merchant", "hub", "overdraft", "fee", "discount", "out_of_view", "dust")

ORIGINS = ("claim", "opening", "hub", "cash", "merchant", "overdraft", "discount", "out_of_view", "dust", "other")
"""Where money can come from, in a trace backward."""
LIMITS = ("max_hops", "hop_window", "min_amount")
"""What stops a piece of money, in the order in which it is looked at."""
OVERLAP_COLUMNS = ["claim", "transfer", "overlap_fen", "earlier", "why"]

Opening = Literal["reported", "implied", "zero"]
Ties = Literal["ledger", "credit_first", "debit_first"]
TIES: tuple[Ties, ...] = ("ledger", "credit_first", "debit_first")
Direction = Literal["forward", "backward"]
DIRECTIONS: tuple[Direction, ...] = ("forward", "backward")
Overdraft = Literal["dissipate", "backward"]
OVERDRAFTS: tuple[Overdraft, ...] = ("dissipate", "backward")
Level = Literal["account", "holder"]
LEVELS: tuple[Level, ...] = ("account", "holder")
LEAST_PROBABILITY_BP = 9_000
"""Inferred links below this are not followed unless asked for. Grade P."""


@dataclass(frozen=True)
class Parameters:
    """What to trace and how. Limits are None by default: nothing is cut off.

    as_of_us: only transfers up to and including this instant (UTC microseconds) exist.
    reports: ids of the reports to trace; None = all. currency: None = that of the claims, the commonest where they differ.
    ties: how legs of one instant stand beyond what the balances demand.
    direction: forward from the claims, or backward from balances and transfers to what is behind them.
    accounts, transfers: where a backward trace starts; none of either = the disputed payments.
    overdraft: money that repays a bank is gone (dissipate), or went where the overdraft was spent (backward).
    overdraft_window_us: how long before the repayment the overdraft may have been spent; None = any time.
    level: every account a balance of its own, or one balance for all accounts of a holder.
    inferred: whether inferred links of vouchers to payouts are followed; probability_bp: those of at least this probability.
    max_hops: do not follow money beyond this hop. hop_window_us: do not follow money that rested longer than this.
    min_amount_fen: do not follow pieces smaller than this.
    """

    method: str = "fifo"
    as_of_us: int | None = None
    reports: tuple[str, ...] | None = None
    currency: str | None = None
    opening: Opening = "reported"
    ties: Ties = "ledger"
    direction: Direction = "forward"
    accounts: tuple[str, ...] | None = None
    transfers: tuple[str, ...] | None = None
    overdraft: Overdraft = "dissipate"
    overdraft_window_us: int | None = None
    level: Level = "account"
    inferred: bool = False
    probability_bp: int = LEAST_PROBABILITY_BP
    max_hops: int | None = None
    hop_window_us: int | None = None
    min_amount_fen: int = 0


@dataclass(frozen=True)
class Limit:
    """A limit that cut something off: how many pieces and how much of victims' money it stopped following."""

    name: str
    value: str
    pieces: int
    basis_fen: int


@dataclass(frozen=True)
class Trace:
    """Where the claims' money went. Frames are sorted, ids are strings, `*_code` are positions in `ledger.batch.accounts`.

    claims: claim, victim, transfer, transfer_row, currency, reported_fen, overlap_fen, claim_fen (= reported - overlap).
    traced: claim, transfer, transfer_row, hop, tier, time_us, source, target, source_code, target_code, amount_fen,
        traced_fen, basis_fen, made_by, flags. One row per (claim, transfer); traced is in what left the source. What a recycler
        exchanged for vouchers has a row of its own, made by `inferred`: the redemption, from the account he paid from.
    held: claim, account, account_code, tier, held_fen, basis_fen, balance_fen, opening_fen, opening_source, since_us (the
        newest arrival of money still held), flags, probability_bp, inferred_fen (what of held came through inferred links).
    sinks: claim, sink, account, account_code, amount_fen (victims' money), flags, probability_bp.
    flags: `;`-joined: `overdraft`, `inferred`; money keeps them from where it got them on. probability_bp: the smallest of the
        inferred links on the way of any part; 10,000 where there is none.
    frontier: claim, account, institution, from_us, to_us, traced_fen, why.
    origins: of a trace backward, whose claims are its starts: start, origin (one of `ORIGINS`), claim, account, transfer,
        amount_fen (of the start), flags, probability_bp; held is then what rests in openings and with victims. Flags are then
        those of what lies between the start and there. Under poison: per claim whose money may be there how much at most.
    overlaps: claim, transfer, overlap_fen, earlier, why: fen of a claim that an earlier claim has, see `claim_overlaps`.
    ties: where the order within an instant matters, see `tracing.tie_range`; None where nobody looked.
    inferred: the inferred links that were followed, as `trace_claims` took them; None where none were asked for.
    """

    parameters: Parameters
    ledger_digest: str
    batch: int
    claims: pd.DataFrame
    traced: pd.DataFrame
    held: pd.DataFrame
    sinks: pd.DataFrame
    frontier: pd.DataFrame
    limits: tuple[Limit, ...] = ()
    warnings: tuple[str, ...] = ()
    overlaps: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=OVERLAP_COLUMNS))
    ties: pd.DataFrame | None = None
    inferred: pd.DataFrame | None = None
    engine_version: str = field(default=ENGINE_VERSION)
    origins: pd.DataFrame | None = None

    @property
    def allocates(self) -> bool:
        """Whether the method shares the money out, so that held + sinks is the claim."""
        return self.parameters.method in ALLOCATING

    def totals(self) -> pd.DataFrame:
        """Per claim: claim_fen, held_fen (basis), sinks_fen. Their difference is zero, see `conserved`."""
        held = self.held.groupby("claim")["basis_fen"].sum()
        sunk = self.sinks.groupby("claim")["amount_fen"].sum()
        claims = self.claims.set_index("claim")
        return pd.DataFrame(
            {
                "claim_fen": claims["claim_fen"],
                "held_fen": held.reindex(claims.index, fill_value=0),
                "sinks_fen": sunk.reindex(claims.index, fill_value=0),
            }
        )

    def unbalanced(self) -> pd.DataFrame:
        """The claims for which held + sinks is not the claim; empty on every sound trace of a method that allocates."""
        totals = self.totals()
        return totals[totals["held_fen"] + totals["sinks_fen"] != totals["claim_fen"]]

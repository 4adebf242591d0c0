"""What single files cannot make records of by themselves: orders with their cards, tickets, seizures of accounts."""

from ledger.batch.measures import settle_measures
from ledger.batch.rejects import Rejects
from ledger.batch.small import Numbered
from ledger.store.published import Published
from ledger.vouchers.orders import settle_orders
from ledger.vouchers.tickets import settle_tickets


def settle_sets(numbered: Numbered, before: Published, rejects: Rejects) -> None:
    """Turn a run's files of `SET_KINDS` into events, links and attributes of accounts, in place.

    Args:
        rejects: told of doubts; of orders without a time, which go to the quarantine.
    """
    settle_tickets(numbered)
    settle_measures(numbered)
    settle_orders(numbered, before, rejects)

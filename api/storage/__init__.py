"""What the service remembers: cases, traces, freeze batches, first answers, and the audit chain."""

from api.storage.audit import broken_links, chain_head, record
from api.storage.store import Store, open_store

__all__ = ["Store", "broken_links", "chain_head", "open_store", "record"]

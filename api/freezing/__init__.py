"""What is asked of the banks: stop payment, freeze, watch."""

from api.freezing.batch import BatchSummary, write_freeze_batch

__all__ = ["BatchSummary", "write_freeze_batch"]

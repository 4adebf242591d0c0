"""The rows of one run as the tables of one batch: ids settled, accounts coded, ledger order, memory bounded."""

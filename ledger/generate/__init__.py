"""Invented record folders with a known truth: every scheme of the case reports, at any size, from a seed."""

from ledger.generate.generation import GeneratedSummary, generate
from ledger.generate.parameters import scenario_names

__all__ = ["GeneratedSummary", "generate", "scenario_names"]

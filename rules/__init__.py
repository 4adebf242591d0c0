"""What is suspicious and what to freeze first: rules, roles, ranking, freeze plan. The only room with statsmodels."""

from rules.catalogue import RULES, apply_rules, findings_frame
from rules.plan import plan_freezes
from rules.ranking_files import write_ranking
from rules.rule import Finding, Rule
from rules.score import RankingResult, rank_accounts

__all__ = [
    "RULES",
    "Finding",
    "RankingResult",
    "Rule",
    "apply_rules",
    "findings_frame",
    "plan_freezes",
    "rank_accounts",
    "write_ranking",
]

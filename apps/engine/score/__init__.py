"""Scoring: evidence to one integer, in millibits of posterior log-odds (Fellegi & Sunter 1969)."""

from collections.abc import Iterable

from apps.engine.records import Evidence
from apps.engine.rules import RuleSet
from apps.engine.score.many import score_many, score_with_levels

__all__ = ["score", "score_many", "score_with_levels"]


def score(evidence: Iterable[Evidence], rules: RuleSet) -> int:
    """Return the rule set's prior plus the evidence's millibits: log2 of the posterior odds times 1000, 0 is even."""
    return rules.prior + sum(piece.millibits for piece in evidence)

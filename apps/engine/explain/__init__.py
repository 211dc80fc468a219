"""Explaining: why a pair scores as it does, how a cluster formed, and what keeps two apart.

Pure row code over standard records; it calls the comparers, the scorer and the agglomeration that decided, so that what
it tells is what happened.
"""

from apps.engine.explain.clusters import ClusterExplanation, Conflict, Step, explain_cluster
from apps.engine.explain.constraints import Bar, Verdict, bars_between
from apps.engine.explain.pairs import (
    Contribution,
    Outcome,
    PairExplanation,
    explain_evidence,
    explain_pair,
    outcome_of,
)
from apps.engine.explain.scoring import ScoredPair
from apps.engine.explain.separation import Reason, WhyNot, keys_in_common, why_not
from apps.engine.explain.suggesting import Caution, Suggestion, suggest_groups
from apps.engine.explain.words import say_bits

__all__ = [
    "Bar",
    "Caution",
    "ClusterExplanation",
    "Conflict",
    "Contribution",
    "Outcome",
    "PairExplanation",
    "Reason",
    "ScoredPair",
    "Step",
    "Suggestion",
    "Verdict",
    "WhyNot",
    "bars_between",
    "explain_cluster",
    "explain_evidence",
    "explain_pair",
    "keys_in_common",
    "outcome_of",
    "say_bits",
    "suggest_groups",
    "why_not",
]

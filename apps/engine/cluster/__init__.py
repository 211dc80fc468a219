"""Clustering: scored pairs to groups, under what persons said and what identifiers forbid."""

from apps.engine.cluster.linkage import (
    Grouping,
    Join,
    Law,
    Weighed,
    agglomerate,
    group_by_rules,
    law_of,
    score_groups,
    weigh_levels,
)
from apps.engine.cluster.neighbourhood import (
    Clusters,
    ComponentTooLarge,
    Doubt,
    Facts,
    Judge,
    Proposal,
    Surroundings,
    cluster_few,
    propose,
)

__all__ = [
    "Clusters",
    "ComponentTooLarge",
    "Doubt",
    "Facts",
    "Grouping",
    "Join",
    "Judge",
    "Law",
    "Proposal",
    "Surroundings",
    "Weighed",
    "agglomerate",
    "cluster_few",
    "group_by_rules",
    "law_of",
    "propose",
    "score_groups",
    "weigh_levels",
]

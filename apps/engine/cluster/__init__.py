"""Clustering: scored pairs to groups, under what persons said and what identifiers forbid."""

from apps.engine.cluster.linkage import Grouping, Join, agglomerate, group_by_rules
from apps.engine.cluster.neighbourhood import (
    Clusters,
    ComponentTooLarge,
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
    "Facts",
    "Grouping",
    "Join",
    "Judge",
    "Proposal",
    "Surroundings",
    "agglomerate",
    "cluster_few",
    "group_by_rules",
    "propose",
]

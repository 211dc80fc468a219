"""Clustering: scored pairs to groups, under what persons said and what identifiers forbid."""

from apps.engine.cluster.linkage import Grouping, Join, agglomerate, group_by_rules

__all__ = ["Grouping", "Join", "agglomerate", "group_by_rules"]

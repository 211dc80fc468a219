"""Clustering: scored pairs to groups, under what persons said and what identifiers forbid."""

from apps.engine.cluster.linkage import Grouping, Join, agglomerate

__all__ = ["Grouping", "Join", "agglomerate"]

"""Clustering: scored pairs to groups, under what persons said and what identifiers forbid."""

from apps.engine.cluster.linkage import Grouping, agglomerate

__all__ = ["Grouping", "agglomerate"]

"""Clusters of a frame under verdicts and exclusive identifiers."""

from collections.abc import Sequence

import pyarrow as pa

from apps.engine.bulk.results import Clustering
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics


def cluster(
    standard: pa.Table,
    links: pa.Table,
    rules: RuleSet,
    statistics: Statistics,
    *,
    same: Sequence[tuple[int, int]] = (),
    different: Sequence[tuple[int, int]] = (),
    workers: int = 2,
) -> Clustering:
    """Cluster the frame's records from links (of record ids; links to records outside the frame are ignored)."""
    raise NotImplementedError

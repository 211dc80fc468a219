"""What the bulk verbs return."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from apps.engine.bulk.frames import DOUBTS_SCHEMA
from apps.engine.statistics import Statistics


@dataclass(frozen=True)
class Clustering:
    """Who belongs together.

    `clusters` has `record` and `cluster` (the smallest record id in it), one row per record of the standard frame, in
    its order. `proposals` has `left`, `right`, `score`, `reason`: per pair of clusters that a person should look at,
    the pair of records that speaks loudest for joining them. `weak` has the same columns for pairs *inside* one
    cluster that score below the review threshold, the lowest first to be doubted. `conflicts` lists pairs of records
    that verdicts or exclusive identifiers keep apart and other verdicts put together. `doubts` has `left`, `right`,
    `score` and `subject`: of each cluster the weakest pair, where the rule set has a person asked about it, and the
    record of the two that stands more alone.
    """

    clusters: pa.Table
    proposals: pa.Table
    weak: pa.Table
    conflicts: tuple[tuple[int, int], ...] = ()
    doubts: pa.Table = field(default_factory=DOUBTS_SCHEMA.empty_table)


@dataclass(frozen=True)
class Resolution:
    """A whole run over one given frame; `seconds` by stage, `counters` by name."""

    standard: pa.Table
    statistics: Statistics
    links: pa.Table
    clusters: pa.Table
    proposals: pa.Table
    clustering: Clustering
    counters: Mapping[str, int]
    seconds: Mapping[str, float]

"""The engine's line over one frame: standardise, profile, block, score, cluster."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from apps.engine.bulk.blocking import MOST_PAIRS
from apps.engine.bulk.clustering import cluster
from apps.engine.bulk.linking import Linked, find_links
from apps.engine.bulk.profiling import profile
from apps.engine.bulk.results import Clustering, Resolution
from apps.engine.bulk.scoring import Scorer
from apps.engine.bulk.standardising import standardise
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, how many rows are done and how many there are."""
Verdicts = Sequence[tuple[int, int]]


def resolve_all(
    given: pa.Table,
    rules: RuleSet,
    *,
    same: Verdicts = (),
    different: Verdicts = (),
    statistics: Statistics | None = None,
    progress: Progress | None = None,
    workers: int = 2,
    scratch: Path | None = None,
) -> Resolution:
    """Resolve a whole given frame into clusters.

    `same` and `different` are verdicts as pairs of record ids. Without `statistics` the frame profiles itself.
    `workers` bounds the threads, and the processes that standardise. With `scratch`, a folder, links are kept there
    instead of in memory. The result is a function of the records' content and keys, not of their order.
    """
    started = time.perf_counter()
    standard = standardise(given, rules, progress=progress, workers=workers)
    seconds = {"standardise": round(time.perf_counter() - started, 3)}
    if progress is not None:
        progress("standardise", given.num_rows, given.num_rows)
    resolution = resolve_standard(
        standard,
        rules,
        same=same,
        different=different,
        statistics=statistics,
        progress=progress,
        workers=workers,
        scratch=scratch,
    )
    return replace(resolution, seconds=seconds | dict(resolution.seconds))


def resolve_standard(
    standard: pa.Table,
    rules: RuleSet,
    *,
    same: Verdicts = (),
    different: Verdicts = (),
    statistics: Statistics | None = None,
    progress: Progress | None = None,
    workers: int = 2,
    scratch: Path | None = None,
    most_pairs: int = MOST_PAIRS,
) -> Resolution:
    """Resolve a standard frame into clusters, as `resolve_all` does.

    About `most_pairs` pairs are held at a time: candidates while they are scored, then pairs inside components.
    """
    watch = _Watch(standard.num_rows, progress)
    frozen = statistics or profile(standard, rules, workers=workers)
    watch.done("profile")
    scorer = Scorer(standard, rules, frozen, workers)
    linked = find_links(standard, rules, frozen, scorer, scratch=scratch, most_pairs=most_pairs, workers=workers)
    watch.done("block", linked.block_seconds)
    watch.done("score", linked.score_seconds)
    clustering = cluster(
        standard,
        linked.links,
        rules,
        frozen,
        same=same,
        different=different,
        workers=workers,
        scorer=scorer,
        most_pairs=most_pairs,
    )
    watch.done("cluster")
    return _resolution(standard, frozen, linked, clustering, watch.seconds)


def _resolution(
    standard: pa.Table, statistics: Statistics, linked: Linked, clustering: Clustering, seconds: Mapping[str, float]
) -> Resolution:
    counters = {
        "records": standard.num_rows,
        "candidates": linked.candidates,
        "links": linked.links.num_rows,
        "clusters": len(np.unique(clustering.clusters.column("cluster").to_numpy())),
        "proposals": clustering.proposals.num_rows,
    }
    clusters, proposals = clustering.clusters, clustering.proposals
    return Resolution(standard, statistics, linked.links, clusters, proposals, clustering, counters, seconds)


class _Watch:
    """Notes the seconds of each stage, and tells who listens."""

    def __init__(self, rows: int, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._rows = rows
        self._progress = progress
        self._since = time.perf_counter()

    def done(self, stage: str, seconds: float | None = None) -> None:
        """End a stage, which took the seconds since the last one ended where no others are given."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._since if seconds is None else seconds, 3)
        self._since = now
        if self._progress is not None:
            self._progress(stage, self._rows, self._rows)

"""The engine's line over one frame: standardise, profile, block, score, cluster."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa

from apps.engine.bulk.blocking import candidates
from apps.engine.bulk.clustering import cluster
from apps.engine.bulk.profiling import profile
from apps.engine.bulk.results import Resolution
from apps.engine.bulk.scoring import score
from apps.engine.bulk.standardising import standardise
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, how many rows are done and how many there are."""


def resolve_all(
    given: pa.Table,
    rules: RuleSet,
    *,
    same: Sequence[tuple[int, int]] = (),
    different: Sequence[tuple[int, int]] = (),
    statistics: Statistics | None = None,
    progress: Progress | None = None,
    workers: int = 2,
) -> Resolution:
    """Resolve a whole given frame into clusters.

    `same` and `different` are verdicts as pairs of record ids. Without `statistics` the frame profiles itself.
    `workers` bounds the threads, and the processes that standardise. The result is a function of the records' content
    and keys, not of their order.
    """
    seconds: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        seconds[name] = round(time.perf_counter() - started, 3)
        if progress is not None:
            progress(name, given.num_rows, given.num_rows)

    with stage("standardise"):
        standard = standardise(given, rules, progress=progress, workers=workers)
    with stage("profile"):
        frozen = statistics or profile(standard, rules)
    with stage("block"):
        left, right = candidates(standard, rules, frozen)
    with stage("score"):
        links = score(standard, left, right, rules, frozen, workers=workers)
    with stage("cluster"):
        clustering = cluster(standard, links, rules, frozen, same=same, different=different, workers=workers)
    counters = {
        "records": given.num_rows,
        "candidates": len(left),
        "links": links.num_rows,
        "clusters": len(np.unique(clustering.clusters.column("cluster").to_numpy())),
        "proposals": clustering.proposals.num_rows,
    }
    return Resolution(standard, frozen, links, clustering.clusters, clustering.proposals, clustering, counters, seconds)

"""The line over one distributed frame up to its links: standardise, profile, block, score."""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame

from apps.engine.rules import RuleSet
from apps.engine.spark.blocking import candidates
from apps.engine.spark.profiling import profile
from apps.engine.spark.scoring import score
from apps.engine.spark.standardising import standardise
from apps.engine.statistics import Statistics

Progress = Callable[[str, int], None]
"""Called with a stage's name and how many rows came out of it: records, counted values, pairs, links."""


@dataclass(frozen=True)
class Linked:
    """What a run found. The frames are persisted on the cluster until `release` is called."""

    standard: DataFrame
    statistics: Statistics
    links: DataFrame

    def release(self) -> None:
        """Let the cluster forget the frames."""
        self.links.unpersist()
        self.standard.unpersist()


def find_links(
    given: DataFrame, rules: RuleSet, *, statistics: Statistics | None = None, progress: Progress | None = None
) -> Linked:
    """Return the links of a given frame; `links` is unsorted.

    Without `statistics` the frame profiles itself. Raises ValueError where the frame has no column `record`.
    """
    advance = progress or _say_nothing
    standard = standardise(given, rules).persist()
    records = standard.count()
    advance("standardise", records)
    frozen = statistics or profile(standard, rules)
    advance("profile", sum(map(len, frozen.counts.values())) + len(frozen.hot_keys))
    pairs = candidates(standard, rules, frozen, records).persist()
    count = pairs.count()
    advance("block", count)
    links = score(standard, pairs, rules, frozen, count).persist()
    advance("score", links.count())
    pairs.unpersist()
    return Linked(standard, frozen, links)


def _say_nothing(stage: str, rows: int) -> None:
    """Be called, as no progress is wanted."""

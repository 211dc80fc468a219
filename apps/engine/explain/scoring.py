"""Weights of all pairs of a few records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from apps.engine.cluster.linkage import Weighed, weigh_levels
from apps.engine.rules import RuleSet
from apps.engine.score import score_with_levels
from apps.engine.statistics import Statistics

Parts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """Two record ids and their score in millibits."""

    left: int
    right: int
    score: int


def weigh_among(parts: Sequence[Parts], rules: RuleSet, statistics: Statistics) -> Weighed:
    """Return what all pairs of the records weigh."""
    size = len(parts)
    levels = np.zeros((size, size, len(rules.weighed)), dtype=np.uint8)
    for at, record in enumerate(parts[:-1]):
        found = score_with_levels(record, parts[at + 1 :], rules, statistics)
        levels[at, at + 1 :] = levels[at + 1 :, at] = [row for _, row in found]
    return weigh_levels(levels, rules)

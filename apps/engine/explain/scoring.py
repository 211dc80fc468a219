"""Scores of all pairs of a few records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from apps.engine.cluster.linkage import Matrix
from apps.engine.rules import RuleSet
from apps.engine.score import score_many
from apps.engine.statistics import Statistics

Parts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """Two record ids and their score in millibits."""

    left: int
    right: int
    score: int


def scores_among(parts: Sequence[Parts], rules: RuleSet, statistics: Statistics) -> Matrix:
    """Return the symmetric matrix of the records' scores in millibits, 0 on its diagonal."""
    matrix = np.zeros((len(parts), len(parts)), dtype=np.int64)
    for at, record in enumerate(parts):
        matrix[at, at + 1 :] = score_many(record, parts[at + 1 :], rules, statistics)
    return matrix + matrix.T

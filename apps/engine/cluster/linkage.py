"""Average linkage under constraints, inside one component.

Law of this module: the grouping is a function of the scores, the constraints and the members' order, and the order is
the byte order of the members' keys; so it never depends on which record arrived first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from apps.engine.rules import RuleSet

Matrix = npt.NDArray[np.int64]
Bars = npt.NDArray[np.bool_]
NEVER = -np.inf


class Join(NamedTuple):
    """Two groups became one: each by the index of its first member, with its size, the earlier one first.

    `mean` is the mean score of all pairs between them in millibits, rounded down; `forced` says that a verdict joined
    them whatever it is.
    """

    first: int
    second: int
    sizes: tuple[int, int]
    mean: int
    forced: bool


@dataclass(frozen=True)
class Grouping:
    """`labels[i]` is the index of the first member of the group that member i is in.

    `conflicts` are the pairs of members that `same` asked to join and `different` keeps apart; `steps` are the joins in
    the order in which they came.
    """

    labels: list[int]
    conflicts: list[tuple[int, int]]
    steps: list[Join]


def agglomerate(
    scores: Matrix,
    barred: Bars,
    threshold: int,
    most: int,
    *,
    same: Sequence[tuple[int, int]] = (),
    different: Bars | None = None,
) -> Grouping:
    """Return the groups that average linkage makes of n members (Sokal & Michener 1958, under cannot-links).

    `scores` is a full symmetric n by n matrix in millibits, `barred` marks pairs that may share no group. The two
    groups with the highest mean score join while that mean is at least `threshold` and they have at most `most` members
    together; of equal means the pair of groups whose first members come first joins. `same` pairs join before
    anything else and outrank `barred`, but not `different`.
    """
    groups = _Groups(scores, barred, different)
    conflicts = []
    for one, other in sorted((min(pair), max(pair)) for pair in same):
        first, second = int(groups.labels[one]), int(groups.labels[other])
        if first == second:
            continue
        if groups.firmly_apart[first, second]:
            conflicts.append((one, other))
        else:
            groups.join(first, second, forced=True)
    while True:
        means = groups.means(most)
        first, second = divmod(int(means.argmax()), len(scores))
        if means[first, second] < threshold:
            return Grouping(groups.labels.tolist(), conflicts, groups.steps)
        groups.join(first, second, forced=False)


def group_by_rules(
    scores: Matrix, barred: Bars, rules: RuleSet, *, same: Sequence[tuple[int, int]], different: Bars
) -> Grouping:
    """Return the groups of n members as the rule set asks: its threshold, its cap, and no pair below its doubt."""
    return agglomerate(
        np.maximum(scores, rules.thresholds.doubt),
        barred,
        rules.thresholds.link,
        rules.caps.cluster,
        same=same,
        different=different if different.any() else None,
    )


class _Groups:
    """Groups on their way: sums of scores and constraints between them, each group at its first member's index."""

    def __init__(self, scores: Matrix, barred: Bars, different: Bars | None) -> None:
        self._sums = scores.astype(np.float64)
        self._sizes = np.ones(len(scores))
        self._apart = barred.copy() if different is None else barred | different
        np.fill_diagonal(self._apart, val=True)
        self.firmly_apart = np.zeros_like(barred) if different is None else different.copy()
        self.labels = np.arange(len(scores))
        self.steps: list[Join] = []

    def join(self, first: int, second: int, *, forced: bool) -> None:
        """Make one group of two; what either may not join, both may not."""
        kept, gone = min(first, second), max(first, second)
        sizes = int(self._sizes[kept]), int(self._sizes[gone])
        mean = math.floor(self._sums[kept, gone] / (sizes[0] * sizes[1]))
        self.steps.append(Join(kept, gone, sizes, mean, forced))
        self._sums[kept] += self._sums[gone]
        self._sums[:, kept] = self._sums[kept]
        for matrix in (self._apart, self.firmly_apart):
            matrix[kept] |= matrix[gone]
            matrix[:, kept] = matrix[kept]
            matrix[gone] = matrix[:, gone] = True
        self._apart[kept, kept] = True
        self._sizes[kept] += self._sizes[gone]
        self.labels[self.labels == gone] = kept

    def means(self, most: int) -> npt.NDArray[np.float64]:
        """Return the mean score between each two groups, `NEVER` where they may not join."""
        too_many = self._sizes[:, None] + self._sizes[None, :] > most
        return np.where(self._apart | too_many, NEVER, self._sums / np.outer(self._sizes, self._sizes))

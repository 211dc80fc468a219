"""Linkage of groups under constraints, inside one component.

Two groups are compared in two ways, which count half each. The one is the mean score of their pairs, in which no pair
counts for less than the rule set's `doubt` (average linkage: Sokal & Michener 1958). The other is the score of the
groups as wholes: for each comparison the mean weight of the pairs that know anything about it, so that a record which
lacks a phone doesn't water down what the phones of others say. Two groups of several records need more than a record
that joins a group: what both are is known better, so that there is less to forgive.

Law of this module: the grouping is a function of the levels, the constraints and the members' order, and the order is
the byte order of the members' keys; so it never depends on which record arrived first. All is done in whole numbers,
divided downwards, so that the compiled sibling in `bulk.grouping` finds the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from apps.engine.rules import RuleSet

Matrix = npt.NDArray[np.int64]
Cube = npt.NDArray[np.int64]
Vector = npt.NDArray[np.int64]
Bars = npt.NDArray[np.bool_]
NEVER = -(2**62)


class Join(NamedTuple):
    """Two groups became one: each by the index of its first member, with its size, the earlier one first.

    `score` is that of the two groups in millibits; `forced` says that a verdict joined them whatever it is.
    """

    first: int
    second: int
    sizes: tuple[int, int]
    score: int
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


class Law(NamedTuple):
    """What the rule set asks of groups, all but `most` in millibits.

    `link` is the score from which on two groups join, `doubling` what is asked beyond it for every doubling of the
    smaller one, `doubt` the least that a pair counts for in the mean of pairs, `most` the members a group may have.
    """

    link: int
    doubling: int
    doubt: int
    most: int


@dataclass(frozen=True)
class Weighed:
    """What is known about pairs of members: `weights` in millibits and `known`, both of shape (n, n, m), symmetric.

    The last axis has the comparisons and joints; `known` says of which both members know something, and where they
    don't the weight is 0. `prior` is in millibits.
    """

    prior: int
    weights: Cube
    known: Bars

    @property
    def scores(self) -> Matrix:
        """Return the score of each pair, shape (n, n)."""
        total: Matrix = self.prior + self.weights.sum(axis=2)
        return total


def weigh_levels(levels: npt.NDArray[np.uint8], rules: RuleSet) -> Weighed:
    """Return what the levels of all pairs weigh; `levels` has shape (n, n, m), m in the rule set's order."""
    weights = np.zeros(levels.shape, dtype=np.int64)
    for at, weighed in enumerate(rules.weighed):
        weights[:, :, at] = np.asarray(weighed.millibits, dtype=np.int64)[levels[:, :, at]]
    return Weighed(rules.prior, weights, levels > 0)


def law_of(rules: RuleSet) -> Law:
    """Return what the rule set asks of groups."""
    thresholds = rules.thresholds
    return Law(thresholds.link, thresholds.doubling, thresholds.doubt, rules.caps.cluster)


def agglomerate(
    weighed: Weighed,
    barred: Bars,
    law: Law,
    *,
    same: Sequence[tuple[int, int]] = (),
    different: Bars | None = None,
) -> Grouping:
    """Return the groups of n members.

    The two groups with the highest score join while it is at least the law's `link` and one of their pairs reaches
    that, too; of equal scores the pair of groups whose first members come first joins. `barred` marks pairs that may
    share no group, shape (n, n). `same` pairs join before anything else and outrank `barred`, but not `different`.
    """
    groups = _Groups(weighed, barred, different, law)
    conflicts = []
    for one, other in sorted((min(pair), max(pair)) for pair in same):
        first, second = sorted((int(groups.labels[one]), int(groups.labels[other])))
        if first == second:
            continue
        if groups.firmly_apart[first, second]:
            conflicts.append((one, other))
        else:
            groups.join(first, second, forced=True)
    while True:
        scores = groups.joinable()
        first, second = divmod(int(scores.argmax()), len(scores))
        if scores[first, second] < law.link:
            return Grouping(groups.labels.tolist(), conflicts, groups.steps)
        groups.join(first, second, forced=False)


def group_by_rules(
    weighed: Weighed, barred: Bars, rules: RuleSet, *, same: Sequence[tuple[int, int]], different: Bars
) -> Grouping:
    """Return the groups of n members as the rule set asks."""
    return agglomerate(weighed, barred, law_of(rules), same=same, different=different if different.any() else None)


class _Groups:
    """Groups on their way: sums over the pairs between them and constraints, each group at its first member's index."""

    def __init__(self, weighed: Weighed, barred: Bars, different: Bars | None, law: Law) -> None:
        scores = weighed.scores
        self._law = law
        self._prior = weighed.prior
        self._weights = weighed.weights.copy()
        self._known = weighed.known.astype(np.int64)
        self._floored = np.maximum(scores, law.doubt)
        self._best = scores.copy()
        self._sizes = np.ones(len(scores), dtype=np.int64)
        self._apart = barred.copy() if different is None else barred | different
        np.fill_diagonal(self._apart, val=True)
        self.firmly_apart = np.zeros_like(barred) if different is None else different.copy()
        self.labels = np.arange(len(scores))
        self.steps: list[Join] = []
        self._scores = np.full(scores.shape, NEVER, dtype=np.int64)
        for group in range(len(scores)):
            self._score_anew(group)

    def join(self, kept: int, gone: int, *, forced: bool) -> None:
        """Make one group of two, the earlier one named first; what either may not join, both may not."""
        sizes = int(self._sizes[kept]), int(self._sizes[gone])
        self.steps.append(Join(kept, gone, sizes, int(self._scores[kept, gone]), forced))
        for sums in (self._weights, self._known, self._floored):
            sums[kept] += sums[gone]
            sums[:, kept] = sums[kept]
        self._best[kept] = np.maximum(self._best[kept], self._best[gone])
        self._best[:, kept] = self._best[kept]
        for matrix in (self._apart, self.firmly_apart):
            matrix[kept] |= matrix[gone]
            matrix[:, kept] = matrix[kept]
            matrix[gone] = matrix[:, gone] = True
        self._apart[kept, kept] = True
        self._sizes[kept] += self._sizes[gone]
        self.labels[self.labels == gone] = kept
        self._score_anew(kept)

    def joinable(self) -> Matrix:
        """Return the score of each two groups, `NEVER` where they may not join."""
        too_many = self._sizes[:, None] + self._sizes[None, :] > self._law.most
        return np.where(self._apart | too_many | (self._best < self._law.link), NEVER, self._scores)

    def _score_anew(self, group: int) -> None:
        """Score one group with each other one."""
        found = _scores(
            Sums(self._weights[group], self._known[group], self._floored[group]),
            self._sizes * self._sizes[group],
            np.minimum(self._sizes, self._sizes[group]),
            self._prior,
            self._law,
        )
        self._scores[group] = self._scores[:, group] = found


class Sums(NamedTuple):
    """Sums over the pairs between two groups, of shape (groups, m), (groups, m) and (groups,).

    The weights by comparison, how many pairs know something, and the pairs' scores, none below the doubt.
    """

    weights: Matrix
    known: Matrix
    floored: Vector


def _scores(sums: Sums, pairs: Vector, smaller: Vector, prior: int, law: Law) -> Vector:
    """Return the score of one group with each other one, shape (groups,); `smaller` is the size of the smaller one."""
    wholes = prior + np.where(sums.known > 0, sums.weights // np.maximum(sums.known, 1), 0).sum(axis=1)
    doublings = np.frexp(smaller)[1] - 1
    found: Vector = (sums.floored // pairs + wholes) // 2 - doublings * law.doubling
    return found


def score_groups(levels: npt.NDArray[np.uint8], rules: RuleSet) -> int:
    """Return the score of two groups in millibits; `levels` are those of all pairs between them, shape (a, b, m)."""
    weighed = weigh_levels(levels, rules)
    law = law_of(rules)
    sums = Sums(
        weighed.weights.sum(axis=(0, 1))[None],
        weighed.known.sum(axis=(0, 1))[None],
        np.maximum(weighed.scores, law.doubt).sum()[None],
    )
    ours, theirs, _ = levels.shape
    return int(_scores(sums, np.array([ours * theirs]), np.array([min(ours, theirs)]), rules.prior, law)[0])

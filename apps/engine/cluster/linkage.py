"""Average linkage under constraints, inside one component.

Law of this module: the grouping is a function of the scores, the constraints and the members' order, and the order is
the byte order of the members' keys; so it never depends on which record arrived first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.int64]
Bars = npt.NDArray[np.bool_]
NEVER = -np.inf


@dataclass(frozen=True)
class Grouping:
    """`labels[i]` is the index of the first member of the group that member i is in.

    `conflicts` are the pairs of members that `same` asked to join and `different` keeps apart.
    """

    labels: list[int]
    conflicts: list[tuple[int, int]]


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
    count = len(scores)
    sums = scores.astype(np.float64)
    apart = barred.copy() if different is None else barred | different
    firm = np.zeros_like(barred) if different is None else different.copy()
    sizes = np.ones(count)
    labels = np.arange(count)

    def join(first: int, second: int) -> None:
        kept, gone = min(first, second), max(first, second)
        sums[kept] += sums[gone]
        sums[:, kept] = sums[kept]
        for matrix in (apart, firm):
            matrix[kept] |= matrix[gone]
            matrix[:, kept] = matrix[kept]
            matrix[gone] = matrix[:, gone] = True
        sizes[kept] += sizes[gone]
        labels[labels == gone] = kept

    conflicts = []
    for one, other in sorted((min(pair), max(pair)) for pair in same):
        first, second = int(labels[one]), int(labels[other])
        if first == second:
            continue
        if firm[first, second]:
            conflicts.append((one, other))
            continue
        join(first, second)
    np.fill_diagonal(apart, True)
    while True:
        means = np.where(apart | (sizes[:, None] + sizes[None, :] > most), NEVER, sums / np.outer(sizes, sizes))
        best = int(means.argmax())
        first, second = divmod(best, count)
        if means[first, second] < threshold:
            return Grouping(labels.tolist(), conflicts)
        join(first, second)
        apart[first, first] = True

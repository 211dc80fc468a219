"""Learning a rule set's weights from labelled pairs: logistic regression on levels, written as integer tables.

With levels as indicator variables, logistic regression is the discriminative twin of Fellegi-Sunter counting: the same
additive model, but comparisons that say the same thing twice (city, postcode, region) share the credit. Weights are
drawn towards those the rules already have, so a level that the pairs hardly show keeps its weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_array

from apps.engine.rules import Comparison, Joint, RuleSet

MILLIBITS_PER_NAT = 1000 / np.log(2)
FARTHEST = 2
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LabelledPairs:
    """Levels of candidate pairs (pairs by comparisons), whether each is a true pair, and how much each counts."""

    levels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.bool_]
    weights: Vector

    def __post_init__(self) -> None:
        """Refuse arrays that don't describe the same pairs."""
        if not len(self.levels) == len(self.labels) == len(self.weights):
            raise ValueError("Levels, labels and weights must have one row per pair.")


def learn_weights(pairs: LabelledPairs, rules: RuleSet, pull: float = 0.3, rounds: int = 300) -> dict[str, Any]:
    """Return a weights document (`prior` and `comparisons`) that fits the labelled pairs.

    `pull` is the strength of the draw towards the rules' present weights, in pairs' worth per squared nat. The missing
    level stays at 0.
    """
    pairs = _merged(pairs)
    weighed = rules.weighed
    starts = np.cumsum([0, *(len(c.labels) for c in weighed)])
    design = _design(pairs.levels, starts)
    start = np.array([rules.prior, *(w for c in weighed for w in c.millibits)]) / MILLIBITS_PER_NAT
    fixed = np.r_[False, _missing_flags(weighed)]
    signs = np.where(pairs.labels, 1.0, -1.0)

    def loss(weights: Vector) -> tuple[float, Vector]:
        margins = signs * (design @ weights)
        drift = weights - start
        drift[0] = 0
        value = float(pairs.weights @ np.logaddexp(0, -margins) + pull * drift @ drift)
        slope = design.T @ (-signs * pairs.weights / (1 + np.exp(np.clip(margins, -500, 500)))) + 2 * pull * drift
        slope[fixed] = 0
        return value, slope

    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=_bounds(weighed), options={"maxiter": rounds}).x
    millibits = np.rint(fitted * MILLIBITS_PER_NAT).astype(int).tolist()
    document: dict[str, Any] = {"prior": millibits[0], "comparisons": {}, "joints": {}}
    for index, (entry, at) in enumerate(zip(weighed, starts.tolist(), strict=False)):
        field = "comparisons" if index < len(rules.comparisons) else "joints"
        document[field][entry.name] = [[label, millibits[1 + at + i]] for i, label in enumerate(entry.labels)]
    return document


def _merged(pairs: LabelledPairs) -> LabelledPairs:
    """Return the pairs with those of equal levels and label as one that counts for all: a fifth of them, or fewer."""
    rows = np.ascontiguousarray(np.column_stack([pairs.levels, pairs.labels.astype(np.uint8)]))
    as_one = rows.view(np.dtype((np.void, rows.shape[1]))).reshape(-1)
    _, first, inverse = np.unique(as_one, return_index=True, return_inverse=True)
    counts = np.bincount(inverse, weights=pairs.weights).astype(np.float64)
    return LabelledPairs(pairs.levels[first], pairs.labels[first], counts)


def _design(levels: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]) -> csr_array:
    """Return the sparse indicator matrix: a column of ones for the prior, then one column per level."""
    pairs, comparisons = levels.shape
    columns = np.empty((pairs, comparisons + 1), dtype=np.int64)
    columns[:, 0] = 0
    columns[:, 1:] = 1 + starts[:-1] + levels
    pointers = np.arange(0, columns.size + 1, comparisons + 1)
    return csr_array((np.ones(columns.size), columns.reshape(-1), pointers), shape=(pairs, 1 + int(starts[-1])))


def _bounds(weighed: Sequence[Comparison | Joint]) -> list[tuple[float | None, float | None]]:
    """Return the range of the prior and of each weight.

    A comparison's level keeps the side on which it starts and grows to `FARTHEST` times its start at most: where two
    comparisons say the same thing twice, a free fit makes one of them speak against what it shows, and what is never
    wrong in the training pairs would outweigh everything elsewhere.
    """
    ranges: list[tuple[float | None, float | None]] = [(None, None)]
    for entry in weighed:
        for weight in entry.millibits:
            farthest = FARTHEST * weight / MILLIBITS_PER_NAT
            free = weight == 0 or isinstance(entry, Joint)
            ranges.append((None, None) if free else (min(farthest, 0.0), max(farthest, 0.0)))
    return ranges


def _missing_flags(comparisons: Sequence[Comparison | Joint]) -> npt.NDArray[np.bool_]:
    return np.array([index == 0 for c in comparisons for index in range(len(c.labels))])

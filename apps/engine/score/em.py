"""Learning a rule set's weights without labels: Fellegi-Sunter's ratios by expectation maximisation, as integers.

The model is the one by which scores add up (Fellegi & Sunter 1969): given that two records are one party, or are not,
the levels of their comparisons are independent. Expectation maximisation (Dempster, Laird & Rubin 1977; for linkage
Winkler 1988) asks in turns how likely each pair is one party under the present weights, and which weights fit that.
What is missing is left out, level 0 weighs nothing (Enamorado, Fifield & Imai 2019).

It finds the grouping that the comparisons show most clearly, whatever that is: where candidates hold many sisters, it
learns the family. Such records need labels, or identifiers in their place.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.engine.rules import Comparison, RuleSet
from apps.engine.score.counting import ratios

MILLIBITS = 1000
ROUNDS = 200
SETTLED = 1e-4
"""Bits by which no weight moves any more when the learning ends."""
Levels = npt.NDArray[np.uint8]
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Patterns:
    """The distinct rows of levels, and how many pairs show each."""

    levels: Levels
    pairs: Vector

    def counts(self, column: int, width: int, share: Vector) -> Vector:
        """Return for each level of a comparison how many pairs show it, each pair counted by its share."""
        counts = np.bincount(self.levels[:, column], weights=self.pairs * share, minlength=width)
        return counts.astype(np.float64)


def learn_fellegi_sunter(
    levels: Levels, rules: RuleSet, *, u_levels: Levels | None = None, of: int | None = None
) -> dict[str, Any]:
    """Return a weights document (`prior` and `comparisons`) that fits unlabelled candidate pairs.

    `levels` has a row per candidate pair and a column per comparison of the rule set; columns of joints may follow and
    are not read: joints weigh 0. The learning starts from the rule set's weights and stays by them where pairs say
    little. `u_levels` are the levels of random pairs, which are taken to be different parties, and `of` is the number
    of pairs that there are in all; the pairs that are no candidates then count as different parties. Without
    `u_levels` both sides are learned from the candidates alone, and the prior holds among candidates. Raises
    ValueError where the levels don't fit the rule set, there are none, or one of `u_levels` and `of` lacks the other.
    """
    width = len(rules.comparisons)
    if not len(levels) or levels.shape[1] < width:
        raise ValueError("Needs at least one pair, and a column of levels for each comparison of the rule set.")
    if (u_levels is None) != (of is None):
        raise ValueError("Random pairs and the number of all pairs come together.")
    patterns = _patterns_of(levels[:, :width])
    random = None if u_levels is None else _patterns_of(u_levels[:, :width])
    start = [np.array(c.millibits) / MILLIBITS for c in rules.comparisons]
    weights, prior = start, rules.prior / MILLIBITS
    for _ in range(ROUNDS):
        matched = _matched(patterns, weights, prior)
        apart = (patterns, 1 - matched) if random is None else (random, np.ones(len(random.pairs)))
        before = weights
        weights = [_ratios(c, i, start[i], (patterns, matched), apart) for i, c in enumerate(rules.comparisons)]
        share = patterns.pairs @ matched / (of or patterns.pairs.sum())
        prior = float(np.log2(share) - np.log2(1 - share))
        if max(np.abs(new - old).max() for new, old in zip(weights, before, strict=True)) < SETTLED:
            break
    return _document(rules, weights, prior)


def _patterns_of(levels: Levels) -> _Patterns:
    distinct, pairs = np.unique(levels, axis=0, return_counts=True)
    return _Patterns(distinct, pairs.astype(np.float64))


def _matched(patterns: _Patterns, weights: list[Vector], prior: float) -> Vector:
    """Return how likely the pairs of each pattern are one party."""
    bits = np.full(len(patterns.levels), prior)
    for column, weight in enumerate(weights):
        bits += weight[patterns.levels[:, column]]
    likely: Vector = 1 / (1 + np.exp2(-np.clip(bits, -500, 500)))
    return np.clip(likely, 1e-12, 1 - 1e-12)


def _ratios(
    comparison: Comparison, column: int, start: Vector, same: tuple[_Patterns, Vector], apart: tuple[_Patterns, Vector]
) -> Vector:
    """Return the bits of each level of a comparison."""
    width = len(comparison.labels)
    m_counts, u_counts = (patterns.counts(column, width, share) for patterns, share in (same, apart))
    return ratios(m_counts, u_counts, start)


def _document(rules: RuleSet, weights: list[Vector], prior: float) -> dict[str, Any]:
    return {
        "prior": round(prior * MILLIBITS),
        "comparisons": {
            c.name: [[label, round(bits * MILLIBITS)] for label, bits in zip(c.labels, weight.tolist(), strict=True)]
            for c, weight in zip(rules.comparisons, weights, strict=True)
        },
        "joints": {joint.name: [[label, 0] for label in joint.labels] for joint in rules.joints},
    }

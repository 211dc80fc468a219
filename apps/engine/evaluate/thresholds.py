"""Precision and recall of scored pairs by threshold, and how their scores are spread."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from apps.engine.bulk.frames import Flags, Ints
from apps.engine.evaluate.ranges import Range, Vector, ratio_range
from apps.engine.rules import RuleSet

BIT = 1000
"""Millibits between two thresholds, and the width of a bar."""


@dataclass(frozen=True)
class ScoredPairs:
    """Scored pairs of which the truth is known.

    `scores` are in millibits. `left` and `right` are the unit of each side: what stands or falls together, such as an
    entity, or the one decision a pair was judged in. `owed` is the number of true pairs of each unit, scored or not.
    """

    scores: Ints
    same: Flags
    left: Ints
    right: Ints
    owed: Ints

    def per_unit(self, chosen: Flags) -> Vector:
        """Return the chosen pairs by unit; a pair of two units belongs half to each."""
        sides = np.concatenate([self.left[chosen], self.right[chosen]])
        halves: Vector = np.bincount(sides, minlength=len(self.owed)) / 2
        return halves


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """What a threshold (in millibits) would let through: `pairs`, of them `same` rightly."""

    threshold: int
    pairs: int
    same: int
    precision: Range
    recall: Range

    def to_document(self) -> dict[str, Any]:
        """Return plain data."""
        counts = {"threshold": self.threshold, "pairs": self.pairs, "same": self.same}
        return counts | {"precision": self.precision.to_document(), "recall": self.recall.to_document()}


@dataclass(frozen=True, slots=True)
class Bar:
    """The pairs that score from `low` on, less than a bit more."""

    low: int
    same: int
    different: int

    def to_document(self) -> dict[str, int]:
        """Return plain data."""
        return asdict(self)


def by_threshold(pairs: ScoredPairs, thresholds: Iterable[int]) -> list[AtThreshold]:
    """Return precision and recall of the pairs that score at least each threshold, with 95 % ranges over units.

    Recall is the share of all pairs owed, so what was never scored counts as missed.
    """
    owed = pairs.owed.astype(np.float64)
    rows = []
    for threshold in sorted(set(thresholds)):
        let_through = pairs.scores >= threshold
        right = let_through & pairs.same
        hits = pairs.per_unit(right)
        rows.append(
            AtThreshold(
                threshold,
                int(np.count_nonzero(let_through)),
                int(np.count_nonzero(right)),
                ratio_range(hits, pairs.per_unit(let_through)),
                ratio_range(hits, owed),
            )
        )
    return rows


def thresholds_of(rules: RuleSet, scores: Ints) -> list[int]:
    """Return the rule set's three thresholds and every whole bit from `keep` to the highest score."""
    lowest, highest = rules.thresholds.keep, int(scores.max(initial=rules.thresholds.link))
    steps = range(-(-lowest // BIT) * BIT, highest + 1, BIT)
    return sorted({*steps, rules.thresholds.keep, rules.thresholds.review, rules.thresholds.link})


def histogram(pairs: ScoredPairs) -> Sequence[Bar]:
    """Return one bar per bit from the lowest to the highest score, empty ones included."""
    if not len(pairs.scores):
        return []
    bits = pairs.scores // BIT
    first, width = int(bits.min()), int(bits.max() - bits.min()) + 1
    same = np.bincount(bits[pairs.same] - first, minlength=width).tolist()
    different = np.bincount(bits[~pairs.same] - first, minlength=width).tolist()
    return [Bar((first + i) * BIT, a, b) for i, (a, b) in enumerate(zip(same, different, strict=True))]

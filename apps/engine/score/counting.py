"""Fellegi and Sunter's ratios by counting levels among labelled pairs."""

from typing import Any

import numpy as np
import numpy.typing as npt

from apps.engine.rules import RuleSet
from apps.engine.score.train import LabelledPairs

MILLIBITS = 1000
PULL = 2.0
"""Pairs' worth of the weights that the rule set has already, level by level."""
Vector = npt.NDArray[np.float64]


def count_weights(pairs: LabelledPairs, rules: RuleSet) -> dict[str, Any]:
    """Return a weights document (`prior`, `comparisons` and silent `joints`) whose weights are log2 of m over u.

    m and u are how often a level shows among pairs of one party and of different ones, counted by the pairs' weights;
    what is missing is left out. The prior holds among such pairs. Raises ValueError where one side has no pairs.
    """
    same = pairs.labels
    m_total, u_total = float(pairs.weights[same].sum()), float(pairs.weights[~same].sum())
    if not (m_total and u_total):
        raise ValueError("Needs pairs of one party and pairs of different parties.")
    comparisons = {}
    for column, comparison in enumerate(rules.comparisons):
        levels, width = pairs.levels[:, column], len(comparison.labels)
        m, u = (np.bincount(levels[side], pairs.weights[side], width).astype(np.float64) for side in (same, ~same))
        bits = ratios(m, u, np.array(comparison.millibits) / MILLIBITS)
        comparisons[comparison.name] = [
            [label, round(weight * MILLIBITS)] for label, weight in zip(comparison.labels, bits.tolist(), strict=True)
        ]
    return {
        "prior": round(float(np.log2(m_total / u_total)) * MILLIBITS),
        "comparisons": comparisons,
        "joints": {joint.name: [[label, 0] for label in joint.labels] for joint in rules.joints},
    }


def ratios(m_counts: Vector, u_counts: Vector, start: Vector) -> Vector:
    """Return the bits of each level: how much more often pairs of one party show it than pairs of different ones.

    The posterior mean of a ratio of rates under a Gamma prior around `start`: what no pair shows keeps its weight.
    """
    m, u = m_counts.copy(), u_counts.copy()
    m[0] = u[0] = 0
    u_rates = np.where(m + u > 0, u + 0.5, 0) / (u.sum() + 1)
    bits: Vector = np.log2(PULL + m) - np.log2(PULL * np.exp2(-start) + m.sum() * u_rates)
    bits[0] = 0
    return bits

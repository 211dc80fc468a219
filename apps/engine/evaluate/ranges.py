"""Confidence ranges of shares.

Pairs of one entity stand or fall together, so a share of pairs is surer than it looks if each counted on its own.
Pairwise and B-cubed measures are ratios of sums over entities (Binette et al. 2024, "How to Evaluate Entity Resolution
Systems"); from the spread of the entities' parts follows how many independent observations the share is worth (Kish's
design effect), and Wilson's interval is taken at that number (Franco, Little, Louis & Slud 2019, which recommends it
for clustered samples). Nothing is drawn at random, and a share of 0 or 1 still has a range.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

NORMAL_95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Range:
    """A share and its 95 % confidence range, all in 0..1; `worth` is the number of independent observations."""

    share: float
    low: float
    high: float
    worth: float

    def to_document(self) -> dict[str, float]:
        """Return plain data, shares rounded to five places."""
        return {name: round(getattr(self, name), 5) for name in ("share", "low", "high")} | {
            "worth": round(self.worth, 1)
        }


def wilson(share: float, worth: float) -> Range:
    """Return Wilson's score interval (1927) of a share seen in `worth` observations; 0..1 where there are none."""
    if worth <= 0:
        return Range(share, 0.0, 1.0, 0.0)
    square = NORMAL_95 * NORMAL_95
    middle = (share + square / (2 * worth)) / (1 + square / worth)
    half = NORMAL_95 * sqrt(share * (1 - share) / worth + square / (4 * worth * worth)) / (1 + square / worth)
    return Range(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)), worth)


def ratio_range(hits: Vector, counts: Vector) -> Range:
    """Return the range of sum(hits) / sum(counts), where each position is one entity and 0 <= hits <= counts.

    Without any count the share is 1 and the range is everything.
    """
    total = float(counts.sum())
    if total <= 0:
        return wilson(1.0, 0)
    share = min(1.0, float(hits.sum()) / total)
    # What entities of these sizes are worth if each counted by its size (Kish 1965): all that a share of 0 or 1 tells.
    kish = total * total / float(counts @ counts)
    units = int(np.count_nonzero(counts))
    strays = hits - share * counts
    variance = units / (units - 1) * float(strays @ strays) / (total * total) if units > 1 else 0.0
    is_spread = 0 < share < 1 and variance > 0
    return wilson(share, min(total, share * (1 - share) / variance) if is_spread else min(total, kish))

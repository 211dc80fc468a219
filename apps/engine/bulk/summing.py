"""Weights of levels summed to scores, as a kernel."""

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.compiled import compiled


@compiled
def sum_weights(levels: npt.NDArray[np.uint8], weights: npt.NDArray[np.int32], scores: npt.NDArray[np.int32]) -> None:
    """Add to each score the weights of its column of levels; in place."""
    for row in range(len(levels)):
        for pair in range(len(scores)):
            scores[pair] += weights[row, levels[row, pair]]

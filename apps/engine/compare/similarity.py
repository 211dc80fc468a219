"""String similarities as integers from 0 to 1000, equal in the row code and the bulk code.

RapidFuzz computes both in double precision with the same algorithm; rounding happens here, once.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

Thousandths = npt.NDArray[np.int32]


def jaro_winkler(left: str, right: str) -> int:
    """Return the Jaro-Winkler similarity (Winkler 1990) in thousandths."""
    return int(JaroWinkler.similarity(left, right) * 1000 + 0.5)


def edit_similarity(left: str, right: str) -> int:
    """Return one minus the optimal string alignment distance over the longer length, in thousandths."""
    return int(OSA.normalized_similarity(left, right) * 1000 + 0.5)


def jaro_winkler_pairs(left: Sequence[str], right: Sequence[str], workers: int) -> Thousandths:
    """Return `jaro_winkler` of each two texts at one position."""
    found = process.cpdist(left, right, scorer=JaroWinkler.similarity, dtype=np.float64, workers=workers)
    return np.asarray(found * 1000 + 0.5).astype(np.int32)


def edit_similarity_pairs(left: Sequence[str], right: Sequence[str], workers: int) -> Thousandths:
    """Return `edit_similarity` of each two texts at one position."""
    found = process.cpdist(left, right, scorer=OSA.normalized_similarity, dtype=np.float64, workers=workers)
    return np.asarray(found * 1000 + 0.5).astype(np.int32)

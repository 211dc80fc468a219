"""Postcodes and phones of many pairs at once."""

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from apps.engine.bulk.frames import ABSENT, Codes, Encoded
from apps.engine.bulk.pairs import RowPairs
from apps.engine.compare.values import A_DIGIT_APART, MANY, SEVERAL
from apps.engine.rules import Comparison

Levels = npt.NDArray[np.uint8]


def postcode_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.values.compare_postcode` returns for each pair of rows."""
    column = pairs.columns[comparison.parts[0]]
    areas = recoded(column, [value[:3] for value in column.values], {})
    ours, theirs = column.codes[pairs.left], column.codes[pairs.right]
    levels = np.where(ours == theirs, 1, np.where(areas[pairs.left] == areas[pairs.right], 2, 3)).astype(np.uint8)
    levels[(ours == ABSENT) | (theirs == ABSENT)] = 0
    return levels


def phone_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.values.compare_phones` returns for each pair of rows."""
    column = pairs.columns[comparison.parts[0]]
    ours, theirs = column.codes[pairs.left], column.codes[pairs.right]
    counts = pairs.statistics.counts.get(comparison.name, {})
    names = np.array([counts.get(value, 1) for value in column.values] + [1], dtype=np.int64)
    levels = (1 + (names > SEVERAL).astype(np.int64) + (names > MANY)).astype(np.uint8)[ours]
    unequal = np.flatnonzero((ours != theirs) & (ours != ABSENT) & (theirs != ABSENT))
    texts = np.array([*column.values, ""], dtype=object)
    left, right = (texts[side[unequal]].tolist() for side in (ours, theirs))
    edits = process.cpdist(left, right, scorer=OSA.distance, score_cutoff=1, workers=pairs.workers)
    levels[unequal] = A_DIGIT_APART + (edits > 1)
    levels[(ours == ABSENT) | (theirs == ABSENT)] = 0
    return levels


def recoded(column: Encoded, texts: list[str], known: dict[str, int]) -> Codes:
    """Return the rows' codes into `known`, which grows, when each distinct value stands for its text."""
    table = np.array([known.setdefault(text, len(known)) for text in texts] + [ABSENT], dtype=np.int32)
    codes: Codes = table[column.codes]
    return codes

"""Postcodes of many pairs at once."""

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.frames import ABSENT, Codes, Encoded
from apps.engine.bulk.pairs import RowPairs
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


def recoded(column: Encoded, texts: list[str], known: dict[str, int]) -> Codes:
    """Return the rows' codes into `known`, which grows, when each distinct value stands for its text."""
    table = np.array([known.setdefault(text, len(known)) for text in texts] + [ABSENT], dtype=np.int32)
    codes: Codes = table[column.codes]
    return codes

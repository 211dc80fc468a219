"""Web domains and postcodes of many pairs at once."""

from itertools import product

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.frames import ABSENT, Codes, Encoded, Flags
from apps.engine.bulk.pairs import RowPairs
from apps.engine.compare.values import MANY, SEVERAL
from apps.engine.rules import Comparison

Levels = npt.NDArray[np.uint8]
SHARED_BY_NONE = 2**31


def postcode_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.values.compare_postcode` returns for each pair of rows."""
    column = pairs.columns[comparison.parts[0]]
    areas = _recoded(column, [value[:3] for value in column.values], {})
    ours, theirs = column.codes[pairs.left], column.codes[pairs.right]
    levels = np.where(ours == theirs, 1, np.where(areas[pairs.left] == areas[pairs.right], 2, 3)).astype(np.uint8)
    levels[(ours == ABSENT) | (theirs == ABSENT)] = 0
    return levels


def domain_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.values.compare_domains` returns for each pair of rows."""
    columns = [pairs.columns[part] for part in comparison.parts]
    known: dict[str, int] = {}
    domains = [_recoded(column, column.values, known) for column in columns]
    stems: dict[str, int] = {}
    labels = [_recoded(column, [v.partition(".")[0] for v in column.values], stems) for column in columns]
    counts = [pairs.statistics.counts.get(part, {}) for part in comparison.parts]
    names = np.array([max(c.get(domain, 1) for c in counts) for domain in known] + [SHARED_BY_NONE], dtype=np.int64)
    fewest = np.full(len(pairs), SHARED_BY_NONE, dtype=np.int64)
    alike = np.zeros(len(pairs), dtype=np.bool_)
    for (ours, our_label), (theirs, their_label) in product(zip(domains, labels, strict=True), repeat=2):
        met = _meet(ours, theirs, pairs)
        fewest = np.where(met, np.minimum(fewest, names[ours[pairs.left]]), fewest)
        alike |= _meet(our_label, their_label, pairs)
    sharing = 1 + (fewest > SEVERAL).astype(np.int64) + (fewest > MANY)
    levels = np.where(fewest < SHARED_BY_NONE, sharing, np.where(alike, 4, 5)).astype(np.uint8)
    known_to_us, known_to_them = (
        np.any([codes[side] != ABSENT for codes in domains], axis=0) for side in (pairs.left, pairs.right)
    )
    levels[~known_to_us | ~known_to_them] = 0
    return levels


def _meet(ours: Codes, theirs: Codes, pairs: RowPairs) -> Flags:
    left, right = ours[pairs.left], theirs[pairs.right]
    met: Flags = (left == right) & (left != ABSENT)
    return met


def _recoded(column: Encoded, texts: list[str], known: dict[str, int]) -> Codes:
    """Return the rows' codes into `known`, which grows, when each distinct value stands for its text."""
    table = np.array([known.setdefault(text, len(known)) for text in texts] + [ABSENT], dtype=np.int32)
    codes: Codes = table[column.codes]
    return codes

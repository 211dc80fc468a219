"""Street addresses of many pairs at once."""

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.frames import ABSENT, Codes, Encoded, Flags, Ints, combine, combine_columns, values_at
from apps.engine.bulk.pairs import RowPairs
from apps.engine.compare.similarity import jaro_winkler_pairs
from apps.engine.compare.spaces import joined_value
from apps.engine.compare.streets import (
    ALIKE,
    BOX,
    DIFFERENT,
    NO_NUMBER,
    OTHER_NUMBER,
    OTHER_STREET,
    SAME,
    STREETS_ALIKE,
)
from apps.engine.compare.values import MANY, SEVERAL
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics


def street_levels(pairs: RowPairs, comparison: Comparison) -> npt.NDArray[np.uint8]:
    """Return what `compare.streets.compare_streets` returns for each pair of rows."""
    number, street, box, postcode = (pairs.columns[part] for part in comparison.parts)
    left, right = pairs.left, pairs.right
    levels = np.zeros(len(pairs), dtype=np.uint8)

    ours, theirs = box.codes[left], box.codes[right]
    boxes = (ours != ABSENT) & (theirs != ABSENT)
    levels[boxes] = np.where(ours == theirs, BOX, DIFFERENT)[boxes]

    ours, theirs = street.codes[left], street.codes[right]
    where = np.flatnonzero((ours != ABSENT) & (theirs != ABSENT))
    same_street = ours[where] == theirs[where]
    alike = same_street.copy()
    alike[~same_street] = _streets_alike(street, ours[where][~same_street], theirs[where][~same_street], pairs.workers)
    our_number, their_number = number.codes[left[where]], number.codes[right[where]]
    numbered = (our_number != ABSENT) & (their_number != ABSENT)
    same_number = our_number == their_number
    names = _names_at((number, street, postcode), comparison.name, pairs.statistics)
    most = np.maximum(names[left[where]], names[right[where]])
    sharing = (most > SEVERAL).astype(np.int64) + (most > MANY)
    levels[where] = np.select(
        [~numbered & alike, ~numbered, ~same_number & alike, ~same_number, same_street, alike],
        [NO_NUMBER, DIFFERENT, OTHER_NUMBER, DIFFERENT, SAME + sharing, ALIKE],
        OTHER_STREET,
    )
    return levels


def _streets_alike(street: Encoded, left: Codes, right: Codes, workers: int) -> Flags:
    low, high = np.minimum(left, right), np.maximum(left, right)
    pairs, inverse = np.unique(combine(low, high, len(street.values)), return_inverse=True)
    texts = np.array(street.values, dtype=object)
    ours = texts[pairs // (len(texts) + 1) - 1].tolist()
    theirs = texts[pairs % (len(texts) + 1) - 1].tolist()
    alike: Flags = jaro_winkler_pairs(ours, theirs, workers) >= STREETS_ALIKE
    for at, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a[:1] == b[:1] and (a.startswith(f"{b} ") or b.startswith(f"{a} ")):
            alike[at] = True
    found: Flags = alike[inverse]
    return found


def _names_at(columns: tuple[Encoded, ...], space: str, statistics: Statistics) -> Ints:
    """Return for each row how many different names the statistics know at its address."""
    counts = statistics.counts.get(space, {})
    first, inverse = combine_columns(columns)
    taken = (values_at(column, first) for column in columns)
    found = np.fromiter(
        (counts.get(joined_value(values), 1) for values in zip(*taken, strict=True)), np.int64, len(first)
    )
    names: Ints = found[inverse]
    return names

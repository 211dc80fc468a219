"""Street addresses of many pairs at once."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.edits import Places, places
from apps.engine.bulk.frames import ABSENT, Coded, Codes, Columns, Ints, combine
from apps.engine.bulk.letters import Letters, Points, letters_of
from apps.engine.bulk.values import are_alike, sharing
from apps.engine.compare.spaces import joined_value
from apps.engine.compare.streets import (
    ALIKE,
    BOX,
    DIFFERENT,
    NO_NUMBER,
    NUMBER,
    OTHER_NUMBER,
    OTHER_STREET,
    POST_BOX,
    POSTCODE,
    SAME,
    STREET,
    STREETS_ALIKE,
)
from apps.engine.compare.values import SEVERAL
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

Levels = npt.NDArray[np.uint8]
SHARING = POSTCODE
"""Column of a row of codes that says how many names share its address: the postcode itself isn't compared."""
ADDRESS_PARTS = 3
SEPARATOR = joined_value(["", ""])


class StreetComparer(NamedTuple):
    """Street addresses: a row of codes of number, street and box, and how many names share the address."""

    rows: Codes
    letters: Letters

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows."""
        fill_streets(self.rows, *self.letters, places(), left, right, levels[0])


def prepare_street(columns: Columns, comparison: Comparison, statistics: Statistics) -> StreetComparer:
    """Return `compare.streets.compare_streets` for rows of the columns."""
    coded = [columns.coded(part) for part in comparison.parts]
    rows = np.stack([column.codes for column in coded], axis=1)
    counts = statistics.counts.get(comparison.name, {})
    shared = {
        address: names
        for address, names in counts.items()
        if names > SEVERAL and address.count(SEPARATOR) == ADDRESS_PARTS - 1
    }
    rows[:, SHARING] = _sharing_of_rows([coded[NUMBER], coded[STREET], coded[POSTCODE]], shared)
    return StreetComparer(rows, letters_of(coded[STREET].texts))


def _sharing_of_rows(columns: list[Coded], shared: dict[str, int]) -> Levels:
    """Return how many names share each row's address, of which the shared ones are given by their joined parts."""
    parts = zip(*(address.split(SEPARATOR) for address in shared), strict=True)
    known = np.zeros(len(shared), dtype=np.int64)
    rows = np.zeros(len(columns[0].codes), dtype=np.int64)
    for (codes, texts), values in zip(columns, parts, strict=False):
        at = pc.fill_null(pc.index_in(pa.array(values, pa.string()), value_set=texts), ABSENT - 1).to_numpy()
        at = np.where([value == "" for value in values], ABSENT, at)
        wanted = combine(known - 1, at, len(texts))
        # A part that no row has: no row can be at that address.
        wanted[at < ABSENT] = ABSENT - np.arange(1, 1 + np.count_nonzero(at < ABSENT))
        distinct, known = np.unique(wanted, return_inverse=True)
        asked = combine(rows - 1, codes, len(texts))
        place = np.minimum(np.searchsorted(distinct, asked), len(distinct) - 1)
        rows = np.where((rows >= 0) & (distinct[place] == asked), place, ABSENT)
    names = np.zeros(len(shared) + 1, dtype=np.int64)
    names[known] = list(shared.values())
    return sharing(np.where(rows < 0, 0, names[rows])) if shared else np.zeros(len(rows), dtype=np.uint8)


@compiled
def fill_streets(
    rows: Codes, points: Points, starts: Ints, table: Places, left: Codes, right: Codes, levels: Levels
) -> None:
    """Write the levels of all pairs; in place."""
    for pair in range(len(left)):
        ours, theirs = left[pair], right[pair]
        if rows[ours, STREET] != ABSENT and rows[theirs, STREET] != ABSENT:
            levels[pair] = street_level(rows, points, starts, table, ours, theirs)
        elif rows[ours, POST_BOX] != ABSENT and rows[theirs, POST_BOX] != ABSENT:
            levels[pair] = BOX if rows[ours, POST_BOX] == rows[theirs, POST_BOX] else DIFFERENT
        else:
            levels[pair] = 0


@compiled
def street_level(rows: Codes, points: Points, starts: Ints, table: Places, left: int, right: int) -> int:
    """Return the level of two rows that both have a street."""
    ours, theirs = rows[left, STREET], rows[right, STREET]
    same_number = rows[left, NUMBER] == rows[right, NUMBER]
    if ours == theirs and same_number and rows[left, NUMBER] != ABSENT:
        return SAME + int(max(rows[left, SHARING], rows[right, SHARING]))
    alike = ours == theirs or are_alike(points, starts, ours, theirs, STREETS_ALIKE, table)
    if rows[left, NUMBER] == ABSENT or rows[right, NUMBER] == ABSENT:
        return NO_NUMBER if alike else DIFFERENT
    if not same_number:
        return OTHER_NUMBER if alike else DIFFERENT
    return ALIKE if alike else OTHER_STREET

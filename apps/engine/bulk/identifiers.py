"""Identifiers of many pairs at once."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.edits import is_one_edit
from apps.engine.bulk.frames import ABSENT, Codes, Columns, Ints
from apps.engine.bulk.letters import Letters, Points, letters_of
from apps.engine.bulk.values import sharing_of
from apps.engine.compare.identifiers import (
    CHECK,
    DIFFERENT,
    ISSUER,
    NOT_COMPARABLE,
    NUMBER,
    SHORTEST_FOR_SLIP,
    SLIP,
    WRONG,
)
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

Levels = npt.NDArray[np.uint8]
PARTS: Final = 3


class IdentifierComparer(NamedTuple):
    """Numbers of issuers: a row of codes of number, issuer and check; `wrong` is the code of a failed check."""

    rows: Codes
    wrong: int
    same: Levels
    letters: Letters

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows."""
        fill_identifiers(self.rows, self.wrong, self.same, *self.letters, left, right, levels[0])


def prepare_identifier(columns: Columns, comparison: Comparison, statistics: Statistics) -> IdentifierComparer:
    """Return `compare.identifiers.compare_identifiers` for rows of the columns."""
    coded = [columns.coded(part) for part in comparison.parts]
    numbers, checks = coded[NUMBER].texts, coded[CHECK].texts
    wrong = pc.index(checks, WRONG).as_py()
    same = 1 + sharing_of(numbers, statistics.counts.get(comparison.name, {}))
    rows = np.stack([column.codes for column in coded], axis=1)
    return IdentifierComparer(rows, wrong if wrong >= 0 else ABSENT - 1, same, letters_of(numbers))


@compiled
def fill_identifiers(
    rows: Codes,
    wrong: int,
    same: Levels,
    points: Points,
    starts: Ints,
    left: Codes,
    right: Codes,
    levels: Levels,
) -> None:
    """Write the levels of all pairs; in place."""
    for pair in range(len(left)):
        ours, theirs = left[pair], right[pair]
        if rows[ours, NUMBER] == ABSENT or rows[theirs, NUMBER] == ABSENT:
            levels[pair] = 0
        else:
            levels[pair] = identifier_level(rows, wrong, same, points, starts, ours, theirs)


@compiled
def identifier_level(rows: Codes, wrong: int, same: Levels, points: Points, starts: Ints, left: int, right: int) -> int:
    """Return the level of two rows that both have a number."""
    a, b = rows[left, NUMBER], rows[right, NUMBER]
    one, other = rows[left, ISSUER], rows[right, ISSUER]
    if one != ABSENT and other != ABSENT and one != other:
        return NOT_COMPARABLE
    fails = rows[left, CHECK] == wrong or rows[right, CHECK] == wrong
    if a == b:
        return NOT_COMPARABLE if fails else int(same[a])
    if fails or rows[left, CHECK] != rows[right, CHECK]:
        i, j = starts[a], starts[b]
        m, n = starts[a + 1] - i, starts[b + 1] - j
        if min(m, n) >= SHORTEST_FOR_SLIP and is_one_edit(points, i, m, points, j, n):
            return SLIP
    return NOT_COMPARABLE if fails else DIFFERENT

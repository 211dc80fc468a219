"""Dates and numbers of many pairs at once."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.edits import Places, edit_similarity, places, shared_start
from apps.engine.bulk.frames import ABSENT, Codes, Columns, Ints
from apps.engine.bulk.letters import Letters, Points, letters_of
from apps.engine.compare.texts import DATE_LABELS, NUMBER_LABELS, ONE_OF_EIGHT
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

Levels = npt.NDArray[np.uint8]
SAME, SLIP, YEAR, DAY, OTHER_DATE = range(1, len(DATE_LABELS))
NEAR, OTHER_NUMBER = range(2, len(NUMBER_LABELS))
YEAR_LETTERS: Final = 4


class DateComparer(NamedTuple):
    """Dates as eight digits, the year first."""

    codes: Codes
    letters: Letters

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows by their dates."""
        fill_dates(self.codes, *self.letters, places(), left, right, levels[0])


class NumberComparer(NamedTuple):
    """Quantities, and how far two may lie apart to be the same, or near."""

    codes: Codes
    values: npt.NDArray[np.float64]
    same: float
    near: float

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows by their numbers."""
        fill_numbers(self.codes, self.values, self.same, self.near, left, right, levels[0])


def prepare_dates(columns: Columns, comparison: Comparison, _statistics: Statistics) -> DateComparer:
    """Return `compare.texts.compare_dates` for rows of the columns."""
    codes, texts = columns.coded(comparison.parts[0])
    return DateComparer(codes, letters_of(texts))


def prepare_numbers(columns: Columns, comparison: Comparison, _statistics: Statistics) -> NumberComparer:
    """Return `compare.texts.compare_numbers` for rows of the columns."""
    codes, texts = columns.coded(comparison.parts[0])
    values = np.array([float(text) for text in texts.to_pylist()], dtype=np.float64)
    bounds = (float(comparison.settings.get(name, 0)) for name in ("same", "near"))
    return NumberComparer(codes, values, *bounds)


@compiled
def fill_dates(
    codes: Codes, points: Points, starts: Ints, table: Places, left: Codes, right: Codes, levels: Levels
) -> None:
    """Write the levels of all pairs by their dates; in place."""
    for pair in range(len(left)):
        ours, theirs = codes[left[pair]], codes[right[pair]]
        if ours == ABSENT or theirs == ABSENT:
            levels[pair] = 0
        elif ours == theirs:
            levels[pair] = SAME
        else:
            i, j = starts[ours], starts[theirs]
            levels[pair] = date_level(points, i, starts[ours + 1] - i, j, starts[theirs + 1] - j, table)


@compiled
def date_level(points: Points, i: int, m: int, j: int, n: int, table: Places) -> int:
    """Return the level of two different dates."""
    if edit_similarity(points, i, m, points, j, n, table) >= ONE_OF_EIGHT:
        return SLIP
    year, other_year = min(m, YEAR_LETTERS), min(n, YEAR_LETTERS)
    same_year = year == other_year and shared_start(points, i, year, points, j, other_year) == year
    i, m, j, n = i + year, m - year, j + other_year, n - other_year
    if same_year and is_turned(points, i, m, j, n):
        return SLIP
    if same_year:
        return YEAR
    return DAY if m == n and shared_start(points, i, m, points, j, n) == m else OTHER_DATE


@compiled
def is_turned(points: Points, i: int, m: int, j: int, n: int) -> bool:
    """Say whether one text is the other with its first two letters moved to the end."""
    if m != n:
        return False
    first = min(n, 2)
    for at in range(m):
        if points[i + at] != points[j + (at + first) % n]:
            return False
    return True


@compiled
def fill_numbers(
    codes: Codes,
    values: npt.NDArray[np.float64],
    same: float,
    near: float,
    left: Codes,
    right: Codes,
    levels: Levels,
) -> None:
    """Write the levels of all pairs by their numbers; in place."""
    for pair in range(len(left)):
        ours, theirs = codes[left[pair]], codes[right[pair]]
        if ours == ABSENT or theirs == ABSENT:
            levels[pair] = 0
            continue
        apart = abs(values[ours] - values[theirs])
        levels[pair] = SAME if apart <= same else NEAR if apart <= near else OTHER_NUMBER

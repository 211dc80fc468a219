"""Single values of many pairs at once: equal or not, alike or not, how many different names share them."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.edits import Places, is_one_edit, jaro_winkler, places, shared_start
from apps.engine.bulk.frames import ABSENT, Codes, Columns, Ints
from apps.engine.bulk.letters import Letters, Points, letters_of
from apps.engine.bulk.words import counts_of
from apps.engine.compare import COMPARERS
from apps.engine.compare.values import A_DIGIT_APART, ALIKE, MANY, SEVERAL
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

Levels = npt.NDArray[np.uint8]
SAME: Final = 1
AREA_LETTERS: Final = 3
SPACE: Final = ord(" ")


class EqualComparer(NamedTuple):
    """Whether values are equal; `same` holds the level of each value that both have."""

    codes: Codes
    same: Levels
    different: int

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows by their equal values."""
        fill_equal(self.codes, self.same, self.different, left, right, levels[0])


class SimilarComparer(NamedTuple):
    """Whether values are spelt alike."""

    codes: Codes
    letters: Letters

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows by their like values."""
        fill_similar(self.codes, *self.letters, places(), left, right, levels[0])


class PostcodeComparer(NamedTuple):
    """Whether postcodes, or the areas that they begin with, are equal."""

    codes: Codes
    areas: Codes

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows by their postcodes."""
        fill_postcodes(self.codes, self.areas, left, right, levels[0])


class PhoneComparer(NamedTuple):
    """Whether phones are equal, or a digit apart; `same` holds the level of each phone that both have."""

    codes: Codes
    same: Levels
    letters: Letters

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows by their phones."""
        fill_phones(self.codes, self.same, *self.letters, left, right, levels[0])


def prepare_equal(columns: Columns, comparison: Comparison, _statistics: Statistics) -> EqualComparer:
    """Return `compare.values.compare_equal` for rows of the columns."""
    codes, texts = columns.coded(comparison.parts[0])
    return EqualComparer(codes, np.full(len(texts), SAME, np.uint8), COMPARERS["equal"].labels.index("different"))


def prepare_shared(columns: Columns, comparison: Comparison, statistics: Statistics) -> EqualComparer:
    """Return `compare.values.compare_shared` for rows of the columns."""
    codes, texts = columns.coded(comparison.parts[0])
    shared = sharing_of(texts, statistics.counts.get(comparison.name, {}))
    return EqualComparer(codes, SAME + shared, COMPARERS["shared"].labels.index("different"))


def prepare_similar(columns: Columns, comparison: Comparison, _statistics: Statistics) -> SimilarComparer:
    """Return `compare.values.compare_similar` for rows of the columns."""
    codes, texts = columns.coded(comparison.parts[0])
    return SimilarComparer(codes, letters_of(texts))


def prepare_postcode(columns: Columns, comparison: Comparison, _statistics: Statistics) -> PostcodeComparer:
    """Return `compare.values.compare_postcode` for rows of the columns."""
    codes, texts = columns.coded(comparison.parts[0])
    areas = pc.utf8_slice_codeunits(texts, 0, AREA_LETTERS).dictionary_encode()
    return PostcodeComparer(codes, areas.indices.to_numpy())


def prepare_phones(columns: Columns, comparison: Comparison, statistics: Statistics) -> PhoneComparer:
    """Return `compare.values.compare_phones` for rows of the columns."""
    codes, texts = columns.coded(comparison.parts[0])
    shared = sharing_of(texts, statistics.counts.get(comparison.name, {}))
    return PhoneComparer(codes, SAME + shared, letters_of(texts))


def sharing_of(texts: pa.Array, counts: Mapping[str, int]) -> Levels:
    """Return `compare.values.sharing` of each text, which so many different names hold."""
    # Most values are held by few; those needn't be looked up.
    shared = {text: names for text, names in counts.items() if names > SEVERAL}
    return sharing(counts_of(texts, shared, 1))


def sharing(names: Ints) -> Levels:
    """Return `compare.values.sharing` of each number of names."""
    return (names > SEVERAL).astype(np.uint8) + (names > MANY).astype(np.uint8)


@compiled
def fill_equal(codes: Codes, same: Levels, different: int, left: Codes, right: Codes, levels: Levels) -> None:
    """Write the levels of all pairs by their equal values; in place."""
    for pair in range(len(left)):
        ours, theirs = codes[left[pair]], codes[right[pair]]
        if ours == ABSENT or theirs == ABSENT:
            levels[pair] = 0
        else:
            levels[pair] = same[ours] if ours == theirs else different


@compiled
def fill_similar(
    codes: Codes, points: Points, starts: Ints, table: Places, left: Codes, right: Codes, levels: Levels
) -> None:
    """Write the levels of all pairs by their like values; in place."""
    for pair in range(len(left)):
        ours, theirs = codes[left[pair]], codes[right[pair]]
        if ours == ABSENT or theirs == ABSENT:
            levels[pair] = 0
        elif ours == theirs:
            levels[pair] = 1
        else:
            levels[pair] = 2 if are_alike(points, starts, ours, theirs, ALIKE, table) else 3


@compiled
def are_alike(points: Points, starts: Ints, left: int, right: int, least: int, table: Places) -> bool:
    """Say whether two texts are alike by so many thousandths, or one is the other's first words."""
    i, j = starts[left], starts[right]
    m, n = starts[left + 1] - i, starts[right + 1] - j
    if jaro_winkler(points, i, m, points, j, n, table) >= least:
        return True
    if m == n or shared_start(points, i, m, points, j, n) < min(m, n):
        return False
    return bool(points[i + n] == SPACE if m > n else points[j + m] == SPACE)


@compiled
def fill_postcodes(codes: Codes, areas: Codes, left: Codes, right: Codes, levels: Levels) -> None:
    """Write the levels of all pairs by their postcodes; in place."""
    for pair in range(len(left)):
        ours, theirs = codes[left[pair]], codes[right[pair]]
        if ours == ABSENT or theirs == ABSENT:
            levels[pair] = 0
        elif ours == theirs:
            levels[pair] = 1
        else:
            levels[pair] = 2 if areas[ours] == areas[theirs] else 3


@compiled
def fill_phones(
    codes: Codes, same: Levels, points: Points, starts: Ints, left: Codes, right: Codes, levels: Levels
) -> None:
    """Write the levels of all pairs by their phones; in place."""
    for pair in range(len(left)):
        ours, theirs = codes[left[pair]], codes[right[pair]]
        if ours == ABSENT or theirs == ABSENT:
            levels[pair] = 0
        elif ours == theirs:
            levels[pair] = same[ours]
        else:
            i, j = starts[ours], starts[theirs]
            near = is_one_edit(points, i, starts[ours + 1] - i, points, j, starts[theirs + 1] - j)
            levels[pair] = A_DIGIT_APART if near else A_DIGIT_APART + 1

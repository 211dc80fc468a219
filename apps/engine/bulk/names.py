"""Levels of the four comparisons of names, of many pairs at once: one reading of a pair serves them all."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.edits import Places, places
from apps.engine.bulk.frames import Codes, Columns, Ints
from apps.engine.bulk.leftovers import leftover_levels
from apps.engine.bulk.letters import Bytes, Points
from apps.engine.bulk.naming import names_of
from apps.engine.bulk.readings import (
    ACRONYM,
    ALIKE,
    ALSO_SAME,
    CITY,
    CUT_SHORT,
    FORMER,
    GENERAL_WORDS,
    LEFT,
    NAME,
    NO_AGREEMENT,
    NOWHERE,
    OTHER,
    RIGHT,
    SAME,
    STANDS_FOR,
    Names,
    add_general,
    agreeing_bits,
    align,
    are_joined_equal,
    empty_desk,
    is_cut_short,
    joined_length,
    joined_similarity,
    lay_out,
    part_agreement,
    whole_agreement,
)
from apps.engine.bulk.twins import NO_TWIN, OTHER_LETTER
from apps.engine.bulk.words import LENGTH
from apps.engine.compare import names as row_code
from apps.engine.compare.names import LETTER_BOUNDS, LONG_LETTERS, NAME_RARITIES, NAME_RARITY_BOUNDS
from apps.engine.compare.readings import COMPARES_WORDS, MOST_WORDS, WHOLE, Agreement
from apps.engine.statistics import Statistics, rarity

Levels = npt.NDArray[np.uint8]
KINDS: Final = ("names", "leftovers", "leftover_weight", "letters")
"""The kinds of comparison that share a reading, in the order of the levels that a kernel finds."""
OF_ACRONYM, OF_NOTHING, RARITIES = row_code.ACRONYM, row_code.DIFFERENT, len(NAME_RARITIES)
IS_WHOLE: Final = np.array([agreement in WHOLE for agreement in Agreement])
COMPARES: Final = np.array([agreement in COMPARES_WORDS for agreement in Agreement])


class NameComparer(NamedTuple):
    """The comparisons of one set of name parts; `chance` is the surprise of a value that a single record holds."""

    names: Names
    longest: int
    chance: int

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the levels of each pair of rows, a row of them for each of `KINDS`."""
        names, (facts, points) = self.names, self.names.words
        joined = np.zeros(2 * MOST_WORDS * self.longest, dtype=np.uint32)
        desks = empty_desk(), empty_desk()
        texts = names.rows, names.lists, facts, points, names.full
        fill_names(*texts, *desks, joined, places(), self.chance, left, right, levels)


def prepare_names(columns: Columns, parts: tuple[str, ...], statistics: Statistics) -> NameComparer:
    """Return the comparisons of names with the given parts."""
    names = names_of(columns, parts, statistics)
    longest = int(names.words.facts[:, LENGTH].max(initial=1))
    return NameComparer(names, longest, rarity(max(statistics.records, 1), 1))


@compiled
def fill_names(
    rows: Codes,
    lists: Codes,
    facts: Ints,
    points: Points,
    full: Bytes,
    desk: Ints,
    spare: Ints,
    joined: Points,
    table: Places,
    chance: int,
    left: Codes,
    right: Codes,
    levels: Levels,
) -> None:
    """Write the levels of all pairs; in place."""
    laid = -1
    for pair in range(len(left)):
        ours, theirs = left[pair], right[pair]
        for kind in range(4):
            levels[kind, pair] = 0
        if rows[ours, NAME] == NOWHERE or rows[theirs, NAME] == NOWHERE:
            continue
        if ours != laid:
            lay_out(desk, LEFT, facts, lists, rows[ours, NAME])
            add_general(desk, LEFT, facts, lists, rows[ours, GENERAL_WORDS])
            laid = ours
        lay_out(desk, RIGHT, facts, lists, rows[theirs, NAME])
        add_general(desk, RIGHT, facts, lists, rows[theirs, GENERAL_WORDS])
        align(desk, points, table)
        agreement, bits = agreement_of(rows, lists, facts, points, full, desk, spare, joined, table, ours, theirs)
        levels[0, pair] = name_level(agreement, bits - chance)
        if COMPARES[agreement]:
            levels[1, pair], levels[2, pair] = leftover_levels(
                desk, lists, rows[ours, CITY], rows[theirs, CITY], IS_WHOLE[agreement]
            )
            levels[3, pair] = letter_level(desk, points, joined, table)


@compiled
def agreement_of(
    rows: Codes,
    lists: Codes,
    facts: Ints,
    points: Points,
    full: Bytes,
    desk: Ints,
    spare: Ints,
    joined: Points,
    table: Places,
    ours: int,
    theirs: int,
) -> tuple[int, int]:
    """Return how far the aligned names of two rows agree, and the surprise of the words that do."""
    whole = whole_agreement(desk, points, joined, table)
    if whole != NO_AGREEMENT:
        return whole, agreeing_bits(desk, NO_TWIN)
    if is_cut_short(rows, full, ours, theirs):
        return CUT_SHORT, agreeing_bits(desk, NO_TWIN)
    if has_also(rows, ours) or has_also(rows, theirs):
        also, bits = best_also(rows, lists, facts, points, spare, joined, table, ours, theirs)
        if also != NO_AGREEMENT:
            return also, bits
    if rows[ours, NAME] == rows[theirs, STANDS_FOR] or rows[theirs, NAME] == rows[ours, STANDS_FOR]:
        return ACRONYM, 0
    return part_agreement(desk), agreeing_bits(desk, OTHER_LETTER)


@compiled
def has_also(rows: Codes, row: int) -> bool:
    """Say whether a row has former or other names."""
    return bool(rows[row, FORMER] != NOWHERE or rows[row, OTHER] != NOWHERE)


@compiled
def best_also(
    rows: Codes,
    lists: Codes,
    facts: Ints,
    points: Points,
    desk: Ints,
    joined: Points,
    table: Places,
    ours: int,
    theirs: int,
) -> tuple[int, int]:
    """Return how one's present name agrees with one of the other's former or other names, and the surprise of it."""
    best, bits = NO_AGREEMENT, 0
    for side in range(4):
        named, holder = (ours, theirs) if side < 2 else (theirs, ours)
        several = rows[holder, FORMER if side % 2 else OTHER]
        if lists[several]:
            lay_out(desk, LEFT, facts, lists, rows[named, NAME])
        for at in range(several + 1, several + 1 + lists[several]):
            lay_out(desk, RIGHT, facts, lists, lists[at])
            align(desk, points, table)
            whole = whole_agreement(desk, points, joined, table)
            if whole != SAME and whole != ALIKE:
                continue
            also, shared = ALSO_SAME + whole - SAME, agreeing_bits(desk, NO_TWIN)
            if also < best:
                best, bits = also, shared
            elif also == best:
                bits = max(bits, shared)
    return best, bits


@compiled
def name_level(agreement: int, above_chance: int) -> int:
    """Return the level of names that agree so far, by words that surprise so many millibits more than chance."""
    if agreement == ACRONYM:
        return OF_ACRONYM
    if agreement == NO_AGREEMENT:
        return OF_NOTHING
    level = 1 + agreement * RARITIES
    for bound in NAME_RARITY_BOUNDS:
        level += above_chance < bound
    return level


@compiled
def letter_level(desk: Ints, points: Points, joined: Points, table: Places) -> int:
    """Return the level of the letters of two names that lie on the desk."""
    if are_joined_equal(desk, points, joined):
        return 1
    similarity = joined_similarity(desk, points, joined, table)
    level = 2 + (max(joined_length(desk, LEFT), joined_length(desk, RIGHT)) < LONG_LETTERS)
    for bound in LETTER_BOUNDS:
        level += 2 * (similarity < bound)
    return level

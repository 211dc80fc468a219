"""Two names read word by word as kernels: `compare.readings` on codes of words.

Names lie on a desk while they are read: `desk[side + place]` is a word, distinctive ones first, with its facts and what
became of it; `desk[side + SIZES]` says how many there are.
"""

from typing import Final, NamedTuple

import numpy as np

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.edits import Places, are_equal, edit_similarity, shared_start
from apps.engine.bulk.frames import Codes, Ints
from apps.engine.bulk.letters import Bytes, Points
from apps.engine.bulk.twins import NO_TWIN, OTHER_LETTER, SHORT_FORM, SLIP, begin_or_end_alike, twin_of
from apps.engine.bulk.words import BITS, KINDS, LENGTH, NUMBERING, START, Words
from apps.engine.compare.readings import CUT_AT_A_SPACE, CUT_LENGTHS, EQUAL, MOST_GENERAL, MOST_WORDS, NAMES_ALIKE
from apps.engine.compare.readings import Agreement as _Agreement
from apps.engine.compare.words import SHORTEST_SPELLING

SAME, ALIKE, SHORTENED, NEARLY_ALIKE, CUT_SHORT, ALSO_SAME, ALSO_ALIKE, STARTS, SHARES, ACRONYM, NO_AGREEMENT = (
    int(agreement) for agreement in _Agreement
)
NAME, GENERAL_WORDS, FORMER, OTHER, CITY, STANDS_FOR, FULL_START, FULL_BYTES, FULL_LETTERS = range(9)
"""Columns of a row of names: lists of its words (the former and other names are lists of lists), the list of the name
that its acronym is, and where its full name starts and how long it is."""
NOWHERE: Final = 0
"""The empty list."""
SIZES: Final = MOST_WORDS + MOST_GENERAL
WORD, TWIN, REST = range(KINDS + 1, KINDS + 4)
"""Columns of a word on the desk, after its facts: its code, how it found a twin, whether it has no equal."""
DISTINCT, COUNT = 0, 1
"""Columns of the sizes: distinctive words, all words."""
CUT_FROM, CUT_TO = CUT_LENGTHS.start, CUT_LENGTHS.stop
SPACE: Final = ord(" ")
LEFT, RIGHT = 0, SIZES + 1
"""Where on the desk each side's words begin."""


class Names(NamedTuple):
    """The names of a frame's rows: list `at` has `lists[at]` entries, which follow it."""

    rows: Codes
    lists: Codes
    words: Words
    full: Bytes


def empty_desk() -> Ints:
    """Return an empty desk."""
    return np.zeros((2 * RIGHT, REST + 1), dtype=np.int64)


@compiled
def lay_out(desk: Ints, side: int, facts: Ints, lists: Codes, name: int) -> None:
    """Put a name's words on one side of the desk."""
    count = lists[name]
    for place in range(count):
        put(desk, side, place, facts, lists[name + 1 + place])
    desk[side + SIZES, DISTINCT] = desk[side + SIZES, COUNT] = count


@compiled
def put(desk: Ints, side: int, place: int, facts: Ints, word: int) -> None:
    """Put one word on the desk."""
    for fact in range(KINDS + 1):
        desk[side + place, fact] = facts[word, fact]
    desk[side + place, WORD] = word


@compiled
def add_general(desk: Ints, side: int, facts: Ints, lists: Codes, general: int) -> None:
    """Put the general words that are not among the name's words beside them."""
    count = width = desk[side + SIZES, DISTINCT]
    for at in range(general + 1, general + 1 + lists[general]):
        known = False
        for place in range(width):
            known |= desk[side + place, WORD] == lists[at]
        if not known:
            put(desk, side, count, facts, lists[at])
            count += 1
    desk[side + SIZES, COUNT] = count


@compiled
def align(desk: Ints, points: Points, table: Places) -> None:
    """Find for each word an equal one, one written apart or in one, or a twin, on the other side."""
    ours, theirs = desk[LEFT + SIZES, COUNT], desk[RIGHT + SIZES, COUNT]
    if not set_aside(desk, ours, theirs):
        return
    join(desk, points, LEFT, RIGHT)
    join(desk, points, RIGHT, LEFT)
    for i in range(ours):
        if not desk[LEFT + i, REST]:
            continue
        for j in range(theirs):
            # Asked before the call, which would cost more than the answer.
            if desk[RIGHT + j, REST] and begin_or_end_alike(desk, LEFT + i, RIGHT + j):
                twin = twin_of(desk, LEFT + i, RIGHT + j, points, table)
                desk[LEFT + i, TWIN] = min(desk[LEFT + i, TWIN], twin)
                desk[RIGHT + j, TWIN] = min(desk[RIGHT + j, TWIN], twin)


@compiled
def set_aside(desk: Ints, ours: int, theirs: int) -> bool:
    """Mark the words that have an equal one and those that don't; say whether both sides have some that don't."""
    for j in range(theirs):
        desk[RIGHT + j, TWIN], desk[RIGHT + j, REST] = NO_TWIN, 1
    our_rest, their_rest = ours, theirs
    for i in range(ours):
        desk[LEFT + i, TWIN], desk[LEFT + i, REST] = NO_TWIN, 1
        for j in range(theirs):
            if desk[LEFT + i, WORD] == desk[RIGHT + j, WORD]:
                desk[LEFT + i, TWIN] = desk[RIGHT + j, TWIN] = EQUAL
                desk[LEFT + i, REST] = desk[RIGHT + j, REST] = 0
                our_rest, their_rest = our_rest - 1, their_rest - 1
    return our_rest > 0 and their_rest > 0


@compiled
def join(desk: Ints, points: Points, apart: int, joined: int) -> None:
    """Mark what one side writes as two neighbouring words and the other in one."""
    for place in range(desk[apart + SIZES, DISTINCT] - 1):
        first, second = desk[apart + place, LENGTH], desk[apart + place + 1, LENGTH]
        for at in range(desk[joined + SIZES, COUNT]):
            if not desk[joined + at, REST] or desk[joined + at, LENGTH] != first + second:
                continue
            start = desk[joined + at, START]
            if are_equal(points, start, first, points, desk[apart + place, START], first) and are_equal(
                points, start + first, second, points, desk[apart + place + 1, START], second
            ):
                desk[joined + at, TWIN] = desk[apart + place, TWIN] = desk[apart + place + 1, TWIN] = EQUAL


@compiled
def joined_length(desk: Ints, side: int) -> int:
    """Return how many letters a name's words have."""
    length = 0
    for place in range(desk[side + SIZES, DISTINCT]):
        length += desk[side + place, LENGTH]
    return length


@compiled
def write_joined(desk: Ints, points: Points, joined: Points) -> None:
    """Write both names without spaces, one after the other."""
    at = 0
    for side in (LEFT, RIGHT):
        for place in range(desk[side + SIZES, DISTINCT]):
            start = desk[side + place, START]
            for letter in range(start, start + desk[side + place, LENGTH]):
                joined[at] = points[letter]
                at += 1


@compiled
def are_joined_equal(desk: Ints, points: Points, joined: Points) -> bool:
    """Say whether two names are the same when written without spaces; if they are of one length, they are written."""
    length = joined_length(desk, LEFT)
    if length != joined_length(desk, RIGHT):
        return False
    write_joined(desk, points, joined)
    return shared_start(joined, 0, length, joined, length, length) == length


@compiled
def joined_similarity(desk: Ints, points: Points, joined: Points, table: Places) -> int:
    """Return the edit similarity of two names written without spaces."""
    write_joined(desk, points, joined)
    ours, theirs = joined_length(desk, LEFT), joined_length(desk, RIGHT)
    return edit_similarity(joined, 0, ours, joined, ours, theirs, table)


@compiled
def whole_agreement(desk: Ints, points: Points, joined: Points, table: Places) -> int:
    """Return how names agree of which every word has a twin, or which as a whole are spelt alike."""
    if are_joined_equal(desk, points, joined):
        return SAME
    worst, plain = EQUAL, True
    for side in (LEFT, RIGHT):
        for place in range(desk[side + SIZES, DISTINCT]):
            twin = desk[side + place, TWIN]
            worst = max(worst, twin)
            spelt = desk[side + place, LENGTH] >= SHORTEST_SPELLING and not desk[side + place, NUMBERING]
            plain &= twin == EQUAL or spelt
    if worst < NO_TWIN:
        return by_worst_twin(worst)
    ours, theirs = joined_length(desk, LEFT), joined_length(desk, RIGHT)
    # The distance is at least the difference in length, so most pairs are settled by their lengths.
    near = abs(ours - theirs) * 1000 <= (1001 - NAMES_ALIKE) * max(ours, theirs)
    if plain and near and joined_similarity(desk, points, joined, table) >= NAMES_ALIKE:
        return ALIKE
    return NO_AGREEMENT


@compiled
def by_worst_twin(twin: int) -> int:
    """Return how names agree of which each word has a twin, the least sure of them the given one."""
    if twin == SLIP:
        return ALIKE
    if twin == SHORT_FORM:
        return SHORTENED
    return NEARLY_ALIKE if twin == OTHER_LETTER else SAME


@compiled
def agreeing_bits(desk: Ints, worst: int) -> int:
    """Return the lesser surprise of either side's distinctive words whose twins are at worst the given one."""
    ours, theirs = 0, 0
    for place in range(desk[LEFT + SIZES, DISTINCT]):
        if desk[LEFT + place, TWIN] <= worst:
            ours += desk[LEFT + place, BITS]
    for place in range(desk[RIGHT + SIZES, DISTINCT]):
        if desk[RIGHT + place, TWIN] <= worst:
            theirs += desk[RIGHT + place, BITS]
    return min(ours, theirs)


@compiled
def part_agreement(desk: Ints) -> int:
    """Return how names agree of which some words may have twins."""
    for side in (LEFT, RIGHT):
        found = False
        for place in range(desk[side + SIZES, DISTINCT]):
            found |= desk[side + place, TWIN] != NO_TWIN
        if not found:
            return NO_AGREEMENT
    return STARTS if desk[LEFT + 0, TWIN] != NO_TWIN and desk[RIGHT + 0, TWIN] != NO_TWIN else SHARES


@compiled
def is_cut_short(rows: Codes, full: Bytes, left: int, right: int) -> bool:
    """Say whether one full name is the other, cut by a system that caps names."""
    short, long = (left, right) if rows[left, FULL_LETTERS] < rows[right, FULL_LETTERS] else (right, left)
    length = rows[short, FULL_LETTERS]
    if length < CUT_FROM or length >= CUT_TO or length == rows[long, FULL_LETTERS]:
        return False
    start, begin, count = rows[long, FULL_START], rows[short, FULL_START], rows[short, FULL_BYTES]
    for at in range(count):
        if full[begin + at] != full[start + at]:
            return False
    return bool(length >= CUT_AT_A_SPACE or full[start + count] != SPACE)

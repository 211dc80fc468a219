"""Words left over between two names that were read, as kernels: `compare.leftovers` on codes of words."""

from typing import Final

import numpy as np

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.frames import Codes, Ints
from apps.engine.bulk.readings import COUNT, DISTINCT, LEFT, RIGHT, SIZES, TWIN, WORD
from apps.engine.bulk.twins import NO_TWIN
from apps.engine.bulk.words import BITS, GENERAL_KIND, KINDS, NUMBERING
from apps.engine.compare import leftovers as row_code
from apps.engine.compare.leftovers import CITY as A_CITY
from apps.engine.compare.leftovers import KINDS as ALL_KINDS
from apps.engine.compare.leftovers import LEVEL_OF_SIDES, LIGHT, NUMBER, PLAIN_KINDS, WEIGHT_BOUNDS

NOTHING: Final = 0
NONE_BUT_GENERAL, NONE_LEFT = row_code.NONE_BUT_GENERAL, row_code.NONE
IS_PLAIN: Final = np.array([kind in PLAIN_KINDS for kind in range(len(ALL_KINDS))])
LEVELS: Final = np.zeros((len(ALL_KINDS), len(ALL_KINDS)), dtype=np.int64)
for (_loud, _quiet), _level in LEVEL_OF_SIDES.items():
    LEVELS[_loud, _quiet] = LEVELS[_quiet, _loud] = _level


@compiled
def leftover_levels(desk: Ints, lists: Codes, our_city: int, their_city: int, whole: bool) -> tuple[int, int]:
    """Return the levels of the kinds of words left over and of their weight, of two names that lie read on the desk.

    `whole` says that the names agree as a whole, so that no distinctive word is left over.
    """
    loudest, quieter, weight = NOTHING, NOTHING, 0
    for side in (LEFT, RIGHT):
        loud = NOTHING
        for place in range(desk[side + SIZES, DISTINCT] if whole else 0, desk[side + SIZES, COUNT]):
            if desk[side + place, TWIN] == NO_TWIN:
                kind = kind_of(desk, side, place, lists, our_city, their_city)
                loud = max(loud, kind)
                weight += LIGHT if IS_PLAIN[kind] else desk[side + place, BITS]
        loudest, quieter = loud, loudest
    if loudest == NOTHING and quieter == NOTHING:
        return NONE_BUT_GENERAL if shares_general(desk) else NONE_LEFT, 0
    reached = 1
    for bound in WEIGHT_BOUNDS:
        reached += weight >= bound
    return LEVELS[loudest, quieter], reached


@compiled
def kind_of(desk: Ints, side: int, place: int, lists: Codes, our_city: int, their_city: int) -> int:
    """Return the kind of a word left over."""
    word = desk[side + place, WORD]
    if desk[side + place, NUMBERING]:
        return NUMBER
    if is_among(lists, our_city, word) or is_among(lists, their_city, word):
        return A_CITY
    for holder in (LEFT, RIGHT):
        for at in range(desk[holder + SIZES, DISTINCT], desk[holder + SIZES, COUNT]):
            if desk[holder + at, WORD] == word:
                return int(desk[side + place, KINDS] // GENERAL_KIND)
    return int(desk[side + place, KINDS] % GENERAL_KIND)


@compiled
def is_among(lists: Codes, at: int, word: int) -> bool:
    """Say whether a word is in a list."""
    for place in range(at + 1, at + 1 + lists[at]):
        if lists[place] == word:
            return True
    return False


@compiled
def shares_general(desk: Ints) -> bool:
    """Say whether both names have the same general word."""
    for i in range(desk[LEFT + SIZES, DISTINCT], desk[LEFT + SIZES, COUNT]):
        for j in range(desk[RIGHT + SIZES, DISTINCT], desk[RIGHT + SIZES, COUNT]):
            if desk[LEFT + i, WORD] == desk[RIGHT + j, WORD]:
                return True
    return False

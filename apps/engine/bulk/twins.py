"""`compare.words.twin_of` as a kernel."""

from string import ascii_lowercase
from typing import Final

import numpy as np

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.edits import Places, osa_distance, shared_start
from apps.engine.bulk.frames import Ints
from apps.engine.bulk.letters import ASCII, Points
from apps.engine.bulk.words import ENDING, FIRST, HOLDS, LENGTH, NUMBERING, START
from apps.engine.compare import words as row_code
from apps.engine.compare.words import LONG_SPELLING, LONGEST_WORDS_SPELLING, SHORTEST_BEGINNING, SHORTEST_SPELLING, Twin

MOST_EDITS: Final = 2
SLIP, SHORT_FORM, OTHER_LETTER, NO_TWIN = (int(twin) for twin in Twin)
IS_VOWEL: Final = np.array([chr(letter) in "aeiou" for letter in range(ASCII)])
NEIGHBOURS: Final = np.zeros((ASCII, ASCII), dtype=np.bool_)
"""Which two letters lie beside each other on a keyboard: those whose exchange `compare.words.twin_of` calls a slip."""
for _one in ascii_lowercase:
    for _other in ascii_lowercase:
        NEIGHBOURS[ord(_one), ord(_other)] = row_code.twin_of(f"a{_one}zz", f"a{_other}zz") == Twin.SLIP


@compiled
def begin_or_end_alike(facts: Ints, left: int, right: int) -> bool:
    """Say whether two words have their first letter or their last two in common: others are no twins."""
    return bool(facts[left, FIRST] == facts[right, FIRST] or facts[left, ENDING] == facts[right, ENDING])


@compiled
def twin_of(facts: Ints, left: int, right: int, points: Points, table: Places) -> int:
    """Return the twin that two different words are."""
    if facts[left, NUMBERING] or facts[right, NUMBERING] or not begin_or_end_alike(facts, left, right):
        return NO_TWIN
    i, m, j, n = facts[left, START], facts[left, LENGTH], facts[right, START], facts[right, LENGTH]
    if m > n:
        i, m, j, n = j, n, i, m
    if m >= SHORTEST_BEGINNING and n >= m + 2 and is_short_form(points, i, m, j, n):
        return SHORT_FORM
    most = MOST_EDITS if m >= LONG_SPELLING else 1
    if m < SHORTEST_SPELLING or n - m > most or count_bits(facts[left, HOLDS] ^ facts[right, HOLDS]) > 2 * most:
        return NO_TWIN
    distance = osa_distance(points, i, m, points, j, n, table)
    if distance == 1:
        return SLIP if is_slip(points, i, m, j, n) else OTHER_LETTER
    if distance == MOST_EDITS and most == MOST_EDITS:
        return SLIP if m >= LONGEST_WORDS_SPELLING else OTHER_LETTER
    return NO_TWIN


@compiled
def count_bits(flags: int) -> int:
    """Return how many bits are set: of the letters that just one of two words holds, an edit makes at most two."""
    bits = np.uint64(flags)
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def is_short_form(points: Points, i: int, m: int, j: int, n: int) -> bool:
    """Say whether a word begins a longer one, or is its first letter and some later consonants in order."""
    if points[i] != points[j]:
        return False
    if shared_start(points, i, m, points, j, n) == m:
        return True
    at = j + 1
    for place in range(i + 1, i + m):
        letter = points[place]
        if letter < ASCII and IS_VOWEL[letter]:
            return False
        while at < j + n and points[at] != letter:
            at += 1
        if at == j + n:
            return False
        at += 1
    return True


@compiled
def is_slip(points: Points, i: int, m: int, j: int, n: int) -> bool:
    """Say whether the one edit between two words is no exchange of letters that lie apart on a keyboard."""
    if m != n:
        return True
    place = shared_start(points, i, m, points, j, n)
    i, m, j = i + place, m - place, j + place
    if shared_start(points, i + 1, m - 1, points, j + 1, m - 1) < m - 1:
        return True
    return bool(points[i] < ASCII and points[j] < ASCII and NEIGHBOURS[points[i], points[j]])

"""Words: spellings and short forms of one word, numbering, and how rare shared words are."""

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from apps.engine.compare.similarity import edit_similarity
from apps.engine.statistics import Statistics, rarity
from apps.engine.tables import load_rows

WORDS_ALIKE: Final = 800
SHORTEST_SPELLING: Final = 4
LONG_SPELLING: Final = 9
LONGEST_WORDS_SPELLING: Final = 10
"""From this length two slips are still one word's spelling."""
SHORTEST_BEGINNING: Final = 3

RARITIES: Final = ("unique", "rare", "uncommon", "common")
RARITY_BOUNDS: Final = (3000, -3000, -8000)
"""Millibits above chance from which shared words count as unique, rare, uncommon."""

ROMAN: Final = re.compile(r"(?=[ivxl])(?:x{0,3}|xl|lx{0,3})(?:i{0,3}|iv|vi{0,3}|ix)")
_VOWELS: Final = frozenset("aeiou")
_NEIGHBOURS: Final = {
    frozenset((key, other))
    for key, others in {
        "q": "wa", "w": "qeasd", "e": "wrsdf", "r": "etdfg", "t": "ryfgh", "y": "tughj", "u": "yihjk", "i": "uojkl",
        "o": "ipkl", "p": "ol", "a": "qwsz", "s": "awedxz", "d": "serfcx", "f": "drtgvc", "g": "ftyhbv",
        "h": "gyujnb", "j": "huikmn", "k": "jiolm", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb",
        "b": "vghn", "n": "bhjm", "m": "njk",
    }.items()
    for other in others
}  # fmt: skip


_BACKGROUND: Final = {word: int(count) for word, count in load_rows("name_word_counts.tsv")}
_BACKGROUND_NAMES: Final = _BACKGROUND.pop("*")


class Twin(IntEnum):
    """How one of two different words stands for the other, the surest first."""

    SLIP = 1
    SHORT_FORM = 2
    OTHER_LETTER = 3
    NONE = 9


@lru_cache(maxsize=262_144)
def twin_of(left: str, right: str) -> Twin:
    """Say whether two different words may be one: by a slip of the hand, a short form, or another letter.

    A slip leaves a letter out, doubles it, swaps two or hits a neighbouring key (Damerau 1964; the neighbours of a
    QWERTY keyboard); any other exchanged letter is weaker evidence. Words that number are nobody's twins, nor are
    words that differ in both their first letter and their last two: that bounds the work and costs next to nothing.
    """
    if not may_be_twins(left, right):
        return Twin.NONE
    short, long = (left, right) if len(left) <= len(right) else (right, left)
    if is_short_form(short, long):
        return Twin.SHORT_FORM
    if len(short) < SHORTEST_SPELLING:
        return Twin.NONE
    distance = OSA.distance(short, long, score_cutoff=2)
    if distance == 1:
        return Twin.SLIP if _is_slip(short, long) else Twin.OTHER_LETTER
    if distance == 2 and len(short) >= LONG_SPELLING:
        return Twin.SLIP if len(short) >= LONGEST_WORDS_SPELLING else Twin.OTHER_LETTER
    return Twin.NONE


def may_be_twins(left: str, right: str) -> bool:
    """Say whether two words are worth a closer look."""
    if left[0] != right[0] and left[-2:] != right[-2:]:
        return False
    return not (is_numbering(left) or is_numbering(right))


def is_short_form(short: str, long: str) -> bool:
    """Say whether a word is the beginning of a longer one, or its first letter and some later consonants in order."""
    if len(long) < len(short) + 2 or short[0] != long[0] or len(short) < SHORTEST_BEGINNING:
        return False
    if long.startswith(short):
        return True
    letters = iter(long[1:])
    return _VOWELS.isdisjoint(short[1:]) and all(letter in letters for letter in short[1:])


def are_words_alike(left: str, right: str) -> bool:
    """Say whether two different words may be spellings of one.

    Words that number are never alike (`fund1`, `xxii`), nor are short ones, nor those that differ in both their first
    letter and their last two: that bounds the work and costs next to nothing.
    """
    if left[0] != right[0] and left[-2:] != right[-2:]:
        return False
    if min(len(left), len(right)) < SHORTEST_SPELLING or is_numbering(left) or is_numbering(right):
        return False
    return edit_similarity(left, right) >= WORDS_ALIKE


@lru_cache(maxsize=65_536)
def is_numbering(word: str) -> bool:
    """Say whether a word holds a digit or is a Roman number below 90."""
    return ROMAN.fullmatch(word) is not None or any(character.isdigit() for character in word)


def word_rarity(word: str, space: str, statistics: Statistics) -> int:
    """Return the millibits of surprise in meeting a word in a company's name.

    Counted over the hub's records and the names of some tens of thousands of real organisations together, so that a
    small hub, too, knows "solutions" from "traeger".
    """
    count = statistics.count(space, word) + _BACKGROUND.get(word, 0)
    return rarity(statistics.records + _BACKGROUND_NAMES, count)


def rarity_class(millibits: int, records: int) -> int:
    """Return the index into `RARITIES` of words that surprise by so many millibits among so many records."""
    above_chance = millibits - rarity(max(records, 1), 1)
    return sum(above_chance < bound for bound in RARITY_BOUNDS)


def _is_slip(short: str, long: str) -> bool:
    """Say whether the one edit between two words is no exchange of letters that lie apart on a keyboard."""
    if len(short) != len(long):
        return True
    changed = [(a, b) for a, b in zip(short, long, strict=True) if a != b]
    return len(changed) > 1 or frozenset(changed[0]) in _NEIGHBOURS

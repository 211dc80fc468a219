"""The words that one name has and the other lacks: what tells a subsidiary from its parent, or a clerk's remark."""

from functools import lru_cache
from typing import Final

from apps.engine.compare.contract import Comparer, Values
from apps.engine.compare.readings import COMPARES_WORDS, Name, Reading, read_names
from apps.engine.compare.spaces import Space
from apps.engine.compare.words import is_numbering, word_rarity
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics
from apps.engine.tables import load_lines

KINDS: Final = (
    "",
    "its city",
    "a common word",
    "a trade word",
    "an uncommon word",
    "a place",
    "a general word",
    "a rare word",
    "a number",
)
NOTHING, CITY, COMMON, TRADE, UNCOMMON, PLACE, GENERAL, RARE, NUMBER = range(len(KINDS))
"""Kinds of words left over, by how much they tell companies apart; a side's kind is that of its loudest word."""
TRADE_WORDS: Final = load_lines("trade_words.txt")
"""General words that describe a trade more often than they tell a subsidiary from its parent."""
COMMON_BELOW: Final = 10_500
UNCOMMON_BELOW: Final = 13_500
"""Millibits of surprise: a word in more than one of 1,450 records is common, in more than one of 11,600 uncommon."""
PLAIN_KINDS: Final = (CITY, TRADE, PLACE, GENERAL, NUMBER)
LIGHT: Final = 4000
"""Millibits that a word of a plain kind counts in the weight of all words left over."""
WEIGHT_BOUNDS: Final = (6000, 10_000, 14_000, 18_000, 24_000, 32_000)
NAME_PARTS: Final = 6
GENERAL_PART: Final = 1
CITY_PART: Final = 6


def _label(loud: int, quiet: int) -> str:
    return f"{KINDS[loud]} against {KINDS[quiet]}" if quiet else f"{KINDS[loud]} on one side"


SIDES: Final = tuple((loud, quiet) for loud in range(1, len(KINDS)) for quiet in range(loud + 1))
LABELS: Final = ("missing", "none and the same general words", "none", *(_label(*sides) for sides in SIDES))
NONE_BUT_GENERAL, NONE = 1, 2
LEVEL_OF_SIDES: Final = {sides: level for level, sides in enumerate(SIDES, start=3)}


def compare_leftovers(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """Which kinds of words are left over on either side when two names are read word by word."""
    reading = _comparable_reading(left, right)
    if reading is None:
        return 0
    cities = city_words(left[CITY_PART]) | city_words(right[CITY_PART])
    kinds = [_loudest(words, reading, cities, comparison, statistics) for words in reading.left_over]
    if not any(kinds):
        return NONE_BUT_GENERAL if reading.general_shared else NONE
    return LEVEL_OF_SIDES[max(kinds), min(kinds)]


@lru_cache(maxsize=16_384)
def city_words(city: str | None) -> frozenset[str]:
    """Return the words that name a city: those of its name, and its name in one word."""
    return frozenset((*city.split(), city.replace(" ", ""))) if city else frozenset()


def compare_leftover_weight(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """How much all the words left over on both sides surprise together."""
    reading = _comparable_reading(left, right)
    if reading is None:
        return 0
    cities = city_words(left[CITY_PART]) | city_words(right[CITY_PART])
    words = [word for side in reading.left_over for word in side]
    if not words:
        return 0
    plain = [_kind(word, reading, cities, comparison, statistics) in PLAIN_KINDS for word in words]
    bits = [
        LIGHT if light else word_rarity(w, comparison.parts[0], statistics)
        for w, light in zip(words, plain, strict=True)
    ]
    return 1 + sum(sum(bits) >= bound for bound in WEIGHT_BOUNDS)


def _comparable_reading(left: Values, right: Values) -> Reading | None:
    """Return the reading of two names where both are given and what is left over in them means something."""
    if not left[0] or not right[0]:
        return None
    reading = read_names(Name(*left[:NAME_PARTS]), Name(*right[:NAME_PARTS]))
    return reading if reading.agreement in COMPARES_WORDS else None


def kind_of_rarity(millibits: int) -> int:
    """Return the kind of a distinctive word that surprises by so many millibits."""
    return COMMON if millibits < COMMON_BELOW else UNCOMMON if millibits < UNCOMMON_BELOW else RARE


def _loudest(
    words: tuple[str, ...], reading: Reading, cities: frozenset[str], comparison: Comparison, statistics: Statistics
) -> int:
    return max((_kind(word, reading, cities, comparison, statistics) for word in words), default=NOTHING)


def _kind(word: str, reading: Reading, cities: frozenset[str], comparison: Comparison, statistics: Statistics) -> int:
    if is_numbering(word):
        return NUMBER
    if word in cities:
        return CITY
    if word in reading.general:
        return TRADE if word in TRADE_WORDS else GENERAL
    space = comparison.parts[0]
    if is_place(statistics.counts.get(comparison.parts[CITY_PART], {}).get(word, 0), statistics.count(space, word)):
        return PLACE
    return kind_of_rarity(word_rarity(word, space, statistics))


def is_place(as_city: int, as_name: int) -> bool:
    """Say whether a word names a place: more records hold it in their city than in their name."""
    return as_city > as_name


def _sentence(label: str, left: Values, right: Values, _comparison: Comparison, _statistics: Statistics) -> str:
    if label == "missing":
        return "No words of the names to set against each other"
    if label == "none":
        return "Nothing left over in either name"
    if label.startswith("none"):
        ours, theirs = left[GENERAL_PART], right[GENERAL_PART]
        return f"Nothing left over in either name, and the same general words: {ours} / {theirs}"
    reading = read_names(Name(*left[:NAME_PARTS]), Name(*right[:NAME_PARTS]))
    ours, theirs = (", ".join(f"'{word}'" for word in words) for words in reading.left_over)
    if ours and theirs:
        return f"Words without a counterpart: {ours} / {theirs}"
    return f"Words in one name only: {ours or theirs}"


def _spaces(comparison: Comparison) -> tuple[Space, ...]:
    words, city = comparison.parts[0], comparison.parts[CITY_PART]
    return (Space(words, (words,), of_words=True), Space(city, (city,), of_words=True))


LEFTOVERS: Final = Comparer(LABELS, compare_leftovers, _sentence, needs=7, spaces=_spaces)
"""Parts: those of a name, then the city; a word that is either record's city says little."""


WEIGHT_LABELS: Final = (
    "missing",
    *(f"under {bound // 1000} bits" for bound in WEIGHT_BOUNDS),
    f"{WEIGHT_BOUNDS[-1] // 1000} bits or more",
)


def _weight_sentence(
    label: str, _left: Values, _right: Values, _comparison: Comparison, _statistics: Statistics
) -> str:
    if label == "missing":
        return "Nothing left over to weigh"
    return f"The words without a counterpart carry {label}"


LEFTOVER_WEIGHT: Final = Comparer(WEIGHT_LABELS, compare_leftover_weight, _weight_sentence, needs=7, spaces=_spaces)
"""Parts: those of a name, then the city."""

"""Names by how far their distinctive words agree, weighed by how rare the shared words are.

A level says two things: how far the names agree (`readings.Agreement`) and how rare the agreeing words are. Rarity is
measured against chance: with N records, words of 2^m surprise are shared by about N / 2^m records that have nothing to
do with each other.
"""

from itertools import product
from typing import Final

from apps.engine.compare.contract import Comparer, Values
from apps.engine.compare.readings import COMPARES_WORDS, Agreement, Name, Reading, read_names, words_of
from apps.engine.compare.similarity import edit_similarity
from apps.engine.compare.spaces import Space
from apps.engine.compare.words import word_rarity
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics, rarity

CLASSES: Final = (
    "same",
    "alike",
    "shortened",
    "nearly alike",
    "cut short",
    "also the same",
    "also alike",
    "starts alike",
    "shares words",
)
NAME_RARITIES: Final = ("singular", "unique", "rare", "uncommon", "common", "everyday")
NAME_RARITY_BOUNDS: Final = (5000, 2000, -500, -3000, -8000)
"""Millibits above chance from which shared words count as singular, unique and so on."""
LABELS: Final = ("missing", *(f"{c}, {r}" for c, r in product(CLASSES, NAME_RARITIES)), "acronym", "different")
ACRONYM: Final = LABELS.index("acronym")
DIFFERENT: Final = LABELS.index("different")


def compare_names(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """How far the distinctive words of two names agree, and how rare the shared words are."""
    if not left[0] or not right[0]:
        return 0
    reading = read_names(Name(*left), Name(*right))
    if reading.agreement == Agreement.ACRONYM:
        return ACRONYM
    if reading.agreement == Agreement.NONE:
        return DIFFERENT
    space = comparison.parts[0]
    shared = max(shared_millibits(sides, space, statistics) for sides in reading.shared)
    return 1 + reading.agreement * len(NAME_RARITIES) + name_rarity(shared, statistics.records)


def shared_millibits(sides: tuple[tuple[str, ...], tuple[str, ...]], space: str, statistics: Statistics) -> int:
    """Return the surprise of words that agree: the lesser of what either side's spelling gives."""
    return min(sum(word_rarity(word, space, statistics) for word in words) for words in sides)


def name_rarity(millibits: int, records: int) -> int:
    """Return the index into `NAME_RARITIES` of words that surprise by so many millibits among so many records."""
    above_chance = millibits - rarity(max(records, 1), 1)
    return sum(above_chance < bound for bound in NAME_RARITY_BOUNDS)


OPENINGS: Final = {
    Agreement.SAME: "Same distinctive name",
    Agreement.ALIKE: "Names are spelt alike",
    Agreement.SHORTENED: "Names agree but for short forms",
    Agreement.NEARLY_ALIKE: "Names differ in a letter",
    Agreement.CUT_SHORT: "One name is the other cut short",
    Agreement.ALSO_SAME: "Same as another or former name",
    Agreement.ALSO_ALIKE: "Spelt like another or former name",
    Agreement.STARTS: "Names start alike",
    Agreement.SHARES: "Names share some of their words",
}


def _sentence(label: str, left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> str:
    if label == "missing":
        return "No usable name on one side"
    if label == "different":
        return f"Names share no distinctive word: {left[0]} / {right[0]}"
    if label == "acronym":
        return f"One name is the acronym of the other: {left[0]} / {right[0]}"
    reading = read_names(Name(*left), Name(*right))
    common = _common(reading)
    if not common:
        return f"{OPENINGS[reading.agreement]}: {left[0]} / {right[0]}"
    word = max(sorted(common), key=lambda w: word_rarity(w, comparison.parts[0], statistics))
    count = statistics.count(comparison.parts[0], word)
    holders = "1 record uses it" if count == 1 else f"{count:,} records use it"
    return f"{OPENINGS[reading.agreement]}; shared word '{word}', {holders}"


def _common(reading: Reading) -> set[str]:
    return {word for ours, theirs in reading.shared for word in set(ours) & set(theirs)}


def _spaces(comparison: Comparison) -> tuple[Space, ...]:
    return (Space(comparison.parts[0], comparison.parts[:1], of_words=True),)


NAMES: Final = Comparer(LABELS, compare_names, _sentence, needs=6, spaces=_spaces)
"""Parts: distinctive words, general words, former names' words, other names' words, acronym, full name."""


LETTER_BOUNDS: Final = (960, 920, 880, 840, 780, 700, 600, 450)
"""Thousandths of edit similarity between names without spaces."""
LONG_LETTERS: Final = 9
LETTER_LABELS: Final = (
    "missing",
    "same",
    *(f"{share / 10:g} % alike, {size}" for share, size in product((*LETTER_BOUNDS, 0), ("long", "short"))),
)


def compare_letters(left: Values, right: Values, _comparison: Comparison, _statistics: Statistics) -> int:
    """How far the letters of two names agree whose words do, written without spaces; short names apart."""
    if not left[0] or not right[0]:
        return 0
    reading = read_names(Name(*left), Name(*right))
    if reading.agreement not in COMPARES_WORDS:
        return 0
    ours, theirs = ("".join(words_of(side[0])) for side in (left, right))
    return 1 if ours == theirs else letter_level(edit_similarity(ours, theirs), max(len(ours), len(theirs)))


def letter_level(similarity: int, length: int) -> int:
    """Return the level of unequal names of the given edit similarity and greater length."""
    return 2 + 2 * sum(similarity < bound for bound in LETTER_BOUNDS) + (length < LONG_LETTERS)


def _letters_sentence(label: str, left: Values, right: Values, _comparison: Comparison, _statistics: Statistics) -> str:
    if label == "missing":
        return "No letters of the names to compare"
    if label == "same":
        return "Names agree letter by letter"
    share = edit_similarity(*("".join(words_of(side[0])) for side in (left, right))) / 10
    return f"The names' letters are {share:.0f} % alike: {left[0]} / {right[0]}"


LETTERS: Final = Comparer(LETTER_LABELS, compare_letters, _letters_sentence, needs=6)
"""Parts: those of a name."""

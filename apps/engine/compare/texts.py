"""Plain texts, dates and quantities of any record type: the comparers of rule sets that aren't about companies.

Words are weighed by how rare they are, as in `names`; what is different here is that the words of several parts go
into one bag, because one source writes "artist - title" into the field where another writes the title alone.
"""

from collections.abc import Iterable
from itertools import product

from apps.engine.compare.contract import Comparer, Values, capital
from apps.engine.compare.similarity import edit_similarity, jaro_winkler
from apps.engine.compare.spaces import Space
from apps.engine.compare.words import RARITIES, are_words_alike, rarity_class
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

MOST_WORDS = 40
AGREEMENTS = ("same", "nearly the same", "mostly the same", "half the same", "a part the same")
SHARES = (970, 850, 700, 500, 250)
"""Least shared millibits of a bag's agreements, in thousandths of the millibits of all words of both."""
BAG_LABELS = ("missing", *(f"{a}, {r}" for a, r in product((*AGREEMENTS, "contained"), RARITIES)), "different")
CONTAINED = len(AGREEMENTS)
BAG_DIFFERENT = len(BAG_LABELS) - 1

TEXT_AGREEMENTS = ("same", "alike")
TEXT_LABELS = ("missing", *(f"{a}, {r}" for a, r in product(TEXT_AGREEMENTS, RARITIES)), "a part the same", "different")
TEXTS_ALIKE = 880
ONE_OF_EIGHT = 875
DATE_LABELS = ("missing", "same", "one slip apart", "same year", "same day", "different")
NUMBER_LABELS = ("missing", "same", "near", "different")


def bag_of(values: Values) -> frozenset[str]:
    """Return the distinct words of the values, the first 40."""
    return frozenset(list(dict.fromkeys(word for value in values if value for word in value.split()))[:MOST_WORDS])


def _bits(words: Iterable[str], comparison: Comparison, statistics: Statistics) -> int:
    """Return the millibits by which the words surprise: each as in the part where it is most at home."""
    parts = dict.fromkeys(comparison.parts)
    return sum(min(statistics.rarity(part, word) for part in parts) for word in words)


def _shared(left: frozenset[str], right: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words of each side that the other has too, in the same or in another spelling."""
    common = left & right
    mine, yours = left - common, right - common
    alike = [(w, other) for w in mine for other in yours if are_words_alike(w, other)]
    return common | {w for w, _ in alike}, common | {other for _, other in alike}


def compare_bag(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """How much of what the words of several fields say is shared, wherever it stands, and how rare that is."""
    ours, theirs = bag_of(left), bag_of(right)
    if not ours or not theirs:
        return 0
    mine, yours = _shared(ours, theirs)
    if not mine:
        return BAG_DIFFERENT
    shared = min(_bits(mine, comparison, statistics), _bits(yours, comparison, statistics))
    extra = _bits(ours - mine, comparison, statistics) + _bits(theirs - yours, comparison, statistics)
    share = 1000 * shared // max(shared + extra, 1) if extra else 1000
    agreed = sum(share < least for least in SHARES)
    if agreed and (mine == ours or yours == theirs):
        agreed = CONTAINED
    elif agreed == len(SHARES):
        return BAG_DIFFERENT
    return 1 + agreed * len(RARITIES) + rarity_class(shared, statistics.records)


def compare_text(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """Whether two texts are equal or spelt alike, and how rare they are."""
    a, b = left[0], right[0]
    if not a or not b:
        return 0
    alike = a == b or jaro_winkler(a, b) >= TEXTS_ALIKE
    if not alike:
        return len(TEXT_LABELS) - (2 if set(a.split()) & set(b.split()) else 1)
    bits = min(sum(statistics.rarity(comparison.parts[0], word) for word in text.split()) for text in (a, b))
    return 1 + (a != b) * len(RARITIES) + rarity_class(bits, statistics.records)


def compare_dates(left: Values, right: Values, _comparison: Comparison, _statistics: Statistics) -> int:
    """Whether two dates are equal, one slip of the finger apart, or share the year or the day."""
    a, b = left[0], right[0]
    if not a or not b:
        return 0
    if a == b:
        return 1
    if edit_similarity(a, b) >= ONE_OF_EIGHT or (a[:4] == b[:4] and a[4:] == b[6:] + b[4:6]):
        return 2
    return 3 if a[:4] == b[:4] else 4 if a[4:] == b[4:] else 5


def compare_numbers(left: Values, right: Values, comparison: Comparison, _statistics: Statistics) -> int:
    """Whether two quantities are equal up to rounding (`settings.same`), near (`settings.near`), or different."""
    if not left[0] or not right[0]:
        return 0
    apart = abs(float(left[0]) - float(right[0]))
    return 1 if apart <= comparison.settings.get("same", 0) else 2 if apart <= comparison.settings.get("near", 0) else 3


def _of_words(label: str, left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> str:
    if label == "missing":
        return f"{capital(comparison.title)} missing on one side"
    ours, theirs = bag_of(left), bag_of(right)
    common = sorted(ours & theirs, key=lambda w: (-_bits([w], comparison, statistics), w))
    words = f"; shared words {', '.join(common[:3])}" if common else ""
    return f"{capital(comparison.title)} compared word by word: {label}{words}"


def _plain(label: str, left: Values, right: Values, comparison: Comparison, _statistics: Statistics) -> str:
    if label == "missing":
        return f"{capital(comparison.title)} missing on one side"
    values = str(left[0]) if left[0] == right[0] else f"{left[0]} and {right[0]}"
    return f"{capital(comparison.title)} is {label}: {values}"


def _words_of_parts(comparison: Comparison) -> tuple[Space, ...]:
    return tuple(Space(part, (part,), of_words=True) for part in dict.fromkeys(comparison.parts))


BAG = Comparer(BAG_LABELS, compare_bag, _of_words, needs=None, spaces=_words_of_parts)
TEXT = Comparer(TEXT_LABELS, compare_text, _plain, spaces=_words_of_parts)
DATES = Comparer(DATE_LABELS, compare_dates, _plain)
NUMBERS = Comparer(NUMBER_LABELS, compare_numbers, _plain)

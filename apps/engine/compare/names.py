"""Names by their distinctive words, weighed by how rare the shared words are.

A level says two things: how far the names agree (its class) and how rare the agreeing words are (its rarity). A word
is shared when it is in both names, or alike when Jaro-Winkler or truncation says so. Rarity is measured against chance:
with N records, words of 2^m surprise are shared by about N / 2^m records that have nothing to do with each other.
"""

from itertools import product

from apps.engine.compare.contract import Comparer, Values
from apps.engine.compare.similarity import edit_similarity
from apps.engine.compare.spaces import Space
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics, rarity

MOST_WORDS = 8
SEPARATOR = " | "
CLASSES = (
    "same",
    "alike",
    "cut short",
    "formerly the same",
    "formerly alike",
    "contained",
    "mostly contained",
    "overlap",
    "part",
)
SAME, ALIKE, CUT_SHORT, FORMERLY_SAME, FORMERLY_ALIKE, CONTAINED, LOOSELY_CONTAINED, OVERLAP, PART = range(9)
RARITIES = ("unique", "rare", "uncommon", "common")
ACRONYM = 1 + len(CLASSES) * len(RARITIES)
DIFFERENT = ACRONYM + 1
LABELS = ("missing", *(f"{c}, {r}" for c, r in product(CLASSES, RARITIES)), "acronym", "different")
RARITY_BOUNDS = (3000, -3000, -8000)
"""Millibits above chance from which shared words count as unique, rare, uncommon."""

WORDS_ALIKE = 800
NAMES_ALIKE = 900
SHORTEST_ACRONYM = 3
SHORTEST_SPELLING = 4
CUT_LENGTHS = range(28, 37)
CUT_AT_A_SPACE = 33
"""Systems that cap names cap them at 30 to 35 characters; folding shortens a cut name a little."""

Agreement = tuple[int, int]
"""Class of agreement (or -1 for none) and the shared words' millibits."""


def compare_names(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """How far the distinctive words of two names agree, and how rare the shared words are."""
    if not left[0] or not right[0]:
        return 0
    space = comparison.parts[0]
    agreed, shared = _agreement(left[0], right[0], space, statistics)
    if agreed not in (-1, SAME, ALIKE) and is_cut_short(left[3] or "", right[3] or ""):
        agreed, shared = CUT_SHORT, _least_bits(left[0], right[0], space, statistics)
    elif agreed not in (SAME, ALIKE):
        former = _former_agreement(left, right, space, statistics)
        agreed, shared = former if former[0] >= 0 else (agreed, shared)
    if agreed >= 0:
        return 1 + agreed * len(RARITIES) + rarity_class(shared, statistics.records)
    return ACRONYM if _is_acronym(left, right) or _is_acronym(right, left) else DIFFERENT


def rarity_class(millibits: int, records: int) -> int:
    """Return the index into `RARITIES` of words that surprise by so many millibits among so many records."""
    above_chance = millibits - rarity(max(records, 1), 1)
    return sum(above_chance < bound for bound in RARITY_BOUNDS)


def is_cut_short(left: str, right: str) -> bool:
    """Say whether one full name is the other, cut by a system that caps names.

    A cut at the end of a word is believed only near the usual cap: the parent's name begins its subsidiary's, too.
    """
    short, long = sorted((left, right), key=len)
    if len(short) not in CUT_LENGTHS or len(long) == len(short) or not long.startswith(short):
        return False
    return len(short) >= CUT_AT_A_SPACE or long[len(short)] != " "


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


def is_numbering(word: str) -> bool:
    """Say whether a word holds a digit or is made of Roman ones."""
    return not word.strip("ivxlc") or any(character.isdigit() for character in word)


def _words(name: str) -> list[str]:
    return list(dict.fromkeys(name.split()[:MOST_WORDS]))


def _agreement(left: str, right: str, space: str, statistics: Statistics) -> Agreement:
    left_words, right_words = _words(left), _words(right)
    bits = {word: statistics.rarity(space, word) for word in (*left_words, *right_words)}
    least = min(sum(bits[w] for w in left_words), sum(bits[w] for w in right_words))
    if left == right or left.replace(" ", "") == right.replace(" ", ""):
        return SAME, least
    common = set(left_words) & set(right_words)
    left_rest = [w for w in left_words if w not in common]
    right_rest = [w for w in right_words if w not in common]
    left_alike = [w for w in left_rest if any(are_words_alike(w, other) for other in right_rest)]
    right_alike = [w for w in right_rest if any(are_words_alike(w, other) for other in left_rest)]
    left_extra, right_extra = len(left_rest) - len(left_alike), len(right_rest) - len(right_alike)
    if left_extra == right_extra == 0:
        return ALIKE, least
    # A short or numbering word left over may be what tells two sisters apart, however alike the whole.
    plain = all(len(w) >= SHORTEST_SPELLING and not is_numbering(w) for w in (*left_rest, *right_rest))
    if plain and edit_similarity(left.replace(" ", ""), right.replace(" ", "")) >= NAMES_ALIKE:
        return ALIKE, least
    if not common and not left_alike:
        return -1, 0
    shared = sum(bits[w] for w in common) + min(sum(bits[w] for w in left_alike), sum(bits[w] for w in right_alike))
    extra = sum(bits[w] for w in left_rest if w not in left_alike) + sum(
        bits[w] for w in right_rest if w not in right_alike
    )
    return class_of_overlap(shared, extra, left_extra, right_extra), shared


def _least_bits(left: str, right: str, space: str, statistics: Statistics) -> int:
    return min(sum(statistics.rarity(space, word) for word in _words(name)) for name in (left, right))


def class_of_overlap(shared: int, extra: int, left_extra: int, right_extra: int) -> int:
    """Return the class of names that share words and also have words of their own, on one side or both."""
    if left_extra == 0 or right_extra == 0:
        return CONTAINED if 2 * extra <= shared else LOOSELY_CONTAINED
    return OVERLAP if extra <= shared else PART


def _former_agreement(left: Values, right: Values, space: str, statistics: Statistics) -> Agreement:
    """Return the best agreement of one's former names with the other's present name, if they are the same or alike."""
    best: Agreement = (-1, 0)
    for name, formers in ((left[0], right[1]), (right[0], left[1])):
        for former in (formers or "").split(SEPARATOR):
            if not name or not former:
                continue
            agreed, shared = _agreement(name, former, space, statistics)
            if agreed in (SAME, ALIKE):
                found = (FORMERLY_SAME + agreed, shared)
                if best[0] < 0 or (found[0], -found[1]) < (best[0], -best[1]):
                    best = found
    return best


def _is_acronym(short: Values, long: Values) -> bool:
    return bool(short[0]) and len(short[0] or "") >= SHORTEST_ACRONYM and short[0] == long[2]


def _sentence(label: str, left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> str:
    if label == "missing":
        return "No usable name on one side"
    if label == "different":
        return f"Names share no distinctive word: {left[0]} / {right[0]}"
    if label == "acronym":
        return f"One name is the acronym of the other: {left[0]} / {right[0]}"
    common = set(_words(left[0] or "")) & set(_words(right[0] or ""))
    agreed = label.partition(",")[0]
    opening = {
        "same": "Same distinctive name",
        "alike": "Names are spelt alike",
        "cut short": "One name is the other cut short",
        "formerly the same": "Same as a former name",
        "formerly alike": "Spelt like a former name",
        "contained": "One name holds the other",
        "mostly contained": "One name holds the other and more",
        "overlap": "Names share most of their words",
        "part": "Names share a part of their words",
    }[agreed]
    if not common:
        return f"{opening}: {left[0]} / {right[0]}"
    word = max(sorted(common), key=lambda w: statistics.rarity(comparison.parts[0], w))
    count = statistics.count(comparison.parts[0], word)
    holders = "1 record uses it" if count == 1 else f"{count:,} records use it"
    return f"{opening}; shared word '{word}', {holders}"


def _spaces(comparison: Comparison) -> tuple[Space, ...]:
    return (Space(comparison.parts[0], comparison.parts[:1], of_words=True),)


NAMES = Comparer(LABELS, compare_names, _sentence, needs=4, spaces=_spaces)
"""Parts: words, former names' words, acronym, full name."""

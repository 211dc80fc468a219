"""Bags of words and whole texts of many pairs at once."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.edits import Places, edit_similarity, jaro_winkler, places
from apps.engine.bulk.frames import ABSENT, Codes, Columns, Ints, combine_coded
from apps.engine.bulk.letters import Letters, Points, letters_of
from apps.engine.bulk.words import (
    BITS,
    ENDING,
    FIRST,
    LENGTH,
    NUMBERING,
    START,
    Tokens,
    Words,
    counts_of,
    drop_repeats,
    split_words,
    words_of,
)
from apps.engine.compare.texts import (
    AGREEMENTS,
    BAG_DIFFERENT,
    CONTAINED,
    MOST_WORDS,
    SHARES,
    TEXT_LABELS,
    TEXTS_ALIKE,
)
from apps.engine.compare.words import RARITIES, RARITY_BOUNDS, SHORTEST_SPELLING, WORDS_ALIKE
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics, rarity

Levels = npt.NDArray[np.uint8]
CLASSES: Final = len(RARITIES)
LEAST_SHARED: Final = len(SHARES)
A_PART_THE_SAME, TEXT_DIFFERENT = len(TEXT_LABELS) - 2, len(TEXT_LABELS) - 1
EVERY_WORD: Final = 1 << 30
COMMON, ALIKE = 1, 2
assert len(AGREEMENTS) == CONTAINED


class BagComparer(NamedTuple):
    """Bags of words: the code of each row's bag, and the words of each bag."""

    codes: Codes
    bags: Tokens
    words: Words
    chance: int

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows by their bags of words."""
        found = np.zeros((2, MOST_WORDS), dtype=np.int64)
        fill_bags(self.codes, *self.bags, *self.words, self.chance, found, places(), left, right, levels[0])


class TextComparer(NamedTuple):
    """Whole texts, the words of each and how much these surprise."""

    codes: Codes
    letters: Letters
    tokens: Tokens
    bits: Ints
    chance: int

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows by their texts."""
        texts = self.codes, *self.letters, *self.tokens, self.bits
        fill_texts(*texts, self.chance, places(), left, right, levels[0])


def prepare_bag(columns: Columns, comparison: Comparison, statistics: Statistics) -> BagComparer:
    """Return `compare.texts.compare_bag` for rows of the columns."""
    coded = [columns.coded(part) for part in comparison.parts]
    first, codes = combine_coded(coded)
    values = [column.texts.take(pa.array(column.codes[first], mask=column.codes[first] == ABSENT)) for column in coded]
    joined = pc.binary_join_element_wise(*values, " ", null_handling="replace", null_replacement="")
    split = split_words(pc.ascii_trim(pc.replace_substring_regex(joined, " {2,}", " "), " "), EVERY_WORD)
    encoded = split.words.dictionary_encode()
    bags = Tokens(*drop_repeats(split.starts, encoded.indices.to_numpy()))
    lengths = np.minimum(np.diff(bags.starts), MOST_WORDS)
    kept = np.arange(len(bags.words)) - np.repeat(bags.starts[:-1], np.diff(bags.starts)) < MOST_WORDS
    words = words_of(encoded.dictionary, surprise_of(encoded.dictionary, comparison.parts, statistics))
    bags = Tokens(np.r_[0, np.cumsum(lengths)], bags.words[kept])
    return BagComparer(codes.astype(np.int32), bags, words, rarity(max(statistics.records, 1), 1))


def prepare_text(columns: Columns, comparison: Comparison, statistics: Statistics) -> TextComparer:
    """Return `compare.texts.compare_text` for rows of the columns."""
    codes, texts = columns.coded(comparison.parts[0])
    split = split_words(texts, EVERY_WORD)
    encoded = split.words.dictionary_encode()
    of_words = surprise_of(encoded.dictionary, comparison.parts, statistics)[encoded.indices.to_numpy()]
    bits = np.diff(np.r_[0, np.cumsum(of_words)][split.starts])
    tokens = Tokens(*drop_repeats(split.starts, encoded.indices.to_numpy()))
    return TextComparer(codes, letters_of(texts), tokens, bits, rarity(max(statistics.records, 1), 1))


def surprise_of(words: pa.Array, parts: tuple[str, ...], statistics: Statistics) -> Ints:
    """Return the millibits by which each word surprises in the part where it is most at home."""
    counts = np.max([counts_of(words, statistics.counts.get(part, {}), 1) for part in parts], axis=0)
    distinct, inverse = np.unique(counts, return_inverse=True)
    found = np.array([rarity(statistics.records, count) for count in distinct.tolist()], dtype=np.int64)
    bits: Ints = found[inverse]
    return bits


@compiled
def fill_bags(
    codes: Codes,
    starts: Ints,
    tokens: Codes,
    facts: Ints,
    points: Points,
    chance: int,
    found: Ints,
    table: Places,
    left: Codes,
    right: Codes,
    levels: Levels,
) -> None:
    """Write the levels of all pairs by their bags of words; in place."""
    for pair in range(len(left)):
        i, j = starts[codes[left[pair]]], starts[codes[right[pair]]]
        m, n = starts[codes[left[pair]] + 1] - i, starts[codes[right[pair]] + 1] - j
        if m == 0 or n == 0:
            levels[pair] = 0
            continue
        meet_words(tokens, i, m, j, n, facts, points, found, table)
        levels[pair] = bag_level(tokens, i, m, j, n, facts, found, chance)


@compiled
def meet_words(
    tokens: Codes, i: int, m: int, j: int, n: int, facts: Ints, points: Points, found: Ints, table: Places
) -> None:
    """Mark the words of two bags that the other has too, in the same or in another spelling."""
    for place in range(m):
        found[0, place] = 0
    for place in range(n):
        found[1, place] = 0
    for a in range(m):
        for b in range(n):
            if tokens[i + a] == tokens[j + b]:
                found[0, a] = found[1, b] = COMMON
    for a in range(m):
        for b in range(n):
            if (
                found[0, a] != COMMON
                and found[1, b] != COMMON
                and are_words_alike(facts, tokens[i + a], tokens[j + b], points, table)
            ):
                found[0, a] = found[1, b] = ALIKE


@compiled
def are_words_alike(facts: Ints, left: int, right: int, points: Points, table: Places) -> bool:
    """Return `compare.words.are_words_alike` of two different words."""
    if facts[left, FIRST] != facts[right, FIRST] and facts[left, ENDING] != facts[right, ENDING]:
        return False
    m, n = facts[left, LENGTH], facts[right, LENGTH]
    if min(m, n) < SHORTEST_SPELLING or facts[left, NUMBERING] or facts[right, NUMBERING]:
        return False
    # The distance is at least the difference in length.
    if abs(m - n) * 1000 > (1001 - WORDS_ALIKE) * max(m, n):
        return False
    return edit_similarity(points, facts[left, START], m, points, facts[right, START], n, table) >= WORDS_ALIKE


@compiled
def bag_level(tokens: Codes, i: int, m: int, j: int, n: int, facts: Ints, found: Ints, chance: int) -> int:
    """Return the level of two bags whose common words are marked."""
    mine, own, our_extra = weigh(tokens, i, m, facts, found[0])
    yours, foreign, their_extra = weigh(tokens, j, n, facts, found[1])
    if own == m:
        return BAG_DIFFERENT
    shared, extra = min(mine, yours), our_extra + their_extra
    share = 1000 * shared // max(shared + extra, 1) if extra else 1000
    agreed = 0
    for least in SHARES:
        agreed += share < least
    if agreed and (own == 0 or foreign == 0):
        agreed = CONTAINED
    elif agreed == LEAST_SHARED:
        return BAG_DIFFERENT
    return 1 + agreed * CLASSES + rarity_class(shared - chance)


@compiled
def weigh(tokens: Codes, start: int, count: int, facts: Ints, found: Ints) -> tuple[int, int, int]:
    """Return the surprise of a bag's words that are shared, how many are not, and the surprise of these."""
    shared, own, extra = 0, 0, 0
    for place in range(count):
        bits = facts[tokens[start + place], BITS]
        if found[place]:
            shared += bits
        else:
            own, extra = own + 1, extra + bits
    return shared, own, extra


@compiled
def rarity_class(above_chance: int) -> int:
    """Return the index into `RARITIES` of words that surprise so many millibits more than chance."""
    found = 0
    for bound in RARITY_BOUNDS:
        found += above_chance < bound
    return found


@compiled
def fill_texts(
    codes: Codes,
    points: Points,
    starts: Ints,
    token_starts: Ints,
    tokens: Codes,
    bits: Ints,
    chance: int,
    table: Places,
    left: Codes,
    right: Codes,
    levels: Levels,
) -> None:
    """Write the levels of all pairs by their texts; in place."""
    for pair in range(len(left)):
        ours, theirs = codes[left[pair]], codes[right[pair]]
        if ours == ABSENT or theirs == ABSENT:
            levels[pair] = 0
            continue
        i, j = starts[ours], starts[theirs]
        m, n = starts[ours + 1] - i, starts[theirs + 1] - j
        if ours != theirs and jaro_winkler(points, i, m, points, j, n, table) < TEXTS_ALIKE:
            shares = shares_word(token_starts, tokens, ours, theirs)
            levels[pair] = A_PART_THE_SAME if shares else TEXT_DIFFERENT
        else:
            levels[pair] = 1 + (ours != theirs) * CLASSES + rarity_class(min(bits[ours], bits[theirs]) - chance)


@compiled
def shares_word(starts: Ints, tokens: Codes, left: int, right: int) -> bool:
    """Say whether two texts have a word in common."""
    for a in range(starts[left], starts[left + 1]):
        for b in range(starts[right], starts[right + 1]):
            if tokens[a] == tokens[b]:
                return True
    return False

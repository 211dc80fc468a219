"""Texts as lists of words, and what is known of each distinct word, as kernels read it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.frames import Codes, Flags, Ints
from apps.engine.bulk.letters import Letters, Points, letters_of
from apps.engine.compare.words import is_numbering

NONE: Final = -1
"""No word."""
START, LENGTH, BITS, FIRST, ENDING, HOLDS, NUMBERING, KINDS = range(8)
"""Columns of the facts of a word: where its letters start and how many there are, its surprise in millibits, its first
letter, its last two, which letters it holds (as bits), whether it numbers, and its kinds where it is left over: as a
distinctive word, and `GENERAL_KIND` times as a general one. A row of facts fills one line of the processor's cache."""
GENERAL_KIND: Final = 16
HOLDS_BITS: Final = 63
BEYOND_LETTERS: Final = 1 << 21
"""One more than the last letter of Unicode, and a power of two."""
SPACE: Final = ord(" ")
UNTIDY: Final = (
    r"^$|^ | $|  |[\t-\r\x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"
)
"""Texts of which `str.split` makes other words than splitting at each space does."""
MAYBE_NUMBERING: Final = r"^[ivxl]+$|[^a-z]"


class Tokens(NamedTuple):
    """The words of text `n` are `words[starts[n]:starts[n + 1]]`, as codes."""

    starts: Ints
    words: Codes


class Words(NamedTuple):
    """The distinct words: one row of facts each, and their letters."""

    facts: Ints
    points: Points


class Split(NamedTuple):
    """The words of text `n` are `words[starts[n]:starts[n + 1]]`, as texts."""

    starts: Ints
    words: pa.Array


def split_words(texts: pa.Array, most: int) -> Split:
    """Return the first words of each text, as `str.split` tells them; no text may be null."""
    lists = pc.split_pattern(tidy(texts), " ")
    starts = lists.offsets.to_numpy().astype(np.int64)
    words = lists.values
    lengths = np.diff(starts)
    kept = np.ones(len(words), dtype=np.bool_)
    if len(lengths) and lengths.max() > most:
        kept = np.arange(len(words)) - np.repeat(starts[:-1], lengths) < most
    kept &= pc.not_equal(words, "").to_numpy(zero_copy_only=False)
    if kept.all():
        return Split(starts, words)
    return Split(np.r_[0, np.cumsum(kept)][starts], words.filter(pa.array(kept)))


def tidy(texts: pa.Array) -> pa.Array:
    """Return the texts with their words parted by single spaces."""
    untidy = pc.match_substring_regex(texts, UNTIDY)
    if not pc.any(untidy).as_py():
        return texts
    mended = [" ".join(text.split()) for text in texts.filter(untidy).to_pylist()]
    return pc.replace_with_mask(texts, untidy, pa.array(mended, pa.string()))


def tokens_of(splits: list[Split]) -> tuple[pa.Array, list[Tokens]]:
    """Return the distinct words of several columns, and each column's texts as codes of their distinct words."""
    encoded = pa.concat_arrays([split.words for split in splits]).dictionary_encode()
    codes = encoded.indices.to_numpy()
    found, begin = [], 0
    for split in splits:
        found.append(Tokens(*drop_repeats(split.starts, codes[begin : begin + len(split.words)])))
        begin += len(split.words)
    return encoded.dictionary, found


@compiled
def drop_repeats(starts: Ints, words: Codes) -> tuple[Ints, Codes]:
    """Return each text's distinct words, in the order in which they first occur."""
    fresh_starts, fresh = np.zeros(len(starts), dtype=np.int64), np.empty(len(words), dtype=np.int32)
    count = 0
    for text in range(len(starts) - 1):
        for place in range(starts[text], starts[text + 1]):
            known = False
            for at in range(fresh_starts[text], count):
                known |= fresh[at] == words[place]
            if not known:
                fresh[count] = words[place]
                count += 1
        fresh_starts[text + 1] = count
    return fresh_starts, fresh[:count].copy()


def words_of(texts: pa.Array, bits: Ints) -> Words:
    """Return the distinct words with their surprise in millibits; no kinds are set."""
    letters = letters_of(texts)
    facts = np.zeros((len(texts), KINDS + 1), dtype=np.int64)
    facts[:, BITS] = bits
    facts[:, NUMBERING] = are_numbering(texts)
    spell(facts, letters)
    return Words(facts, letters.points)


@compiled
def spell(facts: Ints, letters: Letters) -> None:
    """Write down where each word's letters are, its first one and its last two; in place."""
    for word in range(len(facts)):
        start, end = letters.starts[word], letters.starts[word + 1]
        facts[word, START], facts[word, LENGTH] = start, end - start
        facts[word, FIRST] = letters.points[start]
        facts[word, ENDING] = letters.points[end - 1]
        for letter in range(start, end):
            facts[word, HOLDS] |= np.int64(1) << np.int64(letters.points[letter] % HOLDS_BITS)
        if end - start > 1:
            facts[word, ENDING] += (np.int64(letters.points[end - 2]) + 1) * BEYOND_LETTERS


def are_numbering(words: pa.Array) -> Flags:
    """Return `compare.words.is_numbering` of each word."""
    maybe = pc.match_substring_regex(words, MAYBE_NUMBERING).to_numpy(zero_copy_only=False)
    flags: Flags = np.zeros(len(words), dtype=np.bool_)
    flags[maybe] = [is_numbering(word) for word in words.filter(pa.array(maybe)).to_pylist()]
    return flags


def counts_of(texts: pa.Array, counts: Mapping[str, int], otherwise: int) -> Ints:
    """Return how often each text was counted, `otherwise` where it was not."""
    known = pa.array(list(counts), pa.string())
    at = pc.fill_null(pc.index_in(texts, value_set=known), NONE).to_numpy()
    values = np.fromiter([*counts.values(), otherwise], np.int64, len(counts) + 1)
    found: Ints = values[at]
    return found


def flags_of(texts: pa.Array, chosen: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Return which of the texts are among the chosen."""
    flags: Flags = pc.is_in(texts, value_set=pa.array(sorted(chosen), pa.string())).to_numpy(zero_copy_only=False)
    return flags

"""Distinct names and their words as arrays, made once per call and read for millions of pairs."""

from dataclasses import dataclass

import numpy as np

from apps.engine.bulk.frames import Codes, Flags, Ints
from apps.engine.bulk.keys import ranges
from apps.engine.compare.readings import MOST_WORDS
from apps.engine.compare.words import SHORTEST_SPELLING, is_numbering
from apps.engine.statistics import Statistics

NONE = -1
"""Pads a name's words, and stands for no class of agreement."""


@dataclass(frozen=True)
class Words:
    """The distinct words of all names; arrays run over words."""

    texts: list[str]
    bits: Ints
    length: Codes
    first: Codes
    ending: Codes
    numbering: Flags
    plain: Flags


@dataclass(frozen=True)
class Names:
    """The distinct names, present and former; arrays run over names, `tokens` pads with -1."""

    words: Words
    tokens: Codes
    bits: Ints
    joined: list[str]
    joined_code: Codes
    joined_length: Codes


def table_of(texts: list[str], space: str, statistics: Statistics) -> Names:
    """Return the tables of distinct names; rarity is read from the statistics' `space`."""
    code_of: dict[str, int] = {}
    tokens = tokens_of(texts, MOST_WORDS, code_of)
    words = words_of(list(code_of), space, statistics)
    joined = [text.replace(" ", "") for text in texts]
    joined_of: dict[str, int] = {}
    return Names(
        words=words,
        tokens=tokens,
        bits=np.where(tokens == NONE, 0, words.bits[tokens]).sum(axis=1) if rows else np.zeros(0, np.int64),
        joined=joined,
        joined_code=np.fromiter((joined_of.setdefault(j, len(joined_of)) for j in joined), np.int32, len(joined)),
        joined_length=np.fromiter(map(len, joined), np.int32, len(joined)),
    )


def tokens_of(texts: list[str], most: int, code_of: dict[str, int]) -> Codes:
    """Return the codes of each text's distinct words among its first `most`; new words are added to `code_of`."""
    rows = [list(dict.fromkeys(text.split()[:most])) for text in texts]
    width = max((len(row) for row in rows), default=1) or 1
    tokens = np.full((len(rows), width), NONE, dtype=np.int32)
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    flat = np.fromiter((code_of.setdefault(w, len(code_of)) for row in rows for w in row), np.int32, int(lengths.sum()))
    tokens[np.repeat(np.arange(len(rows)), lengths), ranges(np.zeros(len(rows), dtype=np.int64), lengths)] = flat
    return tokens


def words_of(texts: list[str], space: str, statistics: Statistics) -> Words:
    """Return the arrays over distinct words; rarity is read from the statistics' `space`."""

    def coded(taken: list[str]) -> Codes:
        codes: dict[str, int] = {}
        return np.fromiter((codes.setdefault(t, len(codes)) for t in taken), np.int32, len(taken))

    # The padding -1 reads the last word of these arrays, so there must be one.
    texts = [*texts, ""]
    length = np.fromiter(map(len, texts), np.int32, len(texts))
    numbering = np.fromiter(map(is_numbering, texts), np.bool_, len(texts))
    return Words(
        texts=texts,
        bits=np.fromiter((statistics.rarity(space, t) for t in texts), np.int64, len(texts)),
        length=length,
        first=coded([t[:1] for t in texts]),
        ending=coded([t[-2:] for t in texts]),
        numbering=numbering,
        plain=(length >= SHORTEST_SPELLING) & ~numbering,
    )

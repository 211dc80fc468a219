"""Distinct names and their words as arrays, made once per call and read for millions of pairs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from apps.engine.bulk.frames import Codes, Flags, Ints
from apps.engine.bulk.keys import ranges
from apps.engine.compare.words import SHORTEST_SPELLING, is_numbering

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


def tokens_of(texts: list[str], most: int, code_of: dict[str, int]) -> Codes:
    """Return the codes of each text's distinct words among its first `most`; new words are added to `code_of`."""
    rows = [list(dict.fromkeys(text.split()[:most])) for text in texts]
    width = max((len(row) for row in rows), default=1) or 1
    tokens = np.full((len(rows), width), NONE, dtype=np.int32)
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    flat = np.fromiter((code_of.setdefault(w, len(code_of)) for row in rows for w in row), np.int32, int(lengths.sum()))
    tokens[np.repeat(np.arange(len(rows)), lengths), ranges(np.zeros(len(rows), dtype=np.int64), lengths)] = flat
    return tokens


def words_of(texts: list[str], rarity_of: Callable[[str], int]) -> Words:
    """Return the arrays over distinct words, with their surprise in millibits."""

    def coded(taken: list[str]) -> Codes:
        codes: dict[str, int] = {}
        return np.fromiter((codes.setdefault(t, len(codes)) for t in taken), np.int32, len(taken))

    # The padding -1 reads the last word of these arrays, so there must be one.
    texts = [*texts, ""]
    length = np.fromiter(map(len, texts), np.int32, len(texts))
    numbering = np.fromiter(map(is_numbering, texts), np.bool_, len(texts))
    return Words(
        texts=texts,
        bits=np.fromiter(map(rarity_of, texts), np.int64, len(texts)),
        length=length,
        first=coded([t[:1] for t in texts]),
        ending=coded([t[-2:] for t in texts]),
        numbering=numbering,
        plain=(length >= SHORTEST_SPELLING) & ~numbering,
    )

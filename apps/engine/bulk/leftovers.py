"""Words left over between the names of many pairs."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.frames import Codes, Encoded, Flags, Ints
from apps.engine.bulk.names import CHUNK, Levels, Masks, readings_of, side_at
from apps.engine.bulk.pairs import RowPairs
from apps.engine.bulk.readings import NameTable, Side
from apps.engine.bulk.words import NONE
from apps.engine.compare import leftovers
from apps.engine.compare.leftovers import (
    CITY_PART,
    COMMON_BELOW,
    KINDS,
    LEVEL_OF_SIDES,
    LIGHT,
    NAME_PARTS,
    PLAIN_KINDS,
    UNCOMMON_BELOW,
    WEIGHT_BOUNDS,
)
from apps.engine.compare.readings import COMPARES_WORDS
from apps.engine.rules import Comparison

Kinds = npt.NDArray[np.int64]


def leftover_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.leftovers.compare_leftovers` returns for each pair of rows."""
    found = readings_of(pairs, comparison.parts[:NAME_PARTS])
    levels = np.where(found.general_shared, leftovers.NONE_BUT_GENERAL, leftovers.NONE).astype(np.uint8)
    levels[~np.isin(found.agreement, list(COMPARES_WORDS))] = 0
    by_sides = np.zeros((len(KINDS), len(KINDS)), dtype=np.uint8)
    for (loud, quiet), level in LEVEL_OF_SIDES.items():
        by_sides[loud, quiet] = by_sides[quiet, loud] = level
    for at, sides in _left_over(pairs, comparison):
        loudest = [kinds.max(axis=1, initial=leftovers.NOTHING) for kinds, _ in sides]
        levels[at] = by_sides[loudest[0], loudest[1]]
    return levels


def leftover_weight_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.leftovers.compare_leftover_weight` returns for each pair of rows."""
    levels = np.zeros(len(pairs), dtype=np.uint8)
    for at, sides in _left_over(pairs, comparison):
        total = np.zeros(len(at), dtype=np.int64)
        for kinds, bits in sides:
            weights = np.where(np.isin(kinds, PLAIN_KINDS), LIGHT, bits)
            total += np.where(kinds == leftovers.NOTHING, 0, weights).sum(axis=1)
        levels[at] = 1 + np.sum([total >= bound for bound in WEIGHT_BOUNDS], axis=0)
    return levels


def _left_over(pairs: RowPairs, comparison: Comparison) -> Iterator[tuple[Ints, list[tuple[Kinds, Ints]]]]:
    """Yield places of pairs with words left over, and per side the kinds and the surprise of its tokens."""
    found = readings_of(pairs, comparison.parts[:NAME_PARTS])
    comparable = np.isin(found.agreement, list(COMPARES_WORDS))
    city, table = pairs.columns[comparison.parts[CITY_PART]], found.columns.table
    cities = _city_tokens(city, table.code_of)
    for start in range(0, len(pairs), CHUNK):
        rows = slice(start, start + CHUNK)
        at = start + np.flatnonzero(comparable[rows] & ((found.our_over[rows] | found.their_over[rows]) != 0))
        left, right = pairs.left[at], pairs.right[at]
        both = np.hstack([cities[city.codes[left]], cities[city.codes[right]]])
        sides = [side_at(found.columns, side) for side in (left, right)]
        general = np.hstack([side.tokens[:, side.width :] for side in sides])
        masks = found.our_over[at], found.their_over[at]
        yield at, [_kinds(table, side, mask, both, general) for side, mask in zip(sides, masks, strict=True)]


def _kinds(table: NameTable, side: Side, masks: Masks, cities: Codes, general: Codes) -> tuple[Kinds, Ints]:
    """Return the kind of each token of one side, nothing where it is not left over, and its surprise."""
    tokens, words = side.tokens, table.words
    over: Flags = (masks[:, None] >> np.arange(tokens.shape[1], dtype=np.uint16)) & 1 == 1
    bits = words.bits[tokens]
    kinds = np.where(bits < COMMON_BELOW, leftovers.COMMON, leftovers.RARE)
    kinds[(bits >= COMMON_BELOW) & (bits < UNCOMMON_BELOW)] = leftovers.UNCOMMON
    kinds[(tokens[:, :, None] == general[:, None, :]).any(axis=2)] = leftovers.GENERAL
    kinds[(tokens[:, :, None] == cities[:, None, :]).any(axis=2)] = leftovers.CITY
    kinds[words.numbering[tokens]] = leftovers.NUMBER
    return np.where(over, kinds, leftovers.NOTHING), bits


def _city_tokens(city: Encoded, code_of: dict[str, int]) -> Codes:
    """Return the codes of the words that name each distinct city, as far as names use them; the last row is absent's."""
    named = [sorted({code_of[w] for w in leftovers.city_words(text) if w in code_of}) for text in city.values]
    tokens = np.full((len(named) + 1, max(map(len, named), default=1) or 1), NONE - 1, dtype=np.int32)
    for row, codes in enumerate(named):
        tokens[row, : len(codes)] = codes
    return tokens

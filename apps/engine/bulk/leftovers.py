"""Words left over between the names of many pairs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.frames import Codes, Encoded, Flags, Ints
from apps.engine.bulk.names import Levels, Masks, readings_of, side_at
from apps.engine.bulk.pairs import RowPairs, in_chunks
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
    TRADE_WORDS,
    UNCOMMON_BELOW,
    WEIGHT_BOUNDS,
)
from apps.engine.compare.readings import COMPARES_WORDS
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

Kinds = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _LeftOver:
    """Per pair the loudest kind of word left over on either side, and the surprise of all of them in millibits."""

    ours: Levels
    theirs: Levels
    weight: npt.NDArray[np.int32]
    comparable: Flags


def leftover_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.leftovers.compare_leftovers` returns for each pair of rows."""
    general_shared = readings_of(pairs, comparison.parts[:NAME_PARTS]).general_shared
    found = _left_over(pairs, comparison)
    by_sides = np.zeros((len(KINDS), len(KINDS)), dtype=np.uint8)
    for (loud, quiet), level in LEVEL_OF_SIDES.items():
        by_sides[loud, quiet] = by_sides[quiet, loud] = level
    levels = np.full(len(pairs), leftovers.NONE, dtype=np.uint8)
    levels[general_shared] = leftovers.NONE_BUT_GENERAL
    some = np.flatnonzero((found.ours | found.theirs) != 0)
    levels[some] = by_sides[found.ours[some], found.theirs[some]]
    levels[~found.comparable] = 0
    return levels


def leftover_weight_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.leftovers.compare_leftover_weight` returns for each pair of rows."""
    found = _left_over(pairs, comparison)
    reached = [found.weight >= bound for bound in WEIGHT_BOUNDS]
    levels = np.asarray(1 + np.sum(reached, axis=0)).astype(np.uint8)
    levels[~found.comparable | ((found.ours | found.theirs) == 0)] = 0
    return levels


def _left_over(pairs: RowPairs, comparison: Comparison) -> _LeftOver:
    """Return what is left over in each pair of names, worked out once for both comparisons that ask."""
    key = f"left over of {' '.join(comparison.parts)}"
    known = pairs.memo.get(key)
    if isinstance(known, _LeftOver):
        return known
    readings = readings_of(pairs, comparison.parts[:NAME_PARTS])
    count = len(pairs)
    found = _LeftOver(
        np.zeros(count, dtype=np.uint8),
        np.zeros(count, dtype=np.uint8),
        np.zeros(count, dtype=np.int32),
        np.isin(readings.agreement, list(COMPARES_WORDS)),
    )
    city, table = pairs.columns[comparison.parts[CITY_PART]], readings.columns.table
    cities = _city_tokens(city, table.code_of)
    words = _KindsOfWords.read(table, comparison, pairs.statistics)

    def sort_out(rows: slice) -> None:
        over = (readings.our_over[rows] | readings.their_over[rows]) != 0
        at = rows.start + np.flatnonzero(found.comparable[rows] & over)
        left, right = pairs.left[at], pairs.right[at]
        both = np.hstack([cities[city.codes[left]], cities[city.codes[right]]])
        sides = [side_at(readings.columns, side) for side in (left, right)]
        general = np.hstack([side.tokens[:, side.width :] for side in sides])
        masks = readings.our_over[at], readings.their_over[at]
        for side, mask, loudest in zip(sides, masks, (found.ours, found.theirs), strict=True):
            kinds, bits = _kinds(words, side, mask, both, general)
            loudest[at] = kinds.max(axis=1, initial=leftovers.NOTHING)
            weights = np.where(np.isin(kinds, PLAIN_KINDS), LIGHT, bits)
            found.weight[at] += np.where(kinds == leftovers.NOTHING, 0, weights).sum(axis=1, dtype=np.int32)

    in_chunks(sort_out, count, pairs.workers)
    pairs.memo[key] = found
    return found


@dataclass(frozen=True)
class _KindsOfWords:
    """What each word is wherever it is left over, as a distinctive and as a general word, and its surprise."""

    distinctive: Kinds
    general: Kinds
    bits: Ints

    @classmethod
    def read(cls, table: NameTable, comparison: Comparison, statistics: Statistics) -> "_KindsOfWords":
        """Sort the table's words."""
        texts, bits = table.words.texts, table.words.bits
        names, cities = (statistics.counts.get(comparison.parts[part], {}) for part in (0, CITY_PART))
        places = [leftovers.is_place(cities.get(text, 0), names.get(text, 1)) for text in texts]
        rare = np.where(bits < COMMON_BELOW, leftovers.COMMON, leftovers.RARE)
        rare[(bits >= COMMON_BELOW) & (bits < UNCOMMON_BELOW)] = leftovers.UNCOMMON
        rare[np.array(places, dtype=np.bool_)] = leftovers.PLACE
        trade = np.array([text in TRADE_WORDS for text in texts], dtype=np.bool_)
        return cls(
            np.where(table.words.numbering, leftovers.NUMBER, rare),
            np.where(table.words.numbering, leftovers.NUMBER, np.where(trade, leftovers.TRADE, leftovers.GENERAL)),
            bits,
        )


def _kinds(words: _KindsOfWords, side: Side, masks: Masks, cities: Codes, general: Codes) -> tuple[Kinds, Ints]:
    """Return the kind of each token of one side, nothing where it is not left over, and its surprise."""
    tokens = side.tokens
    over: Flags = (masks[:, None] >> np.arange(tokens.shape[1], dtype=np.uint16)) & 1 == 1
    kinds = words.distinctive[tokens]
    is_general = (tokens[:, :, None] == general[:, None, :]).any(axis=2)
    kinds = np.where(is_general, words.general[tokens], kinds)
    is_city = (tokens[:, :, None] == cities[:, None, :]).any(axis=2)
    kinds[is_city & (kinds != leftovers.NUMBER)] = leftovers.CITY
    return np.where(over, kinds, leftovers.NOTHING), words.bits[tokens]


def _city_tokens(city: Encoded, code_of: dict[str, int]) -> Codes:
    """Return the codes of the words of each distinct city, as far as names use them; the last row is absent's."""
    named = [sorted({code_of[w] for w in leftovers.city_words(text) if w in code_of}) for text in city.values]
    tokens = np.full((len(named) + 1, max(map(len, named), default=1) or 1), NONE - 1, dtype=np.int32)
    for row, codes in enumerate(named):
        tokens[row, : len(codes)] = codes
    return tokens

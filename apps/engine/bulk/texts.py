"""Bags of words of many pairs at once."""

from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.alike import alike_words
from apps.engine.bulk.frames import ABSENT, Codes, Flags, Ints, combine, combine_columns, values_at
from apps.engine.bulk.keys import ranges
from apps.engine.bulk.pairs import RowPairs
from apps.engine.bulk.words import NONE, Words, words_of
from apps.engine.compare.texts import BAG_DIFFERENT, CONTAINED, SHARES, bag_of
from apps.engine.compare.words import RARITIES, RARITY_BOUNDS
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics, rarity

CELLS = 8_000_000
"""Pairs of words looked at in one step."""


def bag_levels(pairs: RowPairs, comparison: Comparison) -> npt.NDArray[np.uint8]:
    """Return what `compare.texts.compare_bag` returns for each pair of rows."""
    columns = [pairs.columns[part] for part in comparison.parts]
    first, bag = combine_columns(columns)
    values = list(zip(*(values_at(column, first) for column in columns), strict=True))
    words, tokens, sizes = _bags_of(values, comparison, pairs.statistics)
    given = np.any([column.codes != ABSENT for column in columns], axis=0)
    where = np.flatnonzero(given[pairs.left] & given[pairs.right])
    ours, theirs = bag[pairs.left[where]], bag[pairs.right[where]]
    distinct, inverse = np.unique(
        combine(np.minimum(ours, theirs), np.maximum(ours, theirs), len(values)), return_inverse=True
    )
    low, high = distinct // (len(values) + 1) - 1, distinct % (len(values) + 1) - 1
    found = np.zeros(len(distinct), dtype=np.uint8)
    # Pairs of like width together, so that a step's matrix is hardly padded.
    widths = np.maximum(sizes[low], sizes[high])
    order = np.argsort(widths, kind="stable")
    start = 0
    while start < len(order):
        step = order[start : start + max(1, CELLS // int(widths[order[min(start, len(order) - 1)]] + 8) ** 2)]
        width = int(widths[step].max())
        both = tokens[low[step], :width], tokens[high[step], :width]
        found[step] = _levels(words, both, pairs.statistics.records, pairs.workers)
        start += len(step)
    levels = np.zeros(len(pairs), dtype=np.uint8)
    if len(where):
        levels[where] = found[inverse]
    return levels


def _bags_of(
    values: list[tuple[str | None, ...]], comparison: Comparison, statistics: Statistics
) -> tuple[Words, Codes, Ints]:
    """Return the distinct words, and per bag the codes of its words (padded with `NONE`) and how many there are."""
    bags = [bag_of(value) for value in values]
    code_of: dict[str, int] = {}
    sizes = np.fromiter(map(len, bags), np.int64, len(bags))
    flat = np.fromiter(
        (code_of.setdefault(w, len(code_of)) for bag in bags for w in sorted(bag)), np.int32, int(sizes.sum())
    )
    tokens = np.full((len(bags), int(sizes.max(initial=0))), NONE, dtype=np.int32)
    tokens[np.repeat(np.arange(len(bags)), sizes), ranges(np.zeros(len(bags), dtype=np.int64), sizes)] = flat
    parts = dict.fromkeys(comparison.parts)
    tables = [words_of(list(code_of), partial(statistics.rarity, part)) for part in parts]
    return replace(tables[0], bits=np.min([table.bits for table in tables], axis=0)), tokens, sizes


def _levels(words: Words, tokens: tuple[Codes, Codes], records: int, workers: int) -> Ints:
    ours, theirs = tokens
    equal = (ours[:, :, None] == theirs[:, None, :]) & (ours != NONE)[:, :, None]
    common = equal.any(axis=2), equal.any(axis=1)
    rests = (ours != NONE) & ~common[0], (theirs != NONE) & ~common[1]
    alike = alike_words(words, tokens, rests, np.zeros(len(ours), dtype=np.bool_), workers)
    mine, yours = common[0] | alike[0], common[1] | alike[1]
    shared = np.minimum(_bits(words, ours, mine), _bits(words, theirs, yours))
    own, foreign = rests[0] & ~alike[0], rests[1] & ~alike[1]
    extra = _bits(words, ours, own) + _bits(words, theirs, foreign)
    share = np.where(extra == 0, 1000, 1000 * shared // np.maximum(shared + extra, 1))
    agreed = np.sum([share < least for least in SHARES], axis=0)
    whole = (~own.any(axis=1) | ~foreign.any(axis=1)) & (agreed > 0)
    rare = np.sum([shared - rarity(max(records, 1), 1) < bound for bound in RARITY_BOUNDS], axis=0)
    levels = 1 + np.where(whole, CONTAINED, agreed) * len(RARITIES) + rare
    levels[(agreed == len(SHARES)) & ~whole | ~mine.any(axis=1)] = BAG_DIFFERENT
    levels[(ours == NONE).all(axis=1) | (theirs == NONE).all(axis=1)] = 0
    found: Ints = levels
    return found


def _bits(words: Words, tokens: Codes, chosen: Flags) -> Ints:
    bits: Ints = np.where(chosen, words.bits[tokens], 0).sum(axis=1)
    return bits

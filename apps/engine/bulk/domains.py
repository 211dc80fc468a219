"""Web domains of many pairs at once, against each other and against names."""

from itertools import product

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.contacts import recoded
from apps.engine.bulk.frames import ABSENT, Codes, Encoded, Flags, Ints
from apps.engine.bulk.pairs import RowPairs
from apps.engine.compare.domains import (
    ANOTHER,
    BEGINS,
    BEGINS_ALIKE,
    DIFFERENT,
    MAIL,
    NAME,
    SAME_STEM,
    SHORTEST_BEGINNING,
    SITE,
    SPELLS,
    begins,
)
from apps.engine.compare.values import MANY, SEVERAL
from apps.engine.rules import Comparison
from apps.engine.standardise.stems import stem_of

Levels = npt.NDArray[np.uint8]
SHARED_BY_NONE = 2**31


def domain_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.domains.compare_domains` returns for each pair of rows."""
    columns = [pairs.columns[part] for part in comparison.parts]
    known: dict[str, int] = {}
    domains = [recoded(column, column.values, known) for column in columns]
    counts = [pairs.statistics.counts.get(part, {}) for part in comparison.parts]
    names = np.array([max(c.get(domain, 1) for c in counts) for domain in known] + [SHARED_BY_NONE], dtype=np.int64)
    fewest = np.full(len(pairs), SHARED_BY_NONE, dtype=np.int64)
    for ours, theirs in product(domains, repeat=2):
        left, right = ours[pairs.left], theirs[pairs.right]
        fewest = np.where((left == right) & (left != ABSENT), np.minimum(fewest, names[left]), fewest)
    levels = 1 + (fewest > SEVERAL).astype(np.int64) + (fewest > MANY)
    levels[fewest == SHARED_BY_NONE] = DIFFERENT
    sides = (np.any([codes[rows] != ABSENT for codes in domains], axis=0) for rows in (pairs.left, pairs.right))
    both = np.logical_and(*sides)
    levels[~both] = 0
    open_pairs = np.flatnonzero(both & (fewest == SHARED_BY_NONE))
    stems: dict[str, int] = {}
    coded = [_stems(column, stems) for column in columns]
    texts = list(stems)
    for ours, theirs in product(coded, repeat=2):
        found = _met(ours[pairs.left[open_pairs]], theirs[pairs.right[open_pairs]], texts)
        level = np.where(found == SPELLS, SAME_STEM, np.where(found == BEGINS, BEGINS_ALIKE, DIFFERENT))
        levels[open_pairs] = np.minimum(levels[open_pairs], level)
    return levels.astype(np.uint8)


def name_domain_levels(pairs: RowPairs, comparison: Comparison) -> Levels:
    """Return what `compare.domains.compare_name_domains` returns for each pair of rows."""
    stems: dict[str, int] = {}
    name, site, mail = (_stems(pairs.columns[comparison.parts[part]], stems) for part in (NAME, SITE, MAIL))
    texts = list(stems)
    best = np.full(len(pairs), ANOTHER + 1, dtype=np.int64)
    for domain, (holder, named) in product((site, mail), ((pairs.left, pairs.right), (pairs.right, pairs.left))):
        best = np.minimum(best, _met(domain[holder], name[named], texts))
    best[best > ANOTHER] = 0
    return best.astype(np.uint8)


def _stems(column: Encoded, known: dict[str, int]) -> Codes:
    """Return the rows' stems as codes into `known`, which grows; a text without a stem is absent."""
    stems = map(stem_of, column.values)
    codes = [known.setdefault(stem, len(known)) if stem else ABSENT for stem in stems]
    found: Codes = np.array([*codes, ABSENT], dtype=np.int32)[column.codes]
    return found


def _met(left: Codes, right: Codes, texts: list[str]) -> Ints:
    """Return for each two stems whether they are equal, one begins the other, or neither; beyond that, missing."""
    found = np.full(len(left), ANOTHER, dtype=np.int64)
    absent = (left == ABSENT) | (right == ABSENT)
    found[left == right] = SPELLS
    starts: dict[str, int] = {}
    opening = np.array([starts.setdefault(t[:SHORTEST_BEGINNING], len(starts)) for t in texts] + [ABSENT])
    long = np.array([len(t) >= SHORTEST_BEGINNING for t in texts] + [False], dtype=np.bool_)
    near: Flags = (opening[left] == opening[right]) & long[left] & long[right] & (left != right) & ~absent
    chosen = np.flatnonzero(near)
    both = zip(left[chosen].tolist(), right[chosen].tolist(), strict=True)
    found[chosen[np.array([begins(texts[a], texts[b]) for a, b in both], dtype=np.bool_)]] = BEGINS
    found[absent] = ANOTHER + 1
    return found

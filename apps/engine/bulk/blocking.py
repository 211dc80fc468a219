"""Candidate pairs: records that share a match key which is not too common."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from apps.engine.block.hashing import PLACE_MASK
from apps.engine.bulk.frames import Codes, Flags, Ints
from apps.engine.bulk.keys import ranges
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

MOST_PAIRS = 4_000_000
"""Pairs in a piece: thirty-two megabytes of rows, and enough work for the threads that score them."""


def candidates(
    standard: pa.Table, rules: RuleSet, statistics: Statistics, focus: Flags | None = None, *, workers: int = 2
) -> tuple[Codes, Codes]:
    """Return row indices (left < right) of the distinct pairs of rows that share a usable match key.

    A key is hot, and makes no pairs, when the statistics say so or when more rows than its cap hold it here; that
    hides nothing which another key finds. With `focus` (one flag per row) only pairs touching a flagged row return.
    The pairs come sorted.
    """
    pieces = list(candidate_pieces(standard, rules, statistics, focus, workers=workers))
    if len(pieces) == 1:
        return pieces[0]
    left, right = zip((_NONE, _NONE), *pieces, strict=True)
    return np.concatenate(left), np.concatenate(right)


def candidate_pieces(
    standard: pa.Table,
    rules: RuleSet,
    statistics: Statistics,
    focus: Flags | None = None,
    *,
    most_pairs: int = MOST_PAIRS,
    workers: int = 2,
) -> Iterator[tuple[Codes, Codes]]:
    """Yield what `candidates` returns, in its order, in pieces of at most `most_pairs` pairs.

    A piece is larger only where one row alone makes more. No more than `workers` pieces are made ahead.
    """
    # Imported where it is used: compiled code takes a second to load.
    from apps.engine.bulk.holders import holders_of, pairs_in_pieces

    offsets, keys = listed_keys(standard)
    if focus is not None:
        offsets, keys = _keys_of_focus(offsets, keys, focus)
    hot = np.sort(np.fromiter(statistics.hot_keys, np.int64, len(statistics.hot_keys)))
    holders = holders_of(offsets, keys, hot=hot, caps=caps_by_place(rules), workers=workers)
    yield from pairs_in_pieces(holders, focus, most_pairs, workers)


def listed_keys(standard: pa.Table) -> tuple[Ints, Ints]:
    """Return the frame's match keys, row after row, and where each row's start: one offset more than rows."""
    column = standard.column("keys").combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], type=pa.list_(pa.int64()))
    offsets = column.offsets.to_numpy().astype(np.int64)
    return offsets - offsets[0], column.flatten().to_numpy()


def keyed_rows(standard: pa.Table) -> tuple[Codes, Ints]:
    """Return the frame's match keys with the row of each, in row order."""
    offsets, keys = listed_keys(standard)
    return np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets)), keys


def _keys_of_focus(offsets: Ints, keys: Ints, focus: Flags) -> tuple[Ints, Ints]:
    """Return only the keys that some flagged row holds."""
    counts = np.diff(offsets)
    kept = np.isin(keys, np.unique(keys[np.repeat(focus, counts)]))
    ends = np.concatenate([_ZERO, np.cumsum(kept)])
    return ends[offsets], keys[kept]


def runs(ordered: Ints) -> tuple[Ints, Ints]:
    """Return where each run of equal values starts in an ordered array, and how long it is."""
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.empty(0, np.int64)
    return starts, np.diff(np.r_[starts, len(ordered)])


def caps_by_place(rules: RuleSet) -> Ints:
    """Return each match key's cap, by the place in the rule set that its lowest bits say."""
    caps = np.zeros(PLACE_MASK + 1, dtype=np.int64)
    caps[: len(rules.keys)] = [key.cap for key in rules.keys]
    return caps


def caps_of(keys: Ints, rules: RuleSet) -> Ints:
    """Return the cap of each match key."""
    found: Ints = caps_by_place(rules)[keys & PLACE_MASK]
    return found


def pairs_within(rows: Codes, starts: Ints, sizes: Ints, width: int) -> Ints:
    """Return the distinct pairs of rows of one run as `left * width + right`, sorted."""
    found = [np.empty(0, dtype=np.int64)]
    # All runs of one size form a rectangle, so each pair of columns is one NumPy step.
    for size in np.unique(sizes).tolist():
        block = rows[ranges(starts[sizes == size], np.full(int((sizes == size).sum()), size))].reshape(-1, size)
        for first in range(size - 1):
            for second in range(first + 1, size):
                low = np.minimum(block[:, first], block[:, second]).astype(np.int64)
                found.append(low * width + np.maximum(block[:, first], block[:, second]))
    pairs = np.concatenate(found)
    # Sorting in place costs half the time and memory of np.unique's hash table.
    pairs.sort()
    fresh = np.ones(len(pairs), dtype=np.bool_)
    fresh[1:] = pairs[1:] != pairs[:-1]
    return pairs[fresh]


_NONE = np.empty(0, dtype=np.int32)
_ZERO = np.zeros(1, dtype=np.int64)

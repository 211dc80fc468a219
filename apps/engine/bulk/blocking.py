"""Candidate pairs: records that share a match key which is not too common."""

import numpy as np
import pyarrow as pa

from apps.engine.block.hashing import PLACE_MASK
from apps.engine.bulk.frames import Codes, Flags, Ints
from apps.engine.bulk.keys import ranges
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics


def candidates(
    standard: pa.Table, rules: RuleSet, statistics: Statistics, focus: Flags | None = None
) -> tuple[Codes, Codes]:
    """Return row indices (left < right) of the distinct pairs of rows that share a usable match key.

    A key is hot, and makes no pairs, when the statistics say so or when more rows than its cap hold it here; that
    hides nothing which another key finds. With `focus` (one flag per row) only pairs touching a flagged row return.
    The pairs come sorted.
    """
    rows, keys = keyed_rows(standard)
    if focus is not None:
        wanted = np.unique(keys[focus[rows]])
        kept = np.isin(keys, wanted)
        rows, keys = rows[kept], keys[kept]
    order = np.argsort(keys)
    rows, keys = rows[order], keys[order]
    starts, sizes = runs(keys)
    usable = (sizes > 1) & (sizes <= caps_of(keys[starts], rules))
    if statistics.hot_keys:
        usable &= ~np.isin(keys[starts], np.fromiter(statistics.hot_keys, np.int64, len(statistics.hot_keys)))
    pairs = pairs_within(rows, starts[usable], sizes[usable], standard.num_rows)
    left, right = (pairs // standard.num_rows).astype(np.int32), (pairs % standard.num_rows).astype(np.int32)
    if focus is not None:
        touching = focus[left] | focus[right]
        left, right = left[touching], right[touching]
    return left, right


def keyed_rows(standard: pa.Table) -> tuple[Codes, Ints]:
    """Return the frame's match keys with the row of each, in row order."""
    column = standard.column("keys").combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], type=pa.list_(pa.int64()))
    counts = np.diff(column.offsets.to_numpy())
    rows = np.repeat(np.arange(len(column), dtype=np.int32), counts)
    return rows, column.flatten().to_numpy()


def runs(ordered: Ints) -> tuple[Ints, Ints]:
    """Return where each run of equal values starts in an ordered array, and how long it is."""
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.empty(0, np.int64)
    return starts, np.diff(np.r_[starts, len(ordered)])


def caps_of(keys: Ints, rules: RuleSet) -> Ints:
    """Return the cap of each match key."""
    caps = np.zeros(PLACE_MASK + 1, dtype=np.int64)
    caps[: len(rules.keys)] = [key.cap for key in rules.keys]
    found: Ints = caps[keys & PLACE_MASK]
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

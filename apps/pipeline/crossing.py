"""Match keys that a run takes over their cap, or below it: the bulk sibling of what the live path queues for redo.

The law of this module: a stored link is what a run over everybody would make. Who holds a key that stops or starts
making pairs is matched anew, though nothing else about that record changed.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from apps.engine.block.hashing import PLACE_MASK
from apps.pipeline.partition import Ints
from apps.pipeline.reading import Read


def list_crossed(read: Read, records: Sequence[int]) -> list[int]:
    """Return who else holds a key that is usable with the records as they were, or as they are, but not with both.

    `records` are dirty ones of `read`. In memory, over the keys of everybody in scope.
    """
    if len(records) == 0 or read.standard.num_rows == 0:
        return []
    holder, held = _flat(read.standard)
    is_mine = np.isin(holder, np.asarray(records, dtype=np.int64))
    if is_mine.all():
        return []
    was = read.former["key"].to_numpy()[np.isin(read.former["record"].to_numpy(), records)]
    keys = np.unique(np.concatenate([held[is_mine], was]))
    # Another version may have had more kinds of keys.
    keys = keys[(keys & PLACE_MASK) < len(read.rules.keys)]
    keys = keys[~np.isin(keys, np.fromiter(read.active.statistics.hot_keys, dtype=np.int64))]
    theirs = np.isin(held, keys) & ~is_mine
    others, old, new = (_count(keys, found) for found in (held[theirs], was, held[is_mine]))
    caps = np.array([key.cap for key in read.rules.keys])[keys & PLACE_MASK]
    crossed = keys[(others + old > caps) != (others + new > caps)]
    return [int(record) for record in np.unique(holder[theirs & np.isin(held, crossed)])]


def _flat(standard: pa.Table) -> tuple[Ints, Ints]:
    """Return each record once per key, and the keys."""
    lists = standard["keys"].combine_chunks()
    holder = np.repeat(standard["record"].to_numpy(), lists.value_lengths().to_numpy(zero_copy_only=False))
    return holder.astype(np.int64), lists.flatten().to_numpy().astype(np.int64)


def _count(keys: Ints, found: Ints) -> Ints:
    """Return how often each of the sorted keys is among those found."""
    at = np.searchsorted(keys, found)
    at = at[(at < len(keys)) & (keys[np.minimum(at, len(keys) - 1)] == found)] if len(keys) else at[:0]
    return np.bincount(at, minlength=len(keys))

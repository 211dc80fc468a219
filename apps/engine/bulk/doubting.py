"""The weakest pair of each cluster that a person should look at: the bulk sibling of `cluster.neighbourhood`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from apps.engine.bulk.frames import DOUBTS_SCHEMA, Codes, Ints


class Doubts(NamedTuple):
    """Pairs of rows with their scores, each the weakest of its cluster, and the row of it that stands more alone."""

    left: Codes
    right: Codes
    scores: Codes
    subjects: Codes


def find_doubts(pairs: tuple[Codes, Codes, Codes], labels: Ints, bound: Ints | None, most: int) -> Doubts:
    """Return of each cluster the pair that scores least, where that is at most `most` millibits.

    `pairs` are all pairs of whole components with their scores, in the order of their rows' keys, which breaks ties.
    Rows of one number in `bound` are held together by verdicts and not doubted. Of the two rows the subject is the one
    that scores less with all the cluster's others, of equals the later one.
    """
    ours, theirs, scores = pairs
    low = np.flatnonzero(scores <= most)
    low = low[labels[ours[low]] == labels[theirs[low]]]
    if bound is not None:
        low = low[bound[ours[low]] != bound[theirs[low]]]
    cluster = labels[ours[low]]
    # Stable, so that of equal scores the first pair stays first.
    order = np.lexsort((scores[low], cluster))
    worst = low[order[np.unique(cluster[order], return_index=True)[1]]]
    left, right = ours[worst], theirs[worst]
    subjects = np.where(_stands_higher(pairs, labels, worst), right, left)
    return Doubts(left, right, scores[worst], subjects)


def doubts_table(ids: Ints, found: Sequence[Doubts]) -> pa.Table:
    """Return doubts by record id, the lower one left, the lowest score first."""
    if not found:
        return DOUBTS_SCHEMA.empty_table()
    left, right, scores, subjects = (np.concatenate(column) for column in zip(*found, strict=True))
    low, high = np.minimum(ids[left], ids[right]), np.maximum(ids[left], ids[right])
    order = np.lexsort((high, low, scores))
    columns = [low[order], high[order], scores[order].astype(np.int32), ids[subjects][order]]
    return pa.table([pa.array(column) for column in columns], schema=DOUBTS_SCHEMA)


def _stands_higher(pairs: tuple[Codes, Codes, Codes], labels: Ints, worst: Ints) -> np.ndarray:
    """Say for each doubted pair whether its first row scores at least as much with the others as its second one."""
    ours, theirs, scores = pairs
    inside = np.flatnonzero(np.isin(labels[ours], labels[ours[worst]]) & (labels[ours] == labels[theirs]))
    rows, index = np.unique(np.concatenate([ours[inside], theirs[inside]]), return_inverse=True)
    total = np.zeros(len(rows), dtype=np.int64)
    np.add.at(total, index, np.tile(scores[inside].astype(np.int64), 2))
    first, second = (total[np.searchsorted(rows, side[worst])] for side in (ours, theirs))
    higher: np.ndarray = first >= second
    return higher

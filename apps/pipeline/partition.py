"""Compare the clusters there are now with the customers there were, and settle what becomes of each.

Pure but for its input: arrays in, arrays out. Only clusters that changed, or hold a record that did, are touched.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from apps.golden.inheritance import NONE, Inheritance, inherit

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Scope:
    """Records in scope as parallel arrays; `cluster` is `NONE` for a record that is gone.

    `is_stirred` flags records whose customer's values must be decided anew, whatever else changed. Records of one
    `tie` share a pin and are stored together; `NONE` for most.
    """

    record: Ints
    cluster: Ints
    golden: Ints
    rank: Ints
    is_dirty: Flags
    is_stirred: Flags
    tie: Ints

    @property
    def is_gone(self) -> Flags:
        """Which records are gone from their source."""
        gone: Flags = self.cluster == NONE
        return gone


@dataclass(frozen=True)
class Partition:
    """What is to be stored. `touched` masks the scope's rows; `chunk` numbers every row's transaction, `NONE` outside.

    A chunk holds whole groups of clusters and golden records that share a record, so each can commit on its own.
    """

    touched: Flags
    chunk: Ints
    inheritance: Inheritance
    chunk_of_golden: dict[int, int]
    chunks: int


def settle(scope: Scope, *, chunk_records: int, keep: Mapping[int, int] | None = None) -> Partition:
    """Return what changed between the scope's golden records and its clusters.

    `keep` maps records to golden records: the cluster that holds most of those mapped to one carries its id.
    """
    touched = _touched(scope)
    alive = touched & ~scope.is_gone
    gone = touched & scope.is_gone & (scope.golden != NONE)
    heirs = inherit(
        scope.cluster[alive], scope.golden[alive], scope.rank[alive], scope.golden[gone], _preferred(scope, keep)
    )
    chunk, chunks = _pack(scope, touched, chunk_records)
    known = touched & (scope.golden != NONE)
    chunk_of_golden = dict(zip(scope.golden[known].tolist(), chunk[known].tolist(), strict=True))
    return Partition(touched, chunk, heirs, chunk_of_golden, chunks)


def _preferred(scope: Scope, keep: Mapping[int, int] | None) -> dict[int, int]:
    """Return which cluster is to carry which golden record's id: most records first, then the older id."""
    if not keep:
        return {}
    named = np.flatnonzero(np.isin(scope.record, list(keep)) & ~scope.is_gone)
    shares = Counter((int(scope.cluster[row]), keep[int(scope.record[row])]) for row in named.tolist())
    places = {cluster: int(scope.rank[scope.cluster == cluster].min()) for cluster, _ in shares}
    preferred: dict[int, int] = {}
    for cluster, golden in sorted(shares, key=lambda pair: (-shares[pair], pair[1], places[pair[0]])):
        if cluster not in preferred and golden not in preferred.values():
            preferred[cluster] = golden
    return preferred


def _touched(scope: Scope) -> Flags:
    """Untouched: a cluster without dirty or stirred records whose members are exactly one golden record's members."""
    alive = ~scope.is_gone
    _, index, size = np.unique(scope.cluster[alive], return_inverse=True, return_counts=True)
    golden = scope.golden[alive]
    count = len(size)
    lowest = np.full(count, np.iinfo(np.int64).max)
    highest = np.full(count, NONE)
    dirty = np.zeros(count, dtype=bool)
    np.minimum.at(lowest, index, golden)
    np.maximum.at(highest, index, golden)
    np.logical_or.at(dirty, index, (scope.is_dirty | scope.is_stirred)[alive])
    goldens, members = np.unique(scope.golden[scope.golden != NONE], return_counts=True)
    total = np.zeros(count, dtype=np.int64)
    if len(goldens):
        place = np.clip(np.searchsorted(goldens, highest), 0, len(goldens) - 1)
        total = np.where(goldens[place] == highest, members[place], 0)
    same = ~dirty & (lowest == highest) & (highest != NONE) & (size == total)
    touched = scope.is_gone.copy()
    touched[alive] = ~same[index]
    return touched


def _pack(scope: Scope, touched: Flags, chunk_records: int) -> tuple[Ints, int]:
    """Number the transactions: groups connected by a cluster or a golden record stay together."""
    chunk = np.full(len(scope.record), NONE, dtype=np.int64)
    rows = np.flatnonzero(touched)
    if not len(rows):
        return chunk, 0
    if len(rows) <= chunk_records:
        chunk[rows] = 0
        return chunk, 1
    group = _groups(scope, rows)
    sizes = np.bincount(group)
    number, filled = np.empty(len(sizes), dtype=np.int64), 0
    current = 0
    for index, size in enumerate(sizes.tolist()):
        if filled and filled + size > chunk_records:
            current, filled = current + 1, 0
        number[index] = current
        filled += size
    chunk[rows] = number[group]
    return chunk, current + 1


def _groups(scope: Scope, rows: Ints) -> Ints:
    """Return each touched row's connected group, numbered by its first row in record order."""
    nodes = [np.arange(len(rows))]
    ends = []
    base = len(rows)
    for label in (scope.cluster[rows], scope.golden[rows], scope.tie[rows]):
        values, index = np.unique(label, return_inverse=True)
        named = label != NONE
        nodes.append(np.flatnonzero(named))
        ends.append(index[named] + base)
        base += len(values)
    start, end = np.concatenate(nodes[1:]), np.concatenate(ends)
    graph = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(base, base))
    _, labels = connected_components(graph, directed=False)
    _, first, group = np.unique(labels[: len(rows)], return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    ordered: Ints = place[group].astype(np.int64)
    return ordered

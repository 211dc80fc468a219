"""Which id a re-formed customer carries. Pure: a function of who belonged where and who belongs together now.

The rule: a cluster takes the id that a person gave it, else the one that most of its records carried, then the older;
an id left without a cluster merges into the one holding most of its records; a cluster left without an id gets back the
one it was merged from, or a new one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
NONE = -1


@dataclass(frozen=True, slots=True)
class Inheritance:
    """Who goes on under which id; clusters and golden records are the numbers given.

    `kept`: cluster to the golden record whose id it carries. `fresh`: clusters without one. `merged`: golden record to
    the cluster that absorbs it. `retired`: golden records none of whose records are left.
    """

    kept: dict[int, int] = field(default_factory=dict)
    fresh: list[int] = field(default_factory=list)
    merged: dict[int, int] = field(default_factory=dict)
    retired: list[int] = field(default_factory=list)


def inherit(
    cluster: Ints, golden: Ints, rank: Ints, gone: Ints, preferred: Mapping[int, int] | None = None
) -> Inheritance:
    """Settle ids for records given as parallel arrays.

    `cluster` is each record's new cluster, `golden` the golden record it belonged to (`NONE` for a new record), `rank`
    its place in byte order of (source, key). `gone` names golden records that lost a deleted record: without any
    record left they retire. Golden records are numbered in order of age. `preferred` maps a cluster to the golden
    record whose id it is to carry, each at most once; one that none of the records belonged to is passed over. The
    result doesn't depend on array order.
    """
    result = Inheritance()
    first = _first_rank(cluster, rank)
    known = golden != NONE
    pairs, counts = np.unique(np.stack([cluster[known], golden[known]]), axis=1, return_counts=True)
    # Most records first, then the older id, then the cluster that comes first in byte order.
    places = np.array([first[c] for c in pairs[0].tolist()], dtype=np.int64)
    order = np.lexsort((places, pairs[1], -counts))
    claimed: set[int] = set()
    if preferred:
        there = set(pairs[1].tolist())
        result.kept.update((c, g) for c, g in preferred.items() if c in first and g in there)
        claimed.update(result.kept.values())
    for c, g in pairs[:, order].T.tolist():
        if c not in result.kept and g not in claimed:
            result.kept[c] = g
            claimed.add(g)
    for c, g in pairs[:, order].T.tolist():
        if g not in claimed:
            # The first pair of an unclaimed id is the cluster that holds most of its records.
            result.merged[g] = c
            claimed.add(g)
    result.fresh.extend(sorted((c for c in first if c not in result.kept), key=first.__getitem__))
    result.retired.extend(g for g in np.unique(gone).tolist() if g not in claimed)
    return result


def _first_rank(cluster: Ints, rank: Ints) -> dict[int, int]:
    order = np.lexsort((rank, cluster))
    clusters, starts = np.unique(cluster[order], return_index=True)
    return dict(zip(clusters.tolist(), rank[order][starts].tolist(), strict=True))

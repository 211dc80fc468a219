"""Questions for stewards that a clustering leaves: which clusters may be one, which members may not belong."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from apps.engine.bulk.constraints import Constraints
from apps.engine.bulk.frames import PROPOSALS_SCHEMA, Codes, Ints
from apps.engine.rules import RuleSet

Pairs = tuple[Codes, Codes, Codes]
"""Rows of the left and right records, and scores."""


def proposals_between(
    ids: Ints, clusters: Ints, links: Pairs, *, constraints: Constraints, rules: RuleSet, rank: Ints
) -> pa.Table:
    """Return per pair of clusters the best-scoring link from the review threshold up; loudest first.

    Clusters that a verdict keeps apart are not asked about again.
    """
    left, right, scores = links
    between = np.flatnonzero(scores >= rules.thresholds.review)
    between = between[clusters[left[between]] != clusters[right[between]]]
    left, right, scores = left[between], right[between], scores[between]
    firm_left, firm_right = constraints.pairs_of(constraints.different)
    pair, firm = _cluster_pairs(clusters, np.r_[left, firm_left], np.r_[right, firm_right], len(left))
    barred = constraints.are_barred(left, right)
    asked = np.flatnonzero(~np.isin(pair, firm) & (~barred | (scores >= rules.thresholds.link)))
    left, right, scores = left[asked], right[asked], scores[asked]
    barred, pair = barred[asked], pair[asked]
    low = np.minimum(rank[left], rank[right])
    order = np.lexsort((np.maximum(rank[left], rank[right]), low, -scores, pair))
    best = order[np.unique(pair[order], return_index=True)[1]]
    best = best[np.lexsort((low[best], -scores[best]))]
    names, sizes = np.unique(clusters, return_counts=True)
    together = sum(sizes[np.searchsorted(names, clusters[side[best]])] for side in (left, right))
    reason = np.where(barred[best], "barred", np.where(together > rules.caps.cluster, "cap", "review"))
    return _table(ids, left[best], right[best], scores[best], reason)


def weak_pairs(ids: Ints, weak: Sequence[Pairs]) -> pa.Table:
    """Return pairs inside one cluster that score below the review threshold, the lowest first."""
    if not weak:
        return PROPOSALS_SCHEMA.empty_table()
    left, right, scores = (np.concatenate(column) for column in zip(*weak, strict=True))
    order = np.lexsort((ids[right], ids[left], scores))
    return _table(ids, left[order], right[order], scores[order], np.full(len(order), "weak"))


def _cluster_pairs(clusters: Ints, left: Ints, right: Ints, first: int) -> tuple[Ints, Ints]:
    """Return one integer per unordered pair of the rows' clusters: of the `first` pairs, and of the rest."""
    names, codes = np.unique(np.concatenate([clusters[left], clusters[right]]), return_inverse=True)
    ours, theirs = codes[: len(left)].astype(np.int64), codes[len(left) :].astype(np.int64)
    pairs: Ints = np.minimum(ours, theirs) * len(names) + np.maximum(ours, theirs)
    return pairs[:first], pairs[first:]


def _table(ids: Ints, left: Codes, right: Codes, scores: Codes, reason: np.ndarray) -> pa.Table:
    low, high = np.minimum(ids[left], ids[right]), np.maximum(ids[left], ids[right])
    columns = [pa.array(low), pa.array(high), pa.array(scores.astype(np.int32)), pa.array(reason.tolist(), pa.string())]
    return pa.table(columns, schema=PROPOSALS_SCHEMA)

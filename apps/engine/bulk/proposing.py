"""Questions for stewards that a clustering leaves: which clusters may be one, which members may not belong."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from apps.engine.bulk.constraints import Constraints
from apps.engine.bulk.frames import PROPOSALS_SCHEMA, Flags, Ints
from apps.engine.rules import RuleSet

Pairs = tuple[Ints, Ints, Ints]
"""Rows of the left and right records, and scores."""


def proposals_between(
    ids: Ints, clusters: Ints, links: Pairs, *, constraints: Constraints, rules: RuleSet, rank: Ints
) -> pa.Table:
    """Return per pair of clusters the best-scoring link from the review threshold up; loudest first.

    Clusters that a verdict keeps apart are not asked about again.
    """
    left, right, scores = links
    between = (scores >= rules.thresholds.review) & (clusters[left] != clusters[right])
    left, right, scores = left[between], right[between], scores[between]
    pair, firm = _cluster_pairs(clusters, left, right), constraints.pairs_of(constraints.different)
    open_pairs = ~np.isin(pair, _cluster_pairs(clusters, *firm))
    barred = constraints.are_barred(left, right)
    open_pairs &= ~barred | (scores >= rules.thresholds.link)
    left, right, scores, pair = (column[open_pairs] for column in (left, right, scores, pair))
    barred = barred[open_pairs]
    low = np.minimum(rank[left], rank[right])
    order = np.lexsort((np.maximum(rank[left], rank[right]), low, -scores, pair))
    best = order[np.unique(pair[order], return_index=True)[1]]
    best = best[np.lexsort((low[best], -scores[best]))]
    sizes = dict(zip(*(a.tolist() for a in np.unique(clusters, return_counts=True)), strict=True))
    together = np.array([sizes[a] + sizes[b] for a, b in zip(clusters[left[best]], clusters[right[best]], strict=True)])
    reason = np.where(barred[best], "barred", np.where(together > rules.caps.cluster, "cap", "review"))
    return _table(ids, left[best], right[best], scores[best], reason)


def weak_pairs(ids: Ints, clusters: Ints, inside: Sequence[Pairs], rules: RuleSet) -> pa.Table:
    """Return the pairs inside one cluster that score below the review threshold, the lowest first."""
    if not inside:
        return PROPOSALS_SCHEMA.empty_table()
    left, right, scores = (np.concatenate(column) for column in zip(*inside, strict=True))
    weak: Flags = (scores < rules.thresholds.review) & (clusters[left] == clusters[right])
    left, right, scores = left[weak], right[weak], scores[weak]
    order = np.lexsort((ids[right], ids[left], scores))
    return _table(ids, left[order], right[order], scores[order], np.full(len(order), "weak"))


def _cluster_pairs(clusters: Ints, left: Ints, right: Ints) -> Ints:
    """Return one integer per unordered pair of the rows' clusters."""
    names, codes = np.unique(clusters, return_inverse=True)
    ours, theirs = codes[left].astype(np.int64), codes[right].astype(np.int64)
    pairs: Ints = np.minimum(ours, theirs) * len(names) + np.maximum(ours, theirs)
    return pairs


def _table(ids: Ints, left: Ints, right: Ints, scores: Ints, reason: np.ndarray) -> pa.Table:
    low, high = np.minimum(ids[left], ids[right]), np.maximum(ids[left], ids[right])
    columns = [pa.array(low), pa.array(high), pa.array(scores.astype(np.int32)), pa.array(reason.tolist(), pa.string())]
    return pa.table(columns, schema=PROPOSALS_SCHEMA)

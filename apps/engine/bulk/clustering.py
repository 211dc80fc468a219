"""Clusters of a frame under verdicts and exclusive identifiers.

Groups joined by average linkage lie inside the components of links at the link threshold, because a mean can only
reach the threshold where some pair does. So singletons and pairs are settled in NumPy, and so are components whose
every pair would join; only the rest enters the agglomeration.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from apps.engine.bulk.constraints import Constraints, constraints_of, rows_of
from apps.engine.bulk.frames import CLUSTERS_SCHEMA, Ints, records_of
from apps.engine.bulk.keys import ranges
from apps.engine.bulk.proposing import Pairs, proposals_between, weak_pairs
from apps.engine.bulk.results import Clustering
from apps.engine.bulk.scoring import score
from apps.engine.cluster import group_by_rules
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

RAISE = 2000
"""Millibits by which the threshold rises to break a component that is too large to score pair by pair."""
MOST_RAISES = 30
LOWEST = -(2**31)
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class PairScorer:
    """Scores pairs of rows: from the links (sorted by low and high row) where they have it, else by comparing."""

    standard: pa.Table
    links: Pairs
    rules: RuleSet
    statistics: Statistics
    workers: int

    def score(self, ours: Ints, theirs: Ints) -> Ints:
        """Return the score of each pair of different rows; no pair may be given twice."""
        left, right, scores = self.links
        rows = self.standard.num_rows
        low, high = np.minimum(ours, theirs).ravel(), np.maximum(ours, theirs).ravel()
        known, wanted = left * rows + right, low * rows + high
        found = np.zeros(len(wanted), dtype=np.int64)
        held = np.zeros(len(wanted), dtype=np.bool_)
        if len(known):
            at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            held = known[at] == wanted
            found[held] = scores[at[held]]
        lacking = np.flatnonzero(~held)
        if len(lacking):
            # The answer comes sorted by its pairs.
            found[lacking[np.argsort(wanted[lacking], kind="stable")]] = self._compare(low[lacking], high[lacking])
        return found.reshape(ours.shape)

    def _compare(self, low: Ints, high: Ints) -> Ints:
        """Return the scores of pairs of rows in ascending order of (low, high)."""
        # Scored under row numbers as record ids, so that low rows are left and the order is known.
        at, numbers = self.standard.column_names.index("record"), pa.array(np.arange(self.standard.num_rows))
        frame = self.standard.set_column(at, "record", numbers)
        left, right = low.astype(np.int32), high.astype(np.int32)
        found = score(frame, left, right, self.rules, self.statistics, keep=LOWEST, workers=self.workers)
        scores: Ints = found.column("score").to_numpy().astype(np.int64)
        return scores


def cluster(
    standard: pa.Table,
    links: pa.Table,
    rules: RuleSet,
    statistics: Statistics,
    *,
    same: Sequence[tuple[int, int]] = (),
    different: Sequence[tuple[int, int]] = (),
    workers: int = 2,
) -> Clustering:
    """Cluster the frame's records from links (of record ids; links to records outside the frame are ignored).

    `same` and `different` are verdicts as pairs of record ids; "same" outranks an exclusive identifier. Pairs inside a
    component that the links lack are scored. The partition is a function of records, links and verdicts: ties are
    broken by the byte order of `(source, source_key)` where the frame has them, else by record id.
    """
    constraints = constraints_of(standard, rules, same, different)
    scorer = PairScorer(standard, _links_by_row(standard, links), rules, statistics, workers)
    rank = _ranks(standard)
    components = _components(scorer.links, constraints, rules, rank)
    labels = np.arange(standard.num_rows, dtype=np.int64)
    inside, conflicts = [], []
    for members in _components_by_size(components, rank):
        ours, theirs = _all_pairs(members)
        found = scorer.score(ours, theirs)
        inside.append((ours.ravel(), theirs.ravel(), found.ravel()))
        conflicts += _settle(labels, members, (ours, theirs, found), constraints, rules)
    ids = records_of(standard)
    clusters = _smallest_record(labels, ids)
    return Clustering(
        pa.table([pa.array(ids), pa.array(clusters)], schema=CLUSTERS_SCHEMA),
        proposals_between(ids, clusters, scorer.links, constraints=constraints, rules=rules, rank=rank),
        weak_pairs(ids, clusters, inside, rules),
        tuple((int(ids[a]), int(ids[b])) for a, b in conflicts),
    )


def _links_by_row(standard: pa.Table, links: pa.Table) -> tuple[Ints, Ints, Ints]:
    """Return the links as low row, high row and score, sorted by their rows."""
    ids = records_of(standard)
    left, ours = rows_of(ids, links.column("left").to_numpy())
    right, theirs = rows_of(ids, links.column("right").to_numpy())
    kept = ours & theirs
    low, high = np.minimum(left, right)[kept], np.maximum(left, right)[kept]
    order = np.lexsort((high, low))
    return low[order], high[order], links.column("score").to_numpy()[kept][order].astype(np.int64)


def _ranks(standard: pa.Table) -> Ints:
    """Return each row's place in the byte order of (source, source_key), or of record ids."""
    names = [name for name in ("source", "source_key") if name in standard.column_names]
    by = names if "source_key" in names else ["record"]
    if by == ["record"]:
        order = np.argsort(records_of(standard), kind="stable")
    else:
        # Arrow compares strings by their UTF-8 bytes.
        indices = pa.compute.sort_indices(standard.select(by), sort_keys=[(name, "ascending") for name in by])
        order = indices.to_numpy().astype(np.int64)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _components(links: Pairs, constraints: Constraints, rules: RuleSet, rank: Ints) -> Ints:
    """Return each row's component; too large ones are broken up at higher and higher thresholds."""
    left, right, scores = links
    rows = constraints.rows
    must_left, must_right = constraints.pairs_of(constraints.same)
    strong = scores >= rules.thresholds.link
    left, right, scores = left[strong], right[strong], scores[strong]
    components = _connected(rows, np.r_[left, must_left], np.r_[right, must_right])
    threshold = rules.thresholds.link
    for _ in range(MOST_RAISES):
        sizes = np.bincount(components, minlength=1)
        if sizes.max(initial=0) <= rules.caps.component:
            return components
        threshold += RAISE
        small = sizes[components[left]] <= rules.caps.component
        # A threshold above a component's every score tells nothing apart: it would leave its records all alone.
        loudest = np.full(len(sizes), LOWEST)
        np.maximum.at(loudest, components[left], scores)
        kept = small | (scores >= threshold) | (loudest[components[left]] < threshold)
        left, right, scores = left[kept], right[kept], scores[kept]
        components = _connected(rows, np.r_[left, must_left], np.r_[right, must_right])
    # Records that no threshold tells apart: consecutive pieces in the order of their keys.
    order = np.lexsort((rank, components))
    place = np.arange(rows) - np.searchsorted(components[order], components[order])
    pieces = np.empty(rows, dtype=np.int64)
    pieces[order] = components[order] * rows + place // rules.caps.component
    return np.unique(pieces, return_inverse=True)[1].astype(np.int64)


def _connected(rows: int, left: Ints, right: Ints) -> Ints:
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(rows, rows))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _components_by_size(components: Ints, rank: Ints) -> Iterator[Ints]:
    """Yield per size from 2 up the components' members as a matrix: a row each, in the order of their keys."""
    order = np.lexsort((rank, components))
    sizes = np.bincount(components)
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes[sizes > 1]).tolist():
        chosen = starts[sizes == size]
        yield order[ranges(chosen, np.full(len(chosen), size))].reshape(-1, size)


def _all_pairs(members: Ints) -> tuple[Ints, Ints]:
    first, second = np.triu_indices(members.shape[1], 1)
    return members[:, first], members[:, second]


def _settle(
    labels: Ints, members: Ints, pairs: Pairs, constraints: Constraints, rules: RuleSet
) -> list[tuple[int, int]]:
    """Write the group of each member into `labels` (in place); return the pairs of rows in conflict."""
    ours, theirs, scores = pairs
    different = constraints.are_different(ours, theirs)
    same = constraints.are_same(ours, theirs)
    barred = constraints.are_barred(ours, theirs) & ~same
    whole = (scores >= rules.thresholds.link) & ~different & ~barred & ~same
    simple = whole.all(axis=1) & (members.shape[1] <= rules.caps.cluster)
    labels[members[simple]] = members[simple][:, :1]
    conflicts = []
    first, second = np.triu_indices(members.shape[1], 1)
    for at in np.flatnonzero(~simple).tolist():
        joined = np.flatnonzero(same[at])
        grouping = group_by_rules(
            _square(scores[at]),
            _square(barred[at]),
            rules,
            same=list(zip(first[joined].tolist(), second[joined].tolist(), strict=True)),
            different=_square(different[at]),
        )
        labels[members[at]] = members[at][grouping.labels]
        conflicts += [(int(members[at][a]), int(members[at][b])) for a, b in grouping.conflicts]
    return conflicts


def _square(values: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Return the symmetric matrix whose upper triangle, read by rows, holds the values."""
    size = (1 + math.isqrt(1 + 8 * len(values))) // 2
    matrix = np.zeros((size, size), dtype=values.dtype)
    first, second = np.triu_indices(size, 1)
    matrix[first, second] = matrix[second, first] = values
    return matrix


def _smallest_record(labels: Ints, ids: Ints) -> Ints:
    smallest = np.full(len(labels), np.iinfo(np.int64).max)
    np.minimum.at(smallest, labels, ids)
    clusters: Ints = smallest[labels]
    return clusters

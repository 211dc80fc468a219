"""Components of links settled one by one: which rows form a cluster, some millions of pairs at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from apps.engine.bulk.constraints import Constraints
from apps.engine.bulk.frames import Codes, Ints
from apps.engine.bulk.grouping import (
    Components,
    Facts,
    Linkage,
    LinksByRow,
    all_pairs,
    connected,
    group_components,
    look_up,
    members_of,
)
from apps.engine.bulk.proposing import Pairs
from apps.engine.bulk.scoring import Scorer
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

RAISE = 2000
"""Millibits by which the threshold rises to break a component that is too large to score pair by pair."""
MOST_RAISES = 30
LOWEST = -(2**31)
UNCOMPARED = ("source", "source_key", "keys")


@dataclass(frozen=True)
class PairScorer:
    """Scores pairs of rows: from the links (sorted by low and high row) where they have it, else by comparing."""

    standard: pa.Table
    links: Pairs
    rules: RuleSet
    statistics: Statistics
    workers: int
    prepared: Scorer | None = None

    @cached_property
    def _by_row(self) -> LinksByRow:
        left, right, scores = self.links
        counts = np.bincount(left, minlength=self.standard.num_rows)
        return LinksByRow(np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)]), right, scores)

    def score(self, ours: Codes, theirs: Codes) -> Codes:
        """Return the score of each pair of different rows, in the pairs' order."""
        low, high = np.minimum(ours, theirs), np.maximum(ours, theirs)
        found, held = look_up(self._by_row, low, high)
        lacking = np.flatnonzero(~held)
        if len(lacking):
            found[lacking] = self._compare(low[lacking], high[lacking])
        return found

    def _compare(self, low: Codes, high: Codes) -> Codes:
        if self.prepared is not None:
            return self.prepared.scores(low, high)
        # Only the rows that some pair names are read.
        rows = np.unique(np.concatenate([low, high]))
        frame = self.standard.drop_columns([c for c in UNCOMPARED if c in self.standard.column_names])
        frame = frame.take(pa.array(rows))
        left, right = (np.searchsorted(rows, side).astype(np.int32) for side in (low, high))
        return Scorer(frame, self.rules, self.statistics, self.workers).scores(left, right)


@dataclass(frozen=True)
class Settled:
    """Each row's label, the same for the rows of one cluster; weak pairs inside clusters; pairs of rows in conflict."""

    labels: Ints
    weak: list[Pairs]
    conflicts: list[tuple[int, int]]


def settle(scorer: PairScorer, constraints: Constraints, order: Ints, most_pairs: int) -> Settled:
    """Return the clusters of the scorer's rows; `order` lists them by their keys, which breaks ties.

    About `most_pairs` pairs are held at a time, or those of one component.
    """
    components = _components(scorer.links, constraints, scorer.rules, order)
    settled = Settled(np.arange(constraints.rows, dtype=np.int64), [], [])
    for batch in _batches(components, order, most_pairs):
        inside, apart = _settle(batch, settled.labels, scorer, constraints)
        settled.weak.append(inside)
        settled.conflicts.extend(apart)
    return settled


def _components(links: Pairs, constraints: Constraints, rules: RuleSet, order: Ints) -> Ints:
    """Return each row's component; too large ones are broken up at higher and higher thresholds."""
    left, right, scores = links
    rows = constraints.rows
    must_left, must_right = constraints.pairs_of(constraints.same)
    strong = scores >= rules.thresholds.link
    left, right, scores = left[strong], right[strong], scores[strong]
    components = connected(rows, np.r_[left, must_left], np.r_[right, must_right])
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
        components = connected(rows, np.r_[left, must_left], np.r_[right, must_right])
    # Records that no threshold tells apart: consecutive pieces in the order of their keys.
    order = order[np.argsort(components[order], kind="stable")]
    place = np.arange(rows) - np.searchsorted(components[order], components[order])
    pieces = np.empty(rows, dtype=np.int64)
    pieces[order] = components[order] * rows + place // rules.caps.component
    return np.unique(pieces, return_inverse=True)[1].astype(np.int64)


def _batches(components: Ints, order: Ints, most_pairs: int) -> Iterator[Components]:
    """Yield the components of two and more rows, the smallest first, as many at a time as make `most_pairs` pairs."""
    sizes = np.bincount(components)
    names = np.flatnonzero(sizes > 1)
    names = names[np.argsort(sizes[names], kind="stable")]
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes[names])])
    rows = members_of(components, order, names, starts)
    made = np.cumsum(sizes[names] * (sizes[names] - 1) // 2)
    first = 0
    while first < len(names):
        done = int(made[first - 1]) if first else 0
        last = max(int(np.searchsorted(made, done + most_pairs, side="right")), first + 1)
        yield Components(rows[starts[first] : starts[last]], starts[first : last + 1] - starts[first])
        first = last


def _settle(
    batch: Components, labels: Ints, scorer: PairScorer, constraints: Constraints
) -> tuple[Pairs, list[tuple[int, int]]]:
    """Write the group of each row of the batch into `labels` (in place).

    Returns the pairs inside one group that score below the review threshold, and the pairs of rows in conflict.
    """
    sizes = np.diff(batch.starts)
    ours, theirs = all_pairs(batch.rows, batch.starts, int((sizes * (sizes - 1) // 2).sum()))
    scores = scorer.score(ours, theirs)
    facts = Facts(
        scores,
        constraints.are_barred(ours, theirs),
        constraints.are_same(ours, theirs),
        constraints.are_different(ours, theirs),
    )
    rules = scorer.rules
    linkage = Linkage(rules.thresholds.doubt, rules.thresholds.link, rules.caps.cluster)
    conflicts = np.flatnonzero(group_components(batch, facts, linkage, labels))
    weak = np.flatnonzero(scores < rules.thresholds.review)
    weak = weak[labels[ours[weak]] == labels[theirs[weak]]]
    inside = ours[weak], theirs[weak], scores[weak]
    return inside, list(zip(ours[conflicts].tolist(), theirs[conflicts].tolist(), strict=True))

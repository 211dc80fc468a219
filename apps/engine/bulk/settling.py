"""Components of links settled one by one: which rows form a cluster, some millions of pairs at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from apps.engine.bulk.constraints import Constraints
from apps.engine.bulk.doubting import Doubts, find_doubts
from apps.engine.bulk.frames import Codes, Flags, Ints
from apps.engine.bulk.grouping import (
    NOBODY,
    PAIR,
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
from apps.engine.bulk.scoring import Levels, Scorer, weights_of
from apps.engine.cluster import law_of
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

RAISE = 2000
"""Millibits by which the threshold rises to break a component that is too large to score pair by pair."""
MOST_RAISES = 30
LOWEST = -(2**31)
UNCOMPARED = ("source", "source_key", "keys")


@dataclass(frozen=True)
class LinkLevels:
    """The levels column of the links frame, and which of its rows each link is (None: one after the other)."""

    column: pa.ChunkedArray
    rows: Ints | None

    def at(self, places: Ints, width: int) -> Levels:
        """Return the levels of the links at some places, shape (places, width); no more of the column is read."""
        rows = places if self.rows is None else self.rows[places]
        found = np.zeros((len(rows), width), dtype=np.uint8)
        first = 0
        for chunk in self.column.chunks:
            here = np.flatnonzero((rows >= first) & (rows < first + len(chunk)))
            if len(here):
                found[here] = chunk.flatten().to_numpy().reshape(-1, width)[rows[here] - first]
            first += len(chunk)
        return found


@dataclass(frozen=True)
class PairScorer:
    """Scores pairs of rows: from the links (sorted by low and high row) where they have it, else by comparing."""

    standard: pa.Table
    links: Pairs
    levels: LinkLevels
    rules: RuleSet
    statistics: Statistics
    workers: int
    prepared: Scorer | None = None

    @cached_property
    def _by_row(self) -> LinksByRow:
        left, right, _ = self.links
        counts = np.bincount(left, minlength=self.standard.num_rows)
        return LinksByRow(np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)]), right)

    def score(self, ours: Codes, theirs: Codes, wanted: Flags) -> tuple[Codes, Levels]:
        """Return the score of each pair of different rows and its levels, in the pairs' order.

        Levels that aren't `wanted` may be zero.
        """
        low, high = np.minimum(ours, theirs), np.maximum(ours, theirs)
        scores = np.zeros(len(low), dtype=np.int32)
        levels = np.zeros((len(low), len(self.rules.weighed)), dtype=np.uint8)
        places = look_up(self._by_row, low, high)
        held = places != NOBODY
        scores[held] = self.links[2][places[held]]
        read = np.flatnonzero(held & wanted)
        levels[read] = self.levels.at(places[read], levels.shape[1])
        lacking = np.flatnonzero(~held)
        if len(lacking):
            levels[lacking], scores[lacking] = self._compare(low[lacking], high[lacking])
        return scores, levels

    def _compare(self, low: Codes, high: Codes) -> tuple[Levels, Codes]:
        if self.prepared is not None:
            return self.prepared.compare(low, high)
        # Only the rows that some pair names are read.
        rows = np.unique(np.concatenate([low, high]))
        frame = self.standard.drop_columns([c for c in UNCOMPARED if c in self.standard.column_names])
        frame = frame.take(pa.array(rows))
        left, right = (np.searchsorted(rows, side).astype(np.int32) for side in (low, high))
        return Scorer(frame, self.rules, self.statistics, self.workers).compare(left, right)


@dataclass(frozen=True)
class Settled:
    """Each row's label, the same for the rows of one cluster; weak pairs inside clusters; pairs of rows in conflict.

    `doubts` are the weakest pairs of clusters that a person should look at.
    """

    labels: Ints
    weak: list[Pairs] = field(default_factory=list)
    conflicts: list[tuple[int, int]] = field(default_factory=list)
    doubts: list[Doubts] = field(default_factory=list)


def settle(scorer: PairScorer, constraints: Constraints, order: Ints, most_pairs: int) -> Settled:
    """Return the clusters of the scorer's rows; `order` lists them by their keys, which breaks ties.

    About `most_pairs` pairs are held at a time, or those of one component.
    """
    components = _components(scorer.links, constraints, scorer.rules, order)
    settled = Settled(np.arange(constraints.rows, dtype=np.int64))
    same = constraints.pairs_of(constraints.same)
    bound = connected(constraints.rows, *same) if len(same[0]) else None
    for batch in _batches(components, order, most_pairs):
        _settle(batch, settled, scorer, constraints, bound)
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
    batch: Components, settled: Settled, scorer: PairScorer, constraints: Constraints, bound: Ints | None
) -> None:
    """Add what becomes of the batch to `settled`: each row's label in place, and what its clusters leave to be said.

    `bound` numbers the rows that verdicts hold together, None where there are no such verdicts.
    """
    sizes = np.diff(batch.starts)
    made = sizes * (sizes - 1) // 2
    ours, theirs = all_pairs(batch.rows, batch.starts, int(made.sum()))
    # Of two rows alone the score decides.
    scores, levels = scorer.score(ours, theirs, np.repeat(sizes > PAIR, made))
    facts = Facts(
        levels,
        scores,
        constraints.are_barred(ours, theirs),
        constraints.are_same(ours, theirs),
        constraints.are_different(ours, theirs),
    )
    rules, labels = scorer.rules, settled.labels
    law = law_of(rules)
    linkage = Linkage(rules.prior, weights_of(rules), law.link, law.doubling, law.doubt, law.most)
    conflicts = np.flatnonzero(group_components(batch, facts, linkage, labels))
    settled.conflicts.extend(zip(ours[conflicts].tolist(), theirs[conflicts].tolist(), strict=True))
    weak = np.flatnonzero(scores < rules.thresholds.review)
    weak = weak[labels[ours[weak]] == labels[theirs[weak]]]
    settled.weak.append((ours[weak], theirs[weak], scores[weak]))
    if rules.thresholds.weak is not None:
        settled.doubts.append(find_doubts((ours, theirs, scores), labels, bound, rules.thresholds.weak))

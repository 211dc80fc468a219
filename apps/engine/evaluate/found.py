"""A result to evaluate, with the records, links and rules that it came from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, islice

import numpy as np
import pyarrow as pa

from apps.engine.bulk.blocking import caps_of
from apps.engine.bulk.frames import Codes, Flags, Ints, records_of
from apps.engine.bulk.scoring import score
from apps.engine.evaluate.thresholds import ScoredPairs
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

LOWEST = -(2**31)
"""Below every score."""
Holders = Callable[[Ints], Ints]
"""How many live records hold each of some match keys."""


@dataclass(frozen=True)
class Found:
    """What was found about the records of which the truth is known.

    `standard` is their standard frame, by ascending record id; `clusters` has one number per row of it; `links` are the
    kept links between them. `different` are the verdicts that keep pairs of record ids apart.
    """

    standard: pa.Table
    links: pa.Table
    clusters: Ints
    rules: RuleSet
    statistics: Statistics
    count_holders: Holders
    different: Sequence[tuple[int, int]] = ()

    def score(self, left: Ints, right: Ints) -> tuple[Ints, Codes]:
        """Return the scores and levels of pairs of rows, which must be distinct and sorted, left < right."""
        rows = left.astype(np.int32), right.astype(np.int32)
        scored = score(self.standard, *rows, self.rules, self.statistics, keep=LOWEST)
        levels = scored.column("levels").combine_chunks().flatten().to_numpy()
        return scored.column("score").to_numpy().astype(np.int64), levels.reshape(-1, len(self.rules.weighed))

    def are_usable(self, keys: Ints) -> Flags:
        """Flag the match keys that make pairs: not hot by the statistics, nor held by more records than their cap."""
        asked, at = np.unique(keys, return_inverse=True)
        hot = np.array(self.statistics.are_hot(asked.tolist()), dtype=np.bool_)
        usable: Flags = ~hot & (self.count_holders(asked) <= caps_of(asked, self.rules))
        return usable[at]


def linked_pairs(found: Found, entities: Ints) -> ScoredPairs:
    """Return the links as scored pairs under the true `entities` (one code from 0 on per row)."""
    ids = records_of(found.standard)
    left, right = (np.searchsorted(ids, found.links.column(side).to_numpy()) for side in ("left", "right"))
    sizes = np.bincount(entities)
    return ScoredPairs(
        scores=found.links.column("score").to_numpy().astype(np.int64),
        same=entities[left] == entities[right],
        left=entities[left],
        right=entities[right],
        owed=sizes * (sizes - 1) // 2,
    )


def torn_pairs(groups: Ints, pieces: Ints, most: int) -> tuple[Ints, Ints]:
    """Return the first `most` pairs of rows that lie in one group but in different pieces, sorted, left < right."""
    order = np.lexsort((pieces, groups))
    borders = np.flatnonzero(np.r_[True, groups[order][1:] != groups[order][:-1]])
    members = [rows for rows in np.split(order, borders[1:]) if pieces[rows[0]] != pieces[rows[-1]]]
    torn = (
        (a, b) if a < b else (b, a)
        for a, b in chain.from_iterable(combinations(rows.tolist(), 2) for rows in members)
        if pieces[a] != pieces[b]
    )
    pairs = np.array(list(islice(torn, most)), dtype=np.int64).reshape(-1, 2)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return pairs[:, 0], pairs[:, 1]


def count_torn(groups: Ints, pieces: Ints) -> int:
    """Return how many pairs of rows lie in one group but in different pieces."""
    cells = groups * (int(pieces.max(initial=0)) + 1) + pieces
    return _pairs(groups) - _pairs(cells)


def _pairs(labels: Ints) -> int:
    sizes = np.unique(labels, return_counts=True)[1]
    return int((sizes * (sizes - 1) // 2).sum())


def holders_in(keys: Ints) -> Holders:
    """Return the counter of holders among the given keys: those of all records, each key once per record."""
    known, counts = np.unique(keys, return_counts=True)

    def count(asked: Ints) -> Ints:
        at = np.minimum(np.searchsorted(known, asked), max(len(known) - 1, 0))
        held: Flags = known[at] == asked if len(known) else np.zeros(len(asked), np.bool_)
        return np.where(held, counts[at] if len(known) else 0, 0)

    return count

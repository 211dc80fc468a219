"""Scores of many pairs at once."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.engine.bulk.frames import LINKS_SCHEMA, Codes, Columns, Ints, records_of
from apps.engine.bulk.pairs import in_chunks
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

if TYPE_CHECKING:
    from apps.engine.bulk.comparing import Comparing

Levels = npt.NDArray[np.uint8]
Scores = npt.NDArray[np.int32]
Rows = Codes | Ints


def score(
    standard: pa.Table,
    left: Rows,
    right: Rows,
    rules: RuleSet,
    statistics: Statistics,
    *,
    keep: int | None = None,
    workers: int = 2,
) -> pa.Table:
    """Return the links frame of the pairs of rows that score at least `keep` (by default the rule set's).

    Only the rows that some pair names are read, so a few pairs in a large frame cost little. Sorted by `left`, `right`.
    """
    rows = rows_named(left, right, standard.num_rows)
    if len(rows) * 2 < standard.num_rows:
        standard = standard.take(pa.array(rows))
        left, right = (np.searchsorted(rows, side).astype(np.int32) for side in (left, right))
    return Scorer(standard, rules, statistics, workers).links(left, right, keep)


def rows_named(left: Rows, right: Rows, rows: int) -> Ints:
    """Return the rows that some pair names, rising, of so many."""
    named = np.zeros(rows, dtype=np.bool_)
    named[left] = named[right] = True
    return np.flatnonzero(named)


class Scorer:
    """Compares and scores pairs of rows of one standard frame, whose columns are made ready once, when first needed.

    `workers` bounds the threads. A scorer takes as much memory as the compared columns, and little more per pair than
    the links that are kept.
    """

    def __init__(self, standard: pa.Table, rules: RuleSet, statistics: Statistics, workers: int = 2) -> None:
        """Score by a rule set and its frozen statistics."""
        self._standard = standard
        self._rules = rules
        self._statistics = statistics
        self._workers = workers

    @cached_property
    def _comparing(self) -> "Comparing":
        # Imported where it is used: compiled code takes a second to load, which a hub that scores nothing needn't wait.
        from apps.engine.bulk.comparing import Comparing

        return Comparing(Columns(self._standard), self._rules, self._statistics, self._workers)

    @cached_property
    def _weights(self) -> npt.NDArray[np.int32]:
        return weights_of(self._rules)

    def levels(self, left: Rows, right: Rows) -> Levels:
        """Return the levels of each pair of rows, in the pairs' order: shape (pairs, comparisons and joints)."""
        comparing = self._comparing
        levels = np.empty((len(left), comparing.width), dtype=np.uint8)

        def compare(chunk: slice) -> None:
            levels[chunk] = comparing.levels(*_codes(left, right, chunk)).T

        for _ in in_chunks(compare, len(left), self._workers):
            pass
        return levels

    def compare(self, left: Rows, right: Rows) -> tuple[Levels, Scores]:
        """Return the levels and the score of each pair of rows, in the pairs' order."""
        levels = self.levels(left, right)
        return levels, self._sum(np.ascontiguousarray(levels.T))

    def scores(self, left: Rows, right: Rows) -> Scores:
        """Return the score of each pair of rows in millibits, in the pairs' order."""
        comparing = self._comparing

        def weigh(chunk: slice) -> Scores:
            return self._sum(comparing.levels(*_codes(left, right, chunk)))

        return np.concatenate([np.zeros(0, dtype=np.int32), *in_chunks(weigh, len(left), self._workers)])

    def links(self, left: Rows, right: Rows, keep: int | None = None) -> pa.Table:
        """Return the links frame of the pairs that score at least `keep` (by default the rule set's), sorted."""
        least = self._rules.thresholds.keep if keep is None else keep
        comparing, ids = self._comparing, records_of(self._standard)

        def link(chunk: slice) -> pa.Table:
            ours, theirs = _codes(left, right, chunk)
            levels = comparing.levels(ours, theirs)
            scores = self._sum(levels)
            kept = np.flatnonzero(scores >= least)
            return _links(ids[ours[kept]], ids[theirs[kept]], scores[kept], levels[:, kept])

        found = in_chunks(link, len(left), self._workers)
        return _sorted(pa.concat_tables([LINKS_SCHEMA.empty_table(), *found]))

    def _sum(self, levels: Levels) -> Scores:
        """Return the scores of columns of levels: prior plus the weight of each level."""
        from apps.engine.bulk.summing import sum_weights

        scores = np.full(levels.shape[1], self._rules.prior, dtype=np.int32)
        sum_weights(levels, self._weights, scores)
        return scores


def weights_of(rules: RuleSet) -> npt.NDArray[np.int32]:
    """Return the weight of each level in millibits, shape (comparisons and joints, levels of the longest)."""
    width = max(len(weighed.millibits) for weighed in rules.weighed)
    rows = [(*weighed.millibits, *[0] * (width - len(weighed.millibits))) for weighed in rules.weighed]
    return np.array(rows, dtype=np.int32)


def _codes(left: Rows, right: Rows, chunk: slice) -> tuple[Codes, Codes]:
    ours, theirs = (np.ascontiguousarray(side[chunk], dtype=np.int32) for side in (left, right))
    return ours, theirs


def _links(left: Ints, right: Ints, scores: Scores, levels: Levels) -> pa.Table:
    width = len(levels)
    offsets = np.arange(0, (len(scores) + 1) * width, width, dtype=np.int32)
    column = pa.ListArray.from_arrays(pa.array(offsets), pa.array(np.ascontiguousarray(levels.T).reshape(-1)))
    columns = [pa.array(np.minimum(left, right)), pa.array(np.maximum(left, right)), pa.array(scores), column]
    return pa.table(columns, schema=LINKS_SCHEMA)


def _sorted(links: pa.Table) -> pa.Table:
    """Return the links sorted by `left`, `right`; those of candidates in ascending rows are already."""
    left, right = (links.column(name).to_numpy() for name in ("left", "right"))
    rising = (left[1:] > left[:-1]) | ((left[1:] == left[:-1]) & (right[1:] >= right[:-1]))
    if rising.all():
        return links
    return links.take(pa.array(np.lexsort((right, left))))

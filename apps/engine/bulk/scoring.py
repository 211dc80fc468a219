"""Scores of many pairs at once."""

from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.engine.bulk.comparing import Levels, levels_of
from apps.engine.bulk.frames import LINKS_SCHEMA, Codes, Columns, Ints, records_of
from apps.engine.bulk.pairs import RowPairs
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

CHUNK = 8_000_000
"""Pairs compared at once: distinct values are found once per chunk, and a pair takes about 150 bytes."""
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
    rows = np.unique(np.concatenate([left, right]))
    if len(rows) * 2 < standard.num_rows:
        standard = standard.take(pa.array(rows))
        left, right = (np.searchsorted(rows, side).astype(np.int32) for side in (left, right))
    return Scorer(standard, rules, statistics, workers).links(left, right, keep)


class Scorer:
    """Compares and scores pairs of rows of one standard frame, whose columns are prepared once, when first needed.

    `workers` bounds the threads.
    """

    def __init__(self, standard: pa.Table, rules: RuleSet, statistics: Statistics, workers: int = 2) -> None:
        """Score by a rule set and its frozen statistics."""
        self._standard = standard
        self._rules = rules
        self._statistics = statistics
        self._workers = workers

    @cached_property
    def _columns(self) -> Columns:
        return Columns(self._standard)

    def levels(self, left: Rows, right: Rows) -> Levels:
        """Return the levels of each pair of rows, in the pairs' order: shape (pairs, comparisons and joints)."""
        ours, theirs = (side.astype(np.int32, copy=False) for side in (left, right))
        return levels_of(RowPairs(self._columns, ours, theirs, self._statistics, self._workers), self._rules)

    def scores(self, left: Rows, right: Rows) -> Scores:
        """Return the score of each pair of rows in millibits, in the pairs' order."""
        parts = [np.zeros(0, dtype=np.int32)]
        for start in range(0, len(left), CHUNK):
            chunk = slice(start, start + CHUNK)
            parts.append(scores_of(self.levels(left[chunk], right[chunk]), self._rules))
        return np.concatenate(parts)

    def links(self, left: Rows, right: Rows, keep: int | None = None) -> pa.Table:
        """Return the links frame of the pairs that score at least `keep` (by default the rule set's), sorted."""
        least = self._rules.thresholds.keep if keep is None else keep
        ids = records_of(self._standard)
        parts = [LINKS_SCHEMA.empty_table()]
        for start in range(0, len(left), CHUNK):
            ours, theirs = left[start : start + CHUNK], right[start : start + CHUNK]
            levels = self.levels(ours, theirs)
            scores = scores_of(levels, self._rules)
            kept = scores >= least
            parts.append(_links(ids[ours[kept]], ids[theirs[kept]], scores[kept], levels[kept]))
        return pa.concat_tables(parts).sort_by([("left", "ascending"), ("right", "ascending")])


def scores_of(levels: Levels, rules: RuleSet) -> Scores:
    """Return the scores of rows of levels: prior plus the weight of each level, in millibits."""
    scores = np.full(len(levels), rules.prior, dtype=np.int32)
    for position, millibits in enumerate([weighed.millibits for weighed in rules.weighed]):
        scores += np.array(millibits, dtype=np.int32)[levels[:, position]]
    return scores


def _links(left: npt.NDArray[np.int64], right: npt.NDArray[np.int64], scores: Scores, levels: Levels) -> pa.Table:
    width = levels.shape[1]
    offsets = np.arange(0, (len(levels) + 1) * width, width, dtype=np.int32)
    column = pa.ListArray.from_arrays(pa.array(offsets), pa.array(levels.reshape(-1)))
    columns = [pa.array(np.minimum(left, right)), pa.array(np.maximum(left, right)), pa.array(scores), column]
    return pa.table(columns, schema=LINKS_SCHEMA)

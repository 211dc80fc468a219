"""Scores of many pairs at once."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.engine.bulk.comparing import Levels, levels_of
from apps.engine.bulk.frames import LINKS_SCHEMA, Codes, Columns, records_of
from apps.engine.bulk.pairs import RowPairs
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics

CHUNK = 8_000_000
"""Pairs compared at once: distinct values are found once per chunk, and a pair takes about 150 bytes."""
Scores = npt.NDArray[np.int32]


def score(
    standard: pa.Table,
    left: Codes,
    right: Codes,
    rules: RuleSet,
    statistics: Statistics,
    *,
    keep: int | None = None,
    workers: int = 2,
) -> pa.Table:
    """Return the links frame of the pairs of rows that score at least `keep` (by default the rule set's).

    Only the rows that some pair names are read, so a few pairs in a large frame cost little. Sorted by `left`, `right`.
    """
    least = rules.thresholds.keep if keep is None else keep
    rows = np.unique(np.concatenate([left, right]))
    narrow = len(rows) * 2 < standard.num_rows
    frame = standard.take(pa.array(rows)) if narrow else standard
    ours = np.searchsorted(rows, left).astype(np.int32) if narrow else left
    theirs = np.searchsorted(rows, right).astype(np.int32) if narrow else right
    ids = records_of(frame)
    columns = Columns(frame)
    parts = [LINKS_SCHEMA.empty_table()]
    for start in range(0, len(left), CHUNK):
        chunk = slice(start, start + CHUNK)
        levels = levels_of(RowPairs(columns, ours[chunk], theirs[chunk], statistics, workers), rules)
        scores = scores_of(levels, rules)
        kept = scores >= least
        parts.append(_links(ids[ours[chunk][kept]], ids[theirs[chunk][kept]], scores[kept], levels[kept]))
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

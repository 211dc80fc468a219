"""The source systems of many pairs at once: there are few, so each two of them are compared beforehand."""

from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.frames import ABSENT, Codes, Columns
from apps.engine.compare.sources import compare_sources
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

Levels = npt.NDArray[np.uint8]


class SourceComparer(NamedTuple):
    """Whether one source gave both records; `table` holds the level of each two sources by their codes."""

    codes: Codes
    table: Levels

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows."""
        fill_sources(self.codes, self.table, left, right, levels[0])


def prepare_sources(columns: Columns, comparison: Comparison, statistics: Statistics) -> SourceComparer:
    """Return `compare.sources.compare_sources` for rows of the columns."""
    codes, coded = columns.coded(comparison.parts[0])
    sources = coded.to_pylist()
    table = np.zeros((len(sources), len(sources)), dtype=np.uint8)
    for ours, theirs in product(range(len(sources)), repeat=2):
        table[ours, theirs] = compare_sources([sources[ours]], [sources[theirs]], comparison, statistics)
    return SourceComparer(codes, table)


@compiled
def fill_sources(codes: Codes, table: Levels, left: Codes, right: Codes, levels: Levels) -> None:
    """Write the level of each pair of rows; in place."""
    for pair in range(len(left)):
        ours, theirs = codes[left[pair]], codes[right[pair]]
        levels[pair] = 0 if ours == ABSENT or theirs == ABSENT else table[ours, theirs]

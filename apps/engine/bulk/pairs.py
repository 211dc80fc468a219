"""Pairs of rows, with all that comparing them takes."""

from dataclasses import dataclass, field

from apps.engine.bulk.frames import Codes, Columns
from apps.engine.statistics import Statistics


@dataclass(frozen=True)
class RowPairs:
    """Pairs of rows of a standard frame; `workers` bounds the threads that compare them.

    `memo` keeps what one comparison worked out and another needs, too.
    """

    columns: Columns
    left: Codes
    right: Codes
    statistics: Statistics
    workers: int
    memo: dict[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.left)

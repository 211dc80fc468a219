"""Pairs of rows, with all that comparing them takes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from apps.engine.bulk.frames import Codes, Columns
from apps.engine.statistics import Statistics

CHUNK = 100_000
"""Pairs that one thread works on at a time: small enough for its matrices to stay near the processor."""


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


def in_chunks(work: Callable[[slice], None], count: int, workers: int) -> None:
    """Call `work` for slices that cover `count` pairs, in several threads; each call must write to its own slice only.

    NumPy lets go of the interpreter's lock while it computes.
    """
    chunks = [slice(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    if workers <= 1 or len(chunks) <= 1:
        for chunk in chunks:
            work(chunk)
        return
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(work, chunks):
            pass

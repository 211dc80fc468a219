"""Pairs of rows, with all that comparing them takes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from apps.engine.bulk.frames import Codes, Columns
from apps.engine.statistics import Statistics

CHUNK = 32_768
"""Pairs that one thread works on at a time: few enough for their levels to stay near the processor."""
Found = TypeVar("Found")


@dataclass(frozen=True)
class RowPairs:
    """Pairs of rows of a standard frame; `workers` bounds the threads that compare them."""

    columns: Columns
    left: Codes
    right: Codes
    statistics: Statistics
    workers: int

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.left)


def in_chunks(work: Callable[[slice], Found], count: int, workers: int) -> Iterator[Found]:
    """Yield what `work` returns for slices that cover `count` pairs, in order; several threads work ahead."""
    chunks = [slice(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    if workers <= 1 or len(chunks) <= 1:
        yield from map(work, chunks)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(work, chunks)

"""A crew: this process and worker processes beside it, sharing batches of work that Python does one value at a time.

Workers are spawned, never forked: the caller may hold threads, connections and locks.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Self, TypeVar

from apps.engine.standardise.batches import start_worker

BATCH = 2_000
"""Values in a batch: some 20 to 40 ms of work, so that nobody waits long for the last one."""
LEAST_VALUES = 100_000
"""Raw values that are worth a start: about 1.7 s of work, while a worker process takes half a second to come up."""
AHEAD = 4
"""Batches that wait with each worker, so that it never waits for this process."""
T = TypeVar("T")
Advance = Callable[[int, int], None]
"""Called in the caller's thread with how many batches are done and how many there are."""


class WorkerLostError(RuntimeError):
    """A worker process ended before its work: killed, or out of memory."""

    def __init__(self) -> None:
        super().__init__(
            "A worker process of the bulk engine ended before its work was done: it was killed, could not start, or the"
            " machine ran out of memory. Nothing was decided. Run it again; with workers=1 it needs no worker process."
        )


class Crew:
    """`workers` processes, this one among them; the others start when there is enough to do, and end with the block.

    Inside a daemonic process, which may have no children (a Celery prefork worker is one), all is done here.
    """

    def __init__(self, workers: int) -> None:
        """Plan for `workers` processes; start none yet."""
        self.workers = max(workers, 1)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Return the crew."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Dismiss the workers, once they have done the few batches that wait with them."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def run(
        self,
        function: Callable[..., T],
        batches: Sequence[tuple[object, ...]],
        values: int,
        advance: Advance | None = None,
    ) -> list[T]:
        """Return `function(*batch)` of each batch, in order; `values` is the work in them, in raw values standardised.

        The function must be importable without `bulk`. Raises what it raises, and WorkerLostError where a worker
        process dies.
        """
        pool = self._pool_for(values)
        if pool is None:
            return _alone(function, batches, advance)
        try:
            return _shared(pool, self.workers - 1, function, batches, advance)
        except BrokenProcessPool as error:
            raise WorkerLostError from error

    def _pool_for(self, values: int) -> ProcessPoolExecutor | None:
        if self._pool is None:
            if self.workers < 2 or values < LEAST_VALUES or multiprocessing.current_process().daemon:
                return None
            self._pool = ProcessPoolExecutor(
                self.workers - 1, mp_context=multiprocessing.get_context("spawn"), initializer=start_worker
            )
        return self._pool


def _alone(function: Callable[..., T], batches: Sequence[tuple[object, ...]], advance: Advance | None) -> list[T]:
    found = []
    for batch in batches:
        found.append(function(*batch))
        if advance is not None:
            advance(len(found), len(batches))
    return found


def _shared(
    pool: ProcessPoolExecutor,
    helpers: int,
    function: Callable[..., T],
    batches: Sequence[tuple[object, ...]],
    advance: Advance | None,
) -> list[T]:
    """Do batches from the last one down while the workers come up from the first, and return all results in order."""
    # Handed out a few at a time rather than all and then cancelled: a pool that breaks while it holds cancelled futures
    # leaves the others waiting for ever (Python 3.11).
    futures: list[Future[T]] = []
    ours: list[T] = []
    finished = 0
    while (rest := len(batches) - len(ours) - len(futures)) > 0:
        while finished < len(futures) and futures[finished].done():
            finished += 1
        room = AHEAD * helpers - (len(futures) - finished)
        futures += [pool.submit(function, *batches[len(futures) + n]) for n in range(min(room, rest))]
        if len(futures) + len(ours) < len(batches):
            ours.append(function(*batches[-1 - len(ours)]))
        if advance is not None:
            advance(finished + len(ours), len(batches))
    found = [future.result() for future in futures] + ours[::-1]
    if advance is not None:
        advance(len(batches), len(batches))
    return found

"""Threads with connections of their own, and named points at which one of them waits for another.

Whoever is forced to wait where it hurts shows what a lock is for: the test then runs the others as far as they come.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from django.db import connection, connections

Job = Callable[[], object]
LONGEST_SECONDS = 30.0
_POLL_SECONDS = 0.005
_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'
"""
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the code: before or after a call of `function` of `module`."""

    module: str
    function: str
    is_after: bool = False

    def __str__(self) -> str:
        return f"{'after' if self.is_after else 'before'} {self.module.rpartition('.')[2]}.{self.function}"


class Worker(threading.Thread):
    """A thread that does one job on a connection of its own, and keeps what it came to."""

    def __init__(self, job: Job, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.job, self.result, self.error = job, None, None  # type: Job, object, BaseException | None

    def run(self) -> None:
        """Do the job; what it raises is kept for whoever waits."""
        try:
            self.result = self.job()
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            self.error = error
        finally:
            connections.close_all()


@dataclass
class Halt:
    """Stops the first of some threads that comes by."""

    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        """Stop the calling thread, the first time only."""
        if not self.reached.is_set():
            self.reached.set()
            self.go.wait(LONGEST_SECONDS)


@contextmanager
def halting(point: Point, *, whom: Sequence[str]) -> Iterator[Halt]:
    """Stop the first thread whose name begins with one of `whom` at a point until it may go on."""
    module, halt = import_module(point.module), Halt()
    real = getattr(module, point.function)

    def stopping(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - stands for any function
        is_asked = threading.current_thread().name.startswith(tuple(whom))
        if is_asked and not point.is_after:
            halt.wait()
        found = real(*given, **named)
        if is_asked and point.is_after:
            halt.wait()
        return found

    setattr(module, point.function, stopping)
    try:
        yield halt
    finally:
        halt.go.set()
        setattr(module, point.function, real)


def cross(first: Job, others: Sequence[Job], point: Point) -> bool:
    """Do `first` up to a point, then each other until it ends or waits for a lock, then all to their ends.

    Returns whether `first` came by the point; where not, it was done alone, and the others after it. Raises what one
    of them raised.
    """
    one = Worker(first, "first")
    after = [Worker(job, f"other {number}") for number, job in enumerate(others)]
    with halting(point, whom=("first", "store")) as halt:
        one.start()
        while one.is_alive() and not halt.reached.wait(_POLL_SECONDS):
            pass
        for started, other in enumerate(after, start=1):
            other.start()
            _wait_until_waiting(after[:started])
    finish([one, *after])
    return halt.reached.is_set()


def race(jobs: Iterable[Job], *, seconds: float = LONGEST_SECONDS) -> list[object]:
    """Do all jobs at once, each in a thread, begun together; return what they came to. Raises what one raised."""
    todo = list(jobs)
    gate = threading.Barrier(len(todo))

    def begin_together(job: Job) -> Job:
        def do() -> object:
            gate.wait(LONGEST_SECONDS)
            return job()

        return do

    workers = [Worker(begin_together(job), f"racer {number}") for number, job in enumerate(todo)]
    for worker in workers:
        worker.start()
    return finish(workers, seconds=seconds)


def finish(workers: Sequence[Worker], *, seconds: float = LONGEST_SECONDS) -> list[object]:
    """Wait for the workers; raise what one raised, and AssertionError where they wait for each other for ever."""
    deadline = time.monotonic() + seconds
    for worker in workers:
        worker.join(max(deadline - time.monotonic(), 0.01))
    stuck = [worker.name for worker in workers if worker.is_alive()]
    if stuck:
        with connection.cursor() as cursor:
            cursor.execute(_END_OTHERS)
        for worker in workers:
            worker.join(5)
        raise AssertionError(f"{', '.join(stuck)} never came to an end")
    for worker in workers:
        if worker.error is not None:
            raise worker.error
    return [worker.result for worker in workers]


def _wait_until_waiting(workers: Sequence[Worker]) -> None:
    """Wait until each of the workers has ended or waits for a lock."""
    deadline, seen = time.monotonic() + LONGEST_SECONDS, 0
    # Some times in a row: a lock that is only passed on is not waited for.
    while seen < 3 and time.monotonic() < deadline:
        ended = sum(not worker.is_alive() for worker in workers)
        with connection.cursor() as cursor:
            cursor.execute(_WAITING)
            seen = seen + 1 if ended + cursor.fetchone()[0] >= len(workers) else 0
        time.sleep(_POLL_SECONDS)

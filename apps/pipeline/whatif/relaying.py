"""Decide in a snapshot of the database, on a connection of its own, while the run's record is kept on another.

A reader that holds one snapshot sees none of its own progress committed, so stages are told to the thread that keeps
the journal. Inside a transaction there is no second connection that would see the same, and all happens on the one.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event
from typing import TypeVar

from django.db import connection, transaction

from apps.base.actors import Actor
from apps.pipeline.runs import Journal, QuietJournal, Stage

Result = TypeVar("Result")
LOOK_SECONDS = 0.2


class Interrupted(Exception):
    """Whoever keeps the journal stopped; so does the reader."""


@dataclass(frozen=True)
class _Told:
    name: str
    done: int
    total: int | None
    counts: dict[str, int]
    is_finished: bool


class _Relay(QuietJournal):
    """A journal whose stages another thread writes."""

    def __init__(self, actor: Actor) -> None:
        super().__init__(actor)
        self.said: SimpleQueue[_Told] = SimpleQueue()
        self.has_stopped = Event()

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        stage = Stage(name, None, self._tell, total=total)
        stage.advance(0, total)
        yield stage
        stage.finish()

    def _tell(self, stage: Stage) -> None:
        if self.has_stopped.is_set():
            raise Interrupted
        self.said.put(_Told(stage.name, stage.done, stage.total, dict(stage.counts), stage.is_finished))


def in_snapshot(journal: Journal, work: Callable[[Journal | QuietJournal], Result]) -> Result:
    """Return what `work` makes of the hub as it stands at one moment; what it writes is rolled back."""
    if connection.in_atomic_block:
        with transaction.atomic():
            return work(journal)
    relay = _Relay(journal.actor)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="snapshot") as pool:
        future = pool.submit(_read, relay, work)
        try:
            _write(journal, relay, future)
        except BaseException:
            relay.has_stopped.set()
            raise
    return future.result()


def _read(relay: _Relay, work: Callable[[Journal | QuietJournal], Result]) -> Result:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            result = work(relay)
            transaction.set_rollback(True)
        return result
    finally:
        connection.close()


def _write(journal: Journal, relay: _Relay, future: Future[Result]) -> None:
    open_stages: dict[str, tuple[AbstractContextManager[Stage], Stage]] = {}
    manager: AbstractContextManager[Stage]
    while not future.done() or not relay.said.empty():
        try:
            told = relay.said.get(timeout=LOOK_SECONDS)
        except Empty:
            continue
        if told.name not in open_stages:
            manager = journal.stage(told.name, told.total)
            open_stages[told.name] = (manager, manager.__enter__())
        manager, stage = open_stages[told.name]
        stage.advance(told.done, told.total, **told.counts)
        if told.is_finished:
            manager.__exit__(None, None, None)
            del open_stages[told.name]

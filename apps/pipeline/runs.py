"""Keep a run's record: its stages with counts and seconds, written as it goes, so that any page can show them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.base.actors import Actor
from apps.base.errors import Conflict
from apps.base.ids import uuid7
from apps.base.locks import Gate, alone
from apps.pipeline.models import Run, RunStage

Listener = Callable[["Stage"], None]
BEAT_SECONDS = 1.0


@dataclass(slots=True)
class Stage:
    """One stage in progress. `advance` is cheap: it writes at most once a second."""

    name: str
    row: RunStage | None
    listener: Listener | None
    done: int = 0
    total: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    is_finished: bool = False
    _written: float = 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the stage began, or that it took."""
        return self.row.seconds if self.row and self.is_finished else time.perf_counter() - self.started

    def advance(self, done: int, total: int | None = None, **counts: int) -> None:
        """Say how far the stage is and what it has counted so far."""
        self.done = done
        self.total = self.total if total is None else total
        self.counts.update(counts)
        if self.listener is not None:
            self.listener(self)
        now = time.perf_counter()
        if now - self._written >= BEAT_SECONDS:
            self._written = now
            self._save()

    def finish(self) -> None:
        """Write the stage's last word."""
        if self.row is not None:
            self.row.seconds = round(time.perf_counter() - self.started, 3)
            self.row.finished_at = timezone.now()
        self.is_finished = True
        self._save()
        if self.listener is not None:
            self.listener(self)

    def _save(self) -> None:
        if self.row is None:
            return
        self.row.done, self.row.total, self.row.counts = self.done, self.total, self.counts
        self.row.save()
        Run.objects.filter(pk=self.row.run_id).update(heartbeat_at=timezone.now())


@dataclass(slots=True)
class Journal:
    """The run being carried out, and who listens to it."""

    run: Run
    actor: Actor
    listener: Listener | None = None

    @property
    def run_id(self) -> int:
        """The run's number, carried into every history row."""
        return int(self.run.pk)

    @property
    def correlation(self) -> UUID:
        """The id carried from intake to delivery."""
        return self.run.correlation_id

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """Time a stage; a stage of that name from before an interruption is taken up again."""
        row, _ = RunStage.objects.get_or_create(run=self.run, name=name, defaults={"position": self.run.stages.count()})
        stage = Stage(name, row, self.listener, total=total)
        stage.advance(0, total)
        yield stage
        stage.finish()

    def note_rules(self, version: int) -> None:
        """Say which rule set version the run matches by."""
        self.run.rules_version = version
        self.run.save(update_fields=["rules_version"])

    def count(self, **counts: int) -> None:
        """Add to the run's totals."""
        for name, n in counts.items():
            self.run.counts[name] = self.run.counts.get(name, 0) + n
        self.run.save()


class QuietJournal:
    """For a person's decision: nothing to watch, so no run is kept; history names the decision instead."""

    run_id = 0

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.correlation = uuid7()

    def note_rules(self, version: int) -> None:
        """Nothing: the verdict itself names its version."""

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """Yield a stage that is written nowhere."""
        yield Stage(name, None, None, total=total)


@contextmanager
def journal(
    *, kind: str, arguments: dict[str, Any], actor: Actor, listener: Listener | None = None
) -> Iterator[Journal]:
    """Open a run, and close it as done or failed with its reason.

    An unfinished run of the same kind and arguments is taken up again: what it landed stays, what it didn't comes now.
    """
    run = Run.objects.filter(kind=kind, arguments=arguments).exclude(state=Run.State.DONE).order_by("-id").first()
    if run is None:
        run = Run.objects.create(kind=kind, arguments=arguments, actor=str(actor), correlation_id=uuid7())
    elif run.state == Run.State.FAILED:
        run.state, run.failure = Run.State.RUNNING, ""
        run.save()
    with alone(Gate.RUN, run.pk) as is_mine:
        if not is_mine:
            raise Conflict(f"run {run.pk} is under way in another process", run=run.pk)
        try:
            yield Journal(run, actor, listener)
        except BaseException as error:
            # Also for Ctrl-C: the run's record must not claim that it is still going.
            _end(run, Run.State.FAILED, f"{type(error).__name__}: {error}"[:500])
            raise
        _end(run, Run.State.DONE)


def _end(run: Run, state: str, failure: str = "") -> None:
    run.state, run.failure, run.finished_at = state, failure, timezone.now()
    run.save()

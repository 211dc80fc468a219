"""Read runs and their stages."""

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import Q

from apps.pipeline.models import Run

LOOKED_THROUGH: Final = 2_000
_BROUGHT: Final = ("new", "changed_rows", "rows_absent", "faults", "created", "changed", "merged", "retired")
_TELLS: Final = reduce(
    or_,
    (Q(**{f"counts__{name}__gt": 0}) for name in _BROUGHT),
    ~Q(kind="pull") | ~Q(state=Run.State.DONE),
)


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage as a job page shows it."""

    name: str
    done: int
    total: int | None
    counts: dict[str, int]
    seconds: float
    is_finished: bool


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as a job page shows it."""

    run_id: int
    kind: str
    state: str
    arguments: dict[str, Any]
    actor: str
    counts: dict[str, int]
    failure: str
    started_at: datetime
    heartbeat_at: datetime
    finished_at: datetime | None
    stages: tuple[StageRow, ...]


def has_finished_load() -> bool:
    """Say whether any load has ever come to its end. One query."""
    return Run.objects.filter(kind="load", state=Run.State.DONE).exists()


def list_runs(*, limit: int = 20) -> list[RunRow]:
    """Return the latest runs with their stages, newest first. Two queries."""
    return [_row(run) for run in Run.objects.prefetch_related("stages").order_by("-pk")[:limit]]


def list_telling_runs(*, before: int | None, limit: int) -> tuple[list[RunRow], int | None]:
    """Return runs with their stages, newest first, without pulls that brought nothing, and where to go on.

    Only the latest `LOOKED_THROUGH` before the run `before` are looked through: pulls come by the thousand. At most
    three queries.
    """
    runs = Run.objects.order_by("-pk")
    if before is not None:
        runs = runs.filter(pk__lt=before)
    bound = runs.values_list("pk", flat=True)[LOOKED_THROUGH : LOOKED_THROUGH + 1].first()
    telling = runs.filter(_TELLS).prefetch_related("stages")
    found = list(telling.filter(pk__gt=bound)[: limit + 1] if bound else telling[: limit + 1])
    shown = found[:limit]
    following = shown[-1].pk if len(found) > limit else bound + 1 if bound else None
    return [_row(run) for run in shown], following


def find_run(run_id: int) -> RunRow | None:
    """Return one run with its stages, or None. Two queries."""
    run = Run.objects.prefetch_related("stages").filter(pk=run_id).first()
    return None if run is None else _row(run)


def _row(run: Run) -> RunRow:
    stages = sorted(run.stages.all(), key=lambda stage: stage.position)
    return RunRow(
        run_id=run.pk,
        kind=run.kind,
        state=run.state,
        arguments=run.arguments,
        actor=run.actor,
        counts=run.counts,
        failure=run.failure,
        started_at=run.started_at,
        heartbeat_at=run.heartbeat_at,
        finished_at=run.finished_at,
        stages=tuple(StageRow(s.name, s.done, s.total, s.counts, s.seconds, s.finished_at is not None) for s in stages),
    )

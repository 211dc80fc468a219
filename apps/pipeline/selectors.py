"""Read runs and their stages."""

from dataclasses import dataclass
from datetime import datetime

from apps.pipeline.models import Run


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
    actor: str
    counts: dict[str, int]
    failure: str
    started_at: datetime
    finished_at: datetime | None
    stages: tuple[StageRow, ...]


def has_finished_load() -> bool:
    """Say whether any load has ever come to its end. One query."""
    return Run.objects.filter(kind="load", state=Run.State.DONE).exists()


def list_runs(*, limit: int = 20) -> list[RunRow]:
    """Return the latest runs with their stages, newest first. Two queries."""
    return [_row(run) for run in Run.objects.prefetch_related("stages").order_by("-pk")[:limit]]


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
        actor=run.actor,
        counts=run.counts,
        failure=run.failure,
        started_at=run.started_at,
        finished_at=run.finished_at,
        stages=tuple(StageRow(s.name, s.done, s.total, s.counts, s.seconds, s.finished_at is not None) for s in stages),
    )

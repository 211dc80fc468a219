"""Long work: loads, pulls, re-matches and dry runs, how far each is, and how it ended."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from apps.base.errors import NotFound
from apps.pipeline.selectors import RunRow, StageRow, find_run, list_telling_runs
from apps.sources import selectors as sources

PAGE: Final = 50
MOST_FAULTS: Final = 20
SILENT_AFTER: Final = timedelta(minutes=2)
"""A stage writes once a second at most; one that has said nothing for so long has died, or hangs."""
_KINDS: Final = {
    "load": "Load",
    "pull": "Pull from a source",
    "rematch": "Match by other rules",
    "dry run": "Dry run of rules",
    "confirm": "Load confirmed by a person",
}
_COUNTED: Final = {
    "rows": "rows read",
    "new": "new records",
    "changed_rows": "changed records",
    "rows_absent": "records gone",
    "faults": "faults",
    "created": "customers created",
    "changed": "customers changed",
    "merged": "merged",
    "retired": "retired",
    "cases_opened": "cases opened",
    "cases_closed": "cases closed",
    "write_backs": "ids to write",
    "deliveries": "deliveries",
}


@dataclass(frozen=True, slots=True)
class Job:
    """A run in words. `stage` is the one under way; `share` its done part in percent, None where nobody can know.

    `is_silent` says that it should be going on and gave no sign of life; then, and where it stopped, `goes_on` says
    how it is taken up again.
    """

    run: RunRow
    title: str
    about: str
    counts: tuple[tuple[str, int], ...]
    seconds: float | None
    stage: StageRow | None
    share: int | None
    is_silent: bool
    goes_on: str

    @property
    def is_running(self) -> bool:
        """Whether it goes on now."""
        return self.run.state == "running" and not self.is_silent


@dataclass(frozen=True, slots=True)
class Jobs:
    """A page of jobs, newest first, those under way above; `following` is where the next page goes on."""

    under_way: tuple[Job, ...]
    over: tuple[Job, ...]
    following: int | None

    @property
    def is_moving(self) -> bool:
        """Whether anything here changes by itself."""
        return any(job.is_running for job in self.under_way)


@dataclass(frozen=True, slots=True)
class JobDetail:
    """One job with the files it read and the first rows it set aside."""

    job: Job
    batches: tuple[sources.Batch, ...]
    faults: tuple[sources.FaultRow, ...]
    more_faults: bool


def build_jobs(before: str) -> Jobs:
    """Return a page of the jobs that brought something, stopped or go on, before a run. At most three queries."""
    start = int(before) if before.isdecimal() and len(before) < 19 else None
    found, following = list_telling_runs(before=start, limit=PAGE)
    now = timezone.now()
    jobs = [tell_job(run, now) for run in found]
    under_way = tuple(job for job in jobs if job.run.state == "running")
    return Jobs(under_way, tuple(job for job in jobs if job.run.state != "running"), following)


def build_job(run_id: int) -> JobDetail:
    """Return one job; NotFound for none. At most four queries."""
    run = find_run(run_id)
    if run is None:
        raise NotFound(f"There is no job {run_id}.", job=run_id)
    faults = sources.list_faults_of_run(run_id, limit=MOST_FAULTS + 1)
    return JobDetail(
        tell_job(run, timezone.now()),
        tuple(sources.list_batches_of_run(run_id)),
        tuple(faults[:MOST_FAULTS]),
        len(faults) > MOST_FAULTS,
    )


def tell_job(run: RunRow, now: datetime) -> Job:
    """Return a run in words, as of `now`. No query."""
    stage = next((stage for stage in reversed(run.stages) if not stage.is_finished), None)
    is_silent = run.state == "running" and now - run.heartbeat_at > SILENT_AFTER
    return Job(
        run=run,
        title=_KINDS.get(run.kind, run.kind.capitalize()),
        about=", ".join(_about(run.arguments)),
        counts=tuple((words, run.counts[name]) for name, words in _COUNTED.items() if run.counts.get(name)),
        seconds=(run.finished_at - run.started_at).total_seconds() if run.finished_at else None,
        stage=stage if run.state == "running" else None,
        share=_share(stage),
        is_silent=is_silent,
        goes_on=_say_how_it_goes_on(run.kind) if is_silent or run.state == "failed" else "",
    )


def _about(arguments: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(name) for _, name in arguments.get("files", ()))
    for name, words in (("source", "{}"), ("batch", "batch {}"), ("version", "version {}"), ("dry_run", "dry run {}")):
        if name in arguments:
            yield words.format(arguments[name])


def _share(stage: StageRow | None) -> int | None:
    if stage is None or not stage.total:
        return None
    return min(100, 100 * stage.done // stage.total)


def _say_how_it_goes_on(kind: str) -> str:
    if kind == "load":
        return "What it took in stays. Start the same load again: it goes on where it stopped."
    if kind == "pull":
        return "The next pull takes up what this one left."
    return "A worker takes it up again; what it has done stays."

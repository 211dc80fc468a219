"""The first page: what waits for a person, and whether the hub is well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.cases import selectors as cases
from apps.delivery import selectors as delivery
from apps.golden import selectors as golden
from apps.pipeline.selectors import RunRow, list_runs
from apps.sources import selectors as sources

LATEST_BATCHES = 6
LOOKED_THROUGH = 200
"""Batches among which those that brought something are looked for: a source that is polled brings nothing mostly."""
_COUNTED = {
    "created": "customers created",
    "changed": "customers changed",
    "merged": "merged",
    "split": "split",
    "retired": "retired",
    "faults": "rows set aside",
    "cases opened": "cases opened",
}


@dataclass(frozen=True, slots=True)
class LastRun:
    """The latest run, how long it took, and what it brought about: counts with their words, those above zero."""

    run: RunRow
    seconds: float | None
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Home:
    """Counts of the whole hub, the latest intake, and what is owed to others.

    `quiet` counts the batches since the oldest one shown that brought nothing.
    """

    customers: int
    source_records: int
    open_cases: int
    oldest_case: datetime | None
    cases_by_kind: tuple[tuple[str, int], ...]
    last_run: LastRun | None
    batches: tuple[sources.Batch, ...]
    quiet: int
    deliveries_waiting: int
    deliveries_dead: int
    write_backs_pending: int
    write_backs_drifted: int
    write_backs_dead: int
    write_backs_done: int
    is_empty: bool


KIND_WORDS = {
    "pair": "Possible duplicates",
    "weak": "May be two customers",
    "conflict": "Conflicts",
    "reopened": "Changed since decided",
    "drop_guard": "Too many vanished",
    "growth": "Grew too large",
}


def build_home() -> Home:
    """Return the first page. Nine queries."""
    customers, records = golden.count_customers(), sources.count_records()
    open_cases, oldest = cases.sum_up_open_cases()
    deliveries = _sum_states(delivery.count_deliveries())
    write_backs = _sum_states(delivery.count_write_backs())
    batches, quiet = _choose_batches(sources.list_batches(limit=LOOKED_THROUGH))
    return Home(
        customers=customers,
        source_records=records,
        open_cases=sum(open_cases.values()),
        oldest_case=oldest,
        cases_by_kind=tuple((KIND_WORDS.get(kind, kind), count) for kind, count in open_cases.items() if count),
        last_run=_find_last_run(),
        batches=batches,
        quiet=quiet,
        deliveries_waiting=deliveries.get("waiting", 0) + deliveries.get("in_flight", 0),
        deliveries_dead=deliveries.get("dead", 0),
        write_backs_pending=write_backs.get("pending", 0) + write_backs.get("in_flight", 0),
        write_backs_drifted=write_backs.get("drifted", 0),
        write_backs_dead=write_backs.get("dead", 0),
        write_backs_done=write_backs.get("acknowledged", 0),
        is_empty=not records and not batches,
    )


def _choose_batches(newest: Sequence[sources.Batch]) -> tuple[tuple[sources.Batch, ...], int]:
    """Return the newest batches that brought something, of none the very newest; and how many others are as new."""
    told = [batch for batch in newest if batch.state != "landed" or _brought(batch)][:LATEST_BATCHES] or newest[:1]
    since = newest.index(told[-1]) + 1 if told else 0
    return tuple(told), since - len(told)


def _brought(batch: sources.Batch) -> int:
    return batch.rows_new + batch.rows_changed + batch.rows_quarantined


def _find_last_run() -> LastRun | None:
    for run in list_runs(limit=1):
        told = {name.replace("_", " "): count for name, count in run.counts.items()}
        counts = tuple((words, told[name]) for name, words in _COUNTED.items() if told.get(name))
        took = (run.finished_at - run.started_at).total_seconds() if run.finished_at else None
        return LastRun(run, took, counts)
    return None


def _sum_states(counts: dict[str, dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for states in counts.values():
        for state, count in states.items():
            total[state] = total.get(state, 0) + count
    return total

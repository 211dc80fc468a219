"""Check the invariants. Nothing here writes: the database itself is told to refuse it."""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from apps.quality.invariants import INVARIANTS
from apps.quality.invariants.contract import SHOWN_ROWS, Invariant


@dataclass(frozen=True, slots=True)
class Finding:
    """How one invariant fared: rows looked at, how many break it, the first of them in words, and seconds taken."""

    number: int
    promise: str
    checked: int
    broken: int
    rows: tuple[str, ...]
    seconds: float


def stream_findings(numbers: Collection[int] = ()) -> Iterator[Finding]:
    """Yield a finding per invariant, all of them or those of the given numbers, in ascending order.

    All see one snapshot of the database, where the caller has no transaction open.
    """
    with _reading():
        for invariant in INVARIANTS:
            if not numbers or invariant.number in numbers:
                yield _check(invariant)


def list_broken(numbers: Collection[int] = ()) -> list[Finding]:
    """Return the findings of the invariants that don't hold."""
    return [finding for finding in stream_findings(numbers) if finding.broken]


@contextmanager
def _reading() -> Iterator[None]:
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL transaction_read_only = on")
        # Whole tables are joined; compiling the queries and sorting on disk would take longer than running them.
        cursor.execute("SET LOCAL jit = off")
        cursor.execute("SET LOCAL work_mem = '128MB'")
        yield


def _check(invariant: Invariant) -> Finding:
    started = time.perf_counter()
    outcomes = [check() for check in invariant.checks]
    rows = tuple(row for outcome in outcomes for row in outcome.rows)
    return Finding(
        number=invariant.number,
        promise=invariant.promise,
        checked=sum(outcome.checked for outcome in outcomes),
        broken=sum(outcome.broken for outcome in outcomes),
        rows=rows[:SHOWN_ROWS],
        seconds=time.perf_counter() - started,
    )

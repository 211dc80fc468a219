"""What an invariant is: a numbered promise and the checks that hold the database to it.

The law of this package: it reads any table of the hub and writes none. A check names the rows that break its promise,
by governed id or by source and key, never by what they say about a person.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

SHOWN_ROWS = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found: rows looked at, rows that break the promise, and the first of those in words."""

    checked: int
    broken: int = 0
    rows: tuple[str, ...] = ()


Check = Callable[[], Outcome]


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise that holds at every commit. `number` is its number in docs/reference/invariants.md."""

    number: int
    promise: str
    checks: tuple[Check, ...]


@contextmanager
def _whole_tables() -> Iterator[None]:
    """Have queries planned for whole tables.

    Right after a first load the server may still hold the tables for empty; a loop over loops then takes minutes.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enable_nestloop', 'off', false)")
        yield
        cursor.execute("SELECT set_config('enable_nestloop', 'on', false)")


def query_check(*, counted: str, broken: str, **params: Any) -> Check:
    """Return a check made of two queries.

    `counted` gives how many rows the promise is about; `broken` gives one text for each row that breaks it.
    """

    def check() -> Outcome:
        with _whole_tables(), connection.cursor() as cursor:
            cursor.execute(counted)
            checked = int(cursor.fetchone()[0])
            cursor.execute(
                f"SELECT what, count(*) OVER () FROM ({broken}) AS found(what) ORDER BY what LIMIT {SHOWN_ROWS}",  # noqa: S608 - own queries
                params or None,
            )
            rows = cursor.fetchall()
        return Outcome(checked, int(rows[0][1]) if rows else 0, tuple(str(what) for what, _ in rows))

    return check


def named(checked: int, broken: list[str]) -> Outcome:
    """Return the outcome of a check that found its rows itself."""
    return Outcome(checked, len(broken), tuple(broken[:SHOWN_ROWS]))

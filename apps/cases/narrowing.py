"""Narrow the queue, count what each way of narrowing it leaves, and read it in any order over the whole set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from apps.cases.models import Case
from apps.cases.selectors import CaseRow, row_of

# As blind.is_blind draws: the first four bytes of the number's hash, below the share. What is judged blind has no band,
# and no place among scores: either would tell what its judges shall not see.
_IS_BLIND = "(cases_case.kind = 'pair' AND sha256(cases_case.id::text::bytea) < %s)"
_TALLY = f"""
SELECT kind, systems,
       CASE WHEN {_IS_BLIND.replace("%s", "%(blind)s")} THEN -2
            WHEN score IS NULL THEN -1
            ELSE width_bucket(score, %(cuts)s::integer[]) END,
       %(aged)s - width_bucket(opened_at, %(ages)s::timestamptz[]),
       count(*)
FROM cases_case WHERE state = 'open' GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - its own expressions
BLIND, UNSCORED = -2, -1
"""The bands of what is drawn to be judged blind, and of what has no score."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows the queue; an empty field narrows nothing.

    Scores are in millibits, from `least` up to but not `below`; a bound on them, as `is_blind` False, leaves out what
    is drawn to be judged blind. `also` are further conditions on a case, such as `claiming.held_by`.
    """

    kind: str = ""
    systems: str = ""
    least: int | None = None
    below: int | None = None
    is_blind: bool | None = None
    opened_before: datetime | None = None
    opened_after: datetime | None = None
    also: tuple[Q, ...] = ()


ORDERS: Mapping[str, tuple[str, ...]] = {
    "priority": ("-priority", "pk"),
    "oldest": ("opened_at", "pk"),
    "newest": ("-opened_at", "-pk"),
    "likeliest": ("-score", "pk"),
    "unlikeliest": ("score", "-pk"),
}
"""The orders of `list_open`, each over the whole set: the columns, the case's number last. An index gives each."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many open cases there are of a kind, between two source systems, in a band of scores, and of an age.

    `band` counts the cuts that a score reaches, or is BLIND or UNSCORED; `age` the moments before which it was opened.
    """

    kind: str
    systems: str
    band: int
    age: int
    count: int


def list_open(
    asked: Filter, *, order: str = "priority", after: tuple[Any, int] | None = None, limit: int = 50
) -> list[CaseRow]:
    """Return open cases that a filter lets through, one line each, in one of ORDERS. One query, by an index.

    `after` is the (value of the order's column, case id) of the last case seen. By score only those with a score that
    may be seen.
    """
    column, number = ORDERS[order]
    rows = _in_order(asked, order)
    if after is not None:
        rows = rows.filter(_follows(column, number, *after))
    return [row_of(row) for row in rows.order_by(column, number)[:limit]]


def tally_open(*, cuts: Sequence[int], ages: Sequence[datetime]) -> list[Tally]:
    """Return the counts from which every facet's are summed up. One query: a pass over an index of the open cases.

    `cuts` are ascending, in millibits; `ages` latest first.
    """
    values: dict[str, Any] = {"cuts": list(cuts), "ages": sorted(ages), "aged": len(ages), "blind": _blind_below()}
    with connection.cursor() as cursor:
        cursor.execute(_TALLY, values)
        return [Tally(*row) for row in cursor.fetchall()]


def count_open(asked: Filter, *, order: str = "priority", most: int = 10_000) -> int:
    """Return how many open cases `list_open` would list in all, `most` and one where there are more. One query."""
    return _in_order(asked, order).order_by()[: most + 1].count()


def _in_order(asked: Filter, order: str) -> QuerySet[Case]:
    rows = narrow(asked)
    return rows.filter(~_is_blind(), score__isnull=False) if ORDERS[order][0].endswith("score") else rows


def narrow(asked: Filter) -> QuerySet[Case]:
    """Return the open cases that a filter lets through."""
    wanted: dict[str, Any] = {
        "kind": asked.kind or None,
        "systems": asked.systems or None,
        "score__gte": asked.least,
        "score__lt": asked.below,
        "opened_at__lt": asked.opened_before,
        "opened_at__gte": asked.opened_after,
    }
    named = {name: value for name, value in wanted.items() if value is not None}
    rows = Case.objects.filter(*asked.also, state=Case.State.OPEN, **named)
    if asked.is_blind:
        return rows.filter(_is_blind())
    is_banded = asked.is_blind is False or asked.least is not None or asked.below is not None
    return rows.filter(~_is_blind()) if is_banded else rows


def _follows(column: str, number: str, value: Any, case_id: int) -> Q:  # noqa: ANN401 - an integer or a moment
    name, beyond = column.removeprefix("-"), "lt" if column.startswith("-") else "gt"
    if column.startswith("-") == number.startswith("-"):
        # Thousands are opened at one moment by one load: an index finds the place among them only by both columns.
        sign = "<" if beyond == "lt" else ">"
        return Q(RawSQL(f"(cases_case.{name}, cases_case.id) {sign} (%s, %s)", (value, case_id), BooleanField()))  # noqa: S611
    later = Q(pk__lt=case_id) if number.startswith("-") else Q(pk__gt=case_id)
    # The bound on the column alone lets an index start where the page before ended.
    return Q(**{f"{name}__{beyond}e": value}) & (Q(**{f"{name}__{beyond}": value}) | later)


def _is_blind() -> Q:
    return Q(RawSQL(_IS_BLIND, (_blind_below(),), BooleanField()))  # noqa: S611 - its own expression


def _blind_below() -> bytes:
    drawn = ceil(float(settings.MDM["BLIND_PERCENT"]) / 100 * 2**32)
    return drawn.to_bytes(4) if drawn < 2**32 else b"\xff" * 33

"""Read the questions that wait for a steward. Every answer is a frozen value; nothing here writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from apps.base.errors import NotFound
from apps.cases.models import Case

KINDS: tuple[str, ...] = tuple(Case.Kind.values)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One question: what it asks, about which source records, how pressing, and how it ended.

    `score` is in millibits and null where no pair is asked about.
    """

    case_id: int
    kind: str
    kind_label: str
    state: str
    low_record_id: int | None
    high_record_id: int | None
    score: int | None
    priority: int
    question: str
    facts: Mapping[str, Any]
    run_id: int
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    close_reason: str


def list_open_cases(*, after: tuple[int, int] | None = None, limit: int = 50, kind: str | None = None) -> list[CaseRow]:
    """Return open cases, most pressing first and then oldest first.

    `after` is the (priority, case id) of the last case seen. One query.
    """
    rows = Case.objects.filter(state=Case.State.OPEN).order_by("-priority", "pk")
    if kind is not None:
        rows = rows.filter(kind=kind)
    if after is not None:
        priority, case_id = after
        rows = rows.filter(Q(priority__lt=priority) | Q(priority=priority, pk__gt=case_id))
    return [_case(row) for row in rows[:limit]]


def get_case(case_id: int) -> CaseRow:
    """Return one case, open or closed, or raise NotFound. One query."""
    row = Case.objects.filter(pk=case_id).first()
    if row is None:
        raise NotFound(f"There is no case {case_id}.", case=case_id)
    return _case(row)


def count_open_cases() -> dict[str, int]:
    """Return the number of open cases of every kind; a kind without any counts 0. One query."""
    rows = Case.objects.filter(state=Case.State.OPEN).values_list("kind").annotate(Count("pk"))
    return dict.fromkeys(KINDS, 0) | dict(rows)


def find_open_case(low: int, high: int) -> CaseRow | None:
    """Return the open case about a pair of source records, whichever is named first, or None. One query."""
    low, high = min(low, high), max(low, high)
    row = Case.objects.filter(state=Case.State.OPEN, low_record_id=low, high_record_id=high).first()
    return None if row is None else _case(row)


def list_open_cases_of(record_ids: list[int], *, limit: int = 50) -> list[CaseRow]:
    """Return open cases that name any of the source records, most pressing first. One query."""
    if not record_ids:
        return []
    names_a_record = Q(low_record_id__in=record_ids) | Q(high_record_id__in=record_ids)
    rows = Case.objects.filter(names_a_record, state=Case.State.OPEN, low_record_id__isnull=False)
    return [_case(row) for row in rows.order_by("-priority", "pk")[:limit]]


def _case(row: Case) -> CaseRow:
    return CaseRow(
        case_id=row.pk,
        kind=row.kind,
        kind_label=Case.Kind(row.kind).label,
        state=row.state,
        low_record_id=row.low_record_id,
        high_record_id=row.high_record_id,
        score=row.score,
        priority=row.priority,
        question=row.question,
        facts=row.facts,
        run_id=row.run_id,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        close_reason=row.close_reason,
    )

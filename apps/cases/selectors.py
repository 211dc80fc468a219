"""Read the questions that wait for a steward. Every answer is a frozen value; nothing here writes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, Min, OuterRef, Q

from apps.base.copying import array_text
from apps.base.errors import NotFound
from apps.cases.models import Case

DOUBLES_IN = timedelta(days=14)
"""What waits this long weighs twice as much: services.PRIORITY."""
DOUBTED = 2.0
"""The bits by which a customer in question is rather one than two, whatever its weakest pair scores: see services."""
KINDS: tuple[str, ...] = tuple(Case.Kind.values)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One question: what it asks, about which source records, how pressing, and how it ended.

    `score` is in millibits and null where no pair is asked about. `subject_record_id` is the record that the queue
    shows it under, null where it stands alone; `stake` how many records a wrong answer would misplace.
    """

    case_id: int
    kind: str
    kind_label: str
    state: str
    low_record_id: int | None
    high_record_id: int | None
    subject_record_id: int | None
    stake: int
    score: int | None
    priority: int
    question: str
    facts: Mapping[str, Any]
    run_id: int
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    close_reason: str

    @property
    def candidate_record_id(self) -> int | None:
        """The other record of the pair than the subject; the high one where no subject is named."""
        return self.low_record_id if self.subject_record_id == self.high_record_id else self.high_record_id

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the queue: (priority, case id)."""
        return self.priority, self.case_id

    def pressing(self, now: datetime) -> float | None:
        """Return stake x uncertainty x age as of `now`; None for what comes before every pair.

        Age doubles it every 14 days. The queue's order is that of `services.PRIORITY`, its logarithm.
        """
        if self.kind not in {Case.Kind.PAIR, Case.Kind.WEAK} or self.score is None:
            return None
        bits = DOUBTED if self.kind == Case.Kind.WEAK else min(abs(self.score) / 1000, 100)
        uncertainty = 4 * 2**bits / (1 + 2**bits) ** 2
        return float(self.stake * uncertainty * 2 ** ((now - self.opened_at) / DOUBLES_IN))


@dataclass(frozen=True, slots=True)
class Group:
    """A source record with its candidates, most pressing first; one question by itself where it names no record."""

    candidates: tuple[CaseRow, ...]

    @property
    def head(self) -> CaseRow:
        """The most pressing question: where the group stands in the queue."""
        return self.candidates[0]


def list_open_groups(
    *,
    after: tuple[int, int] | None = None,
    limit: int = 50,
    kind: str | None = None,
    heads_where: Sequence[Q] = (),
) -> list[Group]:
    """Return the queue: open cases by the source record they ask about, most pressing first and then oldest first.

    `heads_where` are conditions on the most pressing case of each record, such as `claiming.held_by`.
    `after` is the (priority, case id) of the head of the last group seen. Two queries.
    """
    is_open = Case.objects.filter(state=Case.State.OPEN)
    is_open = is_open if kind is None else is_open.filter(kind=kind)
    before = Q(priority__gt=OuterRef("priority")) | Q(priority=OuterRef("priority"), pk__lt=OuterRef("pk"))
    heads = is_open.exclude(Exists(is_open.filter(before, subject_record_id=OuterRef("subject_record_id"))))
    heads = heads.filter(*heads_where)
    if after is not None:
        heads = heads.filter(_follows(after))
    found = [row_of(row) for row in heads.order_by("-priority", "pk")[:limit]]
    candidates: dict[int, list[CaseRow]] = {}
    subjects = [head.subject_record_id for head in found if head.subject_record_id is not None]
    for row in is_open.filter(subject_record_id__in=subjects).order_by("-priority", "pk") if subjects else ():
        candidates.setdefault(row.subject_record_id or 0, []).append(row_of(row))
    return [Group(tuple(candidates.get(head.subject_record_id or 0, [head]))) for head in found]


def list_candidates(case: CaseRow) -> list[CaseRow]:
    """Return the open cases of the same source record, most pressing first. One query, none for a case by itself."""
    if case.subject_record_id is None:
        return []
    rows = Case.objects.filter(state=Case.State.OPEN, subject_record_id=case.subject_record_id)
    return [row_of(row) for row in rows.order_by("-priority", "pk")]


def find_place_of_group(case: CaseRow, *, since: datetime) -> tuple[int, int]:
    """Return where a case's group stands in the queue, counting cases closed since then. One query."""
    if case.subject_record_id is None:
        return case.place
    counts = Q(state=Case.State.OPEN) | Q(closed_at__gte=since) | Q(pk=case.case_id)
    rows = Case.objects.filter(counts, subject_record_id=case.subject_record_id).order_by("-priority", "pk")
    return rows.values_list("priority", "pk").first() or case.place


def count_open_groups() -> int:
    """Return how many lines the queue has. One query."""
    rows = Case.objects.filter(state=Case.State.OPEN)
    counted = rows.aggregate(
        together=Count("subject_record_id", distinct=True), alone=Count("pk", filter=Q(subject_record_id=None))
    )
    return int(counted["together"] + counted["alone"])


def list_open_cases(*, after: tuple[int, int] | None = None, limit: int = 50, kind: str | None = None) -> list[CaseRow]:
    """Return open cases, most pressing first and then oldest first.

    `after` is the (priority, case id) of the last case seen. One query.
    """
    rows = Case.objects.filter(state=Case.State.OPEN).order_by("-priority", "pk")
    if kind is not None:
        rows = rows.filter(kind=kind)
    if after is not None:
        rows = rows.filter(_follows(after))
    return [row_of(row) for row in rows[:limit]]


def get_case(case_id: int) -> CaseRow:
    """Return one case, open or closed, or raise NotFound. One query."""
    row = Case.objects.filter(pk=case_id).first()
    if row is None:
        raise NotFound(f"There is no case {case_id}.", case=case_id)
    return row_of(row)


def count_open_cases() -> dict[str, int]:
    """Return the number of open cases of every kind; a kind without any counts 0. One query."""
    rows = Case.objects.filter(state=Case.State.OPEN).values_list("kind").annotate(Count("pk"))
    return dict.fromkeys(KINDS, 0) | dict(rows)


def sum_up_open_cases() -> tuple[dict[str, int], datetime | None]:
    """Return the number of open cases of every kind, and since when the oldest of all is open. One query."""
    rows = list(Case.objects.filter(state=Case.State.OPEN).values_list("kind").annotate(Count("pk"), Min("opened_at")))
    counts = dict.fromkeys(KINDS, 0) | {kind: count for kind, count, _ in rows}
    return counts, min((oldest for *_, oldest in rows), default=None)


def find_open_case(low: int, high: int) -> CaseRow | None:
    """Return the open case about a pair of source records, whichever is named first, or None. One query."""
    low, high = min(low, high), max(low, high)
    row = Case.objects.filter(state=Case.State.OPEN, low_record_id=low, high_record_id=high).first()
    return None if row is None else row_of(row)


def list_open_cases_between(ours: Sequence[int], theirs: Sequence[int]) -> list[CaseRow]:
    """Return open cases about a record of each of two groups, most pressing first. One query."""
    one_way, other_way = (
        Q(low_record_id__in=lows, high_record_id__in=highs) for lows, highs in ((ours, theirs), (theirs, ours))
    )
    rows = Case.objects.filter(one_way | other_way, state=Case.State.OPEN)
    return [row_of(row) for row in rows.order_by("-priority", "pk")]


def list_open_cases_of(record_ids: list[int], *, limit: int = 50) -> list[CaseRow]:
    """Return open cases that name any of the source records, most pressing first. One query."""
    if not record_ids:
        return []
    names_a_record = Q(low_record_id__in=record_ids) | Q(high_record_id__in=record_ids)
    rows = Case.objects.filter(names_a_record, state=Case.State.OPEN, low_record_id__isnull=False)
    return [row_of(row) for row in rows.order_by("-priority", "pk")[:limit]]


def list_open_pairs_of(record_ids: Iterable[int]) -> list[tuple[int, int, int]]:
    """Return case, low and high record of every open case that names any of the records, most pressing first.

    One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_PAIRS_OF, {"records": array_text(record_ids)})
        return [(case_id, low, high) for case_id, low, high, _ in cursor.fetchall()]


def _follows(place: tuple[int, int]) -> Q:
    priority, case_id = place
    return Q(priority__lt=priority) | Q(priority=priority, pk__gt=case_id)


def row_of(row: Case) -> CaseRow:
    """Return a case as the frozen value that leaves the app."""
    return CaseRow(
        case_id=row.pk,
        kind=row.kind,
        kind_label=Case.Kind(row.kind).label,
        state=row.state,
        low_record_id=row.low_record_id,
        high_record_id=row.high_record_id,
        subject_record_id=row.subject_record_id,
        stake=row.stake,
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


# The state is written out: with a parameter, a plan that is kept couldn't use the indexes over open cases.
_OPEN_PAIRS_OF = """
SELECT id, low_record_id, high_record_id, priority FROM cases_case
WHERE state = 'open' AND low_record_id = ANY(%(records)s::bigint[])
UNION
SELECT id, low_record_id, high_record_id, priority FROM cases_case
WHERE state = 'open' AND low_record_id IS NOT NULL AND high_record_id = ANY(%(records)s::bigint[])
ORDER BY priority DESC, id
"""
_WOULD_OPEN = """
SELECT count(*) FILTER (WHERE c.id IS NULL), count(*) FILTER (WHERE c.id IS NOT NULL)
FROM jsonb_to_recordset(%(pairs)s::jsonb)
     AS p(kind text, low bigint, high bigint, subject bigint, stake int, score int)
LEFT JOIN cases_case c ON c.state = 'open' AND c.low_record_id = p.low AND c.high_record_id = p.high
     -- What asked the other way round closes first.
     AND (c.kind = p.kind OR c.kind NOT IN ('pair', 'weak'))
WHERE c.id IS NULL OR (c.score, c.stake, c.subject_record_id) IS DISTINCT FROM (p.score, p.stake, p.subject)
"""
_WOULD_CLOSE = """
SELECT c.id FROM cases_case c
WHERE c.state = 'open' AND c.kind IN ('pair', 'weak')
  AND (c.low_record_id = ANY(%(records)s) OR c.high_record_id = ANY(%(records)s))
  AND (c.kind, c.low_record_id, c.high_record_id) NOT IN (
      SELECT p.kind, p.low, p.high FROM jsonb_to_recordset(%(pairs)s::jsonb) AS p(kind text, low bigint, high bigint)
      UNION ALL SELECT 'pair', * FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[]))
"""


def foresee_pair_cases(
    *, pairs: Sequence[Mapping[str, Any]], records: Sequence[int], elsewhere: Sequence[tuple[int, int]]
) -> tuple[int, int, set[int]]:
    """Return how many cases `settle_pair_cases` would open and rescore, and which it would close. Two queries."""
    values: dict[str, Any] = {
        "pairs": json.dumps(list(pairs)),
        "records": list(records),
        "lows": [low for low, _ in elsewhere],
        "highs": [high for _, high in elsewhere],
    }
    with connection.cursor() as cursor:
        cursor.execute(_WOULD_OPEN, values)
        opened, rescored = cursor.fetchone()
        cursor.execute(_WOULD_CLOSE, values)
        return int(opened), int(rescored), {row[0] for row in cursor.fetchall()}

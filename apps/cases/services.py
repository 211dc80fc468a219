"""Open and close questions for a steward. One open case per pair; a case that became moot closes with its reason."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.cases.models import Case

# Before any pair: these ask about what a person decided.
_ASKED_FIRST = 1_000_000
OPEN_PAIRS = """
INSERT INTO cases_case
    (kind, state, low_record_id, high_record_id, score, priority, question, facts, run_id, opened_at, closed_by,
     close_reason)
SELECT 'pair', 'open', p.low, p.high, p.score, p.priority, 'Are these the same customer?',
       jsonb_build_object('reason', p.reason), %(run)s, %(now)s, '', ''
FROM jsonb_to_recordset(%(pairs)s::jsonb) AS p(low bigint, high bigint, score int, priority int, reason text)
ON CONFLICT (low_record_id, high_record_id) WHERE state = 'open' AND low_record_id IS NOT NULL
DO UPDATE SET score = excluded.score, priority = excluded.priority
WHERE cases_case.score IS DISTINCT FROM excluded.score
"""
CLOSE_MOOT = """
UPDATE cases_case SET state = 'closed', closed_at = %(now)s, closed_by = %(actor)s,
       close_reason = 'moot: the records changed or were brought together'
WHERE state = 'open' AND kind = 'pair'
  AND (low_record_id = ANY(%(records)s) OR high_record_id = ANY(%(records)s))
  AND (low_record_id, high_record_id) NOT IN (
      SELECT p.low, p.high FROM jsonb_to_recordset(%(pairs)s::jsonb) AS p(low bigint, high bigint)
      UNION ALL SELECT * FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[]))
"""


def settle_pair_cases(
    *,
    pairs: Sequence[dict[str, Any]],
    records: Sequence[int],
    elsewhere: Sequence[tuple[int, int]] = (),
    run_id: int,
    actor: Actor,
) -> tuple[int, int]:
    """Open a case per pair (low, high, score, priority, reason) and close those of `records` no longer asked.

    `elsewhere` names pairs of these records that another transaction of the same run asks about: they stay as they are.
    Runs inside the caller's transaction; returns how many were opened or rescored, and closed.
    """
    values: dict[str, Any] = {
        "pairs": json.dumps(list(pairs)),
        "records": list(records),
        "lows": [low for low, _ in elsewhere],
        "highs": [high for _, high in elsewhere],
        "run": run_id,
        "now": timezone.now(),
        "actor": str(actor),
    }
    with connection.cursor() as cursor:
        closed = 0
        if records:
            cursor.execute(CLOSE_MOOT, values)
            closed = cursor.rowcount
        opened = 0
        if pairs:
            cursor.execute(OPEN_PAIRS, values)
            opened = cursor.rowcount
    return opened, closed


def ask_about_pair(
    *,
    kind: str,
    low: int,
    high: int,
    question: str,
    about: dict[str, Any],
    facts: dict[str, Any],
    run_id: int = 0,
    actor: Actor,
) -> int:
    """Ask a question about a pair of records and return the case's number.

    Where one of this kind with the facts `about`, or one about the pair, is open already, that takes the facts.
    """
    with acting(actor, reason=question, run_id=run_id):
        is_open = Case.objects.filter(state=Case.State.OPEN)
        case = is_open.filter(kind=kind, facts__contains=about).first()
        if case is None:
            case = is_open.filter(low_record_id=low, high_record_id=high).first()
        told, is_new = about | facts, case is None
        if case is None:
            case = Case(low_record_id=low, high_record_id=high, priority=_ASKED_FIRST, opened_at=timezone.now())
            case.run_id, case.facts = run_id, {}
        if is_new or case.facts | told != case.facts:
            case.kind, case.question, case.facts = kind, question[:300], case.facts | told
            case.save()
    return int(case.pk)


def open_case(*, kind: str, question: str, facts: dict[str, Any], run_id: int, actor: Actor) -> Case:
    """Ask a question that is about no pair."""
    with acting(actor, reason=question, run_id=run_id):
        return Case.objects.create(kind=kind, question=question, facts=facts, run_id=run_id, opened_at=timezone.now())


def close_case(*, case_id: int, reason: str, actor: Actor) -> Case:
    """Close a case with what became of it; closing a closed one changes nothing."""
    with acting(actor, reason=reason):
        case = Case.objects.select_for_update().get(pk=case_id)
        if case.state == Case.State.OPEN:
            case.state = Case.State.CLOSED
            case.closed_at = timezone.now()
            case.closed_by = str(actor)
            case.close_reason = reason
            case.save()
    return case


def close_cases_about(*, kind: str, facts: dict[str, Any], reason: str, actor: Actor) -> int:
    """Close every open case of a kind whose facts contain these; return how many."""
    with acting(actor, reason=reason):
        return Case.objects.filter(state=Case.State.OPEN, kind=kind, facts__contains=facts).update(
            state=Case.State.CLOSED, closed_at=timezone.now(), closed_by=str(actor), close_reason=reason[:300]
        )


def close_cases_naming(*, kinds: Collection[str], records: Collection[int], reason: str, actor: Actor) -> int:
    """Close every open case of these kinds that names one of the records; return how many. One statement."""
    names_one = Q(low_record_id__in=records) | Q(high_record_id__in=records)
    return Case.objects.filter(names_one, state=Case.State.OPEN, kind__in=kinds).update(
        state=Case.State.CLOSED, closed_at=timezone.now(), closed_by=str(actor), close_reason=reason[:300]
    )


def reopen_case(*, case_id: int, reason: str, actor: Actor) -> Case:
    """Put a case back into the queue, when the decision that closed it is undone."""
    with acting(actor, reason=reason):
        case = Case.objects.select_for_update().get(pk=case_id)
        others = Case.objects.filter(
            state=Case.State.OPEN, low_record_id=case.low_record_id, high_record_id=case.high_record_id
        ).exclude(pk=case.pk)
        if case.state == Case.State.CLOSED and not (case.low_record_id and others.exists()):
            case.state = Case.State.OPEN
            case.closed_at, case.closed_by, case.close_reason = None, "", ""
            case.save()
    return case

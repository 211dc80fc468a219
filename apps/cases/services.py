"""Open and close questions for a steward. One open case per pair; a case that became moot closes with its reason."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.copying import array_text
from apps.cases.models import Case

# Before any pair: these ask about what a person decided.
_ASKED_FIRST = 1_000_000
# Doublings, in thousandths, of stake x uncertainty x age. Uncertainty is 4p(1 - p) of the score's odds: 1 at even odds,
# a quarter for each two bits or so away from them. Age doubles a question's weight every fortnight; what doubles all
# alike doesn't change their order, so it is written as of one day for good, and no row is ever rewritten for its age.
PRIORITY = """
round(1000 * (
    ln(greatest({stake}, 1)) / ln(2)
    + 2 - ln(1 + power(2::float8, {bits})) / ln(2) - ln(1 + power(2::float8, -{bits})) / ln(2)
    - extract(epoch FROM {opened} - timestamptz '2020-01-01 00:00Z') / 1209600
))::integer
"""
_BITS = "greatest(least({score} / 1000.0, 100), -100)::float8"
# Whether a customer is two isn't told by the odds of its weakest pair: others hold it together. Of those in question
# one in four was two among made-up companies, one in ten among listed ones; so each counts as one in five.
_DOUBTED = "-2.0"
_NEW = PRIORITY.format(
    stake="p.stake",
    bits=f"CASE p.kind WHEN 'weak' THEN {_DOUBTED} ELSE {_BITS.format(score='p.score')} END",
    opened="%(now)s::timestamptz",
)
_ASKED_ANEW = PRIORITY.format(
    stake="excluded.stake",
    bits=f"CASE cases_case.kind WHEN 'weak' THEN {_DOUBTED} ELSE {_BITS.format(score='excluded.score')} END",
    opened="cases_case.opened_at",
)
QUESTIONS = {
    "pair": "Are these the same customer?",
    "weak": "These two are in one customer and don't look alike. Are they one?",
}
OPEN_PAIRS = f"""
INSERT INTO cases_case
    (kind, state, low_record_id, high_record_id, subject_record_id, systems, stake, score, priority, question, facts,
     run_id, opened_at, closed_by, close_reason)
SELECT p.kind, 'open', p.low, p.high, p.subject, coalesce(p.systems, ''), p.stake, p.score,
       {_NEW},
       %(questions)s::jsonb ->> p.kind, jsonb_build_object('reason', p.reason), %(run)s, %(now)s, '', ''
FROM jsonb_to_recordset(%(pairs)s::jsonb)
     AS p(kind text, low bigint, high bigint, subject bigint, stake int, score int, reason text, systems text)
ON CONFLICT (low_record_id, high_record_id) WHERE state = 'open' AND low_record_id IS NOT NULL
DO UPDATE SET score = excluded.score, stake = excluded.stake, subject_record_id = excluded.subject_record_id,
    priority = CASE WHEN cases_case.kind NOT IN ('pair', 'weak') THEN cases_case.priority ELSE {_ASKED_ANEW} END
WHERE (cases_case.score, cases_case.stake, cases_case.subject_record_id)
      IS DISTINCT FROM (excluded.score, excluded.stake, excluded.subject_record_id)
RETURNING xmax = 0
"""  # noqa: S608 - its own expressions
CLOSE_MOOT = """
UPDATE cases_case SET state = 'closed', closed_at = %(now)s, closed_by = %(actor)s,
       close_reason = CASE
           WHEN low_record_id = ANY(%(gone)s::bigint[]) OR high_record_id = ANY(%(gone)s::bigint[])
           THEN 'moot: a record is gone'
           WHEN kind = 'pair' THEN CASE WHEN (
               SELECT count(DISTINCT c.customer) = 1 AND count(*) = 2
               FROM unnest(%(placed)s::bigint[], %(customers)s::bigint[]) AS c(record, customer)
               WHERE c.record IN (low_record_id, high_record_id)) THEN 'moot: the records were brought together'
               ELSE %(otherwise)s END
           WHEN (SELECT count(DISTINCT c.customer) = 2
                 FROM unnest(%(placed)s::bigint[], %(customers)s::bigint[]) AS c(record, customer)
                 WHERE c.record IN (low_record_id, high_record_id)) THEN 'moot: the records are in two customers now'
           WHEN EXISTS (SELECT FROM jsonb_to_recordset(%(pairs)s::jsonb) AS p(kind text, low bigint)
                        JOIN unnest(%(placed)s::bigint[], %(customers)s::bigint[]) AS a(record, customer)
                          ON a.record = p.low
                        JOIN unnest(%(placed)s::bigint[], %(customers)s::bigint[]) AS b(record, customer)
                          USING (customer)
                        WHERE p.kind = 'weak' AND b.record = low_record_id)
               THEN 'moot: other records of the customer are asked about'
           ELSE 'moot: nothing speaks against their being one customer now' END
           || CASE WHEN facts ? 'waiting' THEN '; a waiting verdict was dropped' ELSE '' END,
       facts = facts - 'waiting'
WHERE state = 'open' AND kind IN ('pair', 'weak')
  AND (low_record_id = ANY(%(records)s::bigint[]) OR high_record_id = ANY(%(records)s::bigint[]))
  AND (kind, low_record_id, high_record_id) NOT IN (
      SELECT p.kind, p.low, p.high FROM jsonb_to_recordset(%(pairs)s::jsonb) AS p(kind text, low bigint, high bigint)
      UNION ALL SELECT 'pair', * FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[]))
"""
# The state is written out: with a parameter, a plan that is kept couldn't use the indexes over open cases.
CLOSE_NAMING = """
UPDATE cases_case SET state = 'closed', closed_at = %(now)s, closed_by = %(actor)s, close_reason = %(reason)s
WHERE state = 'open' AND kind = ANY(%(kinds)s::text[])
  AND (low_record_id = ANY(%(records)s::bigint[]) OR high_record_id = ANY(%(records)s::bigint[]))
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """Why questions are moot: records that are gone, the customer each record is in now, the decision carried out."""

    gone: Sequence[int]
    customer_of: Mapping[int, int]
    verdict_id: int | None


def settle_pair_cases(
    *,
    pairs: Sequence[dict[str, Any]],
    records: Sequence[int],
    elsewhere: Sequence[tuple[int, int]] = (),
    facts: Facts,
    run_id: int,
    actor: Actor,
) -> tuple[int, int]:
    """Open a case per pair (kind, low, high, subject, stake, score, reason, systems), close what isn't asked now.

    What is closed is about `records`. `elsewhere` names pairs of these records that another transaction of the same
    run asks about: they stay as they are.
    `facts` say why a case closes. Runs inside the caller's transaction; returns how many were opened, and closed.
    """
    decision = f"moot: decision {facts.verdict_id} keeps the records apart or asks about others of their customers"
    values: dict[str, Any] = {
        "pairs": json.dumps(list(pairs)),
        "questions": json.dumps(QUESTIONS),
        "records": array_text(records),
        "lows": array_text(low for low, _ in elsewhere),
        "highs": array_text(high for _, high in elsewhere),
        "gone": array_text(facts.gone),
        "placed": array_text(facts.customer_of),
        "customers": array_text(facts.customer_of.values()),
        "otherwise": decision if facts.verdict_id else "moot: the records changed",
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
            opened = sum(is_new for (is_new,) in cursor.fetchall())
    return opened, closed


def ask_about_pair(
    *,
    kind: str,
    low: int,
    high: int,
    question: str,
    about: dict[str, Any],
    facts: dict[str, Any],
    systems: str = "",
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
            case.subject_record_id = high
            case.run_id, case.facts, case.systems = run_id, {}, systems
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
            # One that waited for a second person is answered otherwise now.
            dropped = case.facts.pop("waiting", None) is not None
            case.close_reason = reason + "; a waiting verdict was dropped" * dropped
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
    values: dict[str, Any] = {
        "kinds": list(kinds),
        "records": array_text(records),
        "now": timezone.now(),
        "actor": str(actor),
        "reason": reason[:300],
    }
    with connection.cursor() as cursor:
        cursor.execute(CLOSE_NAMING, values)
        return int(cursor.rowcount)


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

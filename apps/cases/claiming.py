"""Soft claims: who looks at a case, so that two people don't judge it at once. Nothing is refused for their sake.

A claim lapses by itself once it isn't renewed for `MDM["CLAIM_SECONDS"]`; a lapsed one is as good as none.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.base.actors import Actor
from apps.cases.models import Claim
from apps.cases.selectors import CaseRow

# All open cases of the record that is asked about are claimed together, in one order, so that two claims never wait
# for each other. What others hold stays theirs.
_CLAIM = """
WITH asked AS (
    SELECT id FROM cases_case
    WHERE state = 'open' AND (id = %(case)s OR subject_record_id = %(subject)s) ORDER BY id
), taken AS (
    INSERT INTO cases_claim AS held (case_id, person, since, renewed_at)
    SELECT id, %(person)s, %(now)s, %(now)s FROM asked
    ON CONFLICT (case_id) DO UPDATE SET
        person = excluded.person, renewed_at = excluded.renewed_at,
        since = CASE WHEN held.person = excluded.person AND held.renewed_at >= %(lapsed)s
                THEN held.since ELSE excluded.since END,
        asked_by = CASE WHEN held.person = excluded.person THEN held.asked_by ELSE '' END,
        is_kept = held.is_kept AND held.person = excluded.person
    WHERE held.person = excluded.person OR held.renewed_at < %(lapsed)s OR %(takes_over)s
    RETURNING case_id, person, since, asked_by, is_kept
)
SELECT person, since, asked_by, is_kept, (SELECT count(*) FROM cases_case WHERE state = 'open') FROM taken
WHERE case_id = %(case)s
UNION ALL
SELECT person, since, asked_by, is_kept, (SELECT count(*) FROM cases_case WHERE state = 'open') FROM cases_claim
WHERE case_id = %(case)s AND NOT EXISTS (SELECT FROM taken WHERE case_id = %(case)s)
"""
_GIVE = """
WITH asked AS (
    SELECT asked_by FROM cases_claim WHERE case_id = %(case)s AND person = %(person)s AND asked_by <> ''
), given AS (
    SELECT case_id FROM cases_claim
    WHERE person = %(person)s AND case_id IN (
        SELECT id FROM cases_case WHERE state = 'open' AND (id = %(case)s OR subject_record_id = %(subject)s))
    ORDER BY case_id FOR UPDATE
)
UPDATE cases_claim AS held
SET person = asked.asked_by, since = %(now)s, renewed_at = %(now)s, asked_by = '', is_kept = false
FROM asked WHERE held.case_id IN (SELECT case_id FROM given)
"""
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Held:
    """Who looks at a case, and since when; `is_mine` where that is who asked.

    `open_cases` counts all that are open: each page tells that, too, and one query is enough for both. `asked_by` asks
    whoever holds it for the case, and `is_kept` says that the answer was no.
    """

    person: str
    since: datetime
    is_mine: bool
    open_cases: int
    asked_by: str = ""
    is_kept: bool = False


def claim_case(case: CaseRow, *, takes_over: bool = False, actor: Actor) -> Held | None:
    """Claim a case and the others of its record, or renew the claim; return who holds it now.

    Somebody else's claim stands until it lapses, unless `takes_over`. None for a case that is closed. One query, two
    where somebody else claims it at the same moment.
    """
    now, me = timezone.now(), str(actor)
    values = {
        "case": case.case_id,
        "subject": case.subject_record_id,
        "person": me,
        "now": now,
        "lapsed": now - _lasts(),
        "takes_over": takes_over,
    }
    for _ in range(_ATTEMPTS if case.state == "open" else 0):
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, values)
            row = cursor.fetchone()
        if row is not None:
            return Held(row[0], row[1], is_mine=row[0] == me, open_cases=row[4], asked_by=row[2], is_kept=row[3])
    return None


def ask_for_case(case: CaseRow, *, actor: Actor) -> bool:
    """Ask whoever looks at a case for it; say whether somebody does. The latest to ask is the one who is told."""
    held = Claim.objects.filter(pk=case.case_id, renewed_at__gte=timezone.now() - _lasts()).exclude(person=str(actor))
    return held.update(asked_by=str(actor), is_kept=False) > 0


def answer_ask(case: CaseRow, *, gives: bool, actor: Actor) -> bool:
    """Give a case that one holds to whoever asks for it, with the others of its record, or keep it; say which was done.

    False where nobody asks any more, or somebody else holds it by now: then nothing changes. One query.
    """
    if not gives:
        asked = Claim.objects.filter(pk=case.case_id, person=str(actor)).exclude(asked_by="")
        return asked.update(is_kept=True) > 0
    values = {"case": case.case_id, "subject": case.subject_record_id, "person": str(actor), "now": timezone.now()}
    with connection.cursor() as cursor:
        cursor.execute(_GIVE, values)
        return int(cursor.rowcount) > 0


def release_claims(case_ids: Collection[int], *, actor: Actor) -> int:
    """Let go of a person's claims on cases, and of every claim that lapsed; return how many. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM cases_claim WHERE (case_id = ANY(%s) AND person = %s) OR renewed_at < %s",
            [list(case_ids), str(actor), timezone.now() - _lasts()],
        )
        return int(cursor.rowcount)


def list_claims(case_ids: Collection[int]) -> Mapping[int, str]:
    """Return who looks at each of these cases that somebody looks at. One query."""
    rows = Claim.objects.filter(pk__in=case_ids, renewed_at__gte=timezone.now() - _lasts())
    return dict(rows.values_list("pk", "person"))


def held_by_others(person: str) -> Q:
    """Return the condition that somebody else than this person looks at a case."""
    held = Claim.objects.filter(pk=OuterRef("pk"), renewed_at__gte=timezone.now() - _lasts())
    return Q(Exists(held.exclude(person=person)))


def held_by(person: str) -> Q:
    """Return the condition that this person looks at a case."""
    held = Claim.objects.filter(pk=OuterRef("pk"), person=person, renewed_at__gte=timezone.now() - _lasts())
    return Q(Exists(held))


def _lasts() -> timedelta:
    return timedelta(seconds=int(settings.MDM["CLAIM_SECONDS"]))

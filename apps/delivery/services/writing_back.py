"""Write governed ids back to their systems: short claim, write outside any transaction, short settle."""

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.base.actors import Actor
from apps.delivery.models import LedgerEntry
from apps.delivery.retries import Plan, find_next_attempt
from apps.delivery.selectors import list_due_sources
from apps.delivery.services.deliveries import retry_plan
from apps.delivery.services.lanes import run_lanes
from apps.delivery.targets import get_target
from apps.delivery.targets.base import Answer, Intent, Written

_CLAIM = """
    WITH due AS (
        SELECT record_id FROM delivery_ledgerentry
        WHERE source_code = %(source)s AND state IN ('pending', 'drifted') AND next_attempt_at <= %(now)s
        ORDER BY next_attempt_at
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    UPDATE delivery_ledgerentry AS l
    SET state = 'in_flight', attempts = l.attempts + 1, sent = l.desired, lease_until = %(until)s,
        lease_token = %(token)s
    FROM due, delivery_ledgerentry AS before
    WHERE l.record_id = due.record_id AND before.record_id = due.record_id
    RETURNING l.record_id, l.source_key, l.desired, l.attempts, ARRAY[l.acknowledged, l.found, before.sent]
"""
# A wish that changed while its elder was written is owed next, whatever became of the elder.
_SETTLE = """
    WITH held AS (
        SELECT record_id FROM delivery_ledgerentry WHERE record_id = ANY(%(ids)s) ORDER BY record_id FOR UPDATE
    )
    UPDATE delivery_ledgerentry AS l
    SET state = CASE WHEN l.desired <> v.gid THEN 'pending' ELSE v.state END,
        attempts = CASE WHEN l.desired <> v.gid THEN 0 ELSE v.attempts END,
        next_attempt_at = CASE WHEN l.desired <> v.gid THEN %(now)s ELSE coalesce(v.next_at, l.next_attempt_at) END,
        acknowledged = CASE WHEN v.state = 'acknowledged' THEN v.gid ELSE l.acknowledged END,
        found = coalesce(v.found, l.found),
        note = coalesce(v.note, l.note), changed_at = %(now)s, lease_until = NULL, lease_token = NULL
    FROM unnest(%(ids)s::bigint[], %(gids)s::text[], %(states)s::text[], %(attempts)s::int[], %(nexts)s::timestamptz[],
                %(founds)s::text[], %(notes)s::text[])
        AS v(record_id, gid, state, attempts, next_at, found, note)
    JOIN held ON held.record_id = v.record_id
    WHERE l.record_id = v.record_id AND l.state = 'in_flight' AND l.lease_token = %(token)s
      AND l.lease_until > clock_timestamp()
    RETURNING l.record_id
"""
_RELEASE_LAPSED = """
    WITH lapsed AS (
        SELECT record_id FROM delivery_ledgerentry
        WHERE state = 'in_flight' AND lease_until <= clock_timestamp()
        FOR UPDATE SKIP LOCKED
    )
    UPDATE delivery_ledgerentry AS l
    SET state = CASE WHEN l.attempts >= %(attempts)s AND l.desired = l.sent THEN 'dead' ELSE 'pending' END,
        attempts = CASE WHEN l.desired = l.sent THEN l.attempts ELSE 0 END,
        next_attempt_at = %(now)s, lease_until = NULL, lease_token = NULL, changed_at = %(now)s,
        note = 'its worker ended or took too long'
    FROM lapsed WHERE l.record_id = lapsed.record_id
"""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClaimedIntent:
    """One write-back in flight: `number` counts its attempts, this one included."""

    intent: Intent
    number: int


def write_back_due(*, seconds: float = 20.0, actor: Actor) -> int:
    """Write ids back until nothing is due or the time is over, and return how many were acknowledged.

    Safe to run anywhere, at any time and at once, as `deliver_due` is.
    """
    release_lapsed_write_backs()
    acknowledged = run_lanes(list_due_sources, _run_lane, seconds=seconds)
    if acknowledged:
        logger.info("ledger.written_back", extra={"hub": {"acknowledged": acknowledged, "actor": str(actor)}})
    return acknowledged


@transaction.atomic
def claim_write_backs(*, source_code: str, limit: int) -> tuple[UUID, list[ClaimedIntent]]:
    """Lease up to `limit` due entries of one source, and count the attempt, before anything is written."""
    now, token = timezone.now(), uuid4()
    until = now + timedelta(seconds=float(settings.MDM["DELIVERY_LEASE_SECONDS"]))
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"source": source_code, "now": now, "limit": limit, "until": until, "token": token})
        claimed = [
            ClaimedIntent(Intent(record_id, key, gid, frozenset(known) - {""}), number)
            for record_id, key, gid, number, known in cursor.fetchall()
        ]
    return token, claimed


@transaction.atomic
def settle_write_backs(*, token: UUID, claimed: Sequence[ClaimedIntent], answers: Sequence[Answer]) -> int:
    """Record how each write-back of a claim ended, and return how many were still this claim's to settle."""
    now, plan = timezone.now(), retry_plan()
    pairs = list(zip(claimed, answers, strict=True))
    settled = [_settlement(entry, answer, now, plan) for entry, answer in pairs]
    params: dict[str, Any] = {
        "now": now,
        "token": token,
        "ids": [entry.intent.record_id for entry in claimed],
        "gids": [entry.intent.gid for entry in claimed],
        "states": [row[0] for row in settled],
        "attempts": [row[1] for row in settled],
        "nexts": [row[2] for row in settled],
        "founds": [_found_now(entry, answer) for entry, answer in pairs],
        "notes": [row[3] for row in settled],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, params)
        return int(cursor.rowcount)


@transaction.atomic
def release_lapsed_write_backs() -> int:
    """Make write-backs whose lease ran out due at once, or dead after their last attempt; return how many.

    What was written before the worker ended is found again by reading the slot first.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE_LAPSED, {"attempts": retry_plan().attempts, "now": timezone.now()})
        return int(cursor.rowcount)


def _run_lane(source_code: str, deadline: float) -> int:
    target = get_target(source_code)
    acknowledged = 0
    while time.monotonic() < deadline:
        token, claimed = claim_write_backs(source_code=source_code, limit=target.batch_size)
        if not claimed:
            break
        answers = target.write([entry.intent for entry in claimed])
        settle_write_backs(token=token, claimed=claimed, answers=answers)
        acknowledged += sum(answer.result in (Written.UNCHANGED, Written.APPLIED) for answer in answers)
        if any(answer.result is Written.UNREACHABLE for answer in answers):
            break
    return acknowledged


def _settlement(
    entry: ClaimedIntent, answer: Answer, now: datetime, plan: Plan
) -> tuple[str, int, datetime | None, str | None]:
    state = LedgerEntry.State
    if answer.result in (Written.UNCHANGED, Written.APPLIED):
        return state.ACKNOWLEDGED, entry.number, None, None
    if answer.result is Written.UNSENT:
        return state.PENDING, entry.number - 1, None, None
    if answer.result is Written.DRIFTED and entry.number < plan.attempts:
        # The other id is on record now, so the next try may replace it.
        return state.DRIFTED, entry.number, now, answer.detail[:300]
    if answer.result in (Written.HOPELESS, Written.DRIFTED):
        return state.DEAD, entry.number, None, answer.detail[:300]
    next_at = find_next_attempt(
        number=entry.number,
        now=now,
        plan=plan,
        draw=random.random(),  # noqa: S311 - spreads load, guards nothing
        retry_after_seconds=answer.retry_after_seconds,
    )
    return (state.PENDING if next_at else state.DEAD), entry.number, next_at, answer.detail[:300]


def _found_now(entry: ClaimedIntent, answer: Answer) -> str | None:
    if answer.result in (Written.UNCHANGED, Written.APPLIED):
        return entry.intent.gid
    return None if answer.found is None else answer.found[:40]

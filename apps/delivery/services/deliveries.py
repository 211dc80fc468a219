"""Deliveries from owed to done.

The law of this module: of each (subscriber, subject) stream only the head is claimed, a claim's attempt is counted
before anything is sent, and only the holder of the running lease may settle.
"""

import logging
import random
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.base.actors import Actor
from apps.base.copying import array_text
from apps.base.errors import Conflict, NotFound
from apps.delivery.models import Delivery, SubscriberPause
from apps.delivery.retries import Plan, find_next_attempt, pause_seconds
from apps.delivery.transports.base import Outcome, Result

# Every open elder blocks, a dead one too, so that no subscriber sees a customer's changes out of order.
_CLAIM = """
    WITH due AS (
        SELECT d.id FROM delivery_delivery AS d
        WHERE d.subscriber_id = %(subscriber)s AND d.state = 'waiting' AND d.next_attempt_at <= %(now)s
          AND d.sequence = (
              SELECT min(elder.sequence) FROM delivery_delivery AS elder
              WHERE elder.subscriber_id = d.subscriber_id AND elder.subject = d.subject
                AND elder.state IN ('waiting', 'in_flight', 'dead'))
        ORDER BY d.next_attempt_at, d.id
        LIMIT %(limit)s
        FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE delivery_delivery AS d
    SET state = 'in_flight', attempts = d.attempts + 1, lease_until = %(until)s, lease_token = %(token)s
    FROM due WHERE d.id = due.id
    RETURNING d.id, d.event_id, d.attempts
"""
# Events behind a dead or backing-off head would be looked at by every poll; they sleep as long as it does.
_PARK = """
    WITH blocked AS (
        SELECT d.id,
            CASE WHEN head.state = 'dead' THEN %(now)s + interval '1 day' ELSE head.next_attempt_at END AS until
        FROM delivery_delivery AS d
        CROSS JOIN LATERAL (
            SELECT elder.state, elder.sequence, elder.next_attempt_at FROM delivery_delivery AS elder
            WHERE elder.subscriber_id = d.subscriber_id AND elder.subject = d.subject
              AND elder.state IN ('waiting', 'in_flight', 'dead')
            ORDER BY elder.sequence LIMIT 1) AS head
        WHERE d.subscriber_id = %(subscriber)s AND d.state = 'waiting' AND d.next_attempt_at <= %(now)s
          AND head.sequence < d.sequence
          AND (head.state = 'dead' OR (head.state = 'waiting' AND head.next_attempt_at > %(now)s))
        LIMIT 10000
        FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE delivery_delivery AS d SET next_attempt_at = blocked.until FROM blocked WHERE d.id = blocked.id
"""
_UNPARK = """
    WITH freed AS (
        SELECT d.id FROM delivery_delivery AS d
        JOIN delivery_delivery AS head ON head.subscriber_id = d.subscriber_id AND head.subject = d.subject
        WHERE head.id = ANY(%(heads)s) AND d.state = 'waiting' AND d.sequence > head.sequence
        ORDER BY d.id
        FOR UPDATE OF d
    )
    UPDATE delivery_delivery AS d SET next_attempt_at = %(now)s FROM freed WHERE d.id = freed.id
"""
_SETTLE = """
    UPDATE delivery_delivery AS d
    SET state = v.state, attempts = v.attempts, next_attempt_at = coalesce(v.next_attempt_at, d.next_attempt_at),
        note = coalesce(v.note, d.note), lease_until = NULL, lease_token = NULL,
        settled_at = CASE WHEN v.state = 'waiting' THEN NULL ELSE %(now)s END
    FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(attempts)s::int[], %(nexts)s::timestamptz[], %(notes)s::text[])
        AS v(id, state, attempts, next_attempt_at, note)
    WHERE d.id = v.id AND d.state = 'in_flight' AND d.lease_token = %(token)s AND d.lease_until > clock_timestamp()
    RETURNING d.id
"""
# A stream is dropped whole or not at all: with another change between the decision and its undoing all goes out.
_DROP_UNDONE = """
    WITH told AS (
        SELECT d.id, d.subscriber_id, d.subject, d.sequence, d.state, d.attempts FROM outbox_event AS e
        JOIN delivery_delivery AS d ON d.event_id = e.id
        WHERE e.decision_id = %(decision)s
        ORDER BY d.id
        FOR UPDATE OF d
    ), unsent AS (
        SELECT subscriber_id, subject, min(sequence) AS first, max(sequence) AS last, count(*) AS events FROM told
        GROUP BY subscriber_id, subject
        HAVING bool_and(state = 'waiting' AND attempts = 0)
    ), alone AS (
        SELECT u.subscriber_id, u.subject FROM unsent AS u
        WHERE u.events = (
            SELECT count(*) FROM delivery_delivery AS d
            WHERE d.subscriber_id = u.subscriber_id AND d.subject = u.subject AND d.sequence BETWEEN u.first AND u.last)
    )
    UPDATE delivery_delivery AS d SET state = 'cancelled', note = %(note)s, settled_at = %(now)s
    FROM told JOIN alone USING (subscriber_id, subject)
    WHERE d.id = told.id
    RETURNING d.id
"""
_NOTE_ATTEMPTS = """
    INSERT INTO delivery_deliveryattempt (delivery_id, number, at, seconds, outcome, status, detail)
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::float8[], %s::text[], %s::int[], %s::text[])
"""
_RELEASE_LAPSED = """
    WITH lapsed AS (
        SELECT id FROM delivery_delivery
        WHERE state = 'in_flight' AND lease_until <= clock_timestamp()
        FOR UPDATE SKIP LOCKED
    ), released AS (
        UPDATE delivery_delivery AS d
        SET state = CASE WHEN attempts >= %(attempts)s THEN 'dead' ELSE 'waiting' END,
            settled_at = CASE WHEN attempts >= %(attempts)s THEN %(now)s END,
            next_attempt_at = %(now)s, lease_until = NULL, lease_token = NULL,
            note = 'its worker ended or took too long'
        FROM lapsed WHERE d.id = lapsed.id
        RETURNING d.id, d.attempts
    )
    INSERT INTO delivery_deliveryattempt (delivery_id, number, at, seconds, outcome, detail)
    SELECT id, attempts, %(now)s, 0, 'lapsed', '' FROM released
"""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery in flight: `number` counts its attempts, this one included."""

    id: int
    event_id: int
    number: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Deliveries of different streams leased to one worker under one fencing token."""

    subscriber_id: int
    token: UUID
    deliveries: list[Claimed]


def retry_plan() -> Plan:
    """Return the plan the settings ask for."""
    return Plan(int(settings.MDM["DELIVERY_ATTEMPTS"]), float(settings.MDM["DELIVERY_SPAN_SECONDS"]))


def enqueue(*, event_ids: Sequence[int] | pa.Array, actor: Actor, not_before: datetime | None = None) -> int:
    """Owe each event to every active subscriber entitled to its type, and return how many deliveries that made.

    Runs inside the transaction that posted the events. Enqueueing an event again adds nothing. Nothing goes out before
    `not_before`, nor does what is enqueued about the same customer later.
    """
    ids = event_ids.to_pylist() if isinstance(event_ids, pa.Array) else list(event_ids)
    if not ids:
        return 0
    with connection.cursor() as cursor:
        # One statement over the outbox's table instead of a trip through Python for each event.
        cursor.execute(
            """
            INSERT INTO delivery_delivery
                (subscriber_id, event_id, subject, sequence, state, attempts, next_attempt_at, note)
            SELECT s.id, e.id, e.subject, e.sequence, 'waiting', 0, %s, ''
            FROM outbox_event AS e CROSS JOIN delivery_subscriber AS s
            WHERE e.id = ANY(%s::bigint[]) AND s.is_active AND (s.types = '[]'::jsonb OR s.types ? e.type)
            ORDER BY e.id
            ON CONFLICT (subscriber_id, event_id) DO NOTHING
            """,
            [not_before or timezone.now(), array_text(ids)],
        )
        made = int(cursor.rowcount)
    logger.debug("delivery.enqueued", extra={"hub": {"deliveries": made, "actor": str(actor)}})
    return made


@transaction.atomic
def claim_deliveries(*, subscriber_id: int, limit: int) -> Claim:
    """Lease up to `limit` due heads of one subscriber's streams, and count the attempt, before anything is sent.

    Returns no deliveries while the subscriber is paused; after a pause, one at a time until one arrives.
    """
    now = timezone.now()
    pause = SubscriberPause.objects.filter(subscriber_id=subscriber_id).first()
    token = uuid4()
    if pause and pause.until > now:
        return Claim(subscriber_id, token, [])
    if pause and pause_seconds(pause.failures):
        limit = 1
    until = now + timedelta(seconds=float(settings.MDM["DELIVERY_LEASE_SECONDS"]))
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM, {"subscriber": subscriber_id, "now": now, "limit": limit, "until": until, "token": token}
        )
        claimed = [Claimed(*row) for row in cursor.fetchall()]
        if not claimed:
            cursor.execute(_PARK, {"subscriber": subscriber_id, "now": now})
    return Claim(subscriber_id, token, claimed)


@transaction.atomic
def settle_deliveries(*, claim: Claim, outcomes: Sequence[Outcome]) -> int:
    """Record how each delivery of a claim ended, and return how many were still this claim's to settle.

    A delivery whose lease has run out is left alone: it was, or will be, given to somebody else.
    """
    now, plan = timezone.now(), retry_plan()
    pairs = list(zip(claim.deliveries, outcomes, strict=True))
    settled = [_settlement(delivery, outcome, now, plan) for delivery, outcome in pairs]
    with connection.cursor() as cursor:
        cursor.execute(
            _SETTLE,
            {
                "now": now,
                "token": claim.token,
                "ids": [delivery.id for delivery in claim.deliveries],
                "states": [row[0] for row in settled],
                "attempts": [row[1] for row in settled],
                "nexts": [row[2] for row in settled],
                "notes": [row[3] for row in settled],
            },
        )
        kept = {row[0] for row in cursor.fetchall()}
        attempts = [_attempt(delivery, outcome, kept) for delivery, outcome in pairs if _was_sent(outcome)]
        if attempts:
            # Columns instead of rows: a file feed settles thousands at once.
            cursor.execute(_NOTE_ATTEMPTS, [list(column) for column in zip(*attempts, strict=True)])
    _note_reachability(claim.subscriber_id, outcomes, now)
    return len(kept)


@transaction.atomic
def release_lapsed_deliveries() -> int:
    """Make deliveries whose lease ran out due at once, or dead after their last attempt; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE_LAPSED, {"attempts": retry_plan().attempts, "now": timezone.now()})
        return int(cursor.rowcount)


@transaction.atomic
def replay_dead_deliveries(*, ids: Sequence[int] | None = None, actor: Actor) -> list[int]:
    """Make dead deliveries due again with a full set of attempts and return their ids; None means all of them.

    The event goes out with the id and body it always had. Raises NotFound where an id is not a dead delivery.
    """
    dead = Delivery.objects.select_for_update().filter(state=Delivery.State.DEAD)
    if ids is not None:
        dead = dead.filter(pk__in=ids)
    found = list(dead.order_by("pk").values_list("pk", flat=True))
    if missing := sorted(set(ids or ()) - set(found)):
        raise NotFound(f"not dead deliveries: {', '.join(map(str, missing))}")
    Delivery.objects.filter(pk__in=found).update(
        state=Delivery.State.WAITING,
        attempts=0,
        next_attempt_at=timezone.now(),
        settled_at=None,
        note=f"replayed by {actor}"[:300],
    )
    _unpark(found)
    return found


@transaction.atomic
def drop_undone(*, decision_id: int, actor: Actor) -> int:
    """Spare subscribers a decision that was taken back before any of it left, and return how many deliveries that ends.

    Its events and those of its undoing are dropped from every stream in which none was tried and nothing else happened
    in between: what the subscriber would know last is what it knows already.
    """
    with connection.cursor() as cursor:
        note = f"taken back before it left, by {actor}"[:300]
        cursor.execute(_DROP_UNDONE, {"decision": decision_id, "now": timezone.now(), "note": note})
        dropped = [row[0] for row in cursor.fetchall()]
    if dropped:
        _unpark(dropped)
    return len(dropped)


@transaction.atomic
def cancel_delivery(*, delivery_id: int, reason: str, actor: Actor) -> None:
    """Give up a waiting or dead delivery for good, so that its stream goes on without it.

    Only a person may: the subscriber will miss this event. Raises NotFound, or Conflict where it is settled, in flight
    or the actor is no person.
    """
    if actor.kind != "person":
        raise Conflict("only a named person may skip a delivery")
    delivery = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound(f"there is no delivery {delivery_id}")
    if delivery.state not in (Delivery.State.WAITING, Delivery.State.DEAD):
        raise Conflict(f"delivery {delivery_id} is {delivery.state}", state=delivery.state)
    delivery.state = Delivery.State.CANCELLED
    delivery.note = f"skipped by {actor}: {reason}"[:300]
    delivery.settled_at = timezone.now()
    delivery.save(update_fields=["state", "note", "settled_at"])
    _unpark([delivery_id])


def _unpark(heads: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_UNPARK, {"heads": heads, "now": timezone.now()})


def _settlement(
    claimed: Claimed, outcome: Outcome, now: datetime, plan: Plan
) -> tuple[str, int, datetime | None, str | None]:
    state = Delivery.State
    if outcome.result is Result.DELIVERED:
        return state.DELIVERED, claimed.number, None, ""
    if outcome.result is Result.UNSENT:
        return state.WAITING, claimed.number - 1, None, None
    note = f"{outcome.status or ''} {outcome.detail}".strip()[:300]
    if outcome.result in (Result.GONE, Result.HOPELESS):
        return state.DEAD, claimed.number, None, note
    next_at = find_next_attempt(
        number=claimed.number,
        now=now,
        plan=plan,
        draw=random.random(),  # noqa: S311 - spreads load, guards nothing
        retry_after_seconds=outcome.retry_after_seconds,
    )
    return (state.WAITING if next_at else state.DEAD), claimed.number, next_at, note


def _was_sent(outcome: Outcome) -> bool:
    return outcome.result is not Result.UNSENT


def _attempt(claimed: Claimed, outcome: Outcome, kept: Container[int]) -> tuple[Any, ...]:
    ending = outcome.result.value if claimed.id in kept else f"{outcome.result.value} late"
    detail = outcome.detail[:500]
    return claimed.id, claimed.number, outcome.at, outcome.seconds, ending, outcome.status, detail


def _note_reachability(subscriber_id: int, outcomes: Sequence[Outcome], now: datetime) -> None:
    results = {outcome.result for outcome in outcomes}
    if results & {Result.DELIVERED, Result.FAILED}:
        SubscriberPause.objects.filter(subscriber_id=subscriber_id).delete()
    elif Result.UNREACHABLE in results:
        asked = max(outcome.retry_after_seconds or 0.0 for outcome in outcomes)
        pause, _ = SubscriberPause.objects.select_for_update().get_or_create(
            subscriber_id=subscriber_id, defaults={"until": now}
        )
        pause.failures += 1
        pause.until = now + timedelta(seconds=max(pause_seconds(pause.failures), asked))
        pause.save()

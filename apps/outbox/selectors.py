"""Read events, and the envelope under which they leave the hub.

The envelope is a function of the stored row alone, so every attempt to deliver an event sends the same bytes.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.outbox.models import Event

SOURCE: Final = "/mdmhub"


@dataclass(frozen=True, slots=True)
class PostedEvent:
    """An event as stored. `id` is the row's, `event_id` the one the outside sees."""

    id: int
    event_id: UUID
    type: str
    subject: str
    sequence: int
    data: dict[str, Any]
    correlation_id: UUID
    transaction_id: UUID
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a subscriber receives: `body` is one CloudEvents 1.0 JSON object without line breaks."""

    event_id: UUID
    body: bytes


@dataclass(frozen=True, slots=True)
class SequenceGap:
    """A subject whose events are not numbered 1, 2, 3 …: `expected` should stand where `found` does."""

    subject: str
    expected: int
    found: int


def list_events_of(subject: str) -> list[PostedEvent]:
    """Return every event of one subject, oldest first."""
    return [_posted(row) for row in Event.objects.filter(subject=subject).order_by("sequence")]


def list_events_since(row_id: int, *, limit: int = 1_000) -> list[PostedEvent]:
    """Return up to `limit` events with a row id above `row_id`, by row id.

    Row ids are drawn before commit, so an event may appear below one already seen: this is for screens, not for feeds.
    """
    return [_posted(row) for row in Event.objects.filter(pk__gt=row_id).order_by("pk")[:limit]]


def count_events() -> dict[str, int]:
    """Return how many events there are of each type."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT type, count(*) FROM outbox_event GROUP BY type ORDER BY type")
        return dict(cursor.fetchall())


def load_envelopes(ids: Iterable[int]) -> dict[int, Envelope]:
    """Return the envelope of each event by row id; an event that was pruned is absent."""
    rows = Event.objects.filter(pk__in=list(ids))
    return {row.pk: Envelope(row.event_id, build_body(_posted(row))) for row in rows}


def build_body(event: PostedEvent) -> bytes:
    """Return the CloudEvents 1.0 JSON of an event: UTF-8, sorted keys, no spaces, the same bytes every time.

    `subjectsequence` orders the events of one subject, `partitionkey` says within what they are ordered,
    `correlationid` leads back to the intake, `transactionid` ties the events of one merge or split.
    Format: CloudEvents 1.0.2, JSON event format; extension names are lower case as its naming rule asks.
    """
    envelope = {
        "specversion": "1.0",
        "id": str(event.event_id),
        "source": SOURCE,
        "type": event.type,
        "subject": event.subject,
        "time": event.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "partitionkey": event.subject,
        "subjectsequence": event.sequence,
        "correlationid": str(event.correlation_id),
        "transactionid": str(event.transaction_id),
        "data": event.data,
    }
    text = json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def stream_sequence_gaps() -> Iterator[SequenceGap]:
    """Yield each place where a subject's numbers don't follow one another from 1. None is the promise."""
    query = """
        SELECT subject, before + 1, sequence
        FROM (
            SELECT subject, sequence, coalesce(lag(sequence) OVER (PARTITION BY subject ORDER BY sequence), 0) AS before
            FROM outbox_event
        ) AS numbered
        WHERE sequence <> before + 1
        ORDER BY subject, sequence
    """
    with connection.cursor() as cursor:
        cursor.execute(query)
        for subject, expected, found in cursor:
            yield SequenceGap(subject, expected, found)


def _posted(row: Event) -> PostedEvent:
    return PostedEvent(
        id=row.pk,
        event_id=row.event_id,
        type=row.type,
        subject=row.subject,
        sequence=row.sequence,
        data=row.data,
        correlation_id=row.correlation_id,
        transaction_id=row.transaction_id,
        actor=row.actor,
        at=row.at,
    )


def list_events_about(subjects: Iterable[str], *, correlation_id: UUID) -> list[PostedEvent]:
    """Return the events of these subjects that one intake, run or decision posted, by row id. One query."""
    rows = Event.objects.filter(subject__in=list(subjects), correlation_id=correlation_id).order_by("pk")
    return [_posted(row) for row in rows]

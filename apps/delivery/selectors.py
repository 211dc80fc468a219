"""Read what is owed, what is dead, and what each source system carries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from apps.base.copying import staged
from apps.delivery.models import Delivery, DeliveryAttempt, LedgerEntry, Subscriber


@dataclass(frozen=True, slots=True)
class DeadDelivery:
    """A delivery that was given up, with its last note."""

    id: int
    subscriber: str
    subject: str
    sequence: int
    attempts: int
    settled_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """What one source record should carry, and what is known to be there. Empty texts mean "nothing yet"."""

    record_id: int
    source_code: str
    source_key: str
    desired: str
    sent: str
    acknowledged: str
    found: str
    state: str
    attempts: int
    note: str
    changed_at: datetime
    correlation_id: UUID


def list_due_subscribers() -> list[int]:
    """Return the ids of active, unpaused subscribers that have something due."""
    query = """
        SELECT s.id FROM delivery_subscriber AS s
        LEFT JOIN delivery_subscriberpause AS p ON p.subscriber_id = s.id
        WHERE s.is_active AND coalesce(p.until <= %(now)s, true) AND EXISTS (
            SELECT FROM delivery_delivery AS d
            WHERE d.subscriber_id = s.id AND d.state = 'waiting' AND d.next_attempt_at <= %(now)s)
        ORDER BY s.id
    """
    return [row[0] for row in _rows(query, {"now": timezone.now()})]


def list_due_sources() -> list[str]:
    """Return the codes of the source systems to which an id is owed now."""
    query = """
        WITH RECURSIVE codes AS (
            (SELECT source_code FROM delivery_ledgerentry WHERE state IN ('pending', 'drifted')
             ORDER BY source_code LIMIT 1)
            UNION ALL
            SELECT (SELECT l.source_code FROM delivery_ledgerentry AS l
                    WHERE l.state IN ('pending', 'drifted') AND l.source_code > codes.source_code
                    ORDER BY l.source_code LIMIT 1)
            FROM codes WHERE codes.source_code IS NOT NULL
        )
        SELECT source_code FROM codes
        WHERE source_code IS NOT NULL AND EXISTS (
            SELECT FROM delivery_ledgerentry AS l
            WHERE l.source_code = codes.source_code AND l.state IN ('pending', 'drifted')
              AND l.next_attempt_at <= %(now)s)
    """
    return [row[0] for row in _rows(query, {"now": timezone.now()})]


def list_dead_deliveries(*, limit: int = 100) -> list[DeadDelivery]:
    """Return the deliveries that were given up, latest first."""
    dead = (
        Delivery.objects.filter(state=Delivery.State.DEAD).select_related("subscriber").order_by("-settled_at", "-pk")
    )
    return [
        DeadDelivery(row.pk, row.subscriber.code, row.subject, row.sequence, row.attempts, row.settled_at, row.note)
        for row in dead[:limit]
    ]


def list_attempts(delivery_id: int) -> list[DeliveryAttempt]:
    """Return every try of one delivery, oldest first."""
    return list(DeliveryAttempt.objects.filter(delivery_id=delivery_id).order_by("pk"))


def count_deliveries() -> dict[str, dict[str, int]]:
    """Return how many deliveries each subscriber has in each state; states without any are absent."""
    counts: dict[str, dict[str, int]] = {
        code: {} for code in Subscriber.objects.order_by("code").values_list("code", flat=True)
    }
    query = """
        SELECT s.code, d.state, count(*)
        FROM delivery_delivery AS d JOIN delivery_subscriber AS s ON s.id = d.subscriber_id
        GROUP BY 1, 2 ORDER BY 1, 2
    """
    for code, state, count in _rows(query, {}):
        counts[code][state] = count
    return counts


def count_write_backs() -> dict[str, dict[str, int]]:
    """Return how many ledger entries each source has in each state; states without any are absent."""
    counts: dict[str, dict[str, int]] = {}
    query = "SELECT source_code, state, count(*) FROM delivery_ledgerentry GROUP BY 1, 2 ORDER BY 1, 2"
    for code, state, count in _rows(query, {}):
        counts.setdefault(code, {})[state] = count
    return counts


def list_dead_write_backs(*, limit: int = 100) -> list[LedgerLine]:
    """Return the ledger entries whose write-back was given up, latest first."""
    return [
        _line(row) for row in LedgerEntry.objects.filter(state=LedgerEntry.State.DEAD).order_by("-changed_at")[:limit]
    ]


def find_ledger_lines(record_ids: Iterable[int]) -> dict[int, LedgerLine]:
    """Return the ledger's line of each source record that has one, by record id."""
    return {row.pk: _line(row) for row in LedgerEntry.objects.filter(pk__in=list(record_ids))}


def count_owed() -> int:
    """Return how many deliveries to active subscribers are neither delivered, dead nor cancelled."""
    open_states = (Delivery.State.WAITING, Delivery.State.IN_FLIGHT)
    return Delivery.objects.filter(state__in=open_states, subscriber__is_active=True).count()


def _line(row: LedgerEntry) -> LedgerLine:
    return LedgerLine(
        record_id=row.pk,
        source_code=row.source_code,
        source_key=row.source_key,
        desired=row.desired,
        sent=row.sent,
        acknowledged=row.acknowledged,
        found=row.found,
        state=row.state,
        attempts=row.attempts,
        note=row.note,
        changed_at=row.changed_at,
        correlation_id=row.correlation_id,
    )


def _rows(query: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())


def count_due_by_subscriber(event_ids: Iterable[int]) -> dict[str, int]:
    """Return how many deliveries of these events each subscriber is owed, by its code. One query."""
    rows = Delivery.objects.filter(event_id__in=list(event_ids)).values_list("subscriber__code")
    return dict(rows.annotate(Count("pk")).order_by("subscriber__code"))


def count_wished_by_source(record_ids: Iterable[int], *, correlation_id: UUID) -> dict[str, int]:
    """Return in how many of these records each source is to carry another id since one run or decision. One query."""
    rows = LedgerEntry.objects.filter(record_id__in=list(record_ids), correlation_id=correlation_id)
    return dict(rows.values_list("source_code").annotate(Count("pk")).order_by("source_code"))


def count_entitled(types: Mapping[str, int]) -> dict[str, int]:
    """Return how many deliveries so many events of each type would be to each active subscriber. One query."""
    subscribers = Subscriber.objects.filter(is_active=True).order_by("code").values_list("code", "types")
    return {code: sum(n for kind, n in types.items() if not wanted or kind in wanted) for code, wanted in subscribers}


def count_wishes(frame: pa.Table) -> dict[str, int]:
    """Return in how many records each source would be to carry another id if `expect_ids` were told the frame.

    Columns as there. One query, in a transaction.
    """
    if not frame.num_rows:
        return {}
    types = {"record_id": "bigint", "source_code": "text", "gid": "text"}
    with staged("ledger_tried", frame, types) as (tried, values), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ledger_tried.source_code, count(*) FROM {tried}"  # noqa: S608 - the name of the staged rows
            " LEFT JOIN delivery_ledgerentry AS l ON l.record_id = ledger_tried.record_id"
            " WHERE l.record_id IS NULL OR l.desired <> ledger_tried.gid OR l.state = 'withdrawn'"
            " GROUP BY 1 ORDER BY 1",
            values,
        )
        return dict(cursor.fetchall())

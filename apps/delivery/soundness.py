"""Whether delivery keeps its promises, read from the tables alone. Every function yields the rows that break one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

# A subscriber's history says when it was active and which types it wanted.
_MISSING = """
    WITH entitled AS (
        SELECT id, types, is_active, history_type, history_date AS since,
               coalesce(lead(history_date) OVER (PARTITION BY id ORDER BY history_id), 'infinity') AS until
        FROM delivery_historicalsubscriber
    )
    SELECT s.code, e.subject, e.sequence
    FROM outbox_event AS e
    JOIN entitled AS p ON p.is_active AND p.history_type <> '-' AND e.at >= p.since AND e.at < p.until
        AND (p.types = '[]'::jsonb OR p.types ? e.type)
    JOIN delivery_subscriber AS s ON s.id = p.id
    WHERE NOT EXISTS (SELECT FROM delivery_delivery AS d WHERE d.subscriber_id = p.id AND d.event_id = e.id)
    ORDER BY 1, 2, 3
"""
_OVERTAKEN = """
    SELECT s.code, numbered.subject, numbered.sequence
    FROM (
        SELECT subscriber_id, subject, sequence, state, settled_at,
               max(coalesce(settled_at, 'infinity')) OVER (
                   PARTITION BY subscriber_id, subject ORDER BY sequence
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS elders_settled_at
        FROM delivery_delivery
    ) AS numbered JOIN delivery_subscriber AS s ON s.id = numbered.subscriber_id
    WHERE numbered.state = 'delivered' AND numbered.settled_at < numbered.elders_settled_at
    ORDER BY 1, 2, 3
"""
_OVERDUE = """
    SELECT s.code, d.subject, d.sequence
    FROM delivery_delivery AS d JOIN delivery_subscriber AS s ON s.id = d.subscriber_id
    WHERE d.state = 'in_flight' AND (d.lease_until IS NULL OR d.lease_token IS NULL
        OR d.lease_until < clock_timestamp() - make_interval(secs => %(grace)s))
    ORDER BY 1, 2, 3
"""
_UNNAMED = """
    SELECT s.code, d.subject, d.sequence
    FROM delivery_delivery AS d JOIN delivery_subscriber AS s ON s.id = d.subscriber_id
    WHERE (d.state = 'cancelled' AND d.note !~ '^(skipped by person|taken back before it left, by [a-z]+):')
       OR (d.state IN ('delivered', 'dead', 'cancelled')) <> (d.settled_at IS NOT NULL)
    ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Breach:
    """The delivery, owed or made, at which a promise is broken."""

    subscriber: str
    subject: str
    sequence: int


def stream_missing_deliveries() -> Iterator[Breach]:
    """Yield events that a subscriber was entitled to when they were committed and has no delivery for."""
    return _stream(_MISSING)


def stream_overtaken_deliveries() -> Iterator[Breach]:
    """Yield deliveries that arrived while an elder of their stream was open. Compares clocks of the hub's machines."""
    return _stream(_OVERTAKEN)


def stream_overdue_leases(*, grace_seconds: float) -> Iterator[Breach]:
    """Yield deliveries in flight without a lease, or this long beyond it: nobody releases them."""
    return _stream(_OVERDUE, grace=grace_seconds)


def stream_unaccounted_ends() -> Iterator[Breach]:
    """Yield deliveries that ended without a moment, or were skipped without a person's name."""
    return _stream(_UNNAMED)


def _stream(query: str, **params: Any) -> Iterator[Breach]:
    with connection.cursor() as cursor:
        cursor.execute(query, params or None)
        for row in cursor:
            yield Breach(*row)

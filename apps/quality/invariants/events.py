"""State, history, events and deliveries: together or not at all, in order, and never left lying."""

from collections.abc import Callable, Iterable
from itertools import islice

from django.conf import settings
from django.db import connection

from apps.delivery import soundness
from apps.quality.invariants.contract import SHOWN_ROWS, Check, Invariant, Outcome, query_check

GRACE_SECONDS = 120
"""How long after its lease or its turn a delivery may wait for a sweep."""

_GOLDEN = "SELECT count(*) FROM golden_goldenrecord"
_EVENTS = "SELECT count(*) FROM outbox_event"
_DELIVERIES = "SELECT count(*) FROM delivery_delivery"

_VERSION = """
SELECT g.gid || ' is at version ' || g.version || ', its last event at ' || coalesce(e.last, 0)
FROM golden_goldenrecord g
LEFT JOIN (SELECT subject, max(sequence) AS last FROM outbox_event GROUP BY 1) AS e ON e.subject = g.gid
WHERE e.last IS DISTINCT FROM g.version
"""
# The newest history row of a kept row says what the row says; of a row that is gone, that it was deleted.
_CUSTOMER_HISTORY = """
SELECT coalesce(g.gid, h.gid) || ' and its history disagree'
FROM golden_goldenrecord g
FULL JOIN (
    SELECT DISTINCT ON (id) id, gid, version, state, values, survivor_id, history_type
    FROM golden_historicalgoldenrecord ORDER BY id, history_id DESC
) AS h ON h.id = g.id
WHERE (g.id IS NULL AND h.history_type <> '-')
   OR (g.id IS NOT NULL AND (h.history_type IS NULL OR h.history_type = '-'
       OR (h.gid, h.version, h.state, h.values, h.survivor_id)
          IS DISTINCT FROM (g.gid, g.version, g.state, g.values, g.survivor_id)))
"""
_MEMBERSHIP_HISTORY = """
SELECT 'membership of record ' || coalesce(m.record_id, h.record_id) || ' and its history disagree'
FROM golden_membership m
FULL JOIN (
    SELECT DISTINCT ON (record_id) record_id, golden_id, history_type
    FROM golden_historicalmembership ORDER BY record_id, history_id DESC
) AS h ON h.record_id = m.record_id
WHERE (m.record_id IS NULL AND h.history_type <> '-')
   OR (m.record_id IS NOT NULL AND (h.history_type IS NULL OR h.history_type = '-' OR h.golden_id <> m.golden_id))
"""
_GAPS = """
SELECT subject || ' has events ' || min(sequence) || ' to ' || max(sequence) || ', ' || count(*) || ' of them'
FROM outbox_event GROUP BY subject
HAVING min(sequence) <> 1 OR count(*) <> max(sequence) OR count(DISTINCT sequence) <> count(*)
"""
_COMMIT_ORDER = """
SELECT subject || ' event ' || sequence || ' was written before the one it follows'
FROM (SELECT subject, sequence, id, lag(id) OVER (PARTITION BY subject ORDER BY sequence) AS before FROM outbox_event)
     AS e
WHERE e.id < e.before
"""
_SHARED_IDENTITY = """
SELECT 'event ' || event_id || ' names ' || count(*) || ' facts' FROM outbox_event GROUP BY event_id HAVING count(*) > 1
"""
_EVENT_SAYS = """
SELECT subject || ' event ' || sequence || ' carries the state of ' || coalesce(data->>'gid', 'nobody') || ' version '
       || coalesce(data->>'version', 'none')
FROM outbox_event
WHERE starts_with(type, 'customer.') AND (data->>'gid', data->>'version') IS DISTINCT FROM (subject, sequence::text)
"""
_DELIVERY_SAYS = """
SELECT 'delivery ' || d.id || ' stands for ' || d.subject || ' event ' || d.sequence || ' and sends ' || e.subject
       || ' event ' || e.sequence
FROM delivery_delivery d JOIN outbox_event e ON e.id = d.event_id
WHERE (d.subject, d.sequence) <> (e.subject, e.sequence)
"""
_IN_FLIGHT_TWICE = """
SELECT s.code || ' has ' || count(*) || ' deliveries of ' || d.subject || ' in flight'
FROM delivery_delivery d JOIN delivery_subscriber s ON s.id = d.subscriber_id
WHERE d.state = 'in_flight' GROUP BY s.code, d.subject HAVING count(*) > 1
"""
# Passed over: its turn had come, and long after that a later turn of the same subscriber was served. A hub that is
# switched off passes nobody over.
_PASSED_OVER = """
SELECT s.code || ' ' || d.subject || ' event ' || d.sequence || ' was passed over'
FROM delivery_delivery d
JOIN delivery_subscriber s ON s.id = d.subscriber_id AND s.is_active
JOIN (
    SELECT subscriber_id, max(next_attempt_at) AS served FROM delivery_delivery WHERE state = 'delivered' GROUP BY 1
) AS turn ON turn.subscriber_id = d.subscriber_id
WHERE d.state = 'waiting' AND d.next_attempt_at < turn.served - make_interval(secs => %(grace)s)
  AND NOT EXISTS (SELECT FROM delivery_subscriberpause p WHERE p.subscriber_id = s.id)
  AND NOT EXISTS (
      SELECT FROM delivery_delivery elder
      WHERE elder.subscriber_id = d.subscriber_id AND elder.subject = d.subject AND elder.sequence < d.sequence
        AND (elder.settled_at IS NULL OR elder.settled_at > turn.served - make_interval(secs => %(grace)s)))
"""
_LEDGER_LEASE = """
SELECT source_code || ':' || source_key || ' is being written back beyond its lease'
FROM delivery_ledgerentry
WHERE state = 'in_flight' AND (lease_until IS NULL OR lease_token IS NULL
      OR lease_until < clock_timestamp() - make_interval(secs => %(grace)s))
"""


def breach_check(counted: str, find: Callable[[], Iterable[soundness.Breach]], what: str) -> Check:
    """Return a check made of one of delivery's own: `what` says what is wrong with the rows it yields."""

    def check() -> Outcome:
        with connection.cursor() as cursor:
            cursor.execute(counted)
            checked = int(cursor.fetchone()[0])
        breaches = iter(find())
        rows = tuple(f"{b.subscriber} {b.subject} event {b.sequence} {what}" for b in islice(breaches, SHOWN_ROWS))
        return Outcome(checked, len(rows) + sum(1 for _ in breaches), rows)

    return check


def _overdue_leases() -> Iterable[soundness.Breach]:
    return soundness.stream_overdue_leases(grace_seconds=float(settings.MDM["DELIVERY_LEASE_SECONDS"]) + GRACE_SECONDS)


INVARIANTS = (
    Invariant(
        22,
        "A change, its history and its event commit together.",
        (
            query_check(counted=_GOLDEN, broken=_VERSION),
            query_check(counted="SELECT 0", broken=_CUSTOMER_HISTORY),
            query_check(counted="SELECT count(*) FROM golden_membership", broken=_MEMBERSHIP_HISTORY),
        ),
    ),
    Invariant(
        23,
        "A customer's events are numbered without a gap, and each is owed once to every entitled subscriber.",
        (
            query_check(counted=_EVENTS, broken=_GAPS),
            query_check(counted="SELECT 0", broken=_COMMIT_ORDER),
            breach_check("SELECT 0", soundness.stream_missing_deliveries, "is not owed to it"),
        ),
    ),
    Invariant(
        24,
        "Deliveries of one customer to one subscriber go one at a time, in order.",
        (
            query_check(counted=_DELIVERIES, broken=_IN_FLIGHT_TWICE),
            breach_check("SELECT 0", soundness.stream_overtaken_deliveries, "arrived before an elder"),
        ),
    ),
    Invariant(
        25,
        "Every attempt sends one event under one id, and the event says whose it is.",
        (
            query_check(counted=_EVENTS, broken=_SHARED_IDENTITY),
            query_check(counted="SELECT 0", broken=_EVENT_SAYS),
            query_check(counted=_DELIVERIES, broken=_DELIVERY_SAYS),
        ),
    ),
    Invariant(
        26,
        "Nothing stays in flight beyond its lease or is passed over, and every end has its time and name.",
        (
            breach_check(_DELIVERIES, _overdue_leases, "is in flight beyond its lease"),
            breach_check("SELECT 0", soundness.stream_unaccounted_ends, "ended without a time or a name"),
            query_check(counted="SELECT 0", broken=_PASSED_OVER, grace=GRACE_SECONDS),
            query_check(counted="SELECT count(*) FROM delivery_ledgerentry", broken=_LEDGER_LEASE, grace=GRACE_SECONDS),
        ),
    ),
)

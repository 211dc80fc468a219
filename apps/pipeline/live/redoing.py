"""The redo queue: records to be matched again, kept in PostgreSQL in the transaction that found out."""

from collections.abc import Iterable

from django.db import connection

from apps.base.locks import Gate, try_gate_shared

QUEUE = """
INSERT INTO pipeline_redoitem (record_id, reason, queued_at)
SELECT record_id, %s, now() FROM unnest(%s::bigint[]) AS asked(record_id)
ORDER BY record_id ON CONFLICT (record_id) DO NOTHING
"""
TAKE = """
DELETE FROM pipeline_redoitem WHERE record_id IN (
    SELECT record_id FROM pipeline_redoitem WHERE %s OR reason <> %s
    ORDER BY queued_at, record_id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING record_id
"""
RELEASE = "DELETE FROM pipeline_redoitem WHERE record_id = ANY(%s::bigint[]) AND reason = %s"
UNFINISHED = "a run that matched it again didn't end"
"""The reason of records that a run matches again without being asked to: nobody else knows of them, should it die."""


def queue_redo(records: Iterable[int], *, reason: str) -> None:
    """Have records matched again once the transaction has committed; those queued already stay where they are."""
    wanted = sorted(set(records))
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(QUEUE, [reason[:200], wanted])


def release_redo(records: Iterable[int]) -> None:
    """Take records off the queue that a run had put there in case it died, and has stored by now."""
    wanted = sorted(set(records))
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(RELEASE, [wanted, UNFINISHED])


def take_redo(most: int) -> list[int]:
    """Take the oldest records off the queue, in the transaction that matches them again; what it rolls back stays.

    What a run put there in case it died is left alone while one goes on.
    """
    is_over = try_gate_shared(Gate.RESOLVE)
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [is_over, UNFINISHED, most])
        return sorted(row[0] for row in cursor.fetchall())

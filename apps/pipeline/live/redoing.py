"""The redo queue: records to be matched again, kept in PostgreSQL in the transaction that found out."""

from collections.abc import Iterable

from django.db import connection

QUEUE = """
INSERT INTO pipeline_redoitem (record_id, reason, queued_at)
SELECT record_id, %s, now() FROM unnest(%s::bigint[]) AS asked(record_id)
ORDER BY record_id ON CONFLICT (record_id) DO NOTHING
"""
TAKE = """
DELETE FROM pipeline_redoitem WHERE record_id IN (
    SELECT record_id FROM pipeline_redoitem ORDER BY queued_at, record_id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING record_id
"""


def queue_redo(records: Iterable[int], *, reason: str) -> None:
    """Have records matched again once the transaction has committed; those queued already stay where they are."""
    wanted = sorted(set(records))
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(QUEUE, [reason[:200], wanted])


def take_redo(most: int) -> list[int]:
    """Take the oldest records off the queue, in the transaction that matches them again; what it rolls back stays."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [most])
        return sorted(row[0] for row in cursor.fetchall())

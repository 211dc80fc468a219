"""Marks that live writers leave while a bulk run is going on, so that the run knows whom it can't have compared.

Whoever starts a run waits for the live writers under way, and each later one finds the run's gate taken: so no record
slips in between unmarked.
"""

from collections.abc import Iterable

from django.db import connection

from apps.base.locks import Gate, try_gate_shared
from apps.pipeline.live.reading import Known


def leave_touches(dirty: Iterable[Known]) -> None:
    """Mark the records as taken in live where a bulk run is going on. One query, two where it is."""
    if try_gate_shared(Gate.RESOLVE):
        return
    known = list(dirty)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO pipeline_livetouch (record_id, match_keys) VALUES (%s, %s)",
            [(record.record, sorted({*record.keys, *record.old_keys})) for record in known],
        )


def forget_touches() -> None:
    """Drop the marks of earlier runs."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pipeline_livetouch")

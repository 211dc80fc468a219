"""How many entries GIN indexes hold back: a bulk load sweeps many in at once, a look-up has to read what is pending.

A GIN index collects new entries in a list that every scan reads whole, and sweeps it in when it grows too long
(PostgreSQL, "GIN Fast Update Technique"). What is too long, each writer says for itself.
"""

from typing import Final

from django.db import connection

BULK_LIMIT: Final = "64MB"
LIVE_LIMIT: Final = "64kB"


def hold_back(limit: str) -> None:
    """Let this transaction's entries wait until there are so many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('gin_pending_list_limit', %s, true)", [limit])


def sweep_pending() -> int:
    """Sweep in what a bulk run left pending, so that look-ups after it are fast; return how many pages it was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT mdmhub_sweep_pending()")
        return int(cursor.fetchone()[0])

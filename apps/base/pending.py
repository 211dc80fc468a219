"""How the server is to treat a transaction's writes: what GIN indexes hold back, and whether plans are kept.

A bulk load sweeps many entries in at once; a look-up has to read what is pending.
A GIN index collects new entries in a list that every scan reads whole, and sweeps it in when it grows too long
(PostgreSQL, "GIN Fast Update Technique"). What is too long, each writer says for itself.
"""

from typing import Final

from django.db import connection

BULK_LIMIT: Final = "64MB"
LIVE_LIMIT: Final = "256kB"
LIVE_SETTINGS: Final = {"gin_pending_list_limit": LIVE_LIMIT, "plan_cache_mode": "force_generic_plan"}
"""Of a transaction that takes records in: little may wait, and each prepared statement is planned once.

A push runs some forty statements about a few rows each. Left to itself, the server plans half of them anew each time,
since it takes every array for one of ten; that costs as much as running them.
"""


def hold_back(limit: str) -> None:
    """Let this transaction's entries wait until there are so many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('gin_pending_list_limit', %s, true)", [limit])


def sweep_match_keys() -> None:
    """Sweep in the match keys that are pending: what a push does before it commits.

    The next push reads all that waits for each of its two thousand keys: 64 kB slow it by 50 ms.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT mdmhub_sweep_match_keys()")


def sweep_pending() -> int:
    """Sweep in all that is pending, of match keys and of what a search asks for; return how many pages it was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT mdmhub_sweep_pending()")
        return int(cursor.fetchone()[0])

"""Read where records belonged before runs moved them."""

from collections.abc import Collection

from django.db import connection

_HOMES = """
SELECT DISTINCT ON (record) record, golden_id FROM (
    SELECT id, golden_id, unnest(record_ids) AS record FROM golden_move
    WHERE run_id = ANY(%s) AND kind IN ('merged', 'split', 'transferred')
) AS moved
ORDER BY record, id
"""


def find_homes_before(run_ids: Collection[int]) -> dict[int, int]:
    """Return, for every record that the runs moved, the golden record it was in before the first of them. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_HOMES, [sorted(run_ids)])
        return dict(cursor.fetchall())


def name_golden(ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return governed id and name of golden records by internal id. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, gid, name FROM golden_goldenrecord WHERE id = ANY(%s)", [sorted(ids)])
        return {golden: (gid, name) for golden, gid, name in cursor.fetchall()}


def name_gids(gids: Collection[str]) -> dict[str, str]:
    """Return the names of customers by governed id. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gid, name FROM golden_goldenrecord WHERE gid = ANY(%s)", [sorted(gids)])
        return dict(cursor.fetchall())

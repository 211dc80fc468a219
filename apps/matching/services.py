"""Keep standard records and links: what a run computed, and the next replaces."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from apps.base.copying import array_text, copy_in, staged
from apps.base.rows import Frame

STANDARD_TYPES = {
    "record_id": "bigint",
    "version_number": "int",
    "parts": "jsonb",
    "match_keys": "bigint[]",
    "rules_version": "int",
}
UPSERT_STANDARD = """
INSERT INTO matching_standardrecord (record_id, version_number, parts, match_keys, rules_version)
SELECT record_id, version_number, parts, match_keys, rules_version FROM {standard}
ON CONFLICT (record_id) DO UPDATE
SET version_number = excluded.version_number, parts = excluded.parts, match_keys = excluded.match_keys,
    rules_version = excluded.rules_version
"""
LINK_TYPES = {
    "low_id": "bigint",
    "high_id": "bigint",
    "score": "int",
    "levels": "smallint[]",
    "rules_version": "int",
    "run_id": "bigint",
}
UPSERT_LINKS = """
INSERT INTO matching_link (low_id, high_id, score, levels, rules_version, run_id)
SELECT low_id, high_id, score, levels, rules_version, run_id FROM {links}
ON CONFLICT (low_id, high_id) DO UPDATE
SET score = excluded.score, levels = excluded.levels, rules_version = excluded.rules_version, run_id = excluded.run_id
"""


def store_standard_records(*, rows: Frame, fresh: bool) -> None:
    """Upsert standard records by COPY, in the caller's transaction.

    `rows`: record_id, version_number, parts (JSON text), match_keys (PostgreSQL array text), rules_version.
    `fresh` says that none of these records had one.
    """
    if fresh:
        copy_in("matching_standardrecord", rows)
        return
    if not rows.num_rows:
        return
    with staged("standard", rows, STANDARD_TYPES) as (standard, values), connection.cursor() as cursor:
        cursor.execute(UPSERT_STANDARD.format(standard=standard), values)


DROP_LINKS = """
DELETE FROM matching_link WHERE low_id = ANY(%(ids)s::bigint[]) OR high_id = ANY(%(ids)s::bigint[])
"""
DROP_BESIDE = """
DELETE FROM matching_link WHERE id IN (
    SELECT id FROM matching_link WHERE {side} = ANY(%s) AND NOT (run_id = %s AND id > %s) FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Beside:
    """A run whose chunks are stored side by side: its number, and the newest link there was before any of them."""

    run_id: int
    horizon: int


def find_link_horizon() -> int:
    """Return the number of the newest link there is. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM matching_link")
        return int(cursor.fetchone()[0])


def replace_links(*, touching: Sequence[int], rows: Frame, beside: Beside | None = None) -> None:
    """Drop every link of the given records and keep the new ones, in the caller's transaction.

    Two transactions that run `beside` each other may both have a link's records: what one of them has stored since they
    began stays, and what the other is about to drop is left to it, so that they neither undo nor wait for each other.
    `rows`: low_id, high_id, score, levels (PostgreSQL array text), rules_version, run_id.
    """
    if touching:
        with connection.cursor() as cursor:
            if beside is None:
                cursor.execute(DROP_LINKS, {"ids": array_text(touching)})
            else:
                for side in ("low_id", "high_id"):
                    cursor.execute(DROP_BESIDE.format(side=side), [list(touching), beside.run_id, beside.horizon])
    if not rows.num_rows:
        return
    with staged("links", rows, LINK_TYPES) as (links, values), connection.cursor() as cursor:
        cursor.execute(UPSERT_LINKS.format(links=links), values)


def forget_standard_records(*, record_ids: Sequence[int]) -> None:
    """Drop the standard records of source records that are gone, so that nothing matches them."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM matching_standardrecord WHERE record_id = ANY(%s)", [list(record_ids)])

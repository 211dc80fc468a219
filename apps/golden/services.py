"""Keep golden records, memberships and moves. Membership follows the clusters; a move is recorded, never erased.

The bulk services run inside the caller's transaction: state, history and event commit together or not at all.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from django.db import connection
from django.utils import timezone

from apps.base.actors import Actor
from apps.base.copying import copy_in, staged
from apps.base.rows import Frame

CUSTOMER_TYPES = {
    "id": "bigint",
    "name": "text",
    "country": "text",
    "city": "text",
    "values": "jsonb",
    "search_terms": "varchar[]",
    "member_count": "int",
    "version": "int",
    "rules_version": "int",
    "changed_at": "timestamptz",
}
MEMBERSHIP_TYPES = {
    "record_id": "bigint",
    "golden_id": "bigint",
    "since": "timestamptz",
    "reason": "text",
    "score": "int",
    "verdict_id": "bigint",
    "run_id": "bigint",
    "rules_version": "int",
}
UPDATE_CUSTOMERS = """
UPDATE golden_goldenrecord g
SET state = 'live', survivor_id = NULL, name = c.name, country = c.country, city = c.city, values = c.values,
    search_terms = c.search_terms, member_count = c.member_count, version = c.version,
    rules_version = c.rules_version, changed_at = c.changed_at
FROM {customers}
WHERE g.id = c.id
  AND (g.state, g.name, g.country, g.city, g.values, g.search_terms, g.member_count, g.version)
      IS DISTINCT FROM ('live', c.name, c.country, c.city, c.values, c.search_terms, c.member_count, c.version)
"""
# Memberships that stay are left out beforehand: a conflict locks its row, which writes it, whatever is decided then.
# The writer holds their customers.
UPSERT_MEMBERSHIPS = """
INSERT INTO golden_membership (record_id, golden_id, since, reason, score, verdict_id, run_id, rules_version)
SELECT record_id, golden_id, since, reason, score, verdict_id, run_id, rules_version FROM {memberships}
WHERE NOT EXISTS (
    SELECT FROM golden_membership AS known
    WHERE known.record_id = placed.record_id
      AND (known.golden_id, known.reason, known.score, known.verdict_id)
          IS NOT DISTINCT FROM (placed.golden_id, placed.reason, placed.score, placed.verdict_id))
ON CONFLICT (record_id) DO UPDATE
SET golden_id = excluded.golden_id,
    since = CASE WHEN golden_membership.golden_id = excluded.golden_id THEN golden_membership.since
                 ELSE excluded.since END,
    reason = excluded.reason, score = excluded.score, verdict_id = excluded.verdict_id, run_id = excluded.run_id,
    rules_version = excluded.rules_version
WHERE (golden_membership.golden_id, golden_membership.reason, golden_membership.score, golden_membership.verdict_id)
      IS DISTINCT FROM (excluded.golden_id, excluded.reason, excluded.score, excluded.verdict_id)
"""
MERGE = """
UPDATE golden_goldenrecord g
SET state = 'merged', survivor_id = p.survivor, values = '{}', search_terms = '{}', member_count = 0,
    version = g.version + 1, changed_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(survivors)s::bigint[]) AS p(id, survivor)
WHERE g.id = p.id
"""
# A redirect is one hop: whoever pointed at the absorbed record points at its survivor.
SHORTEN = """
UPDATE golden_goldenrecord g SET survivor_id = p.survivor
FROM unnest(%(ids)s::bigint[], %(survivors)s::bigint[]) AS p(id, survivor)
WHERE g.survivor_id = p.id
"""
RETIRE = """
UPDATE golden_goldenrecord g
SET state = 'retired', values = '{}', search_terms = '{}', member_count = 0, version = g.version + 1,
    changed_at = %(now)s
WHERE g.id = ANY(%(ids)s)
"""


def allocate_ids(count: int) -> list[int]:
    """Return `count` unused internal ids of golden records."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('golden_goldenrecord', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [row[0] for row in cursor.fetchall()]


def create_customers(*, rows: Frame) -> None:
    """Add live golden records by COPY: `CUSTOMER_TYPES`, gid and created_at, JSON and arrays as PostgreSQL text."""
    if rows.num_rows:
        state = pa.array(["live"] * rows.num_rows)
        successors = pa.array(["{}"] * rows.num_rows)
        copy_in("golden_goldenrecord", rows.append_column("state", state).append_column("successors", successors))


def update_customers(*, rows: Frame) -> None:
    """Replace the values of existing golden records; one that had been merged or retired is live again."""
    if not rows.num_rows:
        return
    with staged("c", rows, CUSTOMER_TYPES) as (customers, values), connection.cursor() as cursor:
        cursor.execute(UPDATE_CUSTOMERS.format(customers=customers), values)


def place_records(*, rows: Frame, fresh: bool) -> None:
    """Say which golden record each source record belongs to; `since` stays where the customer does.

    `rows`: record_id, golden_id, since, reason, score, verdict_id, run_id, rules_version. `fresh` says that none of
    these records belonged anywhere.
    """
    if fresh:
        copy_in("golden_membership", rows)
        return
    if not rows.num_rows:
        return
    with staged("placed", rows, MEMBERSHIP_TYPES) as (memberships, values), connection.cursor() as cursor:
        cursor.execute(UPSERT_MEMBERSHIPS.format(memberships=memberships), values)


def remove_records(*, record_ids: Sequence[int]) -> None:
    """End the memberships of source records that are gone."""
    if record_ids:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM golden_membership WHERE record_id = ANY(%s)", [list(record_ids)])


def redirect_customers(*, pairs: Sequence[tuple[int, int]]) -> None:
    """Turn each first golden record into a redirect to the second, which stays live."""
    if not pairs:
        return
    values: dict[str, Any] = {"ids": [a for a, _ in pairs], "survivors": [b for _, b in pairs], "now": timezone.now()}
    with connection.cursor() as cursor:
        cursor.execute(MERGE, values)
        cursor.execute(SHORTEN, values)


def retire_customers(*, ids: Sequence[int]) -> None:
    """Close golden records that lost their last member; their ids keep answering."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(RETIRE, {"ids": list(ids), "now": timezone.now()})


def record_moves(*, rows: Frame, run_id: int, verdict_id: int | None, reason: str, actor: Actor) -> None:
    """Append to the record of moves: kind, golden_id, other_id, record_ids (PostgreSQL array text)."""
    if not rows.num_rows:
        return
    count = rows.num_rows
    common = {
        "actor": pa.array([str(actor)] * count),
        "reason": pa.array([reason] * count),
        "verdict_id": pa.array([verdict_id] * count, pa.int64()),
        "run_id": pa.array([run_id] * count, pa.int64()),
        "at": pa.array([timezone.now()] * count, pa.timestamp("us", tz="UTC")),
    }
    for name, column in common.items():
        rows = rows.append_column(name, column)
    copy_in("golden_move", rows)

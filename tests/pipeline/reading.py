"""What a hub holds, read so that two hubs can be compared: by source and key, never by internal ids."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection

Record = tuple[str, str]

_MEMBERS = """
SELECT s.code, r.key, g.gid FROM golden_membership m
JOIN sources_sourcerecord r ON r.id = m.record_id JOIN sources_sourcesystem s ON s.id = r.source_id
JOIN golden_goldenrecord g ON g.id = m.golden_id
"""
_VALUES = """
SELECT g.gid, e.key, e.value->>'value', s.code, r.key, e.value->>'rule'
FROM golden_goldenrecord g CROSS JOIN jsonb_each(g.values) AS e
JOIN sources_sourcerecord r ON r.id = (e.value->>'record')::bigint JOIN sources_sourcesystem s ON s.id = r.source_id
WHERE g.state = 'live'
"""


@dataclass(frozen=True)
class Hub:
    """Customers as sets of records, with their governed ids, and their values with giver and rule."""

    gid_of: dict[Record, str]
    values: dict[str, dict[str, tuple[Any, ...]]]

    @property
    def customers(self) -> dict[str, frozenset[Record]]:
        """Return the records of each live customer, by governed id."""
        found: dict[str, set[Record]] = {}
        for record, gid in self.gid_of.items():
            found.setdefault(gid, set()).add(record)
        return {gid: frozenset(records) for gid, records in found.items()}

    @property
    def partition(self) -> set[frozenset[Record]]:
        """Return who is together with whom."""
        return set(self.customers.values())

    @property
    def content(self) -> dict[frozenset[Record], dict[str, tuple[Any, ...]]]:
        """Return the golden values of each set of records."""
        return {records: self.values.get(gid, {}) for gid, records in self.customers.items()}


def read_hub() -> Hub:
    """Return what the hub of this connection holds now."""
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS)
        gid_of = {(code, key): gid for code, key, gid in cursor.fetchall()}
        cursor.execute(_VALUES)
        values: dict[str, dict[str, tuple[Any, ...]]] = {}
        for gid, attribute, *what in cursor.fetchall():
            values.setdefault(gid, {})[attribute] = tuple(what)
    return Hub(gid_of, values)


def count_traces() -> dict[str, int]:
    """Return the rows of every table that a change leaves a trace in: history, events, versions, moves, deliveries."""
    tables = [m._meta.db_table for m in apps.get_models() if "_historical" in m._meta.db_table]
    tables += [
        "outbox_event",
        "sources_recordversion",
        "golden_move",
        "delivery_delivery",
        "matching_link",
        "cases_case",
    ]
    with connection.cursor() as cursor:
        counts = {}
        for table in sorted(tables):
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = int(cursor.fetchone()[0])
    return counts


def list_live_gids() -> set[str]:
    """Return the governed ids of live customers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gid FROM golden_goldenrecord WHERE state = 'live'")
        return {row[0] for row in cursor.fetchall()}


def resolve_gid(gid: str) -> tuple[str, str]:
    """Return the state of an id and the id that it leads to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT g.state, coalesce(t.gid, g.gid) FROM golden_goldenrecord g"
            " LEFT JOIN golden_goldenrecord t ON t.id = g.survivor_id WHERE g.gid = %s",
            [gid],
        )
        state, leads_to = cursor.fetchone()
        return str(state), str(leads_to)


def forget_everything() -> None:
    """Empty every table of the hub's own, inside the test's transaction."""
    tables = ", ".join(m._meta.db_table for m in apps.get_models() if m.__module__.startswith("apps."))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {tables} CASCADE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")

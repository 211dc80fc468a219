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
LEFT JOIN sources_sourcerecord r ON r.id = (e.value->>'record')::bigint
LEFT JOIN sources_sourcesystem s ON s.id = r.source_id
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


def forget_results() -> None:
    """Take back what matching made of the records: they and the rules in force stay, nobody belongs anywhere."""
    kept = ("apps.sources.", "apps.rulebook.", "apps.pipeline.")
    mine = [m for m in apps.get_models() if m.__module__.startswith("apps.") and not m.__module__.startswith(kept)]
    tables = ", ".join(m._meta.db_table for m in mine if "api_" not in m._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {tables}")
        cursor.execute("UPDATE sources_sourcerecord SET state = 'received', applied_number = NULL")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


_LINKS = """
SELECT a.key, b.key, l.score, l.levels FROM matching_link l
JOIN sources_sourcerecord a ON a.id = l.low_id JOIN sources_sourcerecord b ON b.id = l.high_id
"""
_QUESTIONS = """
SELECT c.kind, a.key, b.key, c.score,
       c.facts->>'reason', c.subject_record_id = c.low_record_id, c.stake FROM cases_case c
JOIN sources_sourcerecord a ON a.id = c.low_record_id JOIN sources_sourcerecord b ON b.id = c.high_record_id
WHERE c.state = 'open'
"""
_NUMBERS = """
SELECT g.name, e.registered_name, e.legal_form, e.jurisdiction, i.scheme, i.issuer, i.value, i.check_result, r.key
FROM legal_identifier i JOIN legal_legalentity e ON e.id = i.entity_id AND e.is_live
JOIN golden_goldenrecord g ON g.id = e.golden_id JOIN sources_sourcerecord r ON r.id = i.record_id
"""
_CUSTOMERS = """
SELECT name, country, city, search_terms, member_count FROM golden_goldenrecord WHERE state = 'live'
"""


def read_details() -> dict[str, set[tuple[Any, ...]]]:
    """Return links, open questions, numbers and the looked-up columns of customers, without internal ids."""
    found = {}
    with connection.cursor() as cursor:
        for name, query in (
            ("links", _LINKS),
            ("questions", _QUESTIONS),
            ("numbers", _NUMBERS),
            ("customers", _CUSTOMERS),
        ):
            cursor.execute(query)
            found[name] = {tuple(tuple(c) if isinstance(c, list) else c for c in row) for row in cursor.fetchall()}
    return found

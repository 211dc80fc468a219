"""Read the surroundings of a few records: who shares a key with them, what hangs together with them, who holds them.

The law of this module: what it returns stays true until the transaction ends. Whoever might change it holds one of the
locks taken here: the records' rows, their match keys, the customers they touch; always in this order, each in ascending
order.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from apps.base.copying import array_text
from apps.base.locks import Gate, lock_keys, lock_mixed
from apps.golden.inheritance import NONE

LOCK_RECORDS = "SELECT id FROM sources_sourcerecord WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE"
# A dirty record is read in its latest version; its standard record, if any, is that of the version applied before.
DIRTY = """
SELECT r.id, s.code, r.key, s.trust, v.modified_at, v.number, v.given, v.is_deletion, d.match_keys
FROM sources_sourcerecord r
JOIN sources_sourcesystem s ON s.id = r.source_id
JOIN sources_recordversion v ON v.record_id = r.id AND v.number = r.latest_number
LEFT JOIN matching_standardrecord d ON d.record_id = r.id
WHERE r.id = ANY(%s::bigint[]) AND r.state <> 'quarantined'
ORDER BY r.id
"""
# The limit stands apart from the search: next to it, a small one lures the planner into reading the table from its
# start, and a rare key then costs a full scan.
HOLDERS = """
SELECT asked.key, held.record_id FROM unnest(%s::bigint[], %s::integer[]) AS asked(key, cap)
CROSS JOIN LATERAL (
    WITH holders AS MATERIALIZED (
        SELECT record_id FROM matching_standardrecord WHERE match_keys @> ARRAY[asked.key])
    SELECT record_id FROM holders LIMIT asked.cap + %s
) AS held
"""
# What hangs together: links that join, verdicts that join, pins, and customers as they stand.
NEAR = """
WITH RECURSIVE near(id) AS (
    SELECT unnest(%(seeds)s::bigint[])
    UNION
    SELECT found.id FROM near n CROSS JOIN LATERAL (
        SELECT l.high_id AS id FROM matching_link l WHERE l.low_id = n.id AND l.score >= %(link)s
        UNION ALL SELECT l.low_id FROM matching_link l WHERE l.high_id = n.id AND l.score >= %(link)s
        UNION ALL SELECT p.high_id FROM matching_verdictpair p WHERE p.low_id = n.id AND p.is_live AND p.kind = 'same'
        UNION ALL SELECT p.low_id FROM matching_verdictpair p WHERE p.high_id = n.id AND p.is_live AND p.kind = 'same'
        UNION ALL SELECT mate.record_id FROM golden_membership m
                  JOIN golden_membership mate ON mate.golden_id = m.golden_id WHERE m.record_id = n.id
        UNION ALL SELECT unnest(p.record_ids || p.release_record_id) FROM golden_pin p
                  WHERE p.record_ids @> ARRAY[n.id] AND p.released_at IS NULL
        UNION ALL SELECT unnest(p.record_ids) FROM golden_pin p
                  WHERE p.release_record_id = n.id AND p.released_at IS NULL
    ) AS found
)
SELECT n.id, coalesce(m.golden_id, -1), (SELECT pg_current_snapshot()::text)
FROM (SELECT id FROM near LIMIT %(most)s) AS n
JOIN sources_sourcerecord r ON r.id = n.id AND (r.state = 'live' OR r.id = ANY(%(dirty)s::bigint[]))
LEFT JOIN golden_membership m ON m.record_id = n.id
ORDER BY n.id
"""
LOCK_CUSTOMERS = "SELECT id FROM golden_goldenrecord WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE"
SNAPSHOT = "SELECT pg_current_snapshot()::text"
SETTLED = """
SELECT r.id, s.code, r.key, s.trust, v.modified_at, v.number, v.given, d.parts
FROM sources_sourcerecord r
JOIN sources_sourcesystem s ON s.id = r.source_id
JOIN sources_recordversion v ON v.record_id = r.id AND v.number = r.applied_number
JOIN matching_standardrecord d ON d.record_id = r.id
WHERE r.id = ANY(%s::bigint[])
"""
LINKS = """
SELECT low_id, high_id, score, levels FROM matching_link WHERE low_id = ANY(%(records)s::bigint[])
UNION SELECT low_id, high_id, score, levels FROM matching_link WHERE high_id = ANY(%(records)s::bigint[])
"""
VERDICTS = """
SELECT low_id, high_id, kind, verdict_id FROM matching_verdictpair
WHERE is_live AND kind IN ('same', 'different', 'related')
  AND (low_id = ANY(%(records)s::bigint[]) OR high_id = ANY(%(records)s::bigint[]))
"""
OUTSIDE = """
SELECT r.id, s.code, r.key, m.golden_id, g.member_count, d.parts
FROM sources_sourcerecord r
JOIN sources_sourcesystem s ON s.id = r.source_id
JOIN golden_membership m ON m.record_id = r.id
JOIN golden_goldenrecord g ON g.id = m.golden_id
JOIN matching_standardrecord d ON d.record_id = r.id
WHERE r.id = ANY(%s::bigint[])
"""
GONE = """
SELECT a.id FROM unnest(%s::bigint[]) AS a(id) LEFT JOIN golden_membership m ON m.record_id = a.id
WHERE m.record_id IS NULL
"""
MOST_ROUNDS = 4

Parts = Mapping[str, str]
Pair = tuple[int, int]


class TooMuch(Exception):
    """More hangs together, or more must be locked, than is done while somebody waits; the redo queue takes it."""


@dataclass(slots=True)
class Known:
    """A source record in scope. `old_keys` are the match keys of the version applied before; `golden` is `NONE` where
    it belongs to nobody.
    """

    record: int
    source: str
    key: str
    trust: int
    modified_at: datetime | None
    number: int
    given: Mapping[str, str]
    parts: Parts
    is_dirty: bool = False
    is_gone: bool = False
    keys: tuple[int, ...] = ()
    old_keys: tuple[int, ...] = ()
    golden: int = NONE

    @property
    def rank(self) -> tuple[bytes, bytes]:
        """Its place in byte order of (source, key)."""
        return self.source.encode(), self.key.encode()


@dataclass(frozen=True, slots=True)
class Link:
    """A scored pair kept: the score in millibits and the level of each comparison and joint."""

    score: int
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outsider:
    """A record of a customer out of scope, to which a link or a verdict leads."""

    record: int
    rank: tuple[bytes, bytes]
    golden: int
    members: int
    parts: Parts


@dataclass(frozen=True, slots=True)
class Judged:
    """The standing verdicts on records in scope: pairs with the number of their verdict."""

    same: Mapping[Pair, int] = field(default_factory=dict)
    different: Mapping[Pair, int] = field(default_factory=dict)


def lock_records(records: Sequence[int]) -> None:
    """Hold the rows of source records until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_RECORDS, [array_text(sorted(records))])


def read_dirty(records: Sequence[int]) -> list[Known]:
    """Return the newest versions of records that are not set aside, not yet standardised. One query."""
    with connection.cursor() as cursor:
        cursor.execute(DIRTY, [array_text(records)])
        return [_dirty(row) for row in cursor.fetchall()]


def hold_keys(keys: Iterable[int], *, most: int) -> None:
    """Hold match keys until the transaction ends, so that nobody else is matched by them.

    Raises TooMuch for more than `most`.
    """
    wanted = sorted(set(keys))
    if len(wanted) > most:
        raise TooMuch(f"{len(wanted)} match keys")
    lock_keys(wanted)


def read_holders(caps: Mapping[int, int], *, spare: int) -> dict[int, list[int]]:
    """Return per match key the records stored with it, at most its cap and `spare` more. One query."""
    holders: dict[int, list[int]] = {key: [] for key in caps}
    if not caps:
        return holders
    with connection.cursor() as cursor:
        cursor.execute(HOLDERS, [array_text(caps), array_text(caps.values()), spare])
        for key, record in cursor.fetchall():
            holders[key].append(record)
    return holders


def hold_near(seeds: Sequence[int], dirty: Sequence[int], *, link: int, most: int) -> dict[int, int]:
    """Return what hangs together with the seeds, each record with its golden record, and hold those customers.

    What hangs together may have grown while the locks were waited for, so it is read until it stays the same. Raises
    TooMuch beyond `most` records, or where it won't hold still.
    """
    held: set[int] = set()
    asked: dict[str, str | int] = {
        "seeds": array_text(seeds),
        "dirty": array_text(dirty),
        "link": link,
        "most": most + 1,
    }
    with connection.cursor() as cursor:
        for _ in range(MOST_ROUNDS):
            cursor.execute(NEAR, asked)
            found = cursor.fetchall()
            near = {record: golden for record, golden, _ in found}
            if len(near) > most:
                raise TooMuch(f"more than {most} records hang together")
            customers = set(near.values()) - {NONE}
            if customers <= held:
                return near
            cursor.execute(LOCK_CUSTOMERS, [array_text(sorted(customers))])
            held |= customers
            cursor.execute(SNAPSHOT)
            if cursor.fetchone()[0] == found[0][2]:
                # Nobody has committed since it was read, so it is what it was.
                return near
    raise TooMuch("what hangs together keeps changing")


def read_settled(records: Sequence[int]) -> list[Known]:
    """Return records in the version that was applied, with their standard parts. One query, none for no record."""
    if not records:
        return []
    with connection.cursor() as cursor:
        cursor.execute(SETTLED, [array_text(records)])
        return [_settled(row) for row in cursor.fetchall()]


def read_links(records: Sequence[int]) -> dict[Pair, Link]:
    """Return the stored links that have an end among the records. One query."""
    if not records:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LINKS, {"records": array_text(records)})
        return {(low, high): Link(score, tuple(levels)) for low, high, score, levels in cursor.fetchall()}


def read_verdicts(records: Sequence[int]) -> Judged:
    """Return the standing verdicts that name any of the records. One query."""
    with connection.cursor() as cursor:
        cursor.execute(VERDICTS, {"records": array_text(records)})
        rows = cursor.fetchall()
    return Judged(
        {(low, high): verdict for low, high, kind, verdict in rows if kind == "same"},
        {(low, high): verdict for low, high, kind, verdict in rows if kind != "same"},
    )


def read_outside(records: Iterable[int]) -> dict[int, Outsider]:
    """Return records of customers out of scope by id, those that belong to one. One query, none for no record."""
    wanted = list(records)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(OUTSIDE, [array_text(wanted)])
        return {row[0]: _outsider(row) for row in cursor.fetchall()}


def hold_asked(outside: Iterable[int], gone: Iterable[int]) -> frozenset[int]:
    """Hold the records of others that are asked about, so that none goes unnoticed, and alone those that go here.

    Returns those of `outside` that have gone: nothing is asked about them. No query for no record, at most two.
    """
    asked, leaving = list(outside), list(gone)
    if not asked and not leaving:
        return frozenset()
    lock_mixed(Gate.ASKED, shared=asked, alone=leaving)
    if not asked:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(GONE, [array_text(asked)])
        return frozenset(row[0] for row in cursor.fetchall())


def _outsider(row: tuple[Any, ...]) -> Outsider:
    record, source, key, golden, members, parts = row
    return Outsider(record, (source.encode(), key.encode()), golden, members, json.loads(parts))


def _dirty(row: tuple[Any, ...]) -> Known:
    record, source, key, trust, modified_at, number, given, is_gone, old_keys = row
    known = Known(record, source, key, trust, modified_at, number, json.loads(given), {})
    known.is_dirty, known.is_gone, known.old_keys = True, is_gone, tuple(old_keys or ())
    return known


def _settled(row: tuple[Any, ...]) -> Known:
    record, source, key, trust, modified_at, number, given, parts = row
    return Known(record, source, key, trust, modified_at, number, json.loads(given), json.loads(parts))


def list_outdated(records: Sequence[int], version: int) -> list[int]:
    """Return those of the records whose standard records another rule set version made. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record_id FROM matching_standardrecord WHERE record_id = ANY(%s::bigint[]) AND rules_version <> %s"
            " ORDER BY 1",
            [array_text(records), version],
        )
        return [row[0] for row in cursor.fetchall()]

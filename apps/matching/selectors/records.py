"""Standard records, links and verdicts as frozen values."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from apps.base.copying import array_text
from apps.matching.models import Link, Verdict, VerdictPair

BINDING = (Verdict.Kind.SAME, Verdict.Kind.DIFFERENT, Verdict.Kind.RELATED)


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A scored pair kept; `score` is in millibits."""

    low: int
    high: int
    score: int
    levels: tuple[int, ...]
    rules_version: int
    run_id: int


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One binding pair of a verdict, with who decided what, when and why."""

    verdict_id: int
    low: int
    high: int
    kind: str
    kind_label: str
    by_policy: bool
    decided_by: str
    decided_at: datetime
    reason: str
    case_id: int | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A standard record that shares `shared_keys` match keys with the one asked about."""

    record_id: int
    parts: Mapping[str, str]
    shared_keys: int


def get_parts(record_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return the standard parts of each record that has been standardised, by record id. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, [array_text(record_ids)])
        return {record_id: json.loads(parts) for record_id, parts in cursor.fetchall()}


def list_links(record_ids: Iterable[int], *, limit: int = 1_000) -> list[LinkRow]:
    """Return the links whose both ends are among the records, strongest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LINKS_AMONG, {"ids": list(record_ids), "limit": limit})
        return [
            LinkRow(low, high, score, tuple(levels), version, run)
            for low, high, score, levels, version, run in cursor.fetchall()
        ]


def list_links_of(record_ids: Iterable[int], *, limit: int = 1_000) -> list[LinkRow]:
    """Return the links with an end among the records, strongest first. One query."""
    ids = list(record_ids)
    return _links(Q(low_id__in=ids) | Q(high_id__in=ids), limit)


def find_link(low: int, high: int) -> LinkRow | None:
    """Return the link of a pair, whichever record is named first, or None. One query."""
    found = _links(Q(low_id=min(low, high), high_id=max(low, high)), 1)
    return found[0] if found else None


def list_live_verdicts(record_ids: Iterable[int], *, limit: int = 1_000) -> list[VerdictRow]:
    """Return the pairs of standing verdicts (same, different, related) that name any of the records, newest first.

    One query.
    """
    ids = list(record_ids)
    return _verdicts(Q(low_id__in=ids) | Q(high_id__in=ids), limit)


def find_verdict(low: int, high: int) -> VerdictRow | None:
    """Return the standing verdict on a pair, whichever record is named first, or None. One query."""
    found = _verdicts(Q(low_id=min(low, high), high_id=max(low, high)), 1)
    return found[0] if found else None


def find_candidates(caps: Mapping[int, int], *, limit: int = 200) -> list[Candidate]:
    """Return standard records that share a match key, those sharing most first, ties by record id.

    `caps` maps each match key to the number of records beyond which it makes no pairs: a key that more records carry
    is passed over, so that the work is bounded whatever is asked. Two queries.
    """
    return find_candidates_of([caps], limit=limit)[0]


def find_candidates_of(caps: Sequence[Mapping[int, int]], *, limit: int = 200) -> list[list[Candidate]]:
    """Return the same for each of several askers, in their order, up to `limit` each. Two queries."""
    found: list[list[Candidate]] = [[] for _ in caps]
    asked = [(place, key, cap) for place, keys in enumerate(caps) for key, cap in keys.items()]
    if not asked:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_SHARED_KEYS, [*map(list, zip(*asked, strict=True)), limit])
        shared: list[tuple[int, int, int]] = cursor.fetchall()
    parts = get_parts({record_id for _, record_id, _ in shared}) if shared else {}
    for place, record_id, count in shared:
        if record_id in parts:
            found[place].append(Candidate(record_id, parts[record_id], count))
    return found


def list_crowded(caps: Mapping[int, int]) -> set[int]:
    """Return which match keys more records carry by now than `caps` allows them. One query."""
    if not caps:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_CROWDED_KEYS, [list(caps), list(caps.values())])
        return {row[0] for row in cursor.fetchall()}


_LINKS_AMONG = """
SELECT low_id, high_id, score, levels, rules_version, run_id FROM matching_link
WHERE low_id = ANY(%(ids)s) AND high_id = ANY(%(ids)s) ORDER BY score DESC, low_id, high_id LIMIT %(limit)s
"""
_PARTS = "SELECT record_id, parts FROM matching_standardrecord WHERE record_id = ANY(%s::bigint[])"
_CROWDED_KEYS = """
SELECT asked.key FROM unnest(%s::bigint[], %s::integer[]) AS asked(key, cap)
WHERE (SELECT count(*) FROM matching_standardrecord WHERE match_keys @> ARRAY[asked.key]) > asked.cap
"""
# The limit stands apart from the search: next to it, a small one lures the planner into reading the table from its
# start, and rare keys then cost a full scan each.
_SHARED_KEYS = """
WITH asked AS (SELECT * FROM unnest(%s::integer[], %s::bigint[], %s::integer[]) AS given(place, key, cap)),
holders AS (
    SELECT place, key, cap, held.record_id
    FROM asked CROSS JOIN LATERAL (
        WITH found AS MATERIALIZED (SELECT record_id FROM matching_standardrecord WHERE match_keys @> ARRAY[key])
        SELECT record_id FROM found LIMIT cap + 1
    ) AS held
),
counted AS (SELECT place, record_id, cap, count(*) OVER (PARTITION BY place, key) AS holding FROM holders),
ranked AS (
    SELECT place, record_id, count(*) AS shared,
           row_number() OVER (PARTITION BY place ORDER BY count(*) DESC, record_id) AS rank
    FROM counted WHERE holding <= cap GROUP BY place, record_id
)
SELECT place, record_id, shared FROM ranked WHERE rank <= %s ORDER BY place, rank
"""


def _links(condition: Q, limit: int) -> list[LinkRow]:
    rows = Link.objects.filter(condition).order_by("-score", "low_id", "high_id")[:limit]
    return [
        LinkRow(
            low=row.low_id,
            high=row.high_id,
            score=row.score,
            levels=tuple(row.levels),
            rules_version=row.rules_version,
            run_id=row.run_id,
        )
        for row in rows
    ]


def _verdicts(condition: Q, limit: int) -> list[VerdictRow]:
    rows = (
        VerdictPair.objects.select_related("verdict")
        .filter(condition, is_live=True, kind__in=BINDING)
        .order_by("-verdict__decided_at", "-pk")[:limit]
    )
    return [
        VerdictRow(
            verdict_id=row.verdict_id,
            low=row.low_id,
            high=row.high_id,
            kind=row.kind,
            kind_label=Verdict.Kind(row.kind).label,
            by_policy=row.verdict.by_policy,
            decided_by=row.verdict.decided_by,
            decided_at=row.verdict.decided_at,
            reason=row.verdict.reason,
            case_id=row.verdict.case_id,
        )
        for row in rows
    ]

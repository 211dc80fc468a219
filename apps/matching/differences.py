"""Which "different" were decided on evidence that has changed since. Each bars all the same; nothing here writes.

What was seen is not kept twice: a decision names the versions of the records it saw, and these are standardised again
by the rules in force, so that an upgrade of the standardiser is no change.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from apps.base.copying import array_text
from apps.engine.records import SOURCE_PART
from apps.engine.rules import RuleSet
from apps.engine.standardise import standardise_record
from apps.matching.evidence import Change, list_changes

_ANY_DIFFERENT = """
SELECT EXISTS (SELECT FROM matching_verdictpair
               WHERE is_live AND kind = 'different' AND low_id = ANY(%(records)s::bigint[]))
    OR EXISTS (SELECT FROM matching_verdictpair
               WHERE is_live AND kind = 'different' AND high_id = ANY(%(records)s::bigint[]))
"""
# An old decision that names no versions saw those of its time.
_SINCE = """
WITH bound AS (
    SELECT verdict_id, low_id, high_id FROM matching_verdictpair
    WHERE is_live AND kind = 'different' AND low_id = ANY(%(records)s)
    UNION
    SELECT verdict_id, low_id, high_id FROM matching_verdictpair
    WHERE is_live AND kind = 'different' AND high_id = ANY(%(records)s)
)
SELECT p.verdict_id, p.low_id, p.high_id, before_low.given, before_high.given, a.parts, b.parts
FROM bound p
JOIN matching_verdict v ON v.id = p.verdict_id
JOIN {standard} a ON a.record_id = p.low_id
JOIN {standard} b ON b.record_id = p.high_id
JOIN LATERAL (
    SELECT given, number FROM sources_recordversion s WHERE s.record_id = p.low_id
      AND CASE WHEN v.seen->'versions' ? p.low_id::text THEN number = (v.seen->'versions'->>p.low_id::text)::int
               ELSE received_at <= v.decided_at END
    ORDER BY number DESC LIMIT 1
) AS before_low ON true
JOIN LATERAL (
    SELECT given, number FROM sources_recordversion s WHERE s.record_id = p.high_id
      AND CASE WHEN v.seen->'versions' ? p.high_id::text THEN number = (v.seen->'versions'->>p.high_id::text)::int
               ELSE received_at <= v.decided_at END
    ORDER BY number DESC LIMIT 1
) AS before_high ON true
WHERE before_low.number <> a.version_number OR before_high.number <> b.version_number
ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Reexamined:
    """A pair that a "different" keeps apart and that has a new version; `changes` is empty where none bears on it."""

    verdict_id: int
    low: int
    high: int
    changes: tuple[Change, ...]


def are_any_different(record_ids: Collection[int]) -> bool:
    """Say whether a standing decision keeps any of the records apart from another. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_ANY_DIFFERENT, {"records": array_text(record_ids)})
        return bool(cursor.fetchone()[0])


def reexamine_differences(
    record_ids: Collection[int], rules: RuleSet, *, standard: str = "matching_standardrecord"
) -> list[Reexamined]:
    """Return every pair that a standing "different" keeps apart and one of whose records, among these, changed since.

    By decision and records, after the records' standard records were stored; `standard` names a table that stands in
    for them where they are not. One query; nothing else where no decision names the records.
    """
    if not record_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SINCE.format(standard=standard), {"records": sorted(record_ids)})
        rows = cursor.fetchall()
    return [_reexamine(row, rules) for row in rows]


def _reexamine(row: tuple[Any, ...], rules: RuleSet) -> Reexamined:
    verdict_id, low, high, *documents = row
    # Django's connections hand JSON over as text.
    low_given, high_given, low_now, high_now = map(json.loads, documents)
    before = [
        standardise_record({**given, "source": now.get(SOURCE_PART)}, rules.attributes, rules.fallbacks)
        for given, now in ((low_given, low_now), (high_given, high_now))
    ]
    changes = list_changes(low, high, before=(before[0], before[1]), now=(low_now, high_now), rules=rules)
    return Reexamined(verdict_id, low, high, tuple(changes))

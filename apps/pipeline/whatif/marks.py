"""How far the hub has come: what a dry run looked at, so that it can be told whether that still holds."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import connection

MARKS = """
SELECT (SELECT coalesce(max(id), 0) FROM sources_recordversion),
       (SELECT coalesce(max(history_id), 0) FROM matching_historicalverdictpair),
       (SELECT coalesce(max(history_id), 0) FROM golden_historicalpin),
       (SELECT count(*) FROM sources_sourcerecord WHERE state IN ('live', 'received')),
       (SELECT count(*) FROM golden_goldenrecord WHERE state = 'live'),
       (SELECT max(number) FROM rulebook_rulesetversion WHERE state = 'active')
"""
NAMES = ("versions", "verdicts", "pins", "records", "customers", "in_force")
MOVED = """
SELECT count(*) FROM (
    SELECT record_id FROM sources_recordversion WHERE id > %(versions)s
    UNION SELECT unnest(ARRAY[low_id, high_id]) FROM matching_historicalverdictpair WHERE history_id > %(verdicts)s
    UNION SELECT unnest(record_ids) FROM golden_historicalpin WHERE history_id > %(pins)s
) AS moved
"""


def read_marks() -> dict[str, Any]:
    """Return the newest version, verdict and pin there are, how many records and customers, and the rules in force."""
    with connection.cursor() as cursor:
        cursor.execute(MARKS)
        return dict(zip(NAMES, cursor.fetchone(), strict=True))


def digest_of(marks: Mapping[str, Any], rules_digest: str) -> str:
    """Return the fingerprint of what a dry run was made from: the marks and the rules tried."""
    return hashlib.sha256(json.dumps([dict(marks), rules_digest], sort_keys=True).encode()).hexdigest()


def count_moved(marks: Mapping[str, Any]) -> int:
    """Return how many records have a new version, decision or pin since the marks were read. One query."""
    with connection.cursor() as cursor:
        cursor.execute(MOVED, dict(marks))
        return int(cursor.fetchone()[0])

"""What came in: every row has one outcome, saying a thing twice changes nothing, the older never wins."""

from apps.quality.invariants.contract import Invariant, query_check

_BATCHES = "SELECT count(*) FROM sources_intakebatch"
_VERSIONS = "SELECT count(*) FROM sources_recordversion"

_SUM = """
SELECT 'batch ' || b.id || ' read ' || b.rows_read || ' rows and accounts for ' || b.rows_new + b.rows_changed
       + b.rows_unchanged + b.rows_stale + b.rows_quarantined + b.rows_duplicate
FROM sources_intakebatch b
WHERE b.rows_read <> b.rows_new + b.rows_changed + b.rows_unchanged + b.rows_stale + b.rows_quarantined
      + b.rows_duplicate
"""
_LANDED = """
SELECT 'batch ' || b.id || ' says ' || b.rows_new + b.rows_changed || ' new versions and has ' || coalesce(v.given, 0)
FROM sources_intakebatch b
LEFT JOIN (
    SELECT batch_id, count(*) AS given FROM sources_recordversion WHERE NOT is_deletion GROUP BY 1
) AS v ON v.batch_id = b.id
WHERE coalesce(v.given, 0) <> b.rows_new + b.rows_changed
"""
_FAULTS = """
SELECT 'batch ' || b.id || ' says ' || b.rows_quarantined || ' rows set aside and names ' || coalesce(f.faults, 0)
FROM sources_intakebatch b
LEFT JOIN (
    SELECT batch_id, count(*) AS faults FROM sources_fault WHERE is_whole_row GROUP BY 1
) AS f ON f.batch_id = b.id
WHERE coalesce(f.faults, 0) <> b.rows_quarantined
"""
_TWO_OUTCOMES = """
SELECT s.code || ':' || r.key || ' has ' || count(*) || ' versions of batch ' || v.batch_id
FROM sources_recordversion v
JOIN sources_sourcerecord r ON r.id = v.record_id JOIN sources_sourcesystem s ON s.id = r.source_id
WHERE NOT v.is_deletion AND v.line IS NOT NULL
GROUP BY s.code, r.key, v.batch_id HAVING count(*) > 1
"""
_REPEATED = """
SELECT s.code || ':' || r.key || ' version ' || v.number || ' says the same as the one before'
FROM (
    SELECT record_id, number, digest, is_deletion,
           lag(digest) OVER numbered AS digest_before, lag(is_deletion) OVER numbered AS was_deletion
    FROM sources_recordversion WINDOW numbered AS (PARTITION BY record_id ORDER BY number)
) AS v
JOIN sources_sourcerecord r ON r.id = v.record_id JOIN sources_sourcesystem s ON s.id = r.source_id
WHERE v.digest = v.digest_before AND v.is_deletion = v.was_deletion
"""
_OVERTAKEN = """
SELECT s.code || ':' || r.key || ' version ' || v.number || ' is older than one before it'
FROM (
    SELECT record_id, number, modified_at, max(modified_at) OVER (
               PARTITION BY record_id ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newest_before
    FROM sources_recordversion
) AS v
JOIN sources_sourcerecord r ON r.id = v.record_id JOIN sources_sourcesystem s ON s.id = r.source_id
WHERE v.modified_at < v.newest_before
"""
_AHEAD = """
SELECT s.code || ':' || r.key || ' was applied in version ' || r.applied_number || ', beyond its newest '
       || r.latest_number
FROM sources_sourcerecord r JOIN sources_sourcesystem s ON s.id = r.source_id
WHERE r.applied_number > r.latest_number
"""

INVARIANTS = (
    Invariant(
        16,
        "Rows read are the sum of their outcomes, and each outcome is there to be seen.",
        (
            query_check(counted=_BATCHES, broken=_SUM),
            query_check(counted="SELECT 0", broken=_LANDED),
            query_check(counted="SELECT count(*) FROM sources_fault", broken=_FAULTS),
            query_check(counted="SELECT 0", broken=_TWO_OUTCOMES),
        ),
    ),
    Invariant(
        17,
        "A row that says what its source said last makes no version.",
        (query_check(counted=_VERSIONS, broken=_REPEATED),),
    ),
    Invariant(
        18,
        "An older version of a source record never follows a newer one.",
        (query_check(counted=_VERSIONS, broken=_OVERTAKEN), query_check(counted="SELECT 0", broken=_AHEAD)),
    ),
)

"""Open questions: one per pair, and none that answered itself."""

from apps.quality.invariants.contract import Invariant, query_check

_TWICE = """
SELECT 'records ' || least(low_record_id, high_record_id) || ' and ' || greatest(low_record_id, high_record_id)
       || ' are asked about in ' || count(*) || ' open cases'
FROM cases_case WHERE state = 'open' AND low_record_id IS NOT NULL
GROUP BY least(low_record_id, high_record_id), greatest(low_record_id, high_record_id) HAVING count(*) > 1
"""
_MOOT = """
SELECT 'case ' || c.id || CASE
    WHEN a.golden_id IS NULL OR b.golden_id IS NULL THEN ' asks about a record that belongs to no customer'
    WHEN a.golden_id = b.golden_id THEN ' asks about two records of one customer'
    ELSE ' asks what a decision settled' END
FROM cases_case c
LEFT JOIN golden_membership a ON a.record_id = c.low_record_id
LEFT JOIN golden_membership b ON b.record_id = c.high_record_id
WHERE c.state = 'open' AND c.kind = 'pair'
  -- A record whose own chunk of a load comes later may be asked about already.
  AND NOT EXISTS (SELECT FROM sources_sourcerecord r
                  WHERE r.id IN (c.low_record_id, c.high_record_id) AND r.state = 'received')
  AND (
    a.golden_id IS NULL OR b.golden_id IS NULL OR a.golden_id = b.golden_id
    OR EXISTS (SELECT FROM matching_verdictpair p WHERE p.is_live AND p.kind IN ('same', 'different', 'related')
               AND p.low_id = c.low_record_id AND p.high_id = c.high_record_id))
"""
_DOUBTED = """
SELECT 'case ' || c.id || CASE
    WHEN a.golden_id IS NULL OR b.golden_id IS NULL THEN ' doubts a record that belongs to no customer'
    WHEN a.golden_id <> b.golden_id THEN ' doubts that two records are one customer, which they are not'
    WHEN p.id IS NOT NULL THEN ' doubts what a decision settled'
    ELSE ' is not the only one that doubts its customer' END
FROM cases_case c
LEFT JOIN golden_membership a ON a.record_id = c.low_record_id
LEFT JOIN golden_membership b ON b.record_id = c.high_record_id
LEFT JOIN matching_verdictpair p ON p.low_id = c.low_record_id AND p.high_id = c.high_record_id AND p.is_live
     AND p.kind IN ('same', 'different', 'related')
WHERE c.state = 'open' AND c.kind = 'weak'
  AND (a.golden_id IS DISTINCT FROM b.golden_id OR a.golden_id IS NULL OR p.id IS NOT NULL
       OR EXISTS (SELECT FROM cases_case o JOIN golden_membership m ON m.record_id = o.low_record_id
                  WHERE o.state = 'open' AND o.kind = 'weak' AND o.id < c.id AND m.golden_id = a.golden_id))
"""
_ORPHANED = """
SELECT 'case ' || c.id || ' asks about a decision on a record that belongs to no customer'
FROM cases_case c
LEFT JOIN golden_membership a ON a.record_id = c.low_record_id
LEFT JOIN golden_membership b ON b.record_id = c.high_record_id
WHERE c.state = 'open' AND c.kind IN ('reopened', 'conflict') AND (a.golden_id IS NULL OR b.golden_id IS NULL)
"""
_UNEXPLAINED = """
SELECT 'case ' || id || ' was closed without a reason, a time or a name'
FROM cases_case WHERE state = 'closed' AND (close_reason = '' OR closed_at IS NULL OR closed_by = '')
"""

INVARIANTS = (
    Invariant(
        35,
        "At most one open case per pair, one that doubts a customer; a case closes, with its reason, when it is moot.",
        (
            query_check(counted="SELECT count(*) FROM cases_case", broken=_TWICE),
            query_check(counted="SELECT 0", broken=_MOOT),
            query_check(counted="SELECT 0", broken=_DOUBTED),
            query_check(counted="SELECT 0", broken=_ORPHANED),
            query_check(counted="SELECT 0", broken=_UNEXPLAINED),
        ),
    ),
)

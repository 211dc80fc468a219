"""What people decided stands: together stays together, apart stays apart, and no run edits a decision."""

from apps.quality.invariants.contract import Invariant, query_check

_TORN = """
SELECT 'decision ' || p.verdict_id || ' puts ' || p.low_id || ' and ' || p.high_id || ' together; they are in '
       || a.gid || ' and ' || b.gid
FROM matching_verdictpair p
JOIN golden_membership x ON x.record_id = p.low_id JOIN golden_goldenrecord a ON a.id = x.golden_id
JOIN golden_membership y ON y.record_id = p.high_id JOIN golden_goldenrecord b ON b.id = y.golden_id
WHERE p.is_live AND p.kind = 'same' AND a.id <> b.id
"""
_JOINED = """
SELECT 'decision ' || p.verdict_id || ' keeps ' || p.low_id || ' and ' || p.high_id || ' apart; both are in ' || g.gid
FROM matching_verdictpair p
JOIN golden_membership x ON x.record_id = p.low_id
JOIN golden_membership y ON y.record_id = p.high_id AND y.golden_id = x.golden_id
JOIN golden_goldenrecord g ON g.id = x.golden_id
WHERE p.is_live AND p.kind IN ('different', 'related')
"""
# A policy's own verdicts are its to change; a person's, or a connected tool's on a person's behalf, are not.
_EDITED = """
SELECT 'decision ' || h.id || ' was ' || CASE h.history_type WHEN '-' THEN 'deleted' ELSE 'changed' END || ' by '
       || h.history_actor
FROM matching_historicalverdict h
WHERE h.history_type <> '+' AND NOT h.by_policy AND h.history_actor !~ '^(person|system):'
"""
_PAIRS_EDITED = """
SELECT 'decision ' || h.verdict_id || ' had a pair ' || CASE h.history_type WHEN '-' THEN 'deleted' ELSE 'changed' END
       || ' by ' || h.history_actor
FROM matching_historicalverdictpair h JOIN matching_verdict v ON v.id = h.verdict_id
WHERE h.history_type <> '+' AND NOT v.by_policy AND h.history_actor !~ '^(person|system):'
"""
# A pair that doesn't bind was undone with its decision, gave way to a later one, or waits beneath a pair that says it.
# What was set free again is a new row of its decision: then that one tells.
_HALF_UNDONE = """
SELECT DISTINCT 'decision ' || v.id || CASE WHEN v.undone_at IS NULL
       THEN ' stopped binding a pair without being undone or superseded'
       ELSE ' was undone and still binds a pair' END
FROM matching_verdict v JOIN matching_verdictpair p ON p.verdict_id = v.id
WHERE p.is_live = (v.undone_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM matching_verdict later WHERE NOT p.is_live AND later.id = p.superseded_by_id
                  AND later.undone_at IS NULL)
  AND NOT EXISTS (SELECT FROM matching_verdictpair said WHERE NOT p.is_live AND said.is_live AND said.kind = p.kind
                  AND said.low_id = p.low_id AND said.high_id = p.high_id)
  AND NOT EXISTS (SELECT FROM matching_verdictpair again WHERE NOT p.is_live AND again.verdict_id = p.verdict_id
                  AND again.low_id = p.low_id AND again.high_id = p.high_id AND again.id > p.id)
"""
_NOBODYS = """
SELECT 'decision ' || v.id || ' was undone by nobody'
FROM matching_verdict v WHERE v.undone_at IS NOT NULL AND v.undone_by = ''
"""

INVARIANTS = (
    Invariant(
        7,
        "Records that a decision puts together are in one customer.",
        (
            query_check(
                counted="SELECT count(*) FROM matching_verdictpair WHERE is_live AND kind = 'same'", broken=_TORN
            ),
        ),
    ),
    Invariant(
        8,
        "Records that a decision keeps apart are never in one customer.",
        (
            query_check(
                counted="SELECT count(*) FROM matching_verdictpair WHERE is_live AND kind IN ('different', 'related')",
                broken=_JOINED,
            ),
        ),
    ),
    Invariant(
        10,
        "No automatic process edits, deletes or outranks a decision.",
        (
            query_check(counted="SELECT count(*) FROM matching_historicalverdict", broken=_EDITED),
            query_check(counted="SELECT count(*) FROM matching_historicalverdictpair", broken=_PAIRS_EDITED),
            query_check(counted="SELECT 0", broken=_HALF_UNDONE),
            query_check(counted="SELECT 0", broken=_NOBODYS),
        ),
    ),
)

"""Links and memberships carry their reason, and a link's score can be made again from what is stored."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from apps.base.copying import copy_out
from apps.engine import bulk
from apps.quality.invariants.contract import Invariant, Outcome, named, query_check
from apps.rulebook.selectors import ActiveRules, NoActiveRules, get_active_rules

RECOMPUTED_LINKS = 300_000
"""Up to this many links are all scored again; of more, an even sample of about as many."""
LOWEST = -(2**31)

_LINKS = """
SELECT low_id, high_id, score, array_to_string(levels, ',') FROM matching_link
WHERE rules_version = %s AND mod(id, %s) = 0
  -- The chunk of a load that brings a record may come after the one that brings its link.
  AND NOT EXISTS (SELECT FROM sources_sourcerecord r WHERE r.id IN (low_id, high_id) AND r.state = 'received')
"""
_LINK_TYPES = {"left": pa.int64(), "right": pa.int64(), "score": pa.int32(), "levels": pa.string()}
_UNNAMED_RULES = """
SELECT 'link ' || l.low_id || '-' || l.high_id || ' names rule set version ' || l.rules_version
       || ', which was never published'
FROM matching_link l
WHERE NOT EXISTS (SELECT FROM rulebook_rulesetversion v WHERE v.number = l.rules_version AND v.state <> 'draft')
"""
_STANDARD_LAGS = """
SELECT s.code || ':' || r.key || ' was standardised in version ' || coalesce(d.version_number, 0)
       || ' and applied in version ' || r.applied_number
FROM golden_membership m
JOIN sources_sourcerecord r ON r.id = m.record_id JOIN sources_sourcesystem s ON s.id = r.source_id
LEFT JOIN matching_standardrecord d ON d.record_id = r.id
WHERE d.version_number IS DISTINCT FROM r.applied_number AND r.applied_number IS NOT NULL
"""
_REASONS = """
WITH tie AS (
    SELECT a.record_id, b.record_id AS other, l.score FROM matching_link l
    JOIN golden_membership a ON a.record_id = l.low_id
    JOIN golden_membership b ON b.record_id = l.high_id AND b.golden_id = a.golden_id
), best AS (
    SELECT record_id, max(score) AS score FROM (
        SELECT record_id, score FROM tie UNION ALL SELECT other, score FROM tie) AS ends GROUP BY record_id
), size AS (SELECT golden_id, count(*) AS members FROM golden_membership GROUP BY 1)
SELECT s.code || ':' || r.key || ' is where it is for no reason that holds: ' || m.reason
FROM golden_membership m
JOIN size z ON z.golden_id = m.golden_id
JOIN sources_sourcerecord r ON r.id = m.record_id JOIN sources_sourcesystem s ON s.id = r.source_id
LEFT JOIN best b ON b.record_id = m.record_id
LEFT JOIN matching_verdict v ON v.id = m.verdict_id
WHERE (m.reason = 'alone' AND z.members <> 1)
   OR (m.reason = 'linked' AND m.score IS DISTINCT FROM b.score)
   -- Blocking may have missed what ties it to the others: then somebody else it is linked to led there.
   OR (m.reason = 'linked' AND m.score IS NULL
       AND NOT EXISTS (SELECT FROM matching_link l WHERE l.low_id = m.record_id)
       AND NOT EXISTS (SELECT FROM matching_link l WHERE l.high_id = m.record_id))
   OR (m.reason IN ('verdict', 'hold') AND (v.id IS NULL OR v.undone_at IS NOT NULL))
   OR m.reason NOT IN ('alone', 'linked', 'verdict', 'hold')
"""


def check_scores() -> Outcome:
    """Score the links of the version in force again, from the stored standard records, and compare every one."""
    try:
        active = get_active_rules()
    except NoActiveRules:
        return Outcome(0)
    stored = copy_out(_LINKS, [active.version, _stride(active.version)], types=_LINK_TYPES)
    if not stored.num_rows:
        return Outcome(0)
    stored = stored.sort_by([("left", "ascending"), ("right", "ascending")])
    standard = _read_standard(active)
    known = pc.and_(
        pc.is_in(stored["left"], value_set=standard["record"].combine_chunks()),
        pc.is_in(stored["right"], value_set=standard["record"].combine_chunks()),
    )
    baseless = [f"{_name(row)} has no standard records" for row in stored.filter(pc.invert(known)).to_pylist()]
    wrong = _differing(stored.filter(known), standard, active)
    return named(stored.num_rows, baseless + wrong)


def _stride(rules_version: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM matching_link WHERE rules_version = %s", [rules_version])
        return 1 + int(cursor.fetchone()[0]) // RECOMPUTED_LINKS


def _read_standard(active: ActiveRules) -> pa.Table:
    """Return record and the parts that the rules compare, by record id."""
    names = active.rules.parts_used()
    columns = ", ".join(f"parts->>'{name}'" for name in names)
    return copy_out(
        f"SELECT record_id, {columns} FROM matching_standardrecord ORDER BY 1",  # noqa: S608 - rule set names
        types={"record": pa.int64()} | dict.fromkeys(names, pa.string()),
    )


def _differing(stored: pa.Table, standard: pa.Table, active: ActiveRules) -> list[str]:
    records = standard["record"].to_numpy()
    left, right = (np.searchsorted(records, stored[side].to_numpy()).astype(np.int32) for side in ("left", "right"))
    made = bulk.score(standard, left, right, active.rules, active.statistics, keep=LOWEST, workers=1)
    levels = pc.binary_join(made["levels"].combine_chunks().cast(pa.list_(pa.string())), ",")
    same = pc.and_(pc.equal(made["score"], stored["score"]), pc.equal(levels, stored["levels"].combine_chunks()))
    rows = zip(
        stored.filter(pc.invert(same)).to_pylist(), made.filter(pc.invert(same))["score"].to_pylist(), strict=True
    )
    return [f"{_name(row)} is kept with {row['score']} and scores {score}" for row, score in rows]


def _name(row: dict[str, object]) -> str:
    return f"link {row['left']}-{row['right']}"


INVARIANTS = (
    Invariant(
        12,
        "Every link and membership carries a reason that holds, and a link's score can be made again.",
        (
            check_scores,
            query_check(counted="SELECT 0", broken=_UNNAMED_RULES),
            query_check(counted="SELECT 0", broken=_STANDARD_LAGS),
            query_check(counted="SELECT count(*) FROM golden_membership", broken=_REASONS),
        ),
    ),
)

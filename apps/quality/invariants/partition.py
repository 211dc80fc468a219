"""Who is who: source records, the customers they belong to, and the ids that answer for ever."""

from apps.engine.rules import Exclusive
from apps.quality.invariants.contract import Invariant, Outcome, query_check
from apps.rulebook.selectors import NoActiveRules, get_active_rules

_RECORDS = "SELECT count(*) FROM sources_sourcerecord"
_GOLDEN = "SELECT count(*) FROM golden_goldenrecord"

_KEYS_TWICE = """
SELECT s.code || ':' || r.key || ' is kept ' || count(*) || ' times'
FROM sources_sourcerecord r JOIN sources_sourcesystem s ON s.id = r.source_id
GROUP BY s.code, r.key HAVING count(*) > 1
"""
_CURRENT_VERSION = """
SELECT s.code || ':' || r.key || ' ' || CASE
    WHEN v.current <> 1 THEN 'has ' || v.current || ' current versions'
    WHEN v.newest > r.latest_number THEN 'has version ' || v.newest || ' after its current one'
    WHEN NOT v.has_digest THEN 'says another content than its current version'
    ELSE 'has no version ' || r.applied_number || ', which its customer was built from' END
FROM sources_sourcerecord r
JOIN sources_sourcesystem s ON s.id = r.source_id
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE number = r.latest_number) AS current, coalesce(max(number), 0) AS newest,
           count(*) FILTER (WHERE number = r.applied_number) AS applied,
           coalesce(bool_and(digest = r.latest_digest) FILTER (WHERE number = r.latest_number), false) AS has_digest
    FROM sources_recordversion WHERE record_id = r.id) AS v ON true
WHERE v.current <> 1 OR v.newest > r.latest_number OR NOT v.has_digest
   OR (r.applied_number IS NOT NULL AND v.applied <> 1)
"""
_PLACE = """
SELECT s.code || ':' || r.key || CASE
    WHEN r.state = 'live' AND m.held IS NULL THEN ' is live and belongs to no customer'
    WHEN r.state <> 'live' AND m.held IS NOT NULL THEN ' is ' || r.state || ' and still belongs to a customer'
    WHEN m.held > 1 THEN ' belongs to ' || m.held || ' customers'
    WHEN r.state = 'quarantined' THEN ' is set aside without a reason'
    ELSE ' belongs to a customer that is not live' END
FROM sources_sourcerecord r
JOIN sources_sourcesystem s ON s.id = r.source_id
LEFT JOIN (
    SELECT m.record_id, count(*) AS held, bool_and(g.state = 'live') AS is_live
    FROM golden_membership m JOIN golden_goldenrecord g ON g.id = m.golden_id GROUP BY m.record_id
) AS m ON m.record_id = r.id
WHERE (r.state = 'live') <> (m.held IS NOT NULL) OR m.held > 1 OR NOT m.is_live
   OR (r.state = 'quarantined' AND r.quarantine_reason = '')
"""
_MEMBERS = """
SELECT g.gid || CASE
    WHEN coalesce(m.members, 0) = 0 THEN ' is live without a member'
    ELSE ' says ' || g.member_count || ' members and has ' || m.members END
FROM golden_goldenrecord g
LEFT JOIN (SELECT golden_id, count(*) AS members FROM golden_membership GROUP BY 1) AS m ON m.golden_id = g.id
WHERE g.state = 'live' AND coalesce(m.members, 0) IS DISTINCT FROM g.member_count
   OR g.state = 'live' AND m.members IS NULL
"""
_RETIREMENT_KEPT = """
SELECT g.gid || ' was retired without a move that says so'
FROM golden_goldenrecord g
WHERE g.state = 'retired'
  AND NOT EXISTS (SELECT FROM golden_move v WHERE v.golden_id = g.id AND v.kind = 'retired')
"""
_REDIRECT = """
SELECT g.gid || ' redirects to ' || coalesce(t.gid || ', which is ' || t.state, 'nothing')
FROM golden_goldenrecord g LEFT JOIN golden_goldenrecord t ON t.id = g.survivor_id
WHERE (g.state = 'merged' AND (t.id IS NULL OR t.id = g.id OR t.state NOT IN ('live', 'retired', 'erased')))
   OR (g.state <> 'merged' AND t.id IS NOT NULL)
"""
_ID_ANSWERS = """
SELECT said.gid || ' was issued and no longer answers'
FROM (
    SELECT subject AS gid FROM outbox_event WHERE starts_with(type, 'customer.')
    UNION SELECT desired FROM delivery_ledgerentry WHERE desired <> ''
    UNION SELECT gid FROM golden_historicalgoldenrecord
) AS said
WHERE NOT EXISTS (SELECT FROM golden_goldenrecord g WHERE g.gid = said.gid)
"""
_ID_REUSED = """
SELECT gid || ' has named ' || count(DISTINCT id) || ' customers'
FROM (SELECT id, gid FROM golden_historicalgoldenrecord UNION SELECT id, gid FROM golden_goldenrecord) AS given
GROUP BY gid HAVING count(DISTINCT id) > 1
"""
_SUCCESSORS = """
SELECT g.gid || CASE WHEN g.state = 'split' THEN ' was split and names no successors that answer'
                     ELSE ' is ' || g.state || ' and names successors' END
FROM golden_goldenrecord g
WHERE (g.state = 'split' AND (cardinality(g.successors) = 0 OR EXISTS (
          SELECT FROM unnest(g.successors) AS heir(gid)
          WHERE heir.gid = g.gid OR NOT EXISTS (SELECT FROM golden_goldenrecord t WHERE t.gid = heir.gid))))
   OR (g.state <> 'split' AND cardinality(g.successors) > 0)
"""
# What split off is told under the id that stayed, or that id stopped being live in the same commit and says where to.
_SPLIT_TOLD = """
SELECT g.gid || ' split' || coalesce(' off ' || o.gid, '') || ' without saying what split off'
FROM golden_move v
JOIN golden_goldenrecord g ON g.id = v.golden_id
LEFT JOIN golden_goldenrecord o ON o.id = v.other_id
WHERE v.kind = 'split' AND (o.id IS NULL OR o.id = g.id OR (
    NOT EXISTS (SELECT FROM outbox_event e WHERE e.subject = g.gid AND e.data->'split_off' ? o.gid)
    AND NOT EXISTS (SELECT FROM golden_move also WHERE also.golden_id = g.id AND also.at = v.at
                    AND also.kind = 'merged')))
"""
# Of the holders of one number each is named together with another one: for two holders that is the pair itself.
_SHARED_IDENTIFIER = """
WITH holder AS (
    SELECT DISTINCT f.scheme, f.issuer, f.value, e.golden_id
    FROM legal_identifier f
    JOIN legal_legalentity e ON e.id = f.entity_id
    JOIN golden_goldenrecord g ON g.id = e.golden_id AND g.state = 'live'
    JOIN unnest(%(schemes)s::text[], %(issuers)s::text[], %(checks)s::text[]) AS x(scheme, issuers, checks)
      ON x.scheme = f.scheme AND f.check_result = ANY(string_to_array(x.checks, ','))
     AND (x.issuers = '' OR f.issuer = ANY(string_to_array(x.issuers, ',')))
), numbered AS MATERIALIZED (
    SELECT *, dense_rank() OVER (ORDER BY scheme, issuer, value) AS number,
           count(*) OVER (PARTITION BY scheme, issuer, value) AS holders FROM holder
), shared AS MATERIALIZED (SELECT * FROM numbered WHERE holders > 1
), asked AS MATERIALIZED (
    SELECT low_record_id AS low, high_record_id AS high FROM cases_case
    WHERE state = 'open' AND low_record_id IS NOT NULL
    UNION ALL
    SELECT low_id, high_id FROM matching_verdictpair WHERE is_live AND kind IN ('different', 'related')
), named AS MATERIALIZED (
    SELECT a.golden_id AS low, b.golden_id AS high FROM asked
    JOIN golden_membership a ON a.record_id = asked.low JOIN golden_membership b ON b.record_id = asked.high
), answered AS (
    SELECT a.number, a.golden_id AS low, b.golden_id AS high
    FROM named JOIN shared a ON a.golden_id = named.low
    JOIN shared b ON b.golden_id = named.high AND b.number = a.number AND b.golden_id <> a.golden_id
)
SELECT g.gid || ' shares its ' || s.scheme || ' with ' || s.holders - 1
       || ' more and no open case or decision names it with one of them'
FROM shared s JOIN golden_goldenrecord g ON g.id = s.golden_id
WHERE (s.number, s.golden_id) NOT IN (SELECT number, low FROM answered UNION ALL SELECT number, high FROM answered)
"""


def check_exclusive_identifiers() -> Outcome:
    """Find live customers that share a number which the rules in force call exclusive."""
    try:
        exclusive = get_active_rules().rules.exclusive
    except NoActiveRules:
        return Outcome(0)
    return query_check(
        counted="SELECT count(*) FROM legal_identifier",
        broken=_SHARED_IDENTIFIER,
        schemes=[rule.attribute for rule in exclusive],
        issuers=[",".join(rule.issuers) for rule in exclusive],
        checks=[_checks(rule) for rule in exclusive],
    )()


def _checks(rule: Exclusive) -> str:
    return ",".join(rule.checks)


INVARIANTS = (
    Invariant(
        1,
        "Source and key name one source record with one current version.",
        (query_check(counted=_RECORDS, broken=_KEYS_TWICE), query_check(counted="SELECT 0", broken=_CURRENT_VERSION)),
    ),
    Invariant(
        2,
        "A live source record belongs to exactly one live customer, any other to none.",
        (query_check(counted=_RECORDS, broken=_PLACE),),
    ),
    Invariant(
        3,
        "A live customer has the members it says, at least one; a retired one has its move.",
        (query_check(counted=_GOLDEN, broken=_MEMBERS), query_check(counted="SELECT 0", broken=_RETIREMENT_KEPT)),
    ),
    Invariant(
        4,
        "An id once issued answers for ever, in one hop, and never names another customer.",
        (
            query_check(counted=_GOLDEN, broken=_REDIRECT),
            query_check(counted="SELECT 0", broken=_ID_ANSWERS),
            query_check(counted="SELECT 0", broken=_ID_REUSED),
        ),
    ),
    Invariant(
        5,
        "A split says what became of its records.",
        (
            query_check(counted="SELECT count(*) FROM golden_move WHERE kind = 'split'", broken=_SPLIT_TOLD),
            query_check(counted="SELECT count(*) FROM golden_goldenrecord WHERE state = 'split'", broken=_SUCCESSORS),
        ),
    ),
    Invariant(
        6,
        "Two customers share no exclusive identifier, unless an open case or a decision names them together.",
        (check_exclusive_identifiers,),
    ),
)

"""Breaches of the invariants, planted by SQL: a number, what to break, and what the finding says."""

from dataclasses import dataclass

# Two live customers, a, b, with one member each named by the lowest record id.
TWO_CUSTOMERS = """
    (SELECT min(golden_id) AS a, max(golden_id) AS b FROM golden_membership) AS two
"""
UNLINKED_PAIR = """
    SELECT least(x.record_id, y.record_id) AS low, greatest(x.record_id, y.record_id) AS high
    FROM golden_membership x JOIN golden_membership y ON {relation}
    WHERE x.record_id < y.record_id AND NOT EXISTS (
        SELECT FROM cases_case c WHERE c.low_record_id = x.record_id AND c.high_record_id = y.record_id)
      AND NOT EXISTS (SELECT FROM matching_verdictpair p WHERE p.low_id = x.record_id AND p.high_id = y.record_id)
    ORDER BY 1, 2 LIMIT 1
"""
DECIDE = """
WITH pair AS ({pair}), made AS (
    INSERT INTO matching_verdict (kind, by_policy, decided_by, decided_at, reason, rules_version, seen, undone_by)
    VALUES ('{kind}', false, 'person:jane', now(), '', 1, '{{}}', '') RETURNING id)
INSERT INTO matching_verdictpair (verdict_id, low_id, high_id, kind, is_live)
SELECT made.id, pair.low, pair.high, '{kind}', true FROM made, pair
"""


@dataclass(frozen=True)
class Breach:
    """What to break, and the number of the promise that this breaks."""

    number: int
    name: str
    sql: str
    says: str


def unguard(table: str, *names: str) -> str:
    """Return the statements that take constraints or unique indexes away."""
    drops = [f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}; DROP INDEX IF EXISTS {name}" for name in names]
    return "SET CONSTRAINTS ALL IMMEDIATE; " + "; ".join(drops) + "; SET CONSTRAINTS ALL DEFERRED; "


IDENTITY = [
    Breach(
        1,
        "a key kept twice",
        unguard("sources_sourcerecord", "one_source_record_per_source_and_key")
        + """WITH made AS (
               INSERT INTO sources_sourcerecord (source_id, key, state, latest_number, latest_digest, is_gone,
                   last_batch_id, quarantine_reason)
               SELECT source_id, key, 'quarantined', 1, 'x', false, 0, 'planted' FROM sources_sourcerecord
               ORDER BY id LIMIT 1 RETURNING id)
             INSERT INTO sources_recordversion
                 (record_id, number, batch_id, raw, given, digest, is_deletion, received_at)
             SELECT id, 1, 0, '{}', '{}', 'x', false, now() FROM made""",
        "is kept 2 times",
    ),
    Breach(
        1,
        "a current version that is missing",
        "UPDATE sources_sourcerecord SET latest_number = latest_number + 1 WHERE id = (SELECT min(record_id)"
        " FROM golden_membership)",
        "has 0 current versions",
    ),
    Breach(
        1,
        "a digest that is not the current version's",
        "UPDATE sources_sourcerecord SET latest_digest = 'other' WHERE id = (SELECT min(record_id) FROM"
        " golden_membership)",
        "another content",
    ),
    Breach(
        2,
        "a live record without a customer",
        """WITH made AS (
               INSERT INTO sources_sourcerecord (source_id, key, state, latest_number, latest_digest, is_gone,
                   applied_number, last_batch_id, quarantine_reason)
               SELECT min(id), 'lost', 'live', 1, 'x', false, 1, 0, '' FROM sources_sourcesystem RETURNING id)
           INSERT INTO sources_recordversion (record_id, number, batch_id, raw, given, digest, is_deletion, received_at)
           SELECT id, 1, 0, '{}', '{}', 'x', false, now() FROM made""",
        "belongs to no customer",
    ),
    Breach(
        2,
        "a record set aside that kept its customer",
        "UPDATE sources_sourcerecord SET state = 'quarantined', quarantine_reason = 'planted' WHERE id ="
        " (SELECT min(record_id) FROM golden_membership)",
        "still belongs to a customer",
    ),
    Breach(
        3,
        "a customer that counts its members wrongly",
        "UPDATE golden_goldenrecord SET member_count = member_count + 1 WHERE id = (SELECT min(golden_id) FROM"
        " golden_membership)",
        "members and has",
    ),
    Breach(
        3,
        "a retirement without its move",
        "DELETE FROM golden_move WHERE kind = 'retired'",
        "without a move",
    ),
    Breach(
        4,
        "a redirect of two hops",
        "UPDATE golden_goldenrecord SET survivor_id = (SELECT min(id) FROM golden_goldenrecord WHERE state = 'merged')"
        " WHERE id = (SELECT max(id) FROM golden_goldenrecord WHERE state = 'merged')",
        "which is merged",
    ),
    Breach(
        4,
        "an id written back that nobody knows",
        "UPDATE delivery_ledgerentry SET desired = 'GC-000000000000-0' WHERE record_id = (SELECT min(record_id)"
        " FROM delivery_ledgerentry)",
        "no longer answers",
    ),
    Breach(
        5,
        "a split that names nobody",
        "INSERT INTO golden_move (kind, golden_id, record_ids, actor, reason, run_id, at)"
        f" SELECT 'split', a, '{{}}', 'hub:test', 'planted', 0, now() FROM {TWO_CUSTOMERS}",
        "without saying what split off",
    ),
    Breach(
        5,
        "a split whose event keeps silent",
        "INSERT INTO golden_move (kind, golden_id, other_id, record_ids, actor, reason, run_id, at)"
        f" SELECT 'split', a, b, '{{}}', 'hub:test', 'planted', 0, now() FROM {TWO_CUSTOMERS}",
        "without saying what split off",
    ),
    Breach(
        6,
        "one LEI of two customers",
        "INSERT INTO legal_identifier (entity_id, scheme, issuer, value, check_result, record_id)"
        " SELECT e.id, 'lei', '', '5493001KJTIIGC8Y1R12', 'verified',"
        "        (SELECT min(record_id) FROM golden_membership m WHERE m.golden_id = e.golden_id)"
        f" FROM legal_legalentity e, {TWO_CUSTOMERS} WHERE e.golden_id IN (two.a, two.b)",
        "shares its lei with 1 more",
    ),
    Breach(
        7,
        "a same across two customers",
        DECIDE.format(kind="same", pair=UNLINKED_PAIR.format(relation="x.golden_id <> y.golden_id")),
        "together; they are in",
    ),
    Breach(
        8,
        "a different inside one customer",
        DECIDE.format(kind="different", pair=UNLINKED_PAIR.format(relation="x.golden_id = y.golden_id")),
        "apart; both are in",
    ),
    Breach(
        10,
        "a decision edited by a job",
        "SELECT set_config('mdmhub.actor', 'hub:rematch', true);"
        "UPDATE matching_verdict SET reason = 'improved' WHERE id = (SELECT min(id) FROM matching_verdict)",
        "was changed by hub:rematch",
    ),
    Breach(
        10,
        "a pair that stopped binding without a word",
        "SELECT set_config('mdmhub.actor', 'person:jane', true);"
        "UPDATE matching_verdictpair SET is_live = false WHERE id = (SELECT min(id) FROM matching_verdictpair p"
        " WHERE p.is_live AND p.kind = 'different')",
        "stopped binding a pair",
    ),
    Breach(
        12,
        "a score nobody computed",
        "UPDATE matching_link SET score = score - 1 WHERE id = (SELECT l.id FROM matching_link l"
        " JOIN golden_membership a ON a.record_id = l.low_id JOIN golden_membership b ON b.record_id = l.high_id"
        " WHERE a.golden_id <> b.golden_id ORDER BY 1 LIMIT 1)",
        "and scores",
    ),
    Breach(
        12,
        "levels nobody found",
        "UPDATE matching_link SET levels[1] = levels[1] + 1 WHERE id = (SELECT min(id) FROM matching_link)",
        "and scores",
    ),
    Breach(
        12,
        "a membership whose link is gone",
        "UPDATE golden_membership SET score = score + 1 WHERE record_id = (SELECT min(record_id) FROM"
        " golden_membership WHERE reason = 'linked')",
        "for no reason that holds",
    ),
]

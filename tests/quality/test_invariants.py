"""Each invariant, broken by hand where the hub never would, is the one that is named."""

from dataclasses import dataclass

import pytest
from django.db import connection

from apps.quality.invariants import INVARIANTS
from apps.quality.selectors import list_broken, stream_findings

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
ADD_VERSION = """
WITH chosen AS (
    SELECT r.id, r.latest_number, v.digest FROM sources_sourcerecord r
    JOIN sources_recordversion v ON v.record_id = r.id AND v.number = r.latest_number
    WHERE r.state = 'live' {which} ORDER BY r.id LIMIT 1
), said AS (
    UPDATE sources_sourcerecord r SET latest_number = c.latest_number + 1, latest_digest = {digest}
    FROM chosen c WHERE r.id = c.id
)
INSERT INTO sources_recordversion
    (record_id, number, batch_id, raw, given, digest, modified_at, is_deletion, received_at)
SELECT id, latest_number + 1, 0, '{{}}', '{{}}', {digest}, {modified_at}, false, now() FROM chosen
"""
STREAM = """
    (SELECT a.id AS elder, b.id AS younger FROM delivery_delivery a JOIN delivery_delivery b
     ON b.subject = a.subject AND b.subscriber_id = a.subscriber_id AND a.sequence = 1 AND b.sequence = 2
     ORDER BY 1 LIMIT 1) AS stream
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


BREACHES = [
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
    Breach(
        14,
        "a value its members don't give",
        """UPDATE golden_goldenrecord SET values = jsonb_set(values, '{country,value}', '"Atlantis"')"""
        " WHERE id = (SELECT min(golden_id) FROM golden_membership)",
        "country is not what its members give",
    ),
    Breach(
        14,
        "a value left out",
        "UPDATE golden_goldenrecord SET values = values - 'country' WHERE id = (SELECT min(golden_id) FROM"
        " golden_membership)",
        "country is not what its members give",
    ),
    Breach(
        15,
        "a value of a version that was superseded",
        "UPDATE golden_goldenrecord SET values = jsonb_set(values, '{name,version}', '99') WHERE id ="
        " (SELECT min(golden_id) FROM golden_membership)",
        "comes from version 99",
    ),
    Breach(
        15,
        "an identifier no member gave",
        "INSERT INTO legal_identifier (entity_id, scheme, issuer, value, check_result, record_id)"
        " SELECT min(id), 'duns', '', '123456789', 'plausible', 0 FROM legal_legalentity WHERE is_live",
        "none of its members gave",
    ),
    Breach(
        16,
        "a row without an outcome",
        unguard("sources_intakebatch", "every_row_read_has_one_outcome")
        + "UPDATE sources_intakebatch SET rows_read = rows_read + 1 WHERE id = (SELECT min(id) FROM"
        " sources_intakebatch)",
        "rows and accounts for",
    ),
    Breach(
        16,
        "a change that left no version",
        "UPDATE sources_intakebatch SET rows_new = rows_new + 1, rows_read = rows_read + 1 WHERE id ="
        " (SELECT min(id) FROM sources_intakebatch)",
        "new versions and has",
    ),
    Breach(
        17,
        "a version that repeats the one before",
        ADD_VERSION.format(which="", digest="(SELECT digest FROM chosen)", modified_at="NULL"),
        "says the same as the one before",
    ),
    Breach(
        18,
        "an older version after a newer",
        ADD_VERSION.format(
            which="AND v.modified_at IS NOT NULL", digest="'another'", modified_at="'2001-01-01 00:00+00'"
        ),
        "is older than one before it",
    ),
    Breach(
        22,
        "a change without its event",
        "UPDATE golden_goldenrecord SET version = version + 1 WHERE id = (SELECT min(golden_id) FROM"
        " golden_membership)",
        "its last event at",
    ),
    Breach(
        22,
        "a change without its history",
        "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE golden_membership DISABLE TRIGGER history_delete;"
        "SET CONSTRAINTS ALL DEFERRED; "
        "DELETE FROM golden_membership WHERE record_id = -1;"
        "ALTER TABLE golden_membership DISABLE TRIGGER history_update;"
        "ALTER TABLE golden_historicalmembership DISABLE TRIGGER history_kept;"
        "UPDATE golden_historicalmembership SET golden_id = -1 WHERE history_id = (SELECT max(history_id) FROM"
        " golden_historicalmembership h JOIN golden_membership m USING (record_id))",
        "and its history disagree",
    ),
    Breach(
        23,
        "an event lost",
        "DELETE FROM outbox_event WHERE sequence = 1 AND subject = (SELECT min(subject) FROM outbox_event WHERE"
        " sequence = 2)",
        "has events 2 to",
    ),
    Breach(
        23,
        "a delivery nobody owes",
        "DELETE FROM delivery_delivery WHERE id = (SELECT max(id) FROM delivery_delivery)",
        "is not owed to it",
    ),
    Breach(
        24,
        "an elder overtaken",
        "UPDATE delivery_delivery d SET state = 'delivered', settled_at = now() - CASE WHEN d.id = elder THEN"
        f" interval '0' ELSE interval '1 minute' END FROM {STREAM} WHERE d.id IN (elder, younger)",
        "arrived before an elder",
    ),
    Breach(
        25,
        "an event that carries somebody else's state",
        """UPDATE outbox_event SET data = jsonb_set(data, '{version}', '77') WHERE id = (SELECT min(id) FROM
           outbox_event)""",
        "carries the state of",
    ),
    Breach(
        25,
        "a delivery that sends another event",
        "UPDATE delivery_delivery SET sequence = 40 WHERE id = (SELECT max(id) FROM delivery_delivery)",
        "event 40 and sends",
    ),
    Breach(
        26,
        "a lease long gone",
        "UPDATE delivery_delivery SET state = 'in_flight', lease_token = gen_random_uuid(),"
        " lease_until = now() - interval '1 hour' WHERE id = (SELECT min(id) FROM delivery_delivery)",
        "beyond its lease",
    ),
    Breach(
        26,
        "a delivery skipped by nobody",
        "UPDATE delivery_delivery SET state = 'cancelled', settled_at = now() WHERE id = (SELECT min(id) FROM"
        " delivery_delivery)",
        "without a time or a name",
    ),
    Breach(
        26,
        "a delivery passed over",
        "UPDATE delivery_delivery SET next_attempt_at = now() - interval '1 hour' WHERE sequence = 1;"
        "UPDATE delivery_delivery SET state = 'delivered', next_attempt_at = now(), settled_at = now()"
        " WHERE id = (SELECT min(id) FROM delivery_delivery WHERE sequence = 1)",
        "was passed over",
    ),
    Breach(
        35,
        "a pair asked about twice",
        unguard("cases_case", "one_open_case_per_pair")
        + "INSERT INTO cases_case (kind, state, low_record_id, high_record_id, priority, question, facts, run_id,"
        " opened_at, closed_by, close_reason) SELECT kind, state, low_record_id, high_record_id, 0, 'Again?', '{}', 0,"
        " now(), '', '' FROM cases_case WHERE state = 'open' ORDER BY id LIMIT 1",
        "in 2 open cases",
    ),
    Breach(
        35,
        "a question that answered itself",
        "INSERT INTO cases_case (kind, state, low_record_id, high_record_id, priority, question, facts, run_id,"
        " opened_at, closed_by, close_reason) SELECT 'pair', 'open', low, high, 0, 'Same?', '{}', 0, now(), '', ''"
        f" FROM ({UNLINKED_PAIR.format(relation='x.golden_id = y.golden_id')}) AS pair",
        "two records of one customer",
    ),
]


def test_a_hub_with_a_past_holds_every_invariant(db: None) -> None:
    findings = list(stream_findings())
    assert [(f.number, f.rows) for f in findings if f.broken] == []
    assert [f.number for f in findings] == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15, 16, 17, 18, 22, 23, 24, 25, 26, 35]


def test_each_promise_is_about_rows_that_this_hub_has(db: None) -> None:
    assert [f.number for f in stream_findings() if not f.checked] == []


@pytest.mark.parametrize("breach", BREACHES, ids=lambda b: f"{b.number}: {b.name}")
def test_a_breach_is_named_by_its_own_invariant_alone(breach: Breach, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(breach.sql)
    broken = list_broken()
    assert [(f.number, f.rows) for f in broken if f.number != breach.number] == []
    assert [f.number for f in broken] == [breach.number]
    assert all(breach.says in row for f in broken for row in f.rows)


def test_every_invariant_has_a_breach_that_it_names() -> None:
    assert {b.number for b in BREACHES} == {i.number for i in INVARIANTS}

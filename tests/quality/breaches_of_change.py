"""Breaches of what values, intake, events, deliveries and cases promise."""

from tests.quality.breaches import UNLINKED_PAIR, Breach, unguard

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

CHANGE = [
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
        14,
        "a pin that nobody heeded",
        "INSERT INTO golden_pin (golden_id, record_ids, attribute, value, release, release_value, pinned_by, reason,"
        " pinned_at) SELECT m.golden_id, ARRAY[m.record_id], 'sector', 'x', 'never', '', 'person:jane', 'planted',"
        " now() FROM golden_membership m WHERE m.record_id = (SELECT min(record_id) FROM golden_membership)",
        "sector is not what its members give",
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
    Breach(
        35,
        "a decision asked about whose record is gone",
        "INSERT INTO cases_case (kind, state, low_record_id, high_record_id, priority, question, facts, run_id,"
        " opened_at, closed_by, close_reason) SELECT 'reopened', 'open', min(record_id), NULL, 0, 'Same?', '{}', 0,"
        " now(), '', '' FROM golden_membership",
        "belongs to no customer",
    ),
    Breach(
        35,
        "a customer doubted by a pair of two customers",
        "INSERT INTO cases_case (kind, state, low_record_id, high_record_id, priority, question, facts, run_id,"
        " opened_at, closed_by, close_reason) SELECT 'weak', 'open', low, high, 0, 'Two?', '{}', 0, now(), '', ''"
        f" FROM ({UNLINKED_PAIR.format(relation='x.golden_id <> y.golden_id')}) AS pair",
        "one customer, which they are not",
    ),
    Breach(
        35,
        "a customer doubted twice",
        "INSERT INTO cases_case (kind, state, low_record_id, high_record_id, priority, question, facts, run_id,"
        " opened_at, closed_by, close_reason) SELECT 'weak', 'open', least(c.low_record_id, m.record_id),"
        " greatest(c.low_record_id, m.record_id), 0, 'Two?', '{}', 0, now(), '', '' FROM cases_case c"
        " JOIN golden_membership a ON a.record_id = c.low_record_id"
        " JOIN golden_membership m ON m.golden_id = a.golden_id AND m.record_id NOT IN (c.low_record_id,"
        " c.high_record_id) WHERE c.state = 'open' AND c.kind = 'weak' ORDER BY c.id, m.record_id LIMIT 1",
        "not the only one that doubts its customer",
    ),
    Breach(
        35,
        "a customer doubted that a decision holds together",
        "INSERT INTO matching_verdict (kind, by_policy, decided_by, decided_at, reason, rules_version, seen, undone_by)"
        " VALUES ('same', false, 'person:jane', now(), '', 1, '{}', '');"
        "INSERT INTO matching_verdictpair (verdict_id, low_id, high_id, kind, is_live)"
        " SELECT (SELECT max(id) FROM matching_verdict), low_record_id, high_record_id, 'same', true FROM cases_case"
        " WHERE state = 'open' AND kind = 'weak' ORDER BY id LIMIT 1",
        "doubts what a decision settled",
    ),
]

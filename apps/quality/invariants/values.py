"""Golden values: a function of the live members and the rules, and each with a source version that still says it.

Everything is recomputed from the source versions by the engine's survivorship; nothing that built the values is asked.
"""

from collections import defaultdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from apps.base.copying import copy_out
from apps.base.scratch import scratch
from apps.engine.bulk.survive import survive
from apps.engine.rules import RuleSet
from apps.engine.survive import (
    PART_OF_A_CLAIM,
    Member,
    PinnedValue,
    SurvivorshipPolicy,
    merge_members,
    pinned_values,
)
from apps.golden.selectors import list_holding_pins
from apps.quality.invariants.contract import Invariant, Outcome, named, query_check
from apps.rulebook.selectors import NoActiveRules, get_active_rules

_MEMBERS = """
SELECT r.id, m.golden_id, s.code, r.key, s.trust, v.modified_at{columns}
FROM golden_membership m
JOIN sources_sourcerecord r ON r.id = m.record_id
JOIN sources_sourcesystem s ON s.id = r.source_id
JOIN sources_recordversion v ON v.record_id = r.id AND v.number = r.applied_number
LEFT JOIN matching_standardrecord d ON d.record_id = r.id
"""
_MEMBER_TYPES = {
    "record": pa.int64(),
    "cluster": pa.int64(),
    "source": pa.string(),
    "source_key": pa.string(),
    "trust": pa.int64(),
    "modified_at": pa.timestamp("us", tz="UTC"),
}
_STORED = """
SELECT g.id, e.key, e.value->>'value', (e.value->>'record')::bigint, e.value->>'rule', (e.value->>'pin')::bigint
FROM golden_goldenrecord g, jsonb_each(g.values) AS e WHERE g.state = 'live'
"""
_VALUE_TYPES = {
    "golden": pa.int64(),
    "attribute": pa.string(),
    "value": pa.string(),
    "record": pa.int64(),
    "rule": pa.string(),
    "pin": pa.int64(),
}
_NO_VALUES = pa.schema(list(_VALUE_TYPES.items())).empty_table()
_SAME = """
SELECT coalesce(e.golden, s.golden) AS golden, coalesce(e.attribute, s.attribute) AS attribute
FROM expected e FULL JOIN stored s ON s.golden = e.golden AND s.attribute = e.attribute
WHERE e.golden IS NULL OR s.golden IS NULL OR e.value IS DISTINCT FROM s.value OR e.record IS DISTINCT FROM s.record
   OR e.rule IS DISTINCT FROM s.rule OR e.pin IS DISTINCT FROM s.pin
ORDER BY 1, 2
"""
_COLUMNS_AGREE = """
SELECT gid || ' is listed under another name or city than its values say'
FROM golden_goldenrecord
WHERE state = 'live' AND (name, city) IS DISTINCT FROM (
    left(coalesce(values#>>'{name,value}', ''), 500), left(coalesce(values#>>'{city,value}', ''), 200))
"""
_ORPHANED = """
SELECT g.gid || ' ' || e.key || ' comes from ' || CASE
    WHEN e.value->>'rule' = 'pinned' THEN 'a pin that no longer stands'
    WHEN m.record_id IS NULL THEN 'a record that is not its member'
    ELSE 'version ' || coalesce(e.value->>'version', 'none') || ' of a record that is at version '
         || coalesce(r.applied_number, 0) END
FROM golden_goldenrecord g
CROSS JOIN jsonb_each(g.values) AS e
LEFT JOIN golden_membership m ON m.record_id = (e.value->>'record')::bigint AND m.golden_id = g.id
LEFT JOIN sources_sourcerecord r ON r.id = m.record_id
LEFT JOIN sources_recordversion v
    ON v.record_id = r.id AND v.number = (e.value->>'version')::int AND NOT v.is_deletion
WHERE CASE
    WHEN e.value->>'rule' = 'pinned' THEN NOT EXISTS (
        SELECT FROM golden_pin p
        WHERE p.id = (e.value->>'pin')::bigint AND p.attribute = e.key AND p.released_at IS NULL)
    ELSE m.record_id IS NULL OR v.id IS NULL OR v.number IS DISTINCT FROM r.applied_number END
"""
_ORPHANED_IDENTIFIERS = """
SELECT coalesce(g.gid, 'entity ' || e.id) || ' holds a ' || f.scheme || ' that none of its members gave'
FROM legal_identifier f
JOIN legal_legalentity e ON e.id = f.entity_id
LEFT JOIN golden_goldenrecord g ON g.id = e.golden_id
WHERE NOT EXISTS (SELECT FROM golden_membership m WHERE m.record_id = f.record_id AND m.golden_id = e.golden_id)
"""


def check_values() -> Outcome:
    """Recompute every live customer's values from its members' applied versions and compare all rows."""
    try:
        rules = get_active_rules().rules
    except NoActiveRules:
        return Outcome(0)
    members = _read_members(rules)
    stored = copy_out(_STORED, types=_VALUE_TYPES)
    policy = SurvivorshipPolicy.from_document(rules.survivorship)
    expected = _expected(members, policy, _pins(rules))
    with scratch({"expected": expected, "stored": stored}) as duck:
        differing = duck.sql(_SAME).fetchall()
    gids = _gids(sorted({golden for golden, _ in differing[:100]}))
    words = [f"{gids.get(golden, golden)} {attribute} is not what its members give" for golden, attribute in differing]
    return named(stored.num_rows, words)


def _read_members(rules: RuleSet) -> pa.Table:
    """Return the members frame of survivorship for all live customers; `cluster` is the golden record's id."""
    names = [attribute.name for attribute in rules.attributes]
    checks = [f"{attribute.name}.check" for attribute in rules.attributes if attribute.kind == "identifier"]
    needed = {a.name: f"{a.name}.{PART_OF_A_CLAIM[a.kind]}" for a in rules.attributes if a.kind in PART_OF_A_CLAIM}
    columns = "".join(
        f", CASE WHEN d.parts ? '{needed[name]}' THEN v.given->>'{name}' END"
        if name in needed
        else f", v.given->>'{name}'"
        for name in names
    ) + "".join(f", d.parts->>'{name}'" for name in checks)
    return copy_out(
        _MEMBERS.format(columns=columns), types=_MEMBER_TYPES | dict.fromkeys([*names, *checks], pa.string())
    )


def _expected(members: pa.Table, policy: SurvivorshipPolicy, pins: dict[int, list[PinnedValue]]) -> pa.Table:
    """Return golden, attribute, value, record, rule, pin as the members give them; pinned customers one by one."""
    survived = survive(members, policy)
    names = [name for name in survived.column_names if name != "cluster" and "." not in name]
    is_pinned = pc.is_in(survived["cluster"], pa.array(pins, pa.int64()))
    expected = pa.concat_tables([_values_of(name, survived, is_pinned) for name in names] or [_NO_VALUES])
    if not pins:
        return expected
    return pa.concat_tables([expected, _expected_with_pins(members, policy, pins)])


def _values_of(name: str, survived: pa.Table, is_pinned: pa.ChunkedArray) -> pa.Table:
    """Return the rows of one attribute: those that have a value, of customers without pins."""
    rows = survived.select(["cluster", name, f"{name}.record", f"{name}.rule"])
    rows = rows.filter(pc.and_not(pc.is_valid(rows[name]), is_pinned)).combine_chunks()
    columns = [rows["cluster"], pa.repeat(name, rows.num_rows), *rows.columns[1:], pa.nulls(rows.num_rows)]
    return pa.table(columns, names=list(_VALUE_TYPES)).cast(_NO_VALUES.schema)


def _expected_with_pins(members: pa.Table, policy: SurvivorshipPolicy, pins: dict[int, list[PinnedValue]]) -> pa.Table:
    wanted = members.filter(pc.is_in(members["cluster"], pa.array(pins, pa.int64())))
    by_golden: dict[int, list[Member]] = defaultdict(list)
    for row in wanted.to_pylist():
        given = {name: text for name, text in row.items() if name not in _MEMBER_TYPES and text is not None}
        by_golden[row["cluster"]].append(
            Member(row["record"], row["source"], row["source_key"], row["trust"], row["modified_at"], given)
        )
    rows: list[dict[str, Any]] = [
        {
            "golden": golden,
            "attribute": v.attribute,
            "value": v.value,
            "record": v.record,
            "rule": v.rule.value,
            "pin": v.pin,
        }
        for golden, pinned in pins.items()
        for v in merge_members(by_golden[golden], policy, pinned).values.values()
    ]
    return pa.Table.from_pylist(rows, schema=_NO_VALUES.schema)


def _pins(rules: RuleSet) -> dict[int, list[PinnedValue]]:
    """Return what is fixed for each customer, of the attributes that the rules know."""
    known = {attribute.name for attribute in rules.attributes}
    return {
        golden: pinned_values(pin for pin in pins if pin.attribute in known)
        for golden, pins in list_holding_pins().items()
    }


def _gids(ids: list[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, gid FROM golden_goldenrecord WHERE id = ANY(%s)", [ids])
        return dict(cursor.fetchall())


INVARIANTS = (
    Invariant(
        14,
        "A golden value is what its live members, pins and the rules in force give.",
        (check_values, query_check(counted="SELECT 0", broken=_COLUMNS_AGREE)),
    ),
    Invariant(
        15,
        "Every golden value points to the version that its source record is at, or to the pin that fixed it.",
        (
            query_check(
                counted="SELECT coalesce(sum((SELECT count(*) FROM jsonb_object_keys(values))), 0)"
                " FROM golden_goldenrecord",
                broken=_ORPHANED,
            ),
            query_check(counted="SELECT count(*) FROM legal_identifier", broken=_ORPHANED_IDENTIFIERS),
        ),
    ),
)

"""Read what a resolve needs: the records that changed, everything they might touch, and what stands between them.

The scope is closed: with a record come its customer's other members, every record it has a link, a verdict or a pin
with, and theirs in turn. So what lies outside can't be changed by what happens inside.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from django.db import connection

from apps.base.copying import copy_in, copy_out
from apps.base.scratch import scratch
from apps.engine.bulk.frames import LINKS_SCHEMA
from apps.engine.rules import RuleSet

STATE_TYPES = {
    "record": pa.int64(),
    "source": pa.string(),
    "source_key": pa.string(),
    "trust": pa.int64(),
    "modified_at": pa.timestamp("us", tz="UTC"),
    "number": pa.int64(),
    "is_dirty": pa.bool_(),
    "is_gone": pa.bool_(),
    "golden": pa.int64(),
    "applied": pa.int64(),
}
# Above this many dirty records, reading everything by COPY beats asking an index for each.
NEIGHBOURHOOD_LIMIT = 2_000

PENDING = """
SELECT id FROM sources_sourcerecord
WHERE (applied_number IS NULL OR applied_number <> latest_number) AND state <> 'quarantined'
"""
# A dirty record is read in its latest version, any other in the one that was applied.
STATE = """
SELECT r.id, s.code, r.key, s.trust, v.modified_at, v.number, c.dirty, v.is_deletion, m.golden_id, r.applied_number
FROM scope c
JOIN sources_sourcerecord r ON r.id = c.id
JOIN sources_sourcesystem s ON s.id = r.source_id
JOIN sources_recordversion v ON v.record_id = r.id
     AND v.number = CASE WHEN c.dirty THEN r.latest_number ELSE r.applied_number END
LEFT JOIN golden_membership m ON m.record_id = r.id
ORDER BY r.id
"""
GIVEN = """
SELECT r.id, {columns}
FROM scope c
JOIN sources_sourcerecord r ON r.id = c.id
JOIN sources_recordversion v ON v.record_id = r.id
     AND v.number = CASE WHEN c.dirty THEN r.latest_number ELSE r.applied_number END
WHERE NOT v.is_deletion
ORDER BY r.id
"""
WIDEN = """
INSERT INTO scope
SELECT DISTINCT found.id, false FROM (
    SELECT l.high_id AS id FROM scope c JOIN matching_link l ON l.low_id = c.id
    UNION SELECT l.low_id FROM scope c JOIN matching_link l ON l.high_id = c.id
    UNION SELECT p.high_id FROM scope c JOIN matching_verdictpair p ON p.low_id = c.id AND p.is_live
    UNION SELECT p.low_id FROM scope c JOIN matching_verdictpair p ON p.high_id = c.id AND p.is_live
    UNION SELECT mate.record_id FROM scope c JOIN golden_membership m ON m.record_id = c.id
          JOIN golden_membership mate ON mate.golden_id = m.golden_id
    UNION SELECT unnest(p.record_ids || p.release_record_id) FROM golden_pin p
          WHERE p.released_at IS NULL AND EXISTS (
              SELECT FROM unnest(p.record_ids || p.release_record_id) AS hung(id) JOIN scope c ON c.id = hung.id)
) AS found
JOIN sources_sourcerecord r ON r.id = found.id AND r.applied_number IS NOT NULL
ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True)
class Verdicts:
    """Live verdicts inside the scope, as pairs of record ids; `ids` names each pair's verdict.

    `horizon` is the newest verdict pair there was, inside the scope or not.
    """

    same: list[tuple[int, int]]
    different: list[tuple[int, int]]
    ids: dict[tuple[int, int], int]
    horizon: int


def list_pending() -> list[int]:
    """Return the ids of records whose latest version no golden record was built from. One query."""
    with connection.cursor() as cursor:
        cursor.execute(PENDING)
        return [row[0] for row in cursor.fetchall()]


def list_all() -> list[int]:
    """Return the ids of all records that are live or waiting to be. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM sources_sourcerecord WHERE state IN ('live', 'received') ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def list_outdated(version: int, *, in_scope: bool = False) -> list[int]:
    """Return the live records whose standard records another version made; `in_scope` the clean ones in scope only."""
    scope = " JOIN scope c ON c.id = s.record_id AND NOT c.dirty" if in_scope else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.record_id FROM matching_standardrecord s{scope} WHERE s.rules_version <> %s ORDER BY 1",  # noqa: S608 - a text of this function
            [version],
        )
        return [row[0] for row in cursor.fetchall()]


def open_scope(dirty: Sequence[int], *, around: Sequence[int] = (), whole: bool) -> None:
    """Make the temporary table `scope` with the dirty records, the clean ones `around`, and all others where `whole`.

    The table lives until the session ends or the next scope is opened.
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS scope")
        cursor.execute("CREATE TEMP TABLE scope (id bigint PRIMARY KEY, dirty bool NOT NULL)")
        copy_in("scope", pa.table({"id": pa.array(dirty, pa.int64()), "dirty": pa.array([True] * len(dirty))}))
        if around:
            cursor.execute(
                "INSERT INTO scope SELECT id, false FROM sources_sourcerecord WHERE id = ANY(%s) AND state = 'live'"
                " ON CONFLICT (id) DO NOTHING",
                [list(around)],
            )
        if whole:
            cursor.execute(
                "INSERT INTO scope SELECT id, false FROM sources_sourcerecord WHERE state = 'live'"
                " ON CONFLICT (id) DO NOTHING"
            )
        cursor.execute("ANALYZE scope")


def widen_scope(by_keys: Sequence[int] = ()) -> int:
    """Add what shares one of `by_keys`, then close the scope over links, verdicts, pins and customers."""
    with connection.cursor() as cursor:
        if by_keys:
            # Where the server holds the table for small it would read all of it, and compare each key with each.
            cursor.execute("SELECT set_config('enable_seqscan', 'off', false)")
            cursor.execute(
                "INSERT INTO scope SELECT record_id, false FROM matching_standardrecord"
                " WHERE match_keys && %s::bigint[]"
                " ON CONFLICT (id) DO NOTHING",
                [list(by_keys)],
            )
            cursor.execute("SELECT set_config('enable_seqscan', 'on', false)")
        while True:
            cursor.execute(WIDEN)
            if not cursor.rowcount:
                break
        cursor.execute("SELECT count(*) FROM scope")
        return int(cursor.fetchone()[0])


def read_state() -> pa.Table:
    """Return one row per record in scope, by record id: who gave it, which version, and where it belongs now."""
    return copy_out(STATE, types=STATE_TYPES)


def read_given(rules: RuleSet) -> pa.Table:
    """Return the given attributes of every record in scope that is not gone, by record id."""
    names = [attribute.name for attribute in rules.attributes]
    columns = ", ".join(f"v.given->>'{name}'" for name in names)
    types = {"record": pa.int64()} | dict.fromkeys(names, pa.string())
    return copy_out(GIVEN.format(columns=columns), types=types)


def read_standard(part_names: Sequence[str]) -> pa.Table:
    """Return the stored standard records of the scope's clean records, by record id."""
    columns = ", ".join(f"s.parts->>'{name}'" for name in part_names)
    named = {"record": pa.int64(), "source": pa.string(), "source_key": pa.string()}
    types = named | dict.fromkeys(part_names, pa.string()) | {"keys": pa.string()}
    rows = copy_out(
        f"SELECT s.record_id, y.code, r.key, {columns}, s.match_keys FROM scope c"  # noqa: S608 - part names come from the engine
        " JOIN matching_standardrecord s ON s.record_id = c.id AND NOT c.dirty"
        " JOIN sources_sourcerecord r ON r.id = c.id JOIN sources_sourcesystem y ON y.id = r.source_id ORDER BY 1",
        types=types,
    )
    return _with_lists(rows, "keys", "BIGINT")


def read_former_keys() -> pa.Table:
    """Return `record` and `key`: every match key that the scope's dirty records are stored with. One query."""
    return copy_out(
        "SELECT s.record_id, unnest(s.match_keys) FROM scope c"
        " JOIN matching_standardrecord s ON s.record_id = c.id AND c.dirty",
        types={"record": pa.int64(), "key": pa.int64()},
    )


def read_links() -> pa.Table:
    """Return the stored links between clean records of the scope, as the engine's links frame."""
    rows = copy_out(
        "SELECT l.low_id, l.high_id, l.score, l.levels FROM matching_link l"
        " JOIN scope a ON a.id = l.low_id AND NOT a.dirty JOIN scope b ON b.id = l.high_id AND NOT b.dirty",
        types={"left": pa.int64(), "right": pa.int64(), "score": pa.int32(), "levels": pa.string()},
    )
    return _with_lists(rows, "levels", "UTINYINT").cast(LINKS_SCHEMA)


def read_verdicts() -> Verdicts:
    """Return the live verdicts between records of the scope. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM matching_verdictpair")
        horizon = int(cursor.fetchone()[0])
        cursor.execute(
            "SELECT p.low_id, p.high_id, p.kind, p.verdict_id FROM matching_verdictpair p"
            " JOIN scope a ON a.id = p.low_id JOIN scope b ON b.id = p.high_id"
            " WHERE p.is_live AND p.kind IN ('same', 'different', 'related') ORDER BY 1, 2"
        )
        rows = cursor.fetchall()
    return Verdicts(
        same=[(low, high) for low, high, kind, _ in rows if kind == "same"],
        different=[(low, high) for low, high, kind, _ in rows if kind != "same"],
        ids={(low, high): verdict for low, high, _, verdict in rows},
        horizon=horizon,
    )


def byte_order(state: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return each row's place in byte order of (source, source key)."""
    with scratch({"state": state}) as duck:
        ranked = duck.sql(
            "SELECT row_number() OVER (ORDER BY encode(source), encode(source_key)) AS place FROM state ORDER BY record"
        ).to_arrow_table()
    places: np.ndarray[tuple[int], np.dtype[np.int64]] = ranked.column("place").to_numpy().astype(np.int64)
    return places


def _with_lists(rows: pa.Table, column: str, kind: str) -> pa.Table:
    """Turn PostgreSQL's array text in `column` into a list column."""
    with scratch({"array_rows": rows}) as duck:
        return duck.sql(
            f"SELECT * REPLACE (CASE WHEN length(coalesce({column}, '{{}}')) > 2"  # noqa: S608 - own column names
            f" THEN string_split({column}[2:-2], ',')::{kind}[] ELSE []::{kind}[] END AS {column}) FROM array_rows"
        ).to_arrow_table()

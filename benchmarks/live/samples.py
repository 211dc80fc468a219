"""Whom to ask about: keys, ids, numbers and queries drawn by chance, each row of the store as likely as any other.

Drawn once, right after the load: drawing before a measurement would bring what is asked into the server's buffers.
"""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks.live.exports import SEED
from benchmarks.search_quality import Known, make_queries

DRAWN: Final = 6_000
"""Of each kind; each is asked about once."""
RECORDS: Final = """
SELECT s.code, r.key, v.given, g.gid FROM sources_sourcerecord r
JOIN sources_sourcesystem s ON s.id = r.source_id
JOIN sources_recordversion v ON v.record_id = r.id AND v.number = r.latest_number
JOIN golden_membership m ON m.record_id = r.id JOIN golden_goldenrecord g ON g.id = m.golden_id
WHERE r.id = ANY(%s)
"""
CUSTOMERS: Final = """
SELECT gid, name, city, values, search_terms FROM golden_goldenrecord
WHERE id = ANY(%s) AND state = 'live' AND name <> ''
"""
NUMBERS: Final = """
SELECT i.scheme, i.value FROM legal_identifier i JOIN legal_legalentity e ON e.id = i.entity_id
WHERE i.id = ANY(%s) AND e.is_live AND i.check_result <> 'wrong'
"""
IDS: Final = {
    RECORDS: "SELECT id FROM sources_sourcerecord WHERE state = 'live' ORDER BY id",
    CUSTOMERS: "SELECT id FROM golden_goldenrecord WHERE state = 'live' ORDER BY id",
    NUMBERS: "SELECT id FROM legal_identifier ORDER BY id",
}


def draw_samples(url: str, path: Path) -> None:
    """Draw from the hub at `url` and write to `path`: records, customers, numbers, queries, in an order by chance."""
    chance = random.Random(f"{SEED} samples")
    with psycopg.connect(url) as connection:
        drawn = {query: _draw(connection, query, chance) for query in IDS}
    customers = [
        Known(
            gid=gid,
            name=name,
            city=city,
            values={attribute: entry["value"] for attribute, entry in values.items()},
            keys=tuple(term.partition(":")[2] for term in terms if ":" in term),
        )
        for gid, name, city, values, terms in drawn[CUSTOMERS]
    ]
    samples: dict[str, Sequence[Any]] = {
        "records": drawn[RECORDS],
        "customers": [customer.gid for customer in customers],
        "numbers": drawn[NUMBERS],
        "queries": [(kind, text) for kind, text, _ in make_queries(customers, SEED)],
    }
    path.write_text(json.dumps(samples, ensure_ascii=False), encoding="utf-8")


def read_samples(path: Path) -> dict[str, list[Any]]:
    """Return what `draw_samples` wrote."""
    samples: dict[str, list[Any]] = json.loads(path.read_text(encoding="utf-8"))
    return samples


def _draw(connection: psycopg.Connection, query: str, chance: random.Random) -> list[Any]:
    ids = [row[0] for row in connection.execute(IDS[query])]
    rows = connection.execute(query, [chance.sample(ids, min(DRAWN, len(ids)))]).fetchall()
    rows.sort(key=repr)
    chance.shuffle(rows)
    return rows

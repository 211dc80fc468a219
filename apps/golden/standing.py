"""Read golden records as they stand, for a resolve that may change them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from apps.base.copying import array_text

_STANDING = 'SELECT id, gid, version, "values" FROM golden_goldenrecord WHERE id = ANY(%s::bigint[])'


@dataclass(frozen=True, slots=True)
class Standing:
    """A golden record before a resolve touches it."""

    gid: str
    version: int
    values: dict[str, dict[str, Any]]


def list_standing(ids: Sequence[int]) -> dict[int, Standing]:
    """Return the golden records of the given internal ids by id. One query; none for no ids."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [array_text(ids)])
        return {pk: Standing(gid, version, json.loads(values)) for pk, gid, version, values in cursor.fetchall()}


def list_absorbed_with_records(survivor_ids: Sequence[int]) -> list[tuple[int, set[int]]]:
    """Return the golden records merged into the given ones, each with the records it brought along, oldest first.

    One query. A cluster that takes those records away again gets the absorbed id back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (m.golden_id) m.golden_id, m.record_ids FROM golden_move m"
            " JOIN golden_goldenrecord g ON g.id = m.golden_id AND g.state = 'merged' AND g.survivor_id = ANY(%s)"
            " WHERE m.kind = 'merged' ORDER BY m.golden_id, m.id DESC",
            [list(survivor_ids)],
        )
        return [(golden_id, set(record_ids)) for golden_id, record_ids in cursor.fetchall()]

"""Who belongs to a customer, and the moves that brought them there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from apps.golden.models import GoldenRecord, Membership, Move
from apps.sources import selectors as sources


@dataclass(frozen=True, slots=True)
class Member:
    """A source record that belongs to a customer: since when, what keeps it there, and its best score in millibits."""

    record_id: int
    source: sources.Source
    key: str
    state: str
    since: datetime
    reason: str
    score: int | None
    verdict_id: int | None
    run_id: int


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A merge, split, transfer, creation or retirement, with the customers on both sides."""

    move_id: int
    kind: str
    gid: str
    other: str | None
    record_ids: tuple[int, ...]
    record_count: int
    actor: str
    reason: str
    verdict_id: int | None
    run_id: int
    at: datetime
    name: str = ""
    other_name: str = ""


def list_member_ids(gid: str) -> list[int]:
    """Return the ids of the source records that belong to a customer, ascending. One query."""
    return list(Membership.objects.filter(golden__gid=gid).order_by("record_id").values_list("record_id", flat=True))


def list_member_ids_of(gids: Iterable[str]) -> dict[str, list[int]]:
    """Return the ids of the source records of each customer that has any, ascending. One query."""
    rows = Membership.objects.filter(golden__gid__in=list(gids)).order_by("record_id")
    members: dict[str, list[int]] = {}
    for gid, record_id in rows.values_list("golden__gid", "record_id"):
        members.setdefault(gid, []).append(record_id)
    return members


def list_members(gid: str, *, after: int = 0, limit: int = 500) -> list[Member]:
    """Return the source records of a customer whose ids follow `after`, ascending. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, [gid, after, limit])
        return [
            Member(record_id, sources.source_of(*source), key, state, since, reason, score, verdict_id, run_id)
            for record_id, key, state, since, reason, score, verdict_id, run_id, *source in cursor.fetchall()
        ]


_MEMBERS = f"""
SELECT m.record_id, r.key, r.state, m.since, m.reason, m.score, m.verdict_id, m.run_id, {sources.SOURCE_COLUMNS}
FROM golden_membership m JOIN sources_sourcerecord r ON r.id = m.record_id
JOIN sources_sourcesystem s ON s.id = r.source_id
WHERE m.golden_id = (SELECT id FROM golden_goldenrecord WHERE gid = %s) AND m.record_id > %s
ORDER BY m.record_id LIMIT %s
"""  # noqa: S608 - columns named in sources


def list_moves(gid: str, *, limit: int = 200) -> list[MoveRow]:
    """Return the moves a customer took part in, on either side, newest first. Two queries."""
    # By internal id: over the joined gids the two sides could not be looked up by their indexes.
    golden_id = GoldenRecord.objects.filter(gid=gid).values_list("pk", flat=True).first()
    rows = (
        Move.objects.select_related("golden", "other")
        .defer("golden__values", "golden__search_terms", "other__values", "other__search_terms")
        .filter(Q(golden_id=golden_id) | Q(other_id=golden_id))
        .order_by("-at", "-pk")[:limit]
    )
    return [
        MoveRow(
            move_id=row.pk,
            kind=row.kind,
            gid=row.golden.gid,
            other=row.other.gid if row.other else None,
            record_ids=tuple(row.record_ids),
            record_count=len(row.record_ids),
            actor=row.actor,
            reason=row.reason,
            verdict_id=row.verdict_id,
            run_id=row.run_id,
            at=row.at,
            name=row.golden.name,
            other_name=row.other.name if row.other else "",
        )
        for row in rows
    ]

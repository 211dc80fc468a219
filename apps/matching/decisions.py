"""Read decisions: what they speak about, and a person's latest."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, Max, OuterRef, Q

from apps.base.errors import NotFound
from apps.matching.models import Link, Verdict, VerdictPair


@dataclass(frozen=True, slots=True)
class RecentVerdict:
    """A decision as its list shows it."""

    verdict_id: int
    kind: str
    decided_at: datetime
    reason: str
    case_id: int | None
    low_gid: str
    high_gid: str
    is_undone: bool


@dataclass(frozen=True, slots=True)
class Side:
    """A customer as a decision saw it."""

    gid: str
    version: int
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A decision that was taken: what kind, by whom, about which records, and the customers it saw."""

    verdict_id: int
    kind: str
    decided_by: str
    case_id: int | None
    records: tuple[int, ...]
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class SaidPair:
    """One pair of a decision: what it says, whether that binds now, and the later decision that says otherwise."""

    low: int
    high: int
    kind: str
    binds: bool
    superseded_by: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The pair that a decision was asked about, low first, as it was weighed then; scores in millibits.

    `score` and `prior` are None where it wasn't weighed. `evidence` has comparison, level and millibits.
    """

    low: int
    high: int
    prior: int | None
    score: int | None
    evidence: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A decision as it was taken and as it stands: the first of its `pair_count` pairs, and what was seen.

    `sides` are the customers that were seen, `versions` the version of each of their records.
    """

    verdict_id: int
    kind: str
    act: str
    decided_by: str
    by_policy: bool
    decided_at: datetime
    reason: str
    rules_version: int
    case_id: int | None
    undone_at: datetime | None
    undone_by: str
    pair_count: int
    pairs: tuple[SaidPair, ...]
    asked: Asked | None
    sides: tuple[Side, ...]
    versions: Mapping[int, int]


MOST_PAIRS = 20
"""Pairs shown of one decision; a split or a merge of large customers has hundreds."""
_PAIRS = """
SELECT verdict_id, low_id, high_id, kind, binds, superseded_by_id, n FROM (
    SELECT p.verdict_id, p.low_id, p.high_id, p.kind, p.is_live AND p.kind <> 'not_sure' AS binds, p.superseded_by_id,
           count(*) OVER (PARTITION BY p.verdict_id) AS n,
           row_number() OVER (PARTITION BY p.verdict_id ORDER BY p.low_id, p.high_id, p.id) AS place
    FROM matching_verdictpair p WHERE p.verdict_id = ANY(%s)
) AS numbered WHERE place <= %s ORDER BY verdict_id, place
"""


def list_verdicts(
    *, records: Collection[int] | None = None, before: int | None = None, limit: int = 25
) -> list[Spoken]:
    """Return decisions that name any of the records (None: all of them), newest number first.

    `before` is the number of the last one seen. Two queries.
    """
    rows = Verdict.objects.order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if records is not None:
        names_one = Q(low_id__in=list(records)) | Q(high_id__in=list(records))
        rows = rows.filter(Exists(VerdictPair.objects.filter(names_one, verdict_id=OuterRef("pk"))))
    found = list(rows[:limit])
    pairs: dict[int, list[SaidPair]] = {}
    counts: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, [[row.pk for row in found], MOST_PAIRS])
        for verdict, low, high, kind, binds, successor, count in cursor.fetchall():
            pairs.setdefault(verdict, []).append(SaidPair(low, high, kind, binds, successor))
            counts[verdict] = count
    return [_spoken(row, tuple(pairs.get(row.pk, ())), counts.get(row.pk, 0)) for row in found]


def get_taken(verdict_id: int) -> Taken:
    """Return a decision with what it saw; raise NotFound where there is none. Two queries."""
    verdict = Verdict.objects.filter(pk=verdict_id).first()
    if verdict is None:
        raise NotFound(f"there is no decision {verdict_id}", verdict=verdict_id)
    pairs = VerdictPair.objects.filter(verdict_id=verdict_id).values_list("low_id", "high_id")
    return Taken(
        verdict_id=verdict_id,
        kind=verdict.kind,
        decided_by=verdict.decided_by,
        case_id=verdict.case_id,
        records=tuple(sorted({record for pair in pairs for record in pair})),
        sides=_sides(verdict.seen),
    )


def list_recent_verdicts(*, decided_by: str, limit: int) -> list[RecentVerdict]:
    """Return a person's decisions, newest first. One query."""
    rows = Verdict.objects.filter(decided_by=decided_by).order_by("-decided_at", "-pk")[:limit]
    return [
        RecentVerdict(
            verdict_id=row.pk,
            kind=row.kind,
            decided_at=row.decided_at,
            reason=row.reason,
            case_id=row.case_id,
            low_gid=row.seen.get("low", {}).get("gid", ""),
            high_gid=row.seen.get("high", {}).get("gid", ""),
            is_undone=row.undone_at is not None,
        )
        for row in rows
    ]


def rank_by_links(records: Sequence[int], others: Sequence[int]) -> list[int]:
    """Return `records`, the one best linked to any of `others` first; unlinked ones follow by id. One query."""
    between = Q(low_id__in=records, high_id__in=others) | Q(high_id__in=records, low_id__in=others)
    best: dict[int, int] = {}
    for low, high, score in Link.objects.filter(between).values_list("low_id", "high_id").annotate(top=Max("score")):
        for record in (low, high):
            best[record] = max(score, best.get(record, score))
    return sorted(records, key=lambda r: (-best.get(r, -(10**9)), r))


def _spoken(row: Verdict, pairs: tuple[SaidPair, ...], count: int) -> Spoken:
    asked = row.seen.get("asked")
    return Spoken(
        verdict_id=row.pk,
        kind=row.kind,
        act=row.seen.get("act", ""),
        decided_by=row.decided_by,
        by_policy=row.by_policy,
        decided_at=row.decided_at,
        reason=row.reason,
        rules_version=row.rules_version,
        case_id=row.case_id,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
        pair_count=count,
        pairs=pairs,
        asked=None if asked is None else _asked(asked),
        sides=_sides(row.seen),
        versions={int(record): number for record, number in row.seen.get("versions", {}).items()},
    )


def _asked(told: Mapping[str, Any]) -> Asked:
    evidence = tuple(told.get("evidence", ()))
    return Asked(told["low"], told["high"], told.get("prior"), told.get("score"), evidence)


def _sides(seen: Mapping[str, Any]) -> tuple[Side, ...]:
    told = seen.get("customers") or [seen[side] for side in ("low", "high") if side in seen]
    return tuple(Side(side["gid"], side["version"], tuple(side["members"])) for side in told)

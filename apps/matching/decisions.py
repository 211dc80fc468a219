"""Read decisions: what they speak about, and a person's latest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q

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


def get_taken(verdict_id: int) -> Taken:
    """Return a decision with what it saw; raise NotFound where there is none. Two queries."""
    verdict = Verdict.objects.filter(pk=verdict_id).first()
    if verdict is None:
        raise NotFound(f"there is no decision {verdict_id}", verdict=verdict_id)
    pairs = VerdictPair.objects.filter(verdict_id=verdict_id).values_list("low_id", "high_id")
    seen = verdict.seen.get("customers") or [verdict.seen[side] for side in ("low", "high") if side in verdict.seen]
    return Taken(
        verdict_id=verdict_id,
        kind=verdict.kind,
        decided_by=verdict.decided_by,
        case_id=verdict.case_id,
        records=tuple(sorted({record for pair in pairs for record in pair})),
        sides=tuple(Side(side["gid"], side["version"], tuple(side["members"])) for side in seen),
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

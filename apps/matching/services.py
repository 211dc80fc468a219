"""Keep standard records, links and verdicts. A run replaces what it computed; it never touches a verdict."""

from collections.abc import Sequence

import pyarrow as pa
from django.db import connection
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.copying import copy_in, staged
from apps.base.errors import Conflict
from apps.matching.models import Verdict, VerdictPair

STANDARD_TYPES = {
    "record_id": "bigint",
    "version_number": "int",
    "parts": "jsonb",
    "match_keys": "bigint[]",
    "rules_version": "int",
}
UPSERT_STANDARD = """
INSERT INTO matching_standardrecord (record_id, version_number, parts, match_keys, rules_version)
SELECT record_id, version_number, parts, match_keys, rules_version FROM {standard}
ON CONFLICT (record_id) DO UPDATE
SET version_number = excluded.version_number, parts = excluded.parts, match_keys = excluded.match_keys,
    rules_version = excluded.rules_version
"""
LINK_TYPES = {
    "low_id": "bigint",
    "high_id": "bigint",
    "score": "int",
    "levels": "smallint[]",
    "rules_version": "int",
    "run_id": "bigint",
}
UPSERT_LINKS = """
INSERT INTO matching_link (low_id, high_id, score, levels, rules_version, run_id)
SELECT low_id, high_id, score, levels, rules_version, run_id FROM {links}
ON CONFLICT (low_id, high_id) DO UPDATE
SET score = excluded.score, levels = excluded.levels, rules_version = excluded.rules_version, run_id = excluded.run_id
"""
BINDING = (Verdict.Kind.SAME, Verdict.Kind.DIFFERENT, Verdict.Kind.RELATED)


def store_standard_records(*, rows: pa.Table, fresh: bool) -> None:
    """Upsert standard records by COPY, in the caller's transaction.

    `rows`: record_id, version_number, parts (JSON text), match_keys (PostgreSQL array text), rules_version.
    `fresh` says that none of these records had one.
    """
    if fresh:
        copy_in("matching_standardrecord", rows)
        return
    if not rows.num_rows:
        return
    with staged("standard", rows, STANDARD_TYPES) as (standard, values), connection.cursor() as cursor:
        cursor.execute(UPSERT_STANDARD.format(standard=standard), values)


def replace_links(*, touching: Sequence[int], rows: pa.Table) -> None:
    """Drop every link of the given records and keep the new ones, in the caller's transaction.

    `rows`: low_id, high_id, score, levels (PostgreSQL array text), rules_version, run_id.
    """
    if touching:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM matching_link WHERE low_id = ANY(%s)", [list(touching)])
            cursor.execute("DELETE FROM matching_link WHERE high_id = ANY(%s)", [list(touching)])
    if not rows.num_rows:
        return
    with staged("links", rows, LINK_TYPES) as (links, values), connection.cursor() as cursor:
        cursor.execute(UPSERT_LINKS.format(links=links), values)


def forget_standard_records(*, record_ids: Sequence[int]) -> None:
    """Drop the standard records of source records that are gone, so that nothing matches them."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM matching_standardrecord WHERE record_id = ANY(%s)", [list(record_ids)])


def record_verdict(
    *,
    kind: str,
    pairs: Sequence[tuple[int, int]],
    seen: dict[str, object],
    rules_version: int,
    reason: str,
    case_id: int | None = None,
    actor: Actor,
) -> Verdict:
    """Store a person's decision about pairs of source records; raise Conflict where a live one says otherwise.

    The same decision about a pair again is not stored twice; only the pairs it adds are.
    """
    ordered = sorted({(min(pair), max(pair)) for pair in pairs})
    with acting(actor, reason=reason or f"judged {kind}"):
        live = {(p.low_id, p.high_id): p for p in _live_pairs(ordered)}
        for pair, standing in live.items():
            if kind in BINDING and standing.kind != kind:
                raise Conflict(
                    f"decision {standing.verdict_id} already says {standing.get_kind_display().lower()}",
                    verdict=standing.verdict_id,
                    records=list(pair),
                )
        verdict = Verdict.objects.create(
            kind=kind,
            decided_by=str(actor),
            decided_at=timezone.now(),
            reason=reason,
            rules_version=rules_version,
            seen=seen,
            case_id=case_id,
        )
        VerdictPair.objects.bulk_create(
            VerdictPair(verdict=verdict, low_id=low, high_id=high, kind=kind)
            for low, high in ordered
            if (low, high) not in live
        )
    return verdict


def withdraw_verdict(*, verdict_id: int, actor: Actor) -> Verdict:
    """Undo a decision: its pairs stop binding, the decision itself stays in the record."""
    with acting(actor, reason=f"decision {verdict_id} undone"):
        verdict = Verdict.objects.select_for_update().get(pk=verdict_id)
        if verdict.undone_at is not None:
            raise Conflict(f"decision {verdict_id} was undone already by {verdict.undone_by}", verdict=verdict_id)
        verdict.undone_at = timezone.now()
        verdict.undone_by = str(actor)
        verdict.save()
        verdict.pairs.filter(is_live=True).update(is_live=False)
    return verdict


def _live_pairs(pairs: Sequence[tuple[int, int]]) -> list[VerdictPair]:
    lows, highs = [low for low, _ in pairs], [high for _, high in pairs]
    return list(
        VerdictPair.objects.filter(is_live=True, kind__in=BINDING).extra(
            where=["(low_id, high_id) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))"], params=[lows, highs]
        )
    )

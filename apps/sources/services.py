"""Open a batch, land its rows, close it. What a source said is kept as it said it."""

import hashlib
import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.copying import array_text
from apps.base.errors import Conflict, NotFound
from apps.base.locks import Gate, lock_gate
from apps.sources.intake import FileRefused, IntakeReader, SourceMapping
from apps.sources.intake.errors import printable_name
from apps.sources.landing import land_frame
from apps.sources.models import IntakeBatch, PullCursor, SourceSystem

__all__ = [
    "IntakeBatch",
    "SourceSystem",
    "close_batch",
    "confirm_held_batch",
    "land_frame",
    "mark_applied",
    "open_batch",
    "read_cursor",
    "refuse_file",
    "register_source",
    "save_cursor",
]

HUES = 8

# A key the newest complete snapshot lacks is gone: its deletion is a version like any other.
# What was pushed since the snapshot began to land is newer than its silence.
ABSENT = """r.last_batch_id <> %(batch)s AND NOT EXISTS (
        SELECT FROM sources_recordversion v
        WHERE v.record_id = r.id AND v.number = r.latest_number AND v.received_at >= %(began)s)"""
MARK_ABSENT = f"""
WITH absent AS (
    UPDATE sources_sourcerecord r
    SET latest_number = latest_number + 1, latest_digest = '', is_gone = true, last_batch_id = %(batch)s
    WHERE source_id = %(source)s AND NOT is_gone AND state <> 'quarantined' AND {ABSENT}
    RETURNING id, latest_number
)
INSERT INTO sources_recordversion
    (record_id, number, batch_id, line, raw, given, digest, modified_at, is_deletion, received_at)
SELECT id, latest_number, %(batch)s, NULL, '{{}}', '{{}}', '', NULL, true, %(now)s FROM absent
"""  # noqa: S608 - both parts stand here
COUNT_ABSENT = f"""
SELECT count(*) FILTER (WHERE {ABSENT}), count(*)
FROM sources_sourcerecord r WHERE source_id = %(source)s AND NOT is_gone AND state <> 'quarantined'
"""  # noqa: S608 - both parts stand here
MARK_APPLIED = """
UPDATE sources_sourcerecord r
SET applied_number = a.number, state = CASE WHEN a.is_gone THEN 'deleted' ELSE 'live' END
FROM unnest(%s::bigint[], %s::int[], %s::bool[]) AS a(id, number, is_gone)
WHERE r.id = a.id
"""


def register_source(*, code: str, kind: str, name: str = "", trust: int | None = None, actor: Actor) -> SourceSystem:
    """Return the source system of that code, creating it with the next free badge hue."""
    found = SourceSystem.objects.filter(code=code).first()
    if found:
        return found
    trust_by_kind = {"erp": 80, "billing": 60, "crm": 40}
    with acting(actor, reason="registered"):
        return SourceSystem.objects.create(
            code=code,
            kind=kind,
            name=name or code.replace("_", " ").upper(),
            trust=trust_by_kind.get(kind, 50) if trust is None else trust,
            hue=SourceSystem.objects.count() % HUES,
        )


def open_batch(
    *, source: SourceSystem, reader: IntakeReader, mapping: SourceMapping, run_id: int, correlation: UUID, actor: Actor
) -> IntakeBatch:
    """Return the batch for this content: the interrupted one to resume, the newest one when nothing changed, or new."""
    files = IntakeBatch.objects.filter(source=source).exclude(state=IntakeBatch.State.REFUSED).exclude(mode="push")
    newest = files.order_by("-id").first()
    mapping_digest = digest_of(mapping)
    is_same = newest and (newest.content_digest, newest.mapping_digest) == (reader.digest, mapping_digest)
    if newest and is_same and not _was_pushed_since(newest):
        return newest
    with acting(actor, reason="batch opened", run_id=run_id):
        return IntakeBatch.objects.create(
            source=source,
            run_id=run_id,
            mode=mapping.mode,
            origin=printable_name(reader.path.name),
            content_digest=reader.digest,
            mapping=dict(mapping.document),
            mapping_digest=mapping_digest,
            correlation_id=correlation,
        )


def refuse_file(
    *, source: SourceSystem, refusal: FileRefused, run_id: int, correlation: UUID, actor: Actor
) -> IntakeBatch:
    """Record that a whole file can't be used; nothing of it is applied."""
    with acting(actor, reason="file refused", run_id=run_id):
        batch = IntakeBatch.objects.create(
            source=source,
            run_id=run_id,
            state=IntakeBatch.State.REFUSED,
            origin=refusal.file,
            correlation_id=correlation,
            held_reason=f"{refusal.code}: {refusal.reason}"[:500],
            finished_at=timezone.now(),
        )
        batch.faults.create(line=0, code=refusal.code, reason=refusal.reason[:500], is_whole_row=False)
        return batch


def close_batch(*, batch: IntakeBatch, actor: Actor) -> IntakeBatch:
    """Finish a batch whose rows have all landed; a snapshot's absent keys are deleted, or the batch is held.

    A snapshot that would delete more than the allowed share waits for a person: an export cut short looks the same.
    """
    with acting(actor, reason=f"batch closed: {batch.origin}"[:300], run_id=batch.run_id or 0):
        lock_gate(Gate.SOURCE, batch.source_id)
        if batch.mode == "snapshot":
            absent, total = _count_absent(batch)
            batch.keys_absent = absent
            if absent > settings.MDM["SNAPSHOT_DROP_SHARE"] * total:
                batch.state = IntakeBatch.State.HELD
                batch.held_reason = f"{ABSENT} of {total} keys are absent from this snapshot"
                batch.save()
                return batch
            _mark_absent(batch)
        batch.state = IntakeBatch.State.LANDED
        batch.finished_at = timezone.now()
        batch.save()
    return batch


def confirm_held_batch(*, batch_id: int, reason: str, actor: Actor) -> IntakeBatch:
    """Let a held snapshot delete its absent keys, on a person's word."""
    batch = IntakeBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(f"there is no batch {batch_id}", batch=batch_id)
    if batch.state != IntakeBatch.State.HELD:
        raise Conflict(f"batch {batch.pk} is {batch.state}, not held", batch=batch.pk)
    with acting(actor, reason=reason, run_id=batch.run_id or 0):
        lock_gate(Gate.SOURCE, batch.source_id)
        # A later batch may have named what this one lacks: only the newest word of a source can say who is gone.
        if newer := IntakeBatch.objects.filter(source=batch.source_id, pk__gt=batch.pk, rows_landed__gt=0).first():
            raise Conflict(
                f"batch {newer.pk} came in after batch {batch.pk}; load a new complete snapshot instead",
                batch=batch.pk,
                newer=newer.pk,
            )
        _mark_absent(batch)
        batch.state = IntakeBatch.State.LANDED
        batch.finished_at = timezone.now()
        batch.save()
    return batch


def mark_applied(*, ids: list[int], numbers: list[int], gone: list[bool]) -> None:
    """Say which versions the golden records were built from. Runs inside the caller's transaction."""
    with connection.cursor() as cursor:
        values = [array_text(ids), array_text(numbers), array_text("t" if is_gone else "f" for is_gone in gone)]
        cursor.execute(MARK_APPLIED, values)


def digest_of(mapping: SourceMapping) -> str:
    """Return the digest that names a mapping's content."""
    return hashlib.sha256(json.dumps(mapping.document, sort_keys=True, default=str).encode()).hexdigest()


def read_cursor(source: SourceSystem) -> dict[str, Any]:
    """Return how far a pulled source has been read; empty before its first pull. One query."""
    found = PullCursor.objects.filter(source=source).first()
    return dict(found.position) if found else {}


def save_cursor(*, source: SourceSystem, position: dict[str, Any]) -> None:
    """Move the cursor of a pulled source, in the transaction that landed the rows before it."""
    PullCursor.objects.update_or_create(source=source, defaults={"position": position})


def _was_pushed_since(batch: IntakeBatch) -> bool:
    """Say whether a push may have said something newer than this file, so that the file again would be news."""
    return (
        batch.finished_at is not None
        and IntakeBatch.objects.filter(source=batch.source_id, mode="push", finished_at__gte=batch.finished_at).exists()
    )


def _values(batch: IntakeBatch) -> dict[str, Any]:
    return {"batch": batch.pk, "source": batch.source_id, "began": batch.started_at, "now": timezone.now()}


def _count_absent(batch: IntakeBatch) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_ABSENT, _values(batch))
        absent, total = cursor.fetchone()
    return int(absent), int(total)


def _mark_absent(batch: IntakeBatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MARK_ABSENT, _values(batch))

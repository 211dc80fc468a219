"""Land rows as versions of source records. One row, one outcome; landing the same row again changes nothing.

A frame lands in one transaction together with the batch's counters, so a killed load resumes at the next frame.
"""

from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
from django.db import connection
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.copying import copy_in
from apps.base.locks import Gate, lock_gate
from apps.base.scratch import scratch
from apps.sources.intake import IntakeBatchFrame, Outcome, RowFault
from apps.sources.models import Fault, IntakeBatch

BOOKKEEPING = {"line", "source_key", "modified_at", "raw", "digest"}


@dataclass(frozen=True, slots=True)
class Landed:
    """Rows of one frame by outcome."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    stale: int = 0
    duplicate: int = 0


# The newest of several rows with one key stands for all; a digest seen before changes nothing; an older version never
# overwrites a newer one.
CLASSIFY = """
CREATE TEMP TABLE landing_outcome ON COMMIT DROP AS
SELECT line, id, number,
       CASE WHEN rank > 1 THEN 'duplicate'
            WHEN known_id IS NULL THEN 'new'
            WHEN digest = latest_digest AND NOT is_gone THEN 'unchanged'
            WHEN says_the_same AND NOT is_gone THEN 'unchanged'
            WHEN modified_at < latest_modified_at THEN 'stale'
            ELSE 'changed' END AS outcome
FROM (
    SELECT l.line, l.digest, l.modified_at, r.id AS known_id, r.latest_digest, r.latest_modified_at, r.is_gone,
           CASE WHEN ranked.rank = 1
                THEN coalesce(r.id, nextval(pg_get_serial_sequence('sources_sourcerecord', 'id'))) END AS id,
           coalesce(r.latest_number, 0) + 1 AS number, ranked.rank,
           %(by_given)s AND EXISTS (
               SELECT FROM sources_recordversion v
               WHERE v.record_id = r.id AND v.number = r.latest_number AND v.given = l.given) AS says_the_same
    FROM landing l
    JOIN (SELECT line, row_number() OVER (PARTITION BY key ORDER BY modified_at DESC NULLS LAST, line DESC) AS rank
          FROM landing) AS ranked USING (line)
    LEFT JOIN sources_sourcerecord r ON r.source_id = %(source)s AND r.key = l.key
) AS joined
"""
INSERT_RECORDS = """
INSERT INTO sources_sourcerecord
    (id, source_id, key, state, latest_number, latest_digest, latest_modified_at, is_gone, last_batch_id,
     quarantine_reason)
SELECT o.id, %(source)s, l.key, 'received', 1, l.digest, l.modified_at, false, %(batch)s, ''
FROM landing l JOIN landing_outcome o USING (line) WHERE o.outcome = 'new' ORDER BY o.line
"""
UPDATE_RECORDS = """
UPDATE sources_sourcerecord r
SET latest_number = o.number, latest_digest = l.digest,
    latest_modified_at = coalesce(l.modified_at, r.latest_modified_at), is_gone = false, last_batch_id = %(batch)s
FROM landing l JOIN landing_outcome o USING (line) WHERE o.outcome = 'changed' AND r.id = o.id
"""
INSERT_VERSIONS = """
INSERT INTO sources_recordversion
    (record_id, number, batch_id, line, raw, given, digest, modified_at, is_deletion, received_at)
SELECT o.id, o.number, %(batch)s, l.line, l.raw, l.given, l.digest, l.modified_at, false, %(now)s
FROM landing l JOIN landing_outcome o USING (line) WHERE o.outcome IN ('new', 'changed') ORDER BY o.id
"""
TOUCH_RECORDS = """
UPDATE sources_sourcerecord r SET last_batch_id = %(batch)s
FROM landing_outcome o WHERE o.id = r.id AND o.outcome IN ('unchanged', 'stale')
"""


def land_frame(
    *, batch: IntakeBatch, frame: IntakeBatchFrame, actor: Actor, compare: Literal["raw", "given"] = "raw"
) -> Landed:
    """Land one frame of a batch and move its counters; everything or nothing of it is kept.

    A row counts as changed when its raw content differs from the newest version's, or with `compare="given"` only when
    a mapped attribute does: a pulled system stamps a row as changed when the hub itself wrote to it.
    """
    rows = with_given(frame.rows)
    with acting(actor, reason=f"intake of {batch.origin}"[:300], run_id=batch.run_id or 0):
        # Two uploads of one source at once would both see a key as new.
        lock_gate(Gate.SOURCE, batch.source_id)
        landed = _land(rows, batch, by_given=compare == "given")
        Fault.objects.bulk_create(_faults(batch, frame.faults), batch_size=2_000)
        _count(batch, frame, landed)
    return landed


def with_given(rows: pa.Table) -> pa.Table:
    """Return a frame's rows with the attribute columns folded into one JSON text, leaving out what is empty."""
    attributes = [name for name in rows.column_names if name not in BOOKKEEPING]
    pairs = ", ".join(
        f"""CASE WHEN "{name}" IS NOT NULL THEN '"{name}":' || to_json("{name}") END""" for name in attributes
    )
    given = f"'{{' || concat_ws(',', {pairs}) || '}}'" if attributes else "'{}'"
    with scratch({"frame_rows": rows}) as duck:
        return duck.sql(
            f"SELECT line, source_key AS key, modified_at, raw, {given} AS given, lower(hex(digest)) AS digest"  # noqa: S608 - column names come from the canonical attributes
            " FROM frame_rows ORDER BY line"
        ).to_arrow_table()


def _land(rows: pa.Table, batch: IntakeBatch, *, by_given: bool) -> Landed:
    values: dict[str, Any] = {"source": batch.source_id, "batch": batch.pk, "now": timezone.now(), "by_given": by_given}
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE landing (line bigint, key text, modified_at timestamptz, raw jsonb, given jsonb,"
            " digest text) ON COMMIT DROP"
        )
        copy_in("landing", rows)
        cursor.execute("ANALYZE landing")
        cursor.execute(CLASSIFY, values)
        steps = [INSERT_RECORDS, UPDATE_RECORDS, INSERT_VERSIONS]
        if batch.mode == "snapshot":
            steps.append(TOUCH_RECORDS)
        for step in steps:
            cursor.execute(step, values)
        cursor.execute("SELECT outcome, count(*) FROM landing_outcome GROUP BY outcome")
        counts: dict[str, Any] = dict(cursor.fetchall())
        cursor.execute("DROP TABLE landing, landing_outcome")
    return Landed(**counts)


def _faults(batch: IntakeBatch, faults: list[RowFault]) -> list[Fault]:
    return [
        Fault(
            batch=batch,
            line=fault.line or 0,
            column=(fault.column or "")[:200],
            code=fault.code,
            reason=fault.reason[:500],
            raw=(fault.raw or "")[:10_000],
            is_whole_row=fault.outcome is Outcome.QUARANTINED,
        )
        for fault in faults
    ]


def _count(batch: IntakeBatch, frame: IntakeBatchFrame, landed: Landed) -> None:
    quarantined = sum(1 for fault in frame.faults if fault.outcome is Outcome.QUARANTINED)
    left_out = sum(1 for fault in frame.faults if fault.outcome is Outcome.SUPERSEDED)
    batch.rows_landed = frame.next_row
    batch.rows_new += landed.new
    batch.rows_changed += landed.changed
    batch.rows_unchanged += landed.unchanged
    batch.rows_stale += landed.stale
    batch.rows_quarantined += quarantined
    batch.rows_duplicate += landed.duplicate + left_out
    batch.rows_read += frame.rows.num_rows + quarantined + left_out
    batch.save()

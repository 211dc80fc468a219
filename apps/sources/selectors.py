"""Read what sources said. Every answer is a frozen value; nothing here writes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import F

from apps.base.errors import NotFound
from apps.sources.intake import SourceMapping, mapping_from_document
from apps.sources.models import Fault, IntakeBatch, RecordVersion, SourceRecord, SourceSystem, Upload

MAXIMUM_LETTERS = 4
SOURCE_COLUMNS = "s.code, s.name, s.kind, s.trust, s.hue"
"""Of `sources_sourcesystem` as `s`, for queries that name records with their source system."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source system with what its badge shows: `letters` (2 to 4 capitals), `hue` (0 to 7) and `kind`."""

    code: str
    name: str
    kind: str
    kind_label: str
    trust: int
    hue: int
    letters: str


@dataclass(frozen=True, slots=True)
class Record:
    """A source record: where it stands now, not what it says."""

    record_id: int
    source: Source
    key: str
    state: str
    latest_number: int
    applied_number: int | None
    modified_at: datetime | None
    is_gone: bool
    quarantine_reason: str
    last_batch_id: int


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a source record: the raw row as received and its mapped attributes."""

    number: int
    batch_id: int
    line: int | None
    raw: Mapping[str, Any]
    given: Mapping[str, str]
    modified_at: datetime | None
    received_at: datetime
    is_deletion: bool
    is_applied: bool


@dataclass(frozen=True, slots=True)
class Given:
    """What the applied version of one source record says, by canonical attribute."""

    record_id: int
    source: Source
    key: str
    number: int
    modified_at: datetime | None
    given: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Batch:
    """One intake run with the outcome of every row it read."""

    batch_id: int
    source: Source
    run_id: int | None
    state: str
    mode: str
    origin: str
    held_reason: str
    rows_read: int
    rows_new: int
    rows_changed: int
    rows_unchanged: int
    rows_stale: int
    rows_quarantined: int
    rows_duplicate: int
    keys_absent: int
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A row set aside: where it stood, why, and what it said."""

    fault_id: int
    batch_id: int
    line: int
    column: str
    code: str
    reason: str
    raw: str
    is_whole_row: bool


@dataclass(frozen=True, slots=True)
class UploadRow:
    """A file handed over for intake: where it stands, and why it went no further."""

    upload_id: int
    source_code: str
    state: str
    name: str
    byte_count: int
    run_id: int | None
    attempts: int
    failure_code: str
    failure: str
    created_at: datetime
    finished_at: datetime | None


def list_sources() -> list[Source]:
    """Return every source system by code. One query."""
    return [_source(row) for row in SourceSystem.objects.order_by("code")]


def get_source_record(source_code: str, key: str) -> Record:
    """Return the source record of that key; raise NotFound where the source or the key is unknown. One query."""
    record = find_source_record(source_code, key)
    if record is None:
        raise NotFound(f"Source {source_code!r} has no record {key!r}.", source=source_code, key=key)
    return record


def find_source_record(source_code: str, key: str) -> Record | None:
    """Return the source record of that key, or None. One query."""
    found = _records("s.code = %s AND r.key = %s", [source_code, key])
    return found[0] if found else None


def find_merged_into(record: Record) -> Record | None:
    """Return the record of the same source that a record was merged into there, through up to ten such merges.

    None where it was not merged away, or where it was into what the hub doesn't know. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MERGED_INTO, [record.record_id, _MOST_MERGES])
        row = cursor.fetchone()
    return None if row is None else list_records([row[0]])[row[0]]


_MOST_MERGES = 10
_MERGED_INTO = """
WITH RECURSIVE followed(id, source_id, merged_into, steps) AS (
    SELECT r.id, r.source_id, v.raw->>'merged_into', 0
    FROM sources_sourcerecord r JOIN sources_recordversion v ON v.record_id = r.id AND v.number = r.latest_number
    WHERE r.id = %s AND r.is_gone
    UNION ALL
    SELECT r.id, r.source_id, CASE WHEN r.is_gone THEN v.raw->>'merged_into' END, f.steps + 1
    FROM followed f
    JOIN sources_sourcerecord r ON r.source_id = f.source_id AND r.key = f.merged_into
    JOIN sources_recordversion v ON v.record_id = r.id AND v.number = r.latest_number
    WHERE f.steps < %s
)
SELECT id FROM followed WHERE steps > 0 ORDER BY steps DESC LIMIT 1
"""


def find_records_by_key(key: str, *, limit: int = 10) -> list[Record]:
    """Return the records that carry this key, of every source, by source. One query, on the index of keys."""
    # Source by source: the index of keys starts with the source.
    condition = "r.source_id = ANY(ARRAY(SELECT id FROM sources_sourcesystem)) AND r.key = %s ORDER BY s.code LIMIT %s"
    return _records(condition, [key, limit])


def list_records(record_ids: Iterable[int]) -> dict[int, Record]:
    """Return the source records that exist among `record_ids`, by id. One query; none for no ids."""
    ids = list(record_ids)
    if not ids:
        return {}
    return {record.record_id: record for record in _records("r.id = ANY(%s)", [ids])}


def list_systems(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Return for each pair of records the codes of their two sources, in order, with a full stop between.

    One query; none for no pairs.
    """
    ids = {record for pair in pairs for record in pair}
    if not ids:
        return {}
    codes = dict(SourceRecord.objects.filter(pk__in=ids).values_list("pk", "source__code"))
    return {pair: ".".join(sorted(codes[record] for record in pair if record in codes)) for pair in pairs}


def list_versions(record_id: int, *, limit: int = 50) -> list[Version]:
    """Return the newest `limit` versions of a source record, newest first. One query."""
    rows = (
        RecordVersion.objects.filter(record_id=record_id)
        .annotate(applied_number=F("record__applied_number"))
        .order_by("-number")[:limit]
    )
    return [
        Version(
            number=row.number,
            batch_id=row.batch_id,
            line=row.line,
            raw=row.raw,
            given=row.given,
            modified_at=row.modified_at,
            received_at=row.received_at,
            is_deletion=row.is_deletion,
            is_applied=row.number == row.applied_number,
        )
        for row in rows
    ]


def list_given(record_ids: Iterable[int]) -> dict[int, Given]:
    """Return what the applied version of each source record says, by record id; records never applied are absent.

    One query; none for no ids.
    """
    ids = list(record_ids)
    if not ids:
        return {}
    rows = RecordVersion.objects.select_related("record__source").filter(
        record_id__in=ids, number=F("record__applied_number")
    )
    return {row.record_id: _given(row) for row in rows}


def list_given_at(record_ids: Collection[int], at: datetime) -> dict[int, Given]:
    """Return what each source record had said last at a moment; those not heard of by then are absent. One query."""
    rows = RecordVersion.objects.select_related("record__source").filter(record_id__in=record_ids, received_at__lte=at)
    return {row.record_id: _given(row) for row in rows.order_by("record_id", "-number").distinct("record_id")}


def _given(row: RecordVersion) -> Given:
    return Given(
        record_id=row.record_id,
        source=_source(row.record.source),
        key=row.record.key,
        number=row.number,
        modified_at=row.modified_at,
        given=row.given,
    )


def list_batches(source_code: str | None = None, *, limit: int = 50) -> list[Batch]:
    """Return the newest `limit` batches, of one source where a code is given, newest first. One query."""
    rows = IntakeBatch.objects.select_related("source").order_by("-id")
    if source_code is not None:
        rows = rows.filter(source__code=source_code)
    return [_batch(row) for row in rows[:limit]]


def list_batches_of_run(run_id: int) -> list[Batch]:
    """Return what a run took in, in order. One query."""
    return [_batch(row) for row in IntakeBatch.objects.select_related("source").filter(run_id=run_id).order_by("pk")]


def find_stored_mapping(source_code: str) -> SourceMapping | None:
    """Return the mapping that read the source's newest file, or None where it never had one. One query."""
    batches = IntakeBatch.objects.filter(source__code=source_code).exclude(mapping={}).order_by("-id")
    document = batches.values_list("mapping", flat=True).first()
    return None if document is None else mapping_from_document(document, name=f"the mapping of {source_code}")


def get_batch(batch_id: int) -> Batch:
    """Return one batch or raise NotFound. One query."""
    row = IntakeBatch.objects.select_related("source").filter(pk=batch_id).first()
    if row is None:
        raise NotFound(f"There is no batch {batch_id}.", batch=batch_id)
    return _batch(row)


def list_faults(batch_id: int, *, after: int = 0, limit: int = 100) -> list[FaultRow]:
    """Return the faults of a batch whose ids follow `after`, in the order they were met. One query."""
    rows = Fault.objects.filter(batch_id=batch_id, pk__gt=after).order_by("pk")[:limit]
    return [_fault(row) for row in rows]


def list_faults_of_run(run_id: int, *, limit: int = 100) -> list[FaultRow]:
    """Return the first faults of the batches that a run took in, in the order they were met. One query."""
    rows = Fault.objects.filter(batch__run_id=run_id).order_by("pk")[:limit]
    return [_fault(row) for row in rows]


def get_upload(upload_id: int) -> UploadRow:
    """Return one upload or raise NotFound. One query."""
    row = Upload.objects.select_related("source").filter(pk=upload_id).first()
    if row is None:
        raise NotFound(f"There is no job {upload_id}.", job=upload_id)
    return UploadRow(
        upload_id=row.pk,
        source_code=row.source.code,
        state=row.state,
        name=row.name,
        byte_count=row.byte_count,
        run_id=row.run_id,
        attempts=row.attempts,
        failure_code=row.failure_code,
        failure=row.failure,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def count_records() -> int:
    """Return how many source records are live. One query."""
    return SourceRecord.objects.filter(state=SourceRecord.State.LIVE).count()


def badge_letters(code: str) -> str:
    """Return the 2 to 4 capitals of a source's badge, from its code alone: `crm` CRM, `stripe_eu` STRE."""
    words = [word for word in code.upper().replace("_", "-").split("-") if word]
    if not words:
        return "?"
    if len(words) == 1:
        return words[0] if len(words[0]) <= MAXIMUM_LETTERS else words[0][:3]
    return (words[0][:3] + "".join(word[0] for word in words[1:]))[:MAXIMUM_LETTERS]


def _source(row: SourceSystem) -> Source:
    return source_of(row.code, row.name, row.kind, row.trust, row.hue)


@lru_cache(maxsize=1_000)
def source_of(code: str, name: str, kind: str, trust: int, hue: int) -> Source:
    """Return a source system from the columns of `SOURCE_COLUMNS`. No query."""
    return Source(code, name, kind, str(SourceSystem.Kind(kind).label), trust, hue % 8, badge_letters(code))


def _records(condition: str, values: Sequence[Any]) -> list[Record]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_RECORDS} WHERE {condition}", values)
        return [Record(row[0], source_of(*row[9:]), *row[1:9]) for row in cursor.fetchall()]


# Asked with every look-up, so without what building a query and its models costs.
_RECORDS = f"""
SELECT r.id, r.key, r.state, r.latest_number, r.applied_number, r.latest_modified_at, r.is_gone, r.quarantine_reason,
       r.last_batch_id, {SOURCE_COLUMNS}
FROM sources_sourcerecord r JOIN sources_sourcesystem s ON s.id = r.source_id
"""  # noqa: S608 - columns named here


def _batch(row: IntakeBatch) -> Batch:
    return Batch(
        batch_id=row.pk,
        source=_source(row.source),
        run_id=row.run_id,
        state=row.state,
        mode=row.mode,
        origin=row.origin,
        held_reason=row.held_reason,
        rows_read=row.rows_read,
        rows_new=row.rows_new,
        rows_changed=row.rows_changed,
        rows_unchanged=row.rows_unchanged,
        rows_stale=row.rows_stale,
        rows_quarantined=row.rows_quarantined,
        rows_duplicate=row.rows_duplicate,
        keys_absent=row.keys_absent,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _fault(row: Fault) -> FaultRow:
    return FaultRow(
        fault_id=row.pk,
        batch_id=row.batch_id,
        line=row.line,
        column=row.column,
        code=row.code,
        reason=row.reason,
        raw=row.raw,
        is_whole_row=row.is_whole_row,
    )

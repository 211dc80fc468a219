"""Land what was pushed: a few records in a few statements, with the outcomes that `landing` gives the rows of a file.

Writers of one source don't exclude each other: each locks its own records, and the unique key settles who is first to
name a new one. A file's frame does exclude them.

Pushes of one source and hour are one batch: thousands of single pushes would otherwise be thousands of batches that no
screen could show and no person read. A batch's row is written by everyone who pushes, so it is written last
(`count_landed`), and locked for no longer than the commit.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.copying import array_text, few_rows
from apps.base.errors import NotFound
from apps.base.ids import uuid7
from apps.base.locks import Gate, share_gates
from apps.base.rows import Rows
from apps.sources.intake.errors import Outcome, RowFault
from apps.sources.models import Fault, IntakeBatch, SourceSystem
from apps.sources.pushing import Reading, Row

OUTCOMES: Final = ("new", "changed", "unchanged", "stale", "duplicate", "set_aside")
_ROUNDS: Final = 5

# In the order of ids, so that two writers of the same records wait for each other and never lock each other.
LOCK_KNOWN = """
SELECT r.source_id, r.key, r.id, r.latest_number, r.latest_digest, r.latest_modified_at, r.is_gone, r.applied_number
FROM sources_sourcerecord r
JOIN {asked} ON r.source_id = asked.source_id AND r.key = asked.key
ORDER BY r.id FOR UPDATE OF r
"""
# Apart from the lock: a statement sees what was committed when it began, and the lock may have waited for a version.
LATEST_GIVEN = """
SELECT v.record_id, v.given FROM sources_recordversion v
JOIN unnest(%s::bigint[], %s::int[]) AS asked(record_id, number)
    ON v.record_id = asked.record_id AND v.number = asked.number
"""
INSERT_RECORDS = """
INSERT INTO sources_sourcerecord
    (source_id, key, state, latest_number, latest_digest, latest_modified_at, is_gone, last_batch_id, quarantine_reason)
SELECT source_id, key, 'received', 1, digest, modified_at, is_gone, batch_id, ''
FROM {pushed}
ORDER BY source_id, key
ON CONFLICT (source_id, key) DO NOTHING
RETURNING source_id, key, id
"""
UPDATE_RECORDS = """
UPDATE sources_sourcerecord r
SET latest_number = pushed.number, latest_digest = pushed.digest,
    latest_modified_at = coalesce(pushed.modified_at, r.latest_modified_at), is_gone = pushed.is_gone,
    last_batch_id = pushed.batch_id
FROM {pushed}
WHERE r.id = pushed.id
"""
# Without a line: a batch of an hour may hold several versions of one record.
INSERT_VERSIONS = """
INSERT INTO sources_recordversion
    (record_id, number, batch_id, line, raw, given, digest, modified_at, is_deletion, received_at)
SELECT record_id, number, batch_id, NULL, raw, given, digest, modified_at, is_gone, %(now)s
FROM {pushed}
"""
# What travels to these statements, as one parameter: the driver looks at each element of a list thrice.
PLACE: Final = {"source_id": "bigint", "key": "text"}
TOLD: Final = {"digest": "text", "modified_at": "timestamptz", "is_gone": "boolean", "batch_id": "bigint"}
VERSION: Final = {"record_id": "bigint", "number": "int", "raw": "jsonb", "given": "jsonb"}
_FIND_SOURCES: Final = "SELECT * FROM sources_sourcesystem WHERE code = ANY(%s::text[])"
COUNTERS: Final = (*(f"rows_{name}" for name in OUTCOMES[:-1]), "rows_read", "rows_quarantined", "keys_absent")
ADD_TO_BATCH: Final = f"""
UPDATE sources_intakebatch SET {", ".join(f"{name} = {name} + %({name})s" for name in COUNTERS)}, finished_at = %(now)s
WHERE id = %(id)s
"""  # noqa: S608 - columns named here


@dataclass(frozen=True, slots=True)
class PushedRecord:
    """What became of one push. `is_pending`: its record's newest version is not taken into a customer yet."""

    position: int
    source_code: str
    key: str
    outcome: str
    record_id: int | None = None
    number: int | None = None
    is_pending: bool = False
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class PushLanding:
    """What became of the pushes of one transaction, by position; to be counted at its end."""

    records: tuple[PushedRecord, ...]
    faults: tuple[RowFault, ...]
    batches: Mapping[str, int]


@dataclass(slots=True)
class _Known:
    record_id: int
    number: int
    digest: str
    modified_at: datetime | None
    is_gone: bool
    applied_number: int | None
    given: Mapping[str, str]


Place = tuple[int, str]


def land_pushed(
    *, reading: Reading, sources: Mapping[str, SourceSystem], actor: Actor, reason: str = "pushed"
) -> PushLanding:
    """Land what was read of known sources in the caller's transaction. End it with `count_landed`.

    What a record said last changes nothing; an older version never overwrites a newer one; a deletion is a version,
    and what comes back after it is another.
    """
    with acting(actor, reason=reason, savepoint=False):
        # A file's frame or a snapshot's end goes alone; pushes go side by side.
        share_gates([(Gate.SOURCE, number) for number in sorted(source.pk for source in sources.values())])
        batches = {code: _open_push_batch(source) for code, source in sorted(sources.items())}
        work = _Landing(sources, batches, timezone.now())
        records = work.land(reading)
    return PushLanding(tuple(sorted(records, key=lambda record: record.position)), reading.faults, batches)


def count_landed(*, landing: PushLanding, faulted: Mapping[int, str], actor: Actor, reason: str = "pushed") -> None:
    """Add a landing to its batches' counters and keep its faults; the last thing its transaction does.

    `faulted` names the source of each position that a fault speaks about.
    """
    kept = [fault for fault in landing.faults if faulted.get(fault.line) in landing.batches]
    with acting(actor, reason=reason, savepoint=False):
        Fault.objects.bulk_create(_fault(fault, landing.batches[faulted[fault.line]]) for fault in kept)
        for code, batch_id in sorted(landing.batches.items(), key=lambda pair: pair[1]):
            rows = [record for record in landing.records if record.source_code == code]
            set_aside = sum(1 for f in kept if faulted[f.line] == code and f.outcome is Outcome.QUARANTINED)
            _add_to_batch(batch_id, rows, set_aside)


def find_sources(codes: Iterable[str]) -> dict[str, SourceSystem]:
    """Return the source systems of these codes; raise NotFound for one the hub doesn't know. One query."""
    wanted = set(codes)
    # Asked with every push, so without what building a query costs.
    with connection.cursor() as cursor:
        cursor.execute(_FIND_SOURCES, [sorted(wanted)])
        names = [column.name for column in cursor.description]
        rows = cursor.fetchall()
    found = {source.code: source for source in (SourceSystem.from_db(connection.alias, names, row) for row in rows)}
    unknown = sorted(wanted - found.keys())
    if unknown:
        raise NotFound(
            f"There is no source system {unknown[0][:60]!r}; `GET /source-systems` lists them.",
            sources=[code[:60] for code in unknown[:20]],
        )
    return found


def _open_push_batch(source: SourceSystem) -> int:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    origin = f"pushes of {hour:%Y-%m-%d %H}:00 UTC"
    if (known := _find_push_batch(source, origin)) is not None:
        return known
    batch = IntakeBatch(
        source=source,
        state=IntakeBatch.State.LANDED,
        mode="push",
        origin=origin,
        content_digest="",
        mapping_digest="",
        correlation_id=uuid7(),
        finished_at=timezone.now(),
    )
    IntakeBatch.objects.bulk_create([batch], ignore_conflicts=True)
    made = _find_push_batch(source, origin)
    assert made is not None
    return made


def _find_push_batch(source: SourceSystem, origin: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM sources_intakebatch WHERE source_id = %s AND origin = %s AND mode = 'push'",
            [source.pk, origin],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _add_to_batch(batch_id: int, rows: Sequence[PushedRecord], set_aside: int) -> None:
    gone = sum(1 for record in rows if record.is_gone and record.outcome == "changed")
    # A deletion is no row read: it counts where a snapshot's absent keys do.
    read = [record for record in rows if not record.is_gone]
    counts = {name: sum(1 for record in read if record.outcome == name) for name in OUTCOMES[:-1]}
    counted = {f"rows_{name}": number for name, number in counts.items()}
    counted |= {"rows_read": len(read) + set_aside, "rows_quarantined": set_aside, "keys_absent": gone}
    with connection.cursor() as cursor:
        cursor.execute(ADD_TO_BATCH, {**counted, "id": batch_id, "now": timezone.now()})


def _fault(fault: RowFault, batch_id: int) -> Fault:
    return Fault(
        batch_id=batch_id,
        line=fault.line,
        column=(fault.column or "")[:200],
        code=fault.code,
        reason=fault.reason[:500],
        raw=(fault.raw or "")[:10_000],
        is_whole_row=fault.outcome is Outcome.QUARANTINED,
    )


class _Landing:
    """The rows of one transaction on their way into the tables."""

    def __init__(self, sources: Mapping[str, SourceSystem], batches: Mapping[str, int], now: datetime) -> None:
        self.source_ids = {code: source.pk for code, source in sources.items()}
        self.batches = batches
        self.now = now

    def land(self, reading: Reading) -> list[PushedRecord]:
        done = [_said(row, "duplicate") for row in reading.duplicates]
        waiting = {(self.source_ids[row.source_code], row.key): row for row in reading.rows}
        for _ in range(_ROUNDS):
            if not waiting:
                break
            known = self._lock_known(list(waiting))
            done += self._land_known({place: waiting.pop(place) for place in known}, known)
            done += self._land_new(waiting)
        # Who named a key first and took it back again each time would be no database.
        assert not waiting
        return done

    def _lock_known(self, places: list[Place]) -> dict[Place, _Known]:
        with connection.cursor() as cursor:
            asked, values = _as_rows("asked", PLACE, places)
            cursor.execute(LOCK_KNOWN.format(asked=asked), values)
            found = cursor.fetchall()
            if not found:
                return {}
            cursor.execute(LATEST_GIVEN, [array_text(row[2] for row in found), array_text(row[3] for row in found)])
            given = {record_id: _as_object(document) for record_id, document in cursor.fetchall()}
        return {
            (source_id, key): _Known(record_id, number, digest, modified_at, is_gone, applied, given.get(record_id, {}))
            for source_id, key, record_id, number, digest, modified_at, is_gone, applied in found
        }

    def _land_known(self, rows: Mapping[Place, Row], known: Mapping[Place, _Known]) -> list[PushedRecord]:
        changed, said = [], []
        for place, row in rows.items():
            record = known[place]
            outcome = _outcome(row, record)
            number = record.number + 1 if outcome == "changed" else record.number
            if outcome == "changed":
                changed.append((row, record.record_id, number))
            is_pending = outcome == "changed" or record.applied_number != record.number
            said.append(_said(row, outcome, record.record_id, number, is_pending=is_pending))
        if changed:
            news = ((record_id, number, *self._told(row)) for row, record_id, number in changed)
            pushed, values = _as_rows("pushed", {"id": "bigint", "number": "int"} | TOLD, news)
            with connection.cursor() as cursor:
                cursor.execute(UPDATE_RECORDS.format(pushed=pushed), values)
            self._append(changed)
        return said

    def _land_new(self, waiting: dict[Place, Row]) -> list[PushedRecord]:
        """Land what nobody knows yet, taking it out of `waiting`; what somebody else named first stays in it.

        A deletion that says when it was is kept, so that an older version that comes after it stays gone.
        """
        unheard = [place for place, row in waiting.items() if row.is_gone and row.modified_at is None]
        said = [_said(waiting.pop(place), "unchanged") for place in unheard]
        if not waiting:
            return said
        news = ((*place, *self._told(row)) for place, row in waiting.items())
        pushed, values = _as_rows("pushed", PLACE | TOLD, news)
        with connection.cursor() as cursor:
            cursor.execute(INSERT_RECORDS.format(pushed=pushed), values)
            made = [(waiting.pop((source_id, key)), record_id, 1) for source_id, key, record_id in cursor.fetchall()]
        self._append(made)
        return said + [
            _said(row, "changed" if row.is_gone else "new", record_id, 1, is_pending=True) for row, record_id, _ in made
        ]

    def _append(self, versions: Sequence[tuple[Row, int, int]]) -> None:
        if not versions:
            return
        news = ((record, number, row.raw, _as_text(row.given), *self._told(row)) for row, record, number in versions)
        pushed, values = _as_rows("pushed", VERSION | TOLD, news)
        with connection.cursor() as cursor:
            cursor.execute(INSERT_VERSIONS.format(pushed=pushed), {**values, "now": self.now})

    def _told(self, row: Row) -> tuple[str, datetime | None, bool, int]:
        """Return what `TOLD` names."""
        return row.digest, row.modified_at, row.is_gone, self.batches[row.source_code]


def _outcome(row: Row, record: _Known) -> str:
    if row.is_gone and record.is_gone:
        return "unchanged"
    if not row.is_gone and not record.is_gone:
        if row.digest == record.digest:
            return "unchanged"
        # A moment of change that moves on is news, even of the same values: it decides which of two versions is newer.
        if dict(row.given) == dict(record.given) and row.modified_at in (None, record.modified_at):
            return "unchanged"
    if row.modified_at is not None and record.modified_at is not None and row.modified_at < record.modified_at:
        return "stale"
    return "changed"


def _said(
    row: Row, outcome: str, record_id: int | None = None, number: int | None = None, *, is_pending: bool = False
) -> PushedRecord:
    return PushedRecord(
        position=row.position,
        source_code=row.source_code,
        key=row.key,
        outcome=outcome,
        record_id=record_id,
        number=number,
        is_pending=is_pending,
        is_gone=row.is_gone,
    )


def _as_rows(name: str, types: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> tuple[str, dict[str, Any]]:
    """Return what stands after FROM for rows in the order of `types`, known as `name`, and its parameter."""
    return few_rows(name, Rows((dict(zip(types, row, strict=True)) for row in rows), list(types)), types)


def _as_object(document: Any) -> Mapping[str, str]:  # noqa: ANN401 - the driver gives text or what it has read
    return dict(json.loads(document) if isinstance(document, str) else document)


def _as_text(given: Mapping[str, str]) -> str:
    return json.dumps(given, ensure_ascii=False)

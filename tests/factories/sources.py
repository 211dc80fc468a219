"""Source systems, records with one version, batches and faults."""

import hashlib
import json
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from apps.base.actors import acting
from apps.sources.models import Fault, IntakeBatch, RecordVersion, SourceRecord, SourceSystem
from tests.factories.acting import FACTORY, REASON

_numbers = count(1)
RECEIVED = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_KINDS = {"crm": SourceSystem.Kind.CRM, "billing": SourceSystem.Kind.BILLING, "erp": SourceSystem.Kind.ERP}
_TRUST = {"crm": 40, "billing": 60, "erp": 80}


def make_source(code: str = "crm", *, name: str | None = None, trust: int | None = None, hue: int = 0) -> SourceSystem:
    """Return the source system of that code, made where it doesn't exist."""
    existing = SourceSystem.objects.filter(code=code).first()
    if existing is not None:
        return existing
    with acting(FACTORY, reason=REASON):
        return SourceSystem.objects.create(
            code=code,
            name=name or code.upper(),
            kind=_KINDS.get(code, SourceSystem.Kind.OTHER),
            trust=_TRUST.get(code, 50) if trust is None else trust,
            hue=hue,
        )


def make_batch(source: str = "crm", **fields: object) -> IntakeBatch:
    """Return a landed batch of a source."""
    with acting(FACTORY, reason=REASON):
        values: dict[str, object] = {
            "state": IntakeBatch.State.LANDED,
            "origin": f"{source}.csv",
            "content_digest": hashlib.sha256(str(next(_numbers)).encode()).hexdigest(),
            "mapping_digest": "0" * 64,
            "correlation_id": UUID(int=next(_numbers)),
        }
        return IntakeBatch.objects.create(source=make_source(source), **(values | fields))


def make_fault(
    batch: IntakeBatch, *, line: int = 2, code: str = "row.no_key", reason: str = "The key is empty."
) -> Fault:
    """Return a row set aside."""
    with acting(FACTORY, reason=REASON):
        return Fault.objects.create(batch=batch, line=line, column="Id", code=code, reason=reason, raw=",,")


def make_record(
    given: dict[str, str] | None = None,
    *,
    source: str = "crm",
    key: str | None = None,
    state: str = SourceRecord.State.LIVE,
) -> SourceRecord:
    """Return a source record whose first version says `given`; unless it was only received, that version is applied."""
    said = {"name": f"Company {next(_numbers)}"} if given is None else given
    with acting(FACTORY, reason=REASON):
        record = SourceRecord.objects.create(
            source=make_source(source),
            key=key or f"{source.upper()}-{next(_numbers):05d}",
            state=state,
            latest_digest=_digest(said),
            applied_number=None if state == SourceRecord.State.RECEIVED else 1,
            last_batch_id=1,
            is_gone=state == SourceRecord.State.DELETED,
            quarantine_reason="set aside in a test" if state == SourceRecord.State.QUARANTINED else "",
        )
        _add_version(record, 1, said)
    return record


def make_version(record: SourceRecord, given: dict[str, str], *, applied: bool = True) -> RecordVersion:
    """Return a newer version of a record, applied or still waiting."""
    with acting(FACTORY, reason=REASON):
        record.latest_number += 1
        record.latest_digest = _digest(given)
        if applied:
            record.applied_number = record.latest_number
        record.save()
        return _add_version(record, record.latest_number, given)


def _add_version(record: SourceRecord, number: int, given: dict[str, str]) -> RecordVersion:
    return RecordVersion.objects.create(
        record=record,
        number=number,
        batch_id=record.last_batch_id,
        line=number + 1,
        raw={"Id": record.key, **given},
        given=given,
        digest=_digest(given),
        received_at=RECEIVED,
    )


def _digest(given: dict[str, str]) -> str:
    return hashlib.blake2b(json.dumps(given, sort_keys=True).encode(), digest_size=16).hexdigest()

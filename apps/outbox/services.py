"""Post events in the transaction of the change they announce.

The law of this module: an event commits with its change or not at all, so every post needs an open transaction.
The caller hands in the sequence number, which is the version of the row that changed; the database refuses a second
event of one subject and number.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from django.utils import timezone

from apps.base.actors import Actor
from apps.base.copying import copy_in
from apps.base.errors import Invalid
from apps.base.ids import uuid7, uuid7s
from apps.base.rows import Frame, Rows
from apps.outbox.models import Event

CREATED: Final = "customer.created"
UPDATED: Final = "customer.updated"
MERGED: Final = "customer.merged"
SPLIT: Final = "customer.split"
RETIRED: Final = "customer.retired"
TYPES: Final = frozenset({CREATED, UPDATED, MERGED, SPLIT, RETIRED})

# A subject becomes part of HTTP bodies and file lines; anything but an id's characters is a mistake of the caller.
_SUBJECT: Final = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
_FRAME_COLUMNS: Final = ("type", "subject", "sequence", "data")


class EventRefusedError(Invalid):
    """An event can't be posted as given; the message says which part."""

    code = "outbox.event_refused"
    title = "Event refused"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A fact about one subject: `sequence` is the subject's version that this event announces, from 1 without gaps.

    `data` is JSON with text keys; `transaction_id` ties the events of one merge or split, and is the post's own when
    None.
    """

    type: str
    subject: str
    sequence: int
    data: Mapping[str, Any]
    transaction_id: UUID | None = None


def post_events(*, events: Sequence[NewEvent], correlation_id: UUID, actor: Actor) -> list[int]:
    """Post events inside the caller's transaction and return their row ids, in the order given.

    Raises EventRefusedError outside a transaction or for an event that can't be sent; IntegrityError where a subject
    already has an event of that number.
    """
    _refuse_outside_transaction()
    at = timezone.now()
    shared = uuid7()
    rows = [
        Event(
            event_id=event_id,
            type=event.type,
            subject=event.subject,
            sequence=event.sequence,
            data=_checked(event),
            correlation_id=correlation_id,
            transaction_id=event.transaction_id or shared,
            actor=str(actor),
            at=at,
        )
        for event_id, event in zip(uuid7s(len(events)), events, strict=True)
    ]
    return [row.pk for row in Event.objects.bulk_create(rows, batch_size=1_000)]


def post_event_frame(
    *, frame: Frame, correlation_id: UUID, actor: Actor, decision_id: int | None = None
) -> pa.Array | list[int]:
    """Post a frame of events by COPY inside the caller's transaction and return their row ids (int64), in row order.

    Columns: `type`, `subject` and `data` (JSON text) strings, `sequence` integer; optional `transaction_id` string,
    where null or absent stands for the one id this call draws. Hundreds of thousands of rows fit in one call.
    `decision_id` names the decision that made them all, or whose undoing did.

    Raises EventRefusedError outside a transaction, for a missing column, a null, or a type or subject that can't be
    sent; IntegrityError as in `post_events`.
    """
    _refuse_outside_transaction()
    if isinstance(frame, Rows):
        return _post_rows(frame, correlation_id, actor, decision_id)
    _refuse_frame(frame)
    count = frame.num_rows
    ids = _reserve_ids(count)
    columns: dict[str, Any] = {name: frame[name] for name in _FRAME_COLUMNS}
    at = timezone.now().isoformat()
    columns |= {
        "id": ids,
        "event_id": [str(event_id) for event_id in uuid7s(count)],
        "transaction_id": _transaction_ids(frame),
        "correlation_id": _repeated(str(correlation_id), count),
        "actor": _repeated(str(actor), count),
        "at": _repeated(at, count),
        "decision_id": pa.repeat(pa.scalar(decision_id, pa.int64()), count),
    }
    copy_in("outbox_event", pa.table(columns))
    return ids


def _post_rows(rows: Rows, correlation_id: UUID, actor: Actor, decision_id: int | None) -> list[int]:
    """Post few events, which share a transaction's id unless told, and return their row ids; as `post_event_frame`."""
    _refuse_rows(rows)
    shared = str(uuid7())
    common = {
        "correlation_id": str(correlation_id),
        "actor": str(actor),
        "at": timezone.now().isoformat(),
        "decision_id": decision_id,
    }
    ids: list[int] = _reserve_ids(rows.num_rows).to_pylist()
    posted = [
        {
            **row,
            **common,
            "id": number,
            "event_id": str(event_id),
            "transaction_id": row.get("transaction_id") or shared,
        }
        for row, number, event_id in zip(rows.to_pylist(), ids, uuid7s(rows.num_rows), strict=True)
    ]
    copy_in("outbox_event", Rows(posted, [*_FRAME_COLUMNS, *common, "id", "event_id", "transaction_id"]))
    return ids


def _refuse_outside_transaction() -> None:
    if not connection.in_atomic_block:
        raise EventRefusedError("events are posted inside the transaction of the change they announce")


def _checked(event: NewEvent) -> dict[str, Any]:
    if event.type not in TYPES:
        raise EventRefusedError(f"unknown event type {event.type!r}", known=sorted(TYPES))
    if not _SUBJECT.match(event.subject):
        raise EventRefusedError(f"{event.subject[:60]!r} can't be the subject of an event")
    if event.sequence < 1:
        raise EventRefusedError(f"sequence numbers start at 1, not {event.sequence}")
    try:
        json.dumps(event.data, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise EventRefusedError(f"the data of {event.subject} is not JSON: {error}") from error
    return dict(event.data)


def _refuse_frame(frame: pa.Table) -> None:
    if missing := [name for name in _FRAME_COLUMNS if name not in frame.column_names]:
        raise EventRefusedError(f"the event frame lacks {', '.join(missing)}")
    if empty := [name for name in _FRAME_COLUMNS if frame[name].null_count]:
        raise EventRefusedError(f"the event frame has nulls in {', '.join(empty)}")
    if unknown := set(pc.unique(frame["type"]).to_pylist()) - TYPES:
        raise EventRefusedError(f"unknown event types {sorted(unknown)}", known=sorted(TYPES))
    if not pc.all(pc.match_substring_regex(frame["subject"], r"\A[A-Za-z0-9_-]{1,40}\z"), min_count=0).as_py():
        raise EventRefusedError("a subject holds characters that no id has")
    if not pc.all(pc.greater_equal(frame["sequence"], 1), min_count=0).as_py():
        raise EventRefusedError("sequence numbers start at 1")


def _refuse_rows(rows: Rows) -> None:
    for row in rows.to_pylist():
        if missing := [name for name in _FRAME_COLUMNS if row.get(name) is None]:
            raise EventRefusedError(f"the event frame lacks {', '.join(missing)}, or has nulls there")
        if row["type"] not in TYPES:
            raise EventRefusedError(f"unknown event types {[row['type']]}", known=sorted(TYPES))
        if not _SUBJECT.match(row["subject"]):
            raise EventRefusedError("a subject holds characters that no id has")
        if row["sequence"] < 1:
            raise EventRefusedError("sequence numbers start at 1")


def _reserve_ids(count: int) -> pa.Array:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('outbox_event_id_seq') FROM generate_series(1, %s)", [count])
        return pa.array((row[0] for row in cursor.fetchall()), type=pa.int64(), size=count)


def _transaction_ids(frame: pa.Table) -> pa.Array | pa.ChunkedArray:
    shared = str(uuid7())
    if "transaction_id" not in frame.column_names:
        return _repeated(shared, frame.num_rows)
    return pc.fill_null(frame["transaction_id"], shared)


def _repeated(text: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), count)

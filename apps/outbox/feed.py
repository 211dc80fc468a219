"""The feed of all events in commit order, for readers who come back and go on where they were.

The law of this module: an event is shown to a reader exactly once, however late its transaction commits. A position is
what the reader has seen: a snapshot of PostgreSQL, not a number. What today's snapshot sees and that one didn't is
new. Inside one such window events come by row id, which one subject's events draw under its row's lock; so those
of one subject always come in their order.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db import connection
from django.db.models import Q

from apps.base.errors import HubError
from apps.outbox.models import Event
from apps.outbox.selectors import PostedEvent

_NOTHING: Final = "1:1:"
"""The snapshot that sees no transaction."""


class ChangesGone(HubError):
    """Events the reader has not seen may be kept no longer, or the database was restored since."""

    code = "changes.gone"
    status = 410
    title = "The feed doesn't reach back that far"


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """What a reader has seen: all that `seen` sees, and of what `window` sees besides, rows up to `row_id`.

    Snapshots are in PostgreSQL's spelling; `window` is empty between two windows. `server` names the database's cluster
    and timeline, outside which a snapshot means nothing.
    """

    server: str
    seen: str
    window: str = ""
    row_id: int = 0


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event, and the data of the one before it of the same subject; None where it is the first that is kept."""

    event: PostedEvent
    before: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events in commit order, the position after them, and whether more are there already."""

    events: tuple[FeedEvent, ...]
    position: FeedPosition
    has_more: bool


def get_feed_end() -> FeedPosition:
    """Return the position after everything committed by now. One query."""
    now = _read_now()
    return FeedPosition(server=now.server, seen=now.snapshot)


def read_feed(after: FeedPosition | None, *, types: Iterable[str] = (), limit: int = 100) -> FeedPage:
    """Return up to `limit` events after a position, of the types named (all where none is); None: from the oldest kept.

    Raises ChangesGone where none of what the position has seen is kept any more, so that what followed may be gone too,
    and where the database has been restored since. Three queries.
    """
    now = _read_now(after.seen if after else _NOTHING)
    start = after or FeedPosition(server=now.server, seen=_NOTHING)
    _refuse_lost(start, now)
    window = start.window or now.snapshot
    values: dict[str, Any] = {
        "seen": start.seen,
        "window": window,
        "row_id": start.row_id,
        "least": int(start.seen.partition(":")[0]),
        "most": _most(window),
        "types": list(types) or None,
        "limit": limit + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_AFTER, values)
        rows = [_posted(row) for row in cursor.fetchall()]
    shown = rows[:limit]
    has_more = len(rows) > limit
    if has_more:
        position = replace(start, window=window, row_id=shown[-1].id)
    else:
        # Where nothing was ever there to see, nothing was seen: an empty feed has no end to be lost behind.
        position = FeedPosition(server=now.server, seen=window if now.has_events else _NOTHING)
    return FeedPage(_with_before(shown), position, has_more)


@dataclass(frozen=True, slots=True)
class _Now:
    server: str
    snapshot: str
    has_events: bool
    keeps_seen: bool


def _read_now(seen: str = _NOTHING) -> _Now:
    with connection.cursor() as cursor:
        cursor.execute(_NOW, {"seen": seen, "most": _most(seen)})
        return _Now(*cursor.fetchone())


def _most(snapshot: str) -> int:
    """Return the number from which on a snapshot sees no transaction."""
    return int(snapshot.split(":")[1])


def _refuse_lost(position: FeedPosition, now: _Now) -> None:
    if position.server != now.server:
        raise ChangesGone("The database has been restored since; what was read may not be what stands now.")
    if position.seen != _NOTHING and not now.keeps_seen:
        raise ChangesGone("Events after the cursor may no longer be kept.")


def _posted(row: Sequence[Any]) -> PostedEvent:
    row_id, event_id, kind, subject, sequence, data, correlation_id, transaction_id, actor, at = row
    return PostedEvent(
        row_id, event_id, kind, subject, sequence, json.loads(data), correlation_id, transaction_id, actor, at
    )


def _with_before(events: Sequence[PostedEvent]) -> tuple[FeedEvent, ...]:
    before = {(event.subject, event.sequence): event.data for event in events}
    asked = [(event.subject, event.sequence - 1) for event in events]
    missing = [pair for pair in asked if pair[1] and pair not in before]
    if missing:
        # One look-up per pair by the index over both; two lists apart would read every event of each subject.
        pairs = reduce(or_, (Q(subject=subject, sequence=number) for subject, number in missing))
        rows = Event.objects.filter(pairs).values_list("subject", "sequence", "data")
        before |= {(subject, number): data for subject, number, data in rows}
    return tuple(FeedEvent(event, before.get(pair)) for event, pair in zip(events, asked, strict=True))


# Where an event that was seen is still kept, none that follows it has been pruned: the oldest go first.
_NOW: Final = """
SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || (SELECT timeline_id FROM pg_control_checkpoint()),
       pg_current_snapshot()::text, EXISTS (SELECT FROM outbox_event),
       EXISTS (SELECT FROM outbox_event WHERE written_in < %(most)s
               AND pg_visible_in_snapshot(written_in::text::xid8, %(seen)s::pg_snapshot))
"""
_AFTER: Final = """
SELECT id, event_id, type, subject, sequence, data, correlation_id, transaction_id, actor, at FROM outbox_event
WHERE written_in >= %(least)s AND written_in < %(most)s AND id > %(row_id)s
  AND NOT pg_visible_in_snapshot(written_in::text::xid8, %(seen)s::pg_snapshot)
  AND pg_visible_in_snapshot(written_in::text::xid8, %(window)s::pg_snapshot)
  AND (%(types)s::text[] IS NULL OR type = ANY(%(types)s::text[]))
ORDER BY id LIMIT %(limit)s
"""

"""The ledger: which governed id every source record should carry, and what is known to be there.

The laws of this module: rows are locked in the order of record ids, so that no two writers wait for each other. An
entry under way is never taken from its worker, only told a newer wish; whoever settles it sees that wish and owes it
next, so that two writes to one record never overlap.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.base.actors import Actor
from apps.base.copying import staged
from apps.base.errors import Invalid, NotFound
from apps.base.rows import Frame
from apps.delivery.models import LedgerEntry

_WANTED: Final = {"record_id": "bigint", "source_code": "text", "source_key": "text", "gid": "text"}
# An id that the system is known to carry already is owed nothing, as after a merge that was undone before it was sent.
# Entries that stay are left out beforehand: a conflict locks its row, which writes it, whatever is decided then. Who
# changes a wish or withdraws it holds the customer, so that what is read here is what is found.
_EXPECT: Final = """
    INSERT INTO delivery_ledgerentry AS l
        (record_id, source_code, source_key, desired, sent, acknowledged, found, state, attempts, next_attempt_at, note,
         correlation_id, changed_at)
    SELECT record_id, source_code, source_key, gid, '', '', '', 'pending', 0, %(due)s, '', %(correlation)s, %(now)s
    FROM {wanted}
    WHERE NOT EXISTS (
        SELECT FROM delivery_ledgerentry AS known
        WHERE known.record_id = ledger_wanted.record_id AND known.desired = gid AND known.state <> 'withdrawn')
    ORDER BY record_id
    ON CONFLICT (record_id) DO UPDATE SET
        desired = excluded.desired,
        state = CASE
            WHEN l.state = 'in_flight' THEN 'in_flight'
            WHEN l.acknowledged = excluded.desired AND l.found IN ('', excluded.desired) THEN 'acknowledged'
            ELSE 'pending' END,
        attempts = CASE WHEN l.state = 'in_flight' THEN l.attempts ELSE 0 END,
        next_attempt_at = CASE WHEN l.state = 'in_flight' THEN l.next_attempt_at ELSE excluded.next_attempt_at END,
        note = '',
        correlation_id = excluded.correlation_id,
        changed_at = excluded.changed_at
    WHERE l.desired <> excluded.desired OR l.state = 'withdrawn'
"""
_NOTE_FOUND: Final = """
    WITH seen AS (
        SELECT l.record_id, l.source_key, v.gid,
            CASE WHEN v.gid = l.desired THEN 'own'
                 WHEN l.state = 'acknowledged' AND v.gid <> l.acknowledged THEN 'drifted'
                 ELSE 'known' END AS verdict
        FROM unnest(%(keys)s::text[], %(gids)s::text[]) AS v(source_key, gid)
        JOIN delivery_ledgerentry AS l ON l.source_code = %(source)s AND l.source_key = v.source_key
        ORDER BY l.record_id
        FOR UPDATE OF l
    ), noted AS (
        UPDATE delivery_ledgerentry AS l
        SET found = seen.gid,
            acknowledged = CASE WHEN seen.verdict = 'own' THEN seen.gid ELSE l.acknowledged END,
            state = CASE
                WHEN l.state IN ('in_flight', 'withdrawn') THEN l.state
                WHEN seen.verdict = 'own' THEN 'acknowledged'
                WHEN seen.verdict = 'drifted' THEN 'drifted'
                ELSE l.state END,
            attempts = CASE WHEN seen.verdict = 'drifted' THEN 0 ELSE l.attempts END,
            next_attempt_at = CASE WHEN seen.verdict = 'drifted' THEN %(now)s ELSE l.next_attempt_at END,
            note = CASE WHEN seen.verdict = 'drifted'
                THEN 'carried ' || coalesce(nullif(seen.gid, ''), 'nothing') || ' when it was pulled' ELSE l.note END,
            changed_at = %(now)s
        FROM seen
        WHERE l.record_id = seen.record_id AND (l.found <> seen.gid OR l.acknowledged <> seen.gid)
    )
    SELECT source_key, verdict FROM seen
"""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What a pull saw in the hub's slot, by source key: our own id, another one, or a key the ledger doesn't know.

    `own` holds the keys whose slot says what the hub wants there: no news, and no new version for its sake.
    """

    own: frozenset[str]
    drifted: frozenset[str]
    unknown: frozenset[str]


def expect_ids(*, frame: Frame, correlation_id: UUID, actor: Actor, not_before: datetime | None = None) -> int:
    """State which governed id each source record should carry, and return how many entries that changed.

    Runs inside the transaction of the golden change. Columns: `record_id` int64 (each once), `source_code`,
    `source_key`, `gid` strings. What is already expected is left as it is. Nothing is sent before `not_before`.
    Raises Invalid outside a transaction or for a missing column.
    """
    _refuse_outside_transaction()
    if missing := [name for name in _WANTED if name not in frame.column_names]:
        raise Invalid(f"the frame of expected ids lacks {', '.join(missing)}")
    if not frame.num_rows:
        return 0
    with staged("ledger_wanted", frame, _WANTED) as (wanted, values), connection.cursor() as cursor:
        now = timezone.now()
        asked: dict[str, Any] = {"now": now, "due": not_before or now, "correlation": correlation_id}
        cursor.execute(_EXPECT.format(wanted=wanted), asked | values)
        changed = int(cursor.rowcount)
    logger.debug("ledger.expected", extra={"hub": {"changed": changed, "actor": str(actor)}})
    return changed


def withdraw_ids(*, record_ids: Sequence[int], actor: Actor) -> int:
    """Owe nothing more to source records that are gone, and return how many entries that ended.

    Runs inside the transaction that took the records out. A write under way may still arrive; it settles nothing.
    """
    _refuse_outside_transaction()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH gone AS (
                SELECT record_id FROM delivery_ledgerentry
                WHERE record_id = ANY(%s) AND state <> 'withdrawn'
                ORDER BY record_id
                FOR UPDATE
            )
            UPDATE delivery_ledgerentry AS l
            SET state = 'withdrawn', lease_until = NULL, lease_token = NULL, note = %s, changed_at = %s
            FROM gone WHERE l.record_id = gone.record_id
            """,
            [list(record_ids), f"withdrawn by {actor}"[:300], timezone.now()],
        )
        return int(cursor.rowcount)


@transaction.atomic
def note_found(*, source_code: str, rows: Mapping[str, str], actor: Actor) -> Found:
    """Note which id a pull saw in each record's slot (by source key; empty text is an empty slot).

    The id the hub wants there counts as acknowledged. Another one where ours was acknowledged is drift: it is recorded
    and ours is owed again. An older id of ours, or an empty slot, where the wish isn't sent yet is neither.
    """
    keys = list(rows)
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE_FOUND,
            {
                "source": source_code,
                "keys": keys,
                # The column's width; a longer text is no id of ours whatever it says.
                "gids": [rows[key][:40] for key in keys],
                "now": timezone.now(),
            },
        )
        verdicts = dict(cursor.fetchall())
    drifted = frozenset(key for key, verdict in verdicts.items() if verdict == "drifted")
    if drifted:
        logger.warning(
            "ledger.drift", extra={"hub": {"source": source_code, "records": len(drifted), "actor": str(actor)}}
        )
    return Found(
        own=frozenset(key for key, verdict in verdicts.items() if verdict == "own"),
        drifted=drifted,
        unknown=frozenset(rows) - verdicts.keys(),
    )


@transaction.atomic
def replay_dead_write_backs(*, record_ids: Sequence[int] | None = None, actor: Actor) -> list[int]:
    """Make dead ledger entries due again and return their record ids; None means all of them.

    Raises NotFound where a record's write-back is not dead.
    """
    dead = LedgerEntry.objects.select_for_update().filter(state=LedgerEntry.State.DEAD)
    if record_ids is not None:
        dead = dead.filter(pk__in=record_ids)
    found = list(dead.order_by("pk").values_list("pk", flat=True))
    if missing := sorted(set(record_ids or ()) - set(found)):
        raise NotFound(f"not dead write-backs: {', '.join(map(str, missing))}")
    now = timezone.now()
    LedgerEntry.objects.filter(pk__in=found).update(
        state=LedgerEntry.State.PENDING,
        attempts=0,
        next_attempt_at=now,
        changed_at=now,
        note=f"replayed by {actor}"[:300],
    )
    return found


def _refuse_outside_transaction() -> None:
    if not connection.in_atomic_block:
        raise Invalid("the ledger changes inside the transaction of the golden change")

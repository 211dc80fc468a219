"""Store one chunk of whole customers: state, history, events and what is due to others, in one transaction.

A chunk whose customers changed since they were read is left alone and named, so that it can be resolved anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from uuid import UUID

import pyarrow.compute as pc
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.locks import Gate, lock_gate
from apps.base.pending import BULK_LIMIT, hold_back
from apps.base.rows import Frame, Rows
from apps.cases.services import Facts, settle_pair_cases
from apps.delivery.services import enqueue, expect_ids, withdraw_ids
from apps.golden import services as golden
from apps.golden.inheritance import NONE
from apps.golden.pinning import hang_pins
from apps.legal.services import close_entities, store_entities
from apps.matching.services import Beside, forget_standard_records, replace_links, store_standard_records
from apps.outbox.services import post_event_frame
from apps.pipeline.reopening import reopen_differences
from apps.sources.selectors import list_systems
from apps.sources.services import mark_applied

# What was read must still hold: who belongs where, which version was applied, that no verdict came in since and no pin
# changed, and that nobody was taken in live with a match key of a record that is new here.
STALE = """
SELECT EXISTS (
    SELECT FROM unnest(%(records)s::bigint[], %(golden)s::bigint[], %(applied)s::bigint[])
         AS seen(record_id, golden_id, applied)
    LEFT JOIN golden_membership m ON m.record_id = seen.record_id
    LEFT JOIN sources_sourcerecord r ON r.id = seen.record_id
    WHERE m.golden_id IS DISTINCT FROM nullif(seen.golden_id, -1)
       OR r.applied_number IS DISTINCT FROM nullif(seen.applied, -1)
) OR EXISTS (
    SELECT FROM golden_membership m WHERE m.golden_id = ANY(%(existing)s) AND m.record_id <> ALL(%(records)s)
) OR EXISTS (
    SELECT FROM matching_verdictpair p
    WHERE p.id > %(horizon)s AND (p.low_id = ANY(%(records)s) OR p.high_id = ANY(%(records)s))
) OR EXISTS (
    SELECT FROM golden_historicalpin h
    WHERE h.history_id > %(pin_horizon)s
      AND (h.record_ids && %(records)s::bigint[] OR h.release_record_id = ANY(%(records)s))
)
"""
TOUCHED = """
SELECT EXISTS (
    SELECT FROM pipeline_livetouch t CROSS JOIN LATERAL unnest(t.match_keys) AS live(key)
    JOIN unnest(%s::bigint[]) AS mine(key) USING (key)
)
"""


@dataclass(frozen=True)
class Chunk:
    """Everything one transaction stores. Frames hold rows of this chunk only."""

    records: Frame  # record, golden (before, -1 for none), number, is_dirty, is_gone
    customers_new: Frame
    customers_changed: Frame
    memberships: Frame
    standard: Frame
    links: Frame
    entities: Frame
    identifiers: Frame
    events: Frame
    ledger: Frame
    moves: Frame
    cases: list[dict[str, Any]]
    cases_elsewhere: list[tuple[int, int]]
    redirects: list[tuple[int, int]]
    retired: list[int]
    pins: list[tuple[int, Sequence[int]]]  # pins to hang on other records


@dataclass(frozen=True, slots=True)
class Context:
    """What every chunk of a resolve shares. `keep` maps records to golden records whose ids they carry on."""

    actor: Actor
    reason: str
    run_id: int
    correlation: UUID
    horizon: int
    verdict_id: int | None = None
    keep: Mapping[int, int] | None = None
    pin_horizon: int = 0
    beside: Beside | None = None


@dataclass(slots=True)
class Stored:
    """Counts of what was stored, and the records of chunks that have to be resolved anew. Safe to share by threads."""

    counts: dict[str, int] = field(default_factory=dict)
    redo: list[int] = field(default_factory=list)
    redo_around: list[int] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, **counts: int) -> None:
        """Add to the counts."""
        with self._lock:
            for name, n in counts.items():
                self.counts[name] = self.counts.get(name, 0) + n


def store_chunk(chunk: Chunk, context: Context, stored: Stored) -> None:
    """Commit a chunk whole, or name its records for redo; add to `stored`."""
    records = chunk.records.column("record").to_pylist()
    with acting(context.actor, reason=context.reason, run_id=context.run_id):
        # Chunks of one run share no record, so they may commit side by side; a person's decision waits for none but
        # those under way. Live writers wait at another gate, which whoever sends the chunks holds.
        lock_gate(Gate.INTAKE, shared=True)
        hold_back(BULK_LIMIT)
        if _is_stale(chunk, records, context):
            is_dirty = chunk.records.column("is_dirty")
            stored.redo.extend(chunk.records.filter(is_dirty).column("record").to_pylist())
            # A chunk may hold no dirty record at all: what changed lies elsewhere in its neighbourhood.
            stored.redo_around.extend(chunk.records.filter(pc.invert(is_dirty)).column("record").to_pylist())
            return
        counts = write_chunk(chunk, context)
    stored.add(**counts)


def write_chunk(chunk: Chunk, context: Context) -> dict[str, int]:
    """Write a chunk that is known not to be stale, in the caller's transaction; return what was written, by kind."""
    _store_matching(chunk, context)
    _store_customers(chunk, context)
    event_ids = post_event_frame(
        frame=chunk.events, correlation_id=context.correlation, actor=context.actor, decision_id=context.verdict_id
    )
    deliveries = enqueue(event_ids=event_ids, actor=context.actor, not_before=_hold_until(context))
    wished = _tell_sources(chunk, context)
    opened, closed = settle_pair_cases(
        pairs=_with_systems(chunk.cases),
        records=placed(chunk),
        elsewhere=chunk.cases_elsewhere,
        facts=_facts(chunk, context),
        run_id=context.run_id,
        actor=context.actor,
    )
    reopened = reopen_differences(
        known_and_changed(chunk), gone=_gone(chunk), run_id=context.run_id, actor=context.actor
    )
    return count_chunk(chunk) | {
        "deliveries": deliveries,
        "cases_opened": opened + len(reopened),
        "cases_closed": closed,
        "write_backs": wished,
    }


def _with_systems(pairs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    systems = list_systems({(pair["low"], pair["high"]) for pair in pairs}) if pairs else {}
    return [pair | {"systems": systems[pair["low"], pair["high"]]} for pair in pairs]


def count_chunk(chunk: Chunk) -> dict[str, int]:
    """Return what storing a chunk makes of its customers, by kind: what needs no look at who else is concerned."""
    return {
        "links": chunk.links.num_rows,
        "created": chunk.customers_new.num_rows,
        # Every change has its event; those of new and of closed customers are counted apart.
        "changed": chunk.events.num_rows - chunk.customers_new.num_rows - len(chunk.redirects) - len(chunk.retired),
        "merged": len(chunk.redirects),
        "retired": len(chunk.retired),
        "events": chunk.events.num_rows,
    }


def _hold_until(context: Context) -> datetime | None:
    """Return until when what a person does stays in the hub, None for what others do."""
    if context.actor.kind != "person":
        return None
    return timezone.now() + timedelta(seconds=float(settings.MDM["DECISION_HOLD_SECONDS"]))


def placed(chunk: Chunk) -> list[int]:
    """Return the chunk's records that belonged somewhere before: only those can have open cases."""
    rows = chunk.records
    known: list[int] = rows.filter(_belonged(rows)).column("record").to_pylist()
    return known


def _belonged(rows: Frame) -> Any:  # noqa: ANN401 - a mask of either kind
    """Return which rows' records belonged somewhere before, as a mask for `filter`."""
    before = rows.column("golden")
    return [golden != NONE for golden in before] if isinstance(rows, Rows) else pc.not_equal(before, NONE)


def known_and_changed(chunk: Chunk) -> list[int]:
    """Return the chunk's dirty records that belonged somewhere before: only those can have been decided about."""
    dirty = chunk.records.filter(chunk.records.column("is_dirty"))
    known: list[int] = dirty.filter(_belonged(dirty)).column("record").to_pylist()
    return known


def _gone(chunk: Chunk) -> list[int]:
    gone: list[int] = chunk.records.filter(chunk.records.column("is_gone")).column("record").to_pylist()
    return gone


def _facts(chunk: Chunk, context: Context) -> Facts:
    """Return what says why a question is moot: who is gone, who is together, and which decision was carried out."""
    rows = chunk.memberships
    customer_of = dict(zip(rows["record_id"].to_pylist(), rows["golden_id"].to_pylist(), strict=True))
    return Facts(_gone(chunk), customer_of, context.verdict_id)


def _is_stale(chunk: Chunk, records: Sequence[int], context: Context) -> bool:
    before = chunk.records.column("golden").to_pylist()
    existing = sorted({g for g in before if g != -1})
    seen: dict[str, Any] = {
        "records": list(records),
        "golden": before,
        "applied": chunk.records.column("applied").to_pylist(),
        "existing": existing,
        "horizon": context.horizon,
        "pin_horizon": context.pin_horizon,
    }
    with connection.cursor() as cursor:
        cursor.execute(STALE, seen)
        return bool(cursor.fetchone()[0]) or _is_touched(chunk)


def _is_touched(chunk: Chunk) -> bool:
    """Say whether a record taken in live since the run began shares a match key with a record matched here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pipeline_livetouch)")
        if not cursor.fetchone()[0]:
            return False
        keys = {int(key) for text in chunk.standard["match_keys"].to_pylist() for key in text[1:-1].split(",") if key}
        cursor.execute(TOUCHED, [list(keys)])
        return bool(cursor.fetchone()[0])


def _store_matching(chunk: Chunk, context: Context) -> None:
    dirty = chunk.records.filter(chunk.records.column("is_dirty"))
    gone = dirty.filter(dirty.column("is_gone")).column("record").to_pylist()
    known = dirty.filter(_belonged(dirty)).column("record").to_pylist()
    store_standard_records(rows=chunk.standard, fresh=not placed(chunk))
    replace_links(touching=known, rows=chunk.links, beside=context.beside)
    if gone:
        forget_standard_records(record_ids=gone)
    mark_applied(
        ids=dirty.column("record").to_pylist(),
        numbers=dirty.column("number").to_pylist(),
        gone=dirty.column("is_gone").to_pylist(),
    )


def _store_customers(chunk: Chunk, context: Context) -> None:
    gone = _gone(chunk)
    golden.create_customers(rows=chunk.customers_new)
    golden.update_customers(rows=chunk.customers_changed)
    golden.place_records(rows=chunk.memberships, fresh=not placed(chunk))
    golden.remove_records(record_ids=gone)
    golden.redirect_customers(pairs=chunk.redirects)
    golden.retire_customers(ids=chunk.retired)
    hang_pins(rows=chunk.pins)
    golden.record_moves(
        rows=chunk.moves,
        run_id=context.run_id,
        verdict_id=context.verdict_id,
        reason=context.reason,
        actor=context.actor,
    )
    close_entities(golden_ids=[*(absorbed for absorbed, _ in chunk.redirects), *chunk.retired])
    store_entities(entities=chunk.entities, identifiers=chunk.identifiers, fresh=not chunk.customers_changed.num_rows)


def _tell_sources(chunk: Chunk, context: Context) -> int:
    """Return how many ids are now owed to other systems that were not before."""
    gone, wished = _gone(chunk), 0
    if chunk.ledger.num_rows:
        wished = expect_ids(
            frame=chunk.ledger,
            correlation_id=context.correlation,
            actor=context.actor,
            not_before=_hold_until(context),
        )
    if gone:
        withdraw_ids(record_ids=gone, actor=context.actor)
    return wished

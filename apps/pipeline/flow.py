"""The way a record takes, as code. This is the one place that knows the order of the stages.

    read -> standardise -> block -> score -> cluster -> settle -> survive -> store (and announce)

Everything up to `store` only reads and decides, so a run may be killed anywhere: chunks that committed stay, what is
still pending is taken up by the next run.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.base.actors import acting
from apps.base.locks import Gate, lock_gate, one_at_a_time
from apps.base.pending import sweep_pending
from apps.delivery.services import wake
from apps.engine import bulk
from apps.engine.bulk.frames import LINKS_SCHEMA
from apps.engine.bulk.survive import survive
from apps.engine.cluster import ComponentTooLarge
from apps.engine.survive import Pin, SurvivorshipPolicy
from apps.golden.inheritance import NONE
from apps.golden.selectors import pin_horizon
from apps.matching.services import Beside, find_link_horizon
from apps.pipeline import snapshot
from apps.pipeline.building import Ground, build, members_with_claims
from apps.pipeline.chunking import Chunker, Settled
from apps.pipeline.crossing import list_crossed
from apps.pipeline.live.absorbing import settle as settle_few
from apps.pipeline.live.reading import TooMuch
from apps.pipeline.live.redoing import UNFINISHED, queue_redo, release_redo
from apps.pipeline.live.touching import forget_touches
from apps.pipeline.partition import Flags, Ints, Scope, settle
from apps.pipeline.pins import pins_frame, place_pins, read_pins, what_is_said, with_parts
from apps.pipeline.reading import Read, Trial, read_scope
from apps.pipeline.runs import Journal, QuietJournal
from apps.pipeline.sharing import with_shared_identifiers
from apps.pipeline.store import Context, Stored
from apps.pipeline.storing import store_chunks
from apps.rulebook.selectors import find_active_rules

REDO_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Ask:
    """What to resolve: records to take in their newest version, and records whose surroundings a decision changed.

    `revalue` are records whose customers' values are to be decided anew, though nothing else about them changed.
    `keep` maps records to golden records whose ids their clusters are to carry, where a person says so.
    """

    reason: str
    dirty: Sequence[int] = ()
    around: Sequence[int] = ()
    revalue: Sequence[int] = ()
    verdict_id: int | None = None
    keep: Mapping[int, int] | None = None
    chunk_records: int = 5_000
    workers: int = 1


def resolve(journal: Journal | QuietJournal, ask: Ask) -> Stored:
    """Bring the customers around the asked records up to date and say what changed.

    Records of chunks that something else changed meanwhile are resolved again, a few times at most; `redo` names what
    is left after that.
    """
    stored = Stored()
    if isinstance(journal, QuietJournal) and _resolve_few(journal, ask, stored):
        return stored
    # Runs wait for each other here; decisions don't, and make stale what a run has read of their customers.
    with nullcontext() if isinstance(journal, QuietJournal) else one_at_a_time(Gate.RESOLVE):
        # Live writers leave a mark from here on; marks from before are of records that are about to be read.
        forget_touches()
        for _ in range(REDO_ROUNDS):
            stored.redo, stored.redo_around = [], []
            if ask.dirty or ask.around or ask.revalue:
                _resolve_once(journal, ask, stored)
            if not stored.redo and not stored.redo_around:
                break
            ask = replace(ask, dirty=stored.redo, around=stored.redo_around)
    # What others kept changing meanwhile is left to the queue, which has the customers to itself.
    queue_redo([*stored.redo, *stored.redo_around], reason="others were at the same customers each time")
    if not isinstance(journal, QuietJournal):
        sweep_pending()
    wake()
    return stored


def _resolve_few(journal: QuietJournal, ask: Ask, stored: Stored) -> bool:
    """Resolve while a person waits, by the live path; say whether that was possible."""
    if find_active_rules() is None:
        return False
    context = Context(
        actor=journal.actor,
        reason=ask.reason,
        run_id=journal.run_id,
        correlation=journal.correlation,
        horizon=0,
        verdict_id=ask.verdict_id,
        keep=ask.keep,
    )
    try:
        with acting(journal.actor, reason=ask.reason):
            lock_gate(Gate.INTAKE, shared=True)
            stored.add(**settle_few(ask.dirty, ask.around, context, revalue=ask.revalue).counts)
    except (TooMuch, ComponentTooLarge):
        return False
    return True


@dataclass(frozen=True)
class Decided:
    """What a resolve would store, what it was decided from, and the newest change to a pin there was then."""

    read: Read
    settled: Settled
    pin_horizon: int


def decide(journal: Journal | QuietJournal, ask: Ask, trial: Trial | None = None) -> Decided:
    """Read and decide what a resolve stores, and store nothing; with a `trial`, by its rules."""
    # Before all else: a pin that changes from here on makes stale what is read of its records.
    horizon = pin_horizon()
    read = _read(journal, ask, trial)
    pins = read_pins()
    journal.note_rules(read.active.version)
    links = _match(journal, read, ask.workers)
    return Decided(read, _settle(journal, read, pins, links, ask), horizon)


def _read(journal: Journal | QuietJournal, ask: Ask, trial: Trial | None) -> Read:
    """Read the scope, and with it as dirty whoever has to be matched anew because of it."""
    dirty, around = sorted(set(ask.dirty)), sorted({*ask.around, *ask.revalue})
    read, has_crossed = read_scope(journal, dirty, around, trial, workers=ask.workers), trial is not None
    while True:
        # Who was matched last by another version can't stand beside who is matched by this one.
        more = [] if read.active.is_settled else snapshot.list_outdated(read.active.version, in_scope=True)
        if not more and not has_crossed:
            more, has_crossed = list_crossed(read, dirty), True
        if not more:
            return read
        dirty = sorted({*dirty, *more})
        read = read_scope(journal, dirty, around, workers=ask.workers)


def _resolve_once(journal: Journal | QuietJournal, ask: Ask, stored: Stored) -> None:
    decided = decide(journal, ask)
    read, settled = decided.read, decided.settled
    context = Context(
        actor=journal.actor,
        reason=ask.reason,
        run_id=journal.run_id,
        correlation=journal.correlation,
        horizon=read.verdicts.horizon,
        pin_horizon=decided.pin_horizon,
        beside=Beside(journal.run_id, find_link_horizon()) if ask.workers > 1 else None,
        verdict_id=ask.verdict_id,
    )
    unasked = _unasked(read, ask)
    # Once some chunks are stored, nothing else tells that these have to be matched again.
    queue_redo(unasked, reason=UNFINISHED)
    with journal.stage("store", total=settled.partition.chunks) as stage:
        chunks = Chunker(settled, read.active.version, journal.run_id).chunks()
        for done in store_chunks(chunks, context, stored, workers=ask.workers):
            stage.advance(done, **stored.counts)
    # What is stored counts on the stale records' keys, which may be others by now.
    stored.redo = sorted({*stored.redo, *list_crossed(read, stored.redo)})
    release_redo(set(unasked).difference(stored.redo))


def _unasked(read: Read, ask: Ask) -> list[int]:
    """Return the records that are matched again because of those asked for."""
    dirty: Ints = read.state.filter(read.state["is_dirty"])["record"].to_numpy()
    unasked: list[int] = np.setdiff1d(dirty, np.asarray(ask.dirty, dtype=np.int64)).tolist()
    return unasked


def _match(journal: Journal | QuietJournal, read: Read, workers: int) -> pa.Table:
    """Return all links in scope: the stored ones between clean records, and new ones of the dirty records."""
    count = read.standard.num_rows
    with journal.stage("block", total=count) as stage:
        focus = _dirty_rows(read)
        # In a first load every record is dirty, and asking for pairs that touch one would only cost.
        left, right = bulk.candidates(
            read.standard, read.rules, read.active.statistics, focus=None if focus.all() else focus
        )
        stage.advance(count, pairs=len(left))
    with journal.stage("score", total=len(left)) as stage:
        links = bulk.score(read.standard, left, right, read.rules, read.active.statistics, workers=workers)
        stage.advance(len(left), links=links.num_rows)
    return pa.concat_tables([read.links.cast(LINKS_SCHEMA), links.cast(LINKS_SCHEMA)])


def _dirty_rows(read: Read) -> Flags:
    """Flag the standard records of dirty records."""
    dirty = read.state.filter(read.state["is_dirty"])["record"]
    flags: Flags = pc.is_in(read.standard["record"], value_set=dirty.combine_chunks()).to_numpy(zero_copy_only=False)
    return flags


def _settle(journal: Journal | QuietJournal, read: Read, pins: Sequence[Pin], links: pa.Table, ask: Ask) -> Settled:
    """Cluster, compare with the customers there are, and build the rows of those that change."""
    with journal.stage("cluster", total=read.standard.num_rows) as stage:
        clustering = bulk.cluster(
            read.standard,
            links,
            read.rules,
            read.active.statistics,
            same=read.verdicts.same,
            different=read.verdicts.different,
            workers=ask.workers,
        )
        clustering = with_shared_identifiers(clustering, read.standard, read.rules, read.active.statistics)
        placed, scope = place_pins(
            pins,
            _scope(read.state, clustering.clusters, ask.revalue),
            what_is_said(pins, read.given),
            read.rules,
        )
        partition = settle(scope, chunk_records=ask.chunk_records, keep=ask.keep)
        stage.advance(read.standard.num_rows, proposals=clustering.proposals.num_rows)
    with journal.stage("survive", total=int(partition.touched.sum())) as stage:
        alive = partition.touched & ~scope.is_gone
        place = pa.table(
            {"record": scope.record[alive], "cluster": scope.cluster[alive], "chunk": partition.chunk[alive]}
        )
        policy = SurvivorshipPolicy.from_document(read.rules.survivorship)
        members = members_with_claims(place, read.state, read.given, read.standard, read.rules)
        values = with_parts(survive(members, policy, pins_frame(placed)), read.rules)
        rows = build(Ground(place, read.state, read.given, read.standard, values), read.rules)
        stage.advance(int(partition.touched.sum()), customers=rows.customers.num_rows)
    return Settled(scope, partition, place, read.state, read.standard, links, clustering, read.verdicts, rows, placed)


def _scope(state: pa.Table, clusters: pa.Table, revalue: Sequence[int]) -> Scope:
    record = state["record"].to_numpy().astype(np.int64)
    order = np.argsort(clusters["record"].to_numpy())
    known = clusters["record"].to_numpy()[order]
    cluster = np.full(len(record), NONE, dtype=np.int64)
    if len(known):
        place = np.clip(np.searchsorted(known, record), 0, len(known) - 1)
        found = known[place] == record
        cluster[found] = clusters["cluster"].to_numpy()[order][place[found]]
    golden = state["golden"].fill_null(NONE).to_numpy().astype(np.int64)
    return Scope(
        record=record,
        cluster=cluster,
        golden=golden,
        rank=snapshot.byte_order(state),
        is_dirty=state["is_dirty"].to_numpy(zero_copy_only=False),
        is_stirred=np.isin(record, list(revalue)),
        tie=np.full(len(record), NONE, dtype=np.int64),
    )

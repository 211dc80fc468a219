"""The way a record takes, as code. This is the one place that knows the order of the stages.

    read -> standardise -> block -> score -> cluster -> settle -> survive -> store (and announce)

Everything up to `store` only reads and decides, so a run may be killed anywhere: chunks that committed stay, what is
still pending is taken up by the next run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from apps.engine import bulk
from apps.engine.bulk.frames import LINKS_SCHEMA
from apps.engine.bulk.survive import survive
from apps.engine.rules import RuleSet, load_company_rules
from apps.engine.survive import SurvivorshipPolicy
from apps.pipeline import snapshot
from apps.pipeline.building import Ground, build, members_with_claims
from apps.pipeline.chunking import Chunker, Settled
from apps.pipeline.partition import NONE, Scope, settle
from apps.pipeline.runs import Journal
from apps.pipeline.store import Context, Stored, store_chunk
from apps.rulebook.selectors import ActiveRules, find_active_rules, get_active_rules
from apps.rulebook.services import publish_and_activate

REDO_ROUNDS = 5


@dataclass(frozen=True)
class Read:
    """The scope as read, with the standard records of its dirty records made anew."""

    state: pa.Table
    given: pa.Table
    standard: pa.Table
    links: pa.Table
    verdicts: snapshot.Verdicts
    active: ActiveRules

    @property
    def rules(self) -> RuleSet:
        """The rules in force."""
        return self.active.rules


def resolve(
    journal: Journal,
    *,
    chunk_records: int,
    workers: int,
    reason: str,
    dirty: Sequence[int] | None = None,
    verdict_id: int | None = None,
) -> Stored:
    """Bring every customer up to date with the pending records (or just with `dirty`), and say what changed.

    Records of chunks that something else changed meanwhile are resolved again, a few times at most.
    """
    stored = Stored()
    waiting = list(snapshot.list_pending() if dirty is None else dirty)
    for _ in range(REDO_ROUNDS):
        if not waiting:
            break
        stored.redo = []
        _resolve_once(journal, waiting, chunk_records, workers, reason, verdict_id, stored)
        waiting = stored.redo
    return stored


def _resolve_once(
    journal: Journal,
    dirty: Sequence[int],
    chunk_records: int,
    workers: int,
    reason: str,
    verdict_id: int | None,
    stored: Stored,
) -> None:
    read = _read(journal, dirty)
    links = _match(journal, read, workers)
    settled = _settle(journal, read, links, chunk_records, workers)
    context = Context(
        actor=journal.actor,
        reason=reason,
        run_id=journal.run_id,
        correlation=journal.correlation,
        horizon=read.verdicts.horizon,
        verdict_id=verdict_id,
    )
    with journal.stage("store", total=settled.partition.chunks) as stage:
        for number, chunk in enumerate(Chunker(settled, read.active.version, journal.run_id).chunks(), start=1):
            store_chunk(chunk, context, stored)
            stage.advance(number, **stored.counts)


def _read(journal: Journal, dirty: Sequence[int]) -> Read:
    """Read the scope and standardise what is new in it; the first load publishes the first rule set version."""
    active = find_active_rules()
    whole = active is None or len(dirty) > snapshot.NEIGHBOURHOOD_LIMIT
    rules = active.rules if active else load_company_rules()
    with journal.stage("read", total=len(dirty)) as stage:
        snapshot.open_scope(dirty, whole=whole)
        given = snapshot.read_given(rules)
        state = snapshot.read_state()
        stage.advance(len(dirty))
    with journal.stage("standardise", total=len(dirty)) as stage:
        ids = pa.array(dirty, pa.int64())
        fresh = bulk.standardise(_with_state(given.filter(pa.compute.is_in(given["record"], ids)), state), rules)
        stage.advance(len(dirty), standard_records=fresh.num_rows)
    if active is None:
        with journal.stage("profile", total=fresh.num_rows):
            publish_and_activate(
                rules=rules, statistics=bulk.profile(fresh, rules), note="first load", actor=journal.actor
            )
            active = get_active_rules()
    if not whole:
        keys = np.unique(fresh.column("keys").combine_chunks().flatten().to_numpy()) if fresh.num_rows else []
        hot = active.statistics.are_hot(list(keys))
        snapshot.widen_scope([int(k) for k, is_hot in zip(keys, hot, strict=True) if not is_hot])
        given, state = snapshot.read_given(rules), snapshot.read_state()
    parts = [name for name in fresh.column_names if name not in ("record", "source", "keys")]
    standard = pa.concat_tables([fresh, snapshot.read_standard(parts)], promote_options="permissive")
    return Read(state, given, standard, snapshot.read_links(), snapshot.read_verdicts(), active)


def _match(journal: Journal, read: Read, workers: int) -> pa.Table:
    """Return all links in scope: the stored ones between clean records, and new ones of the dirty records."""
    count = read.standard.num_rows
    with journal.stage("block", total=count) as stage:
        dirty = set(read.state.filter(read.state["is_dirty"])["record"].to_pylist())
        focus = np.fromiter((r in dirty for r in read.standard["record"].to_pylist()), dtype=bool, count=count)
        left, right = bulk.candidates(read.standard, read.rules, read.active.statistics, focus=focus)
        stage.advance(count, pairs=len(left))
    with journal.stage("score", total=len(left)) as stage:
        links = bulk.score(read.standard, left, right, read.rules, read.active.statistics, workers=workers)
        stage.advance(len(left), links=links.num_rows)
    return pa.concat_tables([read.links.cast(LINKS_SCHEMA), links.cast(LINKS_SCHEMA)])


def _settle(journal: Journal, read: Read, links: pa.Table, chunk_records: int, workers: int) -> Settled:
    """Cluster, compare with the customers there are, and build the rows of those that change."""
    with journal.stage("cluster", total=read.standard.num_rows) as stage:
        clustering = bulk.cluster(
            read.standard,
            links,
            read.rules,
            read.active.statistics,
            same=read.verdicts.same,
            different=read.verdicts.different,
            workers=workers,
        )
        scope = _scope(read.state, clustering.clusters)
        partition = settle(scope, chunk_records=chunk_records)
        stage.advance(read.standard.num_rows, proposals=clustering.proposals.num_rows)
    with journal.stage("survive", total=int(partition.touched.sum())) as stage:
        alive = partition.touched & ~scope.is_gone
        place = pa.table(
            {"record": scope.record[alive], "cluster": scope.cluster[alive], "chunk": partition.chunk[alive]}
        )
        policy = SurvivorshipPolicy.from_document(read.rules.survivorship)
        members = members_with_claims(place, read.state, read.given, read.standard, read.rules)
        values = survive(members, policy)
        rows = build(Ground(place, read.state, read.given, read.standard, values), read.rules)
        stage.advance(int(partition.touched.sum()), customers=rows.customers.num_rows)
    return Settled(scope, partition, place, read.state, read.standard, links, clustering, read.verdicts, rows)


def _with_state(given: pa.Table, state: pa.Table) -> pa.Table:
    """Put source, key and instant beside the given attributes, as the engine's given frame has them."""
    return given.join(state.select(["record", "source", "source_key", "modified_at"]), "record").sort_by("record")


def _scope(state: pa.Table, clusters: pa.Table) -> Scope:
    record = state["record"].to_numpy().astype(np.int64)
    order = np.argsort(clusters["record"].to_numpy())
    known = clusters["record"].to_numpy()[order]
    cluster = np.full(len(record), NONE, dtype=np.int64)
    if len(known):
        place = np.clip(np.searchsorted(known, record), 0, len(known) - 1)
        found = known[place] == record
        cluster[found] = clusters["cluster"].to_numpy()[order][place[found]]
    golden = state["golden"].fill_null(NONE).to_numpy().astype(np.int64)
    return Scope(record, cluster, golden, snapshot.byte_order(state), state["is_dirty"].to_numpy(zero_copy_only=False))

"""Take records in while somebody waits: match, decide, store and announce in one transaction.

The law of this module: the customers that come out are those that a bulk load of the same facts would make. So it locks
before it reads, looks at whole customers and whole components, and leaves to the redo queue what is too much for that.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.ids import uuid7
from apps.base.locks import Gate, share_gates
from apps.base.pending import LIVE_SETTINGS, sweep_match_keys
from apps.cases.selectors import list_open_pairs_of
from apps.delivery.services import wake
from apps.engine.cluster import ComponentTooLarge
from apps.golden.inheritance import NONE
from apps.golden.selectors import list_customers_of_records, live_pins
from apps.pipeline.asking import ask, doubt
from apps.pipeline.fates import Fates
from apps.pipeline.live import reading
from apps.pipeline.live.building import Row, Work, build_chunk
from apps.pipeline.live.matching import Matched, caps_of, match, standardise
from apps.pipeline.live.reading import Known, TooMuch
from apps.pipeline.live.redoing import queue_redo
from apps.pipeline.live.settling import Neighbourhood, Settlement, decide, merge_links, worth_asking
from apps.pipeline.live.sharing import propose_shared
from apps.pipeline.live.touching import leave_touches
from apps.pipeline.store import Context, write_chunk
from apps.rulebook.selectors import ActiveRules, get_active_rules

MOST_RECORDS: Final = 600
"""Records that may hang together, beyond which the bulk path settles them."""
MOST_KEYS: Final = 6_000
"""Match keys held at once: the server keeps each lock in shared memory."""
CROSSED: Final = "a match key became too common, or usable again"


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What became of one record: its customer, what changed (words such as joined or merged), and why.

    `gid` is None for a record that is gone or waits in the redo queue without a customer. `score` is that of the best
    link to another record of its customer, in millibits.
    """

    record_id: int
    gid: str | None
    changes: tuple[str, ...]
    sentence: str
    score: int | None = None
    case_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """A neighbourhood as it was settled and stored; `work` is None where nothing had to be."""

    work: Work | None
    counts: Mapping[str, int] = field(default_factory=dict)


def take_turn() -> None:
    """Wait for chunks of a bulk run and for decisions, and keep both out until the transaction ends.

    Whoever writes source records that it then has absorbed calls this before: who waits here with rows in hand may be
    what those that it waits for wait for.
    """
    # In this order: a chunk under way, whose run has the first gate, still has to pass the second.
    share_gates([(Gate.STORE, 0), (Gate.INTAKE, 0)], settings=LIVE_SETTINGS)


def absorb(
    record_ids: Sequence[int],
    *,
    actor: Actor,
    reason: str,
    correlation: UUID | None = None,
    has_turn: bool = False,
) -> dict[int, Absorbed]:
    """Match the newest versions of source records, settle the customers around them, and say what became of each.

    `has_turn` says that the caller has called `take_turn` in this transaction, and landed the records since.

    Everything commits together, with the caller's transaction where there is one. Raises NoActiveRules before the
    first load and OperationalError where another transaction came first: see `apps.base.retrying`.
    """
    with acting(actor, reason=reason, savepoint=False):
        if not has_turn:
            take_turn()
        context = Context(actor, reason, 0, correlation or uuid7(), 0)
        try:
            outcome = settle(record_ids, (), context, are_held=has_turn)
        except (TooMuch, ComponentTooLarge) as too_much:
            queue_redo(record_ids, reason=str(too_much))
            return {r: Absorbed(r, None, ("queued",), f"To be matched shortly: {too_much}") for r in record_ids}
        asked = list_open_pairs_of(record_ids) if outcome.counts.get("cases_opened") else []
        cases = _by_record(asked)
        return {record: _told(record, outcome, cases.get(record, ())) for record in record_ids}


def settle(
    dirty_ids: Sequence[int],
    around: Sequence[int],
    context: Context,
    *,
    revalue: Sequence[int] = (),
    are_held: bool = False,
) -> Outcome:
    """Match the dirty records, settle what hangs together with them and with `around`, and store it.

    `revalue` names records whose customers' values are decided anew, though nothing else about them changed;
    `are_held` says that the caller has locked the rows of the dirty records.

    Runs in the caller's transaction, under the intake gate. Raises TooMuch or ComponentTooLarge before anything is
    written.
    """
    active = get_active_rules()
    dirty = _lock_and_read(dirty_ids, active, are_held=are_held)
    if dirty:
        leave_touches(dirty)
    caps = caps_of(dirty, active)
    reading.hold_keys(caps, most=MOST_KEYS)
    matched = match(dirty, reading.read_holders(caps, spare=len(dirty) + 1), caps, active)
    ground = _ground(dirty, sorted({*around, *revalue}), matched, active)
    if not ground.known:
        return Outcome(None)
    if outdated := _outdated(ground, active):
        # A re-match is under way and hasn't come here: these are matched by the version in force at once.
        return settle(sorted({*dirty_ids, *outdated}), around, context, revalue=revalue)
    settled = decide(ground, live_pins(ground.known), revalue=revalue, keep=context.keep)
    fates = Fates(settled.scope, settled.partition)
    work = Work(ground, settled, matched, fates, timezone.now(), context.run_id)
    counts = write_chunk(build_chunk(work, _still_open(_questions(ground, settled), ground)), context)
    sweep_match_keys()
    queue_redo(matched.crossed, reason=CROSSED)
    wake(deliver=bool(counts["deliveries"]), write_back=bool(counts["write_backs"]))
    return Outcome(work, counts)


def _lock_and_read(record_ids: Sequence[int], active: ActiveRules, *, are_held: bool) -> list[Known]:
    if not record_ids:
        return []
    if not are_held:
        reading.lock_records(record_ids)
    dirty = reading.read_dirty(record_ids)
    standardise(dirty, active)
    return dirty


def _ground(dirty: Sequence[Known], around: Sequence[int], matched: Matched, active: ActiveRules) -> Neighbourhood:
    thresholds = active.rules.thresholds
    known = {record.record: record for record in dirty}
    strong = {record for pair, link in matched.links.items() if link.score >= thresholds.link for record in pair}
    seeds = sorted({*known, *strong, *around})
    near = reading.hold_near(seeds, list(known), link=thresholds.link, most=MOST_RECORDS)
    known |= {record.record: record for record in reading.read_settled([r for r in near if r not in known])}
    for record in known.values():
        record.golden = near.get(record.record, NONE)
    links = merge_links(reading.read_links(list(known)), matched, {record.record: record for record in dirty})
    verdicts = reading.read_verdicts(list(known))
    others = worth_asking(links, known, thresholds.review)
    others |= {record for pair in verdicts.different for record in pair if record not in known}
    return Neighbourhood(known, links, verdicts, reading.read_outside(sorted(others)), active)


def _outdated(ground: Neighbourhood, active: ActiveRules) -> list[int]:
    """Return the clean records that another version matched last. No query but while a re-match is under way."""
    clean = [record.record for record in ground.known.values() if not record.is_dirty]
    return [] if active.is_settled or not clean else reading.list_outdated(clean, active.version)


def _questions(ground: Neighbourhood, settled: Settlement) -> list[Row]:
    proposals = [*settled.proposals, *propose_shared(ground, settled, settled.proposals)]
    members = _members_of({record for p in proposals for record in (p.low, p.high)}, ground, settled)
    asked = [ask((p.low, p.high), p.score, p.reason, (members[p.low], members[p.high])) for p in proposals]
    return asked + [
        doubt((d.low, d.high), d.score, d.subject, len(settled.members[settled.of[d.low]])) for d in settled.doubts
    ]


def _still_open(questions: Sequence[Row], ground: Neighbourhood) -> list[Row]:
    """Return the questions whose records are all still there, and see to it that they stay until these are stored.

    Whoever takes a record away settles what is asked about it, but sees no question that isn't stored yet. That a
    "different" is in question is asked where the rest is stored.
    """
    named = [{row["low"], row["high"]} for row in questions] + [set(pair) for pair in ground.verdicts.different]
    outside = {record for pair in named for record in pair if record not in ground.known}
    gone = reading.hold_asked(outside, [known.record for known in ground.known.values() if known.is_gone])
    return [row for row in questions if gone.isdisjoint((row["low"], row["high"]))]


def _members_of(records: Collection[int], ground: Neighbourhood, settled: Settlement) -> dict[int, int]:
    """Return how many records each one's customer has. One query where a record was found by its number alone."""
    size = Counter(settled.of.values())
    found = {r: size[settled.of[r]] for r in records if r in settled.of}
    found |= {r: ground.outside[r].members for r in records if r in ground.outside}
    lacking = [r for r in records if r not in found]
    customers = list_customers_of_records(lacking) if lacking else {}
    return found | {r: customers[r].member_count if r in customers else 1 for r in lacking}


def _by_record(asked: Iterable[tuple[int, int, int]]) -> dict[int, list[int]]:
    """Return the cases that name each record."""
    cases: dict[int, list[int]] = {}
    for case_id, low, high in asked:
        for record in {low, high}:
            cases.setdefault(record, []).append(case_id)
    return cases


def _told(record: int, outcome: Outcome, case_ids: Iterable[int]) -> Absorbed:
    work = outcome.work
    if work is None or record not in work.ground.known:
        return Absorbed(record, None, ("unchanged",), "It is set aside and belongs to no customer.")
    known, cases = work.ground.known[record], tuple(case_ids)
    if known.is_gone:
        retired = known.golden in work.settled.partition.inheritance.retired
        sentence = "It is gone from its source" + (", and with it its customer's last record." if retired else ".")
        return Absorbed(record, None, ("retired",) if retired else ("left",), sentence, None, cases)
    fate = work.fates.by_cluster[work.settled.of[record]]
    changes = [_word(known.golden, fate.golden, fate.kind)]
    changes += ["merged"] if fate.absorbed else []
    changes += ["split"] if fate.split_off else []
    changes += ["case_opened"] if cases else []
    score, other = _best_tie(record, work)
    return Absorbed(record, fate.gid, tuple(changes), _sentence(work, record, score, other), score, cases)


def _word(before: int, now: int, kind: str) -> str:
    if before == NONE:
        return "created" if kind == "created" else "joined"
    if before != now:
        return "moved"
    return "unchanged" if kind == "kept" else "updated"


def _best_tie(record: int, work: Work) -> tuple[int | None, int | None]:
    """Return the best score that ties a record to another one of its cluster, and that record."""
    of = work.settled.of
    ties = [
        (link.score, -other)
        for pair, link in work.ground.links.items()
        if record in pair
        for other in pair
        if other != record and of.get(other) == of[record]
    ]
    if not ties:
        return None, None
    score, other = max(ties)
    return score, -other


def _sentence(work: Work, record: int, score: int | None, other: int | None) -> str:
    if score is None or other is None:
        together = len(work.settled.members.get(work.settled.of[record], ())) > 1
        return "A decision keeps it with its customer." if together else "No other record is enough like it."
    known = work.ground.known[other]
    return f"It is most like {known.source} {known.key} ({score / 1000:.1f} bits)."

"""Take in what systems push: land, absorb and count in one transaction, and say for each record what became of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.errors import HubError, Invalid
from apps.base.ids import uuid7
from apps.base.retrying import retrying
from apps.engine.rules import RuleSet, load_company_rules
from apps.golden.selectors import list_customers_of_records
from apps.pipeline.live import Absorbed, absorb, take_turn
from apps.pipeline.whatif import publish_shipped_rules
from apps.rulebook.selectors import find_active_rules
from apps.sources.intake import Outcome, RowFault
from apps.sources.pushed_landing import PushedRecord, count_landed, find_sources, land_pushed
from apps.sources.pushing import Push, Reading, read_pushes, settle_repeats
from apps.sources.raw_pushing import read_raw_pushes
from apps.sources.services import SourceSystem

# Small enough that few match keys are locked at once, large enough that a commit's cost is shared.
CHUNK_RECORDS: Final = 50
Sources = Mapping[str, SourceSystem]
_SENTENCES: Final = {
    "unchanged": "Nothing changed: the hub has it like this already.",
    "stale": "The hub has a newer version; this one is left out.",
    "duplicate": "Another record of this request has the same key and stands for it.",
    "set_aside": "The record can't be used; see its faults.",
}


class UnusableRecords(Invalid):
    """A record that must land with the others can't be used, so none was taken in."""

    code = "intake.records_unusable"
    status = 422
    title = "The records can't be used"


class UnknownAttribute(Invalid):
    """A record names an attribute that the rule set lacks."""

    code = "intake.attribute_unknown"
    title = "There is no such attribute"


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one pushed record.

    `outcome` is what landing made of it, `changes` and `sentence` what became of its customer, `gid` whose member it
    is now; `error` stands alone: the record could not be taken in, and nothing of it was kept.
    """

    position: int
    source_code: str
    key: str
    outcome: str
    version: int | None = None
    gid: str | None = None
    changes: tuple[str, ...] = ()
    sentence: str = ""
    score: int | None = None
    case_ids: tuple[int, ...] = ()
    faults: tuple[RowFault, ...] = ()
    error: HubError | None = None


def receive_together(*, pushes: Sequence[Push], actor: Actor) -> list[Received]:
    """Take all in or none, in the caller's transaction, and say for each what became of it, in the order sent.

    Raises UnusableRecords (422) where one can't be used, NotFound for an unknown source, NoMapping, RawUnusable.
    """
    asked = list(enumerate(pushes, start=1))
    reading, sources = _read(asked)
    unusable = [fault for fault in reading.faults if fault.outcome is Outcome.QUARANTINED]
    if unusable:
        raise UnusableRecords(
            f"Record {unusable[0].line}: {unusable[0].reason}. None of the {len(pushes)} was taken in.",
            records=[_fact(fault) for fault in unusable[:20]],
        )
    return _in_order(asked, reading, _receive(asked, reading, sources, actor))


def receive_apart(*, pushes: Sequence[Push], actor: Actor) -> list[Received]:
    """Take in what can be, in transactions of a few records each, and say for each what became of it.

    What can't be used is set aside as a fault. Raises NotFound for an unknown source, NoMapping, RawUnusable.
    """
    asked = list(enumerate(pushes, start=1))
    reading, sources = _read(asked)
    said: list[Received] = []
    for rows in _chunks(reading.rows):
        said += _receive_or_divide(asked, replace(reading, rows=rows, faults=(), duplicates=()), sources, actor)
    if reading.faults or reading.duplicates:
        rest = replace(reading, rows=())
        said += retrying(lambda: _receive(asked, rest, sources, actor))
    return _in_order(asked, reading, said)


def _read(asked: Sequence[tuple[int, Push]]) -> tuple[Reading, Sources]:
    active = find_active_rules()
    _refuse_unknown_attributes(asked, active.rules if active else load_company_rules())
    if active is None:
        publish_shipped_rules(actor=Actor.hub("first rules"))
    now = timezone.now()
    read = read_pushes([(position, push) for position, push in asked if push.raw is None], now=now)
    rows, faults = list(read.rows), list(read.faults)
    raw = [(position, push) for position, push in asked if push.raw is not None]
    sources = find_sources(push.source_code for _, push in asked)
    for code in sorted({push.source_code for _, push in raw}):
        more = read_raw_pushes(code, [(p, push) for p, push in raw if push.source_code == code], now=now)
        rows += more.rows
        faults += more.faults
    return settle_repeats(rows, faults), sources


def _refuse_unknown_attributes(asked: Sequence[tuple[int, Push]], rules: RuleSet) -> None:
    known = {attribute.name for attribute in rules.attributes} | set(rules.carried)
    for position, push in asked:
        unknown = sorted(push.attributes.keys() - known)
        if unknown:
            raise UnknownAttribute(
                f"Record {position}: the rule set has no attribute {unknown[0][:60]!r}; `facts` list those it has.",
                record=position,
                unknown=[name[:60] for name in unknown[:20]],
                known=sorted(known),
            )


def _chunks(rows: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    for first in range(0, len(rows), CHUNK_RECORDS):
        yield tuple(rows[first : first + CHUNK_RECORDS])


def _receive_or_divide(
    asked: Sequence[tuple[int, Push]], reading: Reading, sources: Sources, actor: Actor
) -> list[Received]:
    """Take a chunk in; where it fails, its records one by one, so that one can't keep the others out."""
    try:
        return retrying(lambda: _receive(asked, reading, sources, actor))
    except HubError as error:
        if len(reading.rows) == 1:
            row = reading.rows[0]
            return [Received(row.position, row.source_code, row.key, "failed", sentence=error.detail, error=error)]
    said: list[Received] = []
    for row in reading.rows:
        said += _receive_or_divide(asked, replace(reading, rows=(row,)), sources, actor)
    return said


def _receive(asked: Sequence[tuple[int, Push]], reading: Reading, sources: Sources, actor: Actor) -> list[Received]:
    """Land, absorb, count: in the caller's transaction."""
    source_of = {position: push.source_code for position, push in asked}
    involved = {row.source_code for row in (*reading.rows, *reading.duplicates)}
    involved |= {source_of[fault.line] for fault in reading.faults}
    reason = _reason(involved)
    with acting(actor, reason=reason, savepoint=False):
        take_turn()
        landed_in = {code: sources[code] for code in involved}
        landing = land_pushed(reading=reading, sources=landed_in, actor=actor, reason=reason)
        said = _say(landing.records, _absorb(landing.records, actor, reason))
        count_landed(landing=landing, faulted=source_of, actor=actor, reason=reason)
    return said


def _absorb(records: Sequence[PushedRecord], actor: Actor, reason: str) -> Mapping[int, Absorbed]:
    pending = [r.record_id for r in records if r.is_pending and r.record_id is not None]
    return absorb(pending, actor=actor, reason=reason, correlation=uuid7(), has_turn=True) if pending else {}


def _reason(codes: Iterable[str]) -> str:
    return f"pushed by {', '.join(sorted(codes))}"[:300]


def _say(records: Sequence[PushedRecord], absorbed: Mapping[int, Absorbed]) -> list[Received]:
    settled = [r.record_id for r in records if r.record_id is not None and r.record_id not in absorbed]
    customers = list_customers_of_records(settled) if settled else {}
    said = []
    for record in records:
        base = Received(record.position, record.source_code, record.key, record.outcome, record.number)
        found = absorbed.get(record.record_id or 0)
        if found is not None:
            said.append(
                replace(
                    base,
                    gid=found.gid,
                    changes=found.changes,
                    sentence=found.sentence,
                    score=found.score,
                    case_ids=found.case_ids,
                )
            )
            continue
        customer = customers.get(record.record_id or 0)
        words = _SENTENCES.get(record.outcome, "")
        said.append(replace(base, gid=customer.gid if customer else None, changes=("unchanged",), sentence=words))
    return said


def _in_order(asked: Sequence[tuple[int, Push]], reading: Reading, said: Sequence[Received]) -> list[Received]:
    """Return one answer for each push, with its faults; a duplicate that of the one that stands for it."""
    by_position = {received.position: received for received in said}
    winners = {(r.source_code, r.key): r for r in said if r.outcome != "duplicate"}
    faults: dict[int, list[RowFault]] = {}
    for fault in reading.faults:
        faults.setdefault(fault.line, []).append(fault)
    answers = []
    for position, push in asked:
        received = by_position.get(position)
        if received is None:
            received = Received(
                position, push.source_code, push.key, "set_aside", sentence=_SENTENCES["set_aside"], changes=()
            )
        elif received.outcome == "duplicate":
            winner = winners.get((received.source_code, received.key))
            received = replace(received, gid=winner.gid if winner else None, changes=())
        answers.append(replace(received, faults=tuple(faults.get(position, ()))))
    return answers


def _fact(fault: RowFault) -> dict[str, Any]:
    return {"record": fault.line, "field": fault.column, "code": fault.code, "reason": fault.reason}

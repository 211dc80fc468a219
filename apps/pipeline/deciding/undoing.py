"""Take a decision back: partition, values and live ids are again what the remaining facts make of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.base.abilities import Ability
from apps.base.actors import Actor, acting
from apps.base.errors import Forbidden
from apps.base.locks import Gate, lock_gate
from apps.base.retrying import retrying
from apps.cases.selectors import CaseRow, get_case, list_open_cases_of
from apps.cases.services import close_case, close_cases_about, reopen_case
from apps.delivery.services import drop_undone
from apps.golden.pinning import end_pins_of_decision
from apps.golden.places import Place, find_last_move, find_live_ids, find_places
from apps.golden.standing import list_absorbed_with_records
from apps.matching.algebra import SAME
from apps.matching.decisions import Taken, get_taken
from apps.matching.verdicts import list_standing, withdraw_verdict
from apps.pipeline.deciding.carrying import settle_questions
from apps.pipeline.deciding.outcome import Ground, Outcome, read_outcome
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.reopening import reopen_differences
from apps.pipeline.runs import QuietJournal
from apps.sources.selectors import list_records

MOST_TOLD = 3


class DecisionNotYours(Forbidden):
    """Somebody else decided it; who may undo that is a matter of roles."""

    code = "decision.not_yours"
    title = "Somebody else's decision"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was before the decision: `what` is gone, left, came, together or id.

    `gid` is the customer as it was then, `now` the one it is about today, empty for none.
    """

    what: str
    gid: str
    now: str
    record_id: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Undone:
    """A decision taken back. `case_id` is its case where that is open again.

    `differences` are what can't be as it was, because something changed since.
    """

    verdict_id: int
    case_id: int | None
    verdict: str
    message: str
    outcome: Outcome
    differences: tuple[Difference, ...]


def undo_decision(*, verdict_id: int, reason: str = "", only_own: bool = False, actor: Actor) -> Undone:
    """Take a decision back and tell what, for changes since, is not as it was before it.

    Raises NotFound, DecisionNotYours where somebody else decided and `only_own` or the actor may not, DecisionUndone,
    DecisionSuperseded, DecisionContradicted where a decision that would bind again is contradicted by a later one, and
    Busy where others come first each time.
    """
    actor.refuse_without(Ability.JUDGE)
    return retrying(lambda: _undo(verdict_id, reason, actor, only_own=only_own))


def _undo(verdict_id: int, reason: str, actor: Actor, *, only_own: bool) -> Undone:
    words = reason or f"decision {verdict_id} undone"
    with acting(actor, reason=words):
        lock_gate(Gate.INTAKE)
        taken = get_taken(verdict_id)
        if taken.decided_by != str(actor) and (only_own or not actor.may(Ability.UNDO_OTHERS)):
            raise DecisionNotYours(f"{taken.decided_by} made decision {verdict_id}", verdict=verdict_id)
        around = sorted({*taken.records, *(record for side in taken.sides for record in side.members)})
        ground = Ground(tuple({p.gid: p for p in find_places(around).values()}.values()), find_last_move())
        withdraw_verdict(verdict_id=verdict_id, actor=actor)
        released = end_pins_of_decision(verdict_id=verdict_id, actor=actor)
        _reopen(taken, actor)
        journal = QuietJournal(actor)
        # Whom it held together may be in question again, though nobody moves.
        revalue = around if released else taken.records if taken.kind == SAME else ()
        keep = _owners(taken, ground)
        ask = Ask(reason=words, around=around, revalue=revalue, verdict_id=verdict_id, keep=keep)
        resolve(journal, ask)
        places = find_places(around)
        case_id = _keep_open(taken, places, actor)
        settle_questions(around, places, actor=actor)
        # What binds again may have been called into question before it gave way.
        reopen_differences(around, actor=actor)
        outcome = read_outcome(
            act="undo", verdict_id=verdict_id, ground=ground, records=around, correlation=journal.correlation, cases=()
        )
        differences = tuple(_differences(taken, places))
        if not differences:
            drop_undone(decision_id=verdict_id, actor=actor)
    return Undone(verdict_id, case_id, taken.kind, _message(case_id, differences), outcome, differences)


def _reopen(taken: Taken, actor: Actor) -> None:
    # The case opens before the records are resolved: that would ask the same question anew under another number.
    reason = f"decision {taken.verdict_id} undone"
    if taken.case_id is not None and get_case(taken.case_id).close_reason.startswith(f"decision {taken.verdict_id}:"):
        reopen_case(case_id=taken.case_id, reason=reason, actor=actor)
    for kind in ("conflict", "reopened"):
        close_cases_about(kind=kind, facts={"decision": taken.verdict_id}, reason=f"moot: {reason}", actor=actor)


def _keep_open(taken: Taken, places: Mapping[int, Place], actor: Actor) -> int | None:
    """Return the decision's case where it is open again; close it where what changed since leaves nothing to ask."""
    case = get_case(taken.case_id) if taken.case_id is not None else None
    if case is None or case.state != "open":
        return None
    low, high = case.low_record_id, case.high_record_id
    if case.kind in ("pair", "weak") and low is not None and high is not None:
        moot = _why_moot(case, low, high, places)
        if moot:
            close_case(case_id=case.case_id, reason=f"moot: {moot}", actor=actor)
            return None
    return case.case_id


def _why_moot(case: CaseRow, low: int, high: int, places: Mapping[int, Place]) -> str:
    if low not in places or high not in places:
        return "a record is gone"
    is_one = places[low].gid == places[high].gid
    if is_one and case.kind == "pair":
        return "the records are one customer"
    if case.kind == "weak":
        if not is_one:
            return "the records are in two customers now"
        others = list_open_cases_of(list(places[low].member_ids))
        if any(other.kind == "weak" and other.case_id != case.case_id for other in others):
            return "other records of the customer are asked about"
    is_settled = any(said.pair == (min(low, high), max(low, high)) for said in list_standing((low, high)))
    return "another decision settles it" if is_settled else ""


def _owners(taken: Taken, ground: Ground) -> dict[int, int]:
    """Return whose id each record carried before: its customer then, but for what another id had brought to that.

    Ids that were merged away are revived by what they had brought, once nobody else's records claim the survivor's.
    """
    live = find_live_ids(side.gid for side in taken.sides)
    brought = {
        (survivor, record)
        for survivor in {place.golden_id for place in ground.places}
        for _, records in list_absorbed_with_records([survivor])
        for record in records
    }
    return {
        record: live[side.gid]
        for side in taken.sides
        if side.gid in live
        for record in side.members
        if (live[side.gid], record) not in brought
    }


def _differences(taken: Taken, places: Mapping[int, Place]) -> list[Difference]:
    names = {record: f"{row.source.code} {row.key}" for record, row in list_records(_every(taken, places)).items()}
    found: list[Difference] = []
    holders: dict[str, list[str]] = {}
    for side in taken.sides:
        home = _home(side.gid, side.members, places)
        if home is None:
            sentence = f"None of the records of {side.gid} has a customer now."
            found.append(Difference("gone", side.gid, "", 0, sentence))
            continue
        holders.setdefault(home.gid, []).append(side.gid)
        if home.gid != side.gid:
            found.append(Difference("id", side.gid, home.gid, 0, f"What was {side.gid} is {home.gid} now."))
        for record in side.members:
            place = places.get(record)
            if place is None:
                found.append(Difference("gone", side.gid, "", record, f"{names[record]} is gone from its source."))
            elif place.gid != home.gid:
                sentence = f"{names[record]} belongs to {place.gid} since."
                found.append(Difference("left", side.gid, place.gid, record, sentence))
        for record in sorted(set(home.member_ids) - {r for other in taken.sides for r in other.members}):
            sentence = f"{names.get(record, record)} came to {home.gid} since."
            found.append(Difference("came", side.gid, home.gid, record, sentence))
    for gid, sides in holders.items():
        if len(sides) > 1:
            sentence = f"{' and '.join(sides)} stay together: decisions or evidence since hold them."
            found.append(Difference("together", sides[0], gid, 0, sentence))
    return found


def _every(taken: Taken, places: Mapping[int, Place]) -> set[int]:
    return {record for side in taken.sides for record in side.members} | {
        record for place in places.values() for record in place.member_ids
    }


def _home(gid: str, members: Sequence[int], places: Mapping[int, Place]) -> Place | None:
    """Return the customer that is what a side was: the one of its id, else the one with most of its records."""
    held = [places[record] for record in members if record in places]
    if not held:
        return None
    count: dict[str, int] = {}
    for place in held:
        count[place.gid] = count.get(place.gid, 0) + 1
    return min(held, key=lambda place: (place.gid != gid, -count[place.gid], place.golden_id))


def _message(case_id: int | None, differences: Sequence[Difference]) -> str:
    case = " The case is open again." if case_id is not None else ""
    told = " ".join(difference.sentence for difference in differences[:MOST_TOLD])
    since = f" Not as before, because it changed since: {told}" if told else ""
    more = f" And {len(differences) - MOST_TOLD} more." if len(differences) > MOST_TOLD else ""
    return f"Decision undone.{case}{since}{more}"

"""A case that two people judge blind: what each says waits for the other, whichever door it comes through."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.base.abilities import is_trying
from apps.base.actors import Actor
from apps.base.errors import Conflict
from apps.cases.blind import Said, find_waiting, is_blind, keep_waiting, settle_review
from apps.cases.selectors import CaseRow, get_case, list_open_cases_between
from apps.golden.places import Place
from apps.matching.algebra import SAME

WAITS = "Kept. A second person judges this case, too; nothing happens until both say the same."
DIFFER = "The two of you don't agree. A senior steward decides."


class JudgedBlind(Conflict):
    """Two people judge a case without its evidence, so its Result isn't shown and nothing else answers it."""

    code = "case.blind"
    title = "Two people judge this blind"


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one person's word: it `waits`, with what to tell them; or both agree, who, and in what words."""

    waits: str = ""
    reason: str = ""
    reviewers: tuple[str, ...] = ()


def hear(case: CaseRow, verdict: str, sides: Sequence[Place], reason: str, *, actor: Actor) -> Heard:
    """Let a first verdict on a blind case wait; return what two people say alike; where they differ, a senior decides.

    Inside the caller's transaction. Raises JudgedBlind where it is only tried: the Result would be seen.
    """
    if is_trying():
        raise _refusal(case)
    versions = {place.gid: place.version for place in sides}
    said, first = Said(str(actor), verdict, reason, versions), find_waiting(case)
    # A verdict about customers that changed since says nothing of these.
    if first is None or first.by == said.by or dict(first.versions) != versions:
        keep_waiting(case, said, actor=actor)
        return Heard(WAITS)
    if not settle_review(case, first, said, actor=actor):
        return Heard(DIFFER)
    names = " and ".join(one.by.partition(":")[2] for one in (first, said))
    reasons = "; ".join(one.reason for one in (first, said) if one.reason)
    agreed = f"{names} agreed, each without the other{f': {reasons}' if reasons else ''}"
    return Heard(reason=agreed[:500], reviewers=(first.by, said.by))


def refuse_joining(places: Sequence[Place], *, kinds: Sequence[str]) -> None:
    """Raise JudgedBlind where joining customers would answer a case between them that is judged blind.

    `kinds` are what the decision says. One query for each pair of customers.
    """
    if SAME not in kinds:
        return
    for at, place in enumerate(places):
        for other in places[at + 1 :]:
            for case in list_open_cases_between(place.member_ids, other.member_ids):
                refuse_blind(case)


def refuse_blind(case: CaseRow) -> None:
    """Raise JudgedBlind for a case that two people judge blind."""
    if is_blind(case):
        raise _refusal(case)


def refuse_proposing(case_id: int, *, actor: Actor) -> None:
    """Raise JudgedBlind for a blind case of which nobody else has said "same" yet. One query."""
    case = get_case(case_id)
    first = find_waiting(case)
    if is_blind(case) and (first is None or first.by == str(actor) or first.verdict != SAME):
        raise _refusal(case)


def _refusal(case: CaseRow) -> JudgedBlind:
    """Return the error that names the case."""
    told = f"Case {case.case_id} asks about these and is judged blind by two people; judge it by itself."
    return JudgedBlind(told, case=case.case_id)

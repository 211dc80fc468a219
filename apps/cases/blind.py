"""Blind double review: a share of the cases goes to two people who see neither score nor evidence nor each other.

The first verdict waits among the case's facts, which keep their history; nothing is decided until a second person
agrees. Where they don't, the case is one for a senior. What became of it stays with the case, so that agreement can be
counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.cases.models import Case
from apps.cases.selectors import CaseRow

WAITING, REVIEW = "waiting", "review"


@dataclass(frozen=True, slots=True)
class Said:
    """One person's verdict on a blind case, with the versions of the customers (by id) that it was about."""

    by: str
    verdict: str
    reason: str
    versions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many cases two people judged blind, and of how many they said the same."""

    judged: int
    agreed: int


def is_blind(case: CaseRow) -> bool:
    """Say whether a case is open and goes to two people who don't see its evidence.

    By a hash of its number, so that the sample is the same for everybody and nobody can choose it.
    """
    if case.state != "open" or case.kind != Case.Kind.PAIR or REVIEW in case.facts:
        return False
    drawn = int.from_bytes(sha256(str(case.case_id).encode()).digest()[:4]) / 2**32
    return drawn * 100 < float(settings.MDM["BLIND_PERCENT"])


def is_disputed(case: CaseRow) -> bool:
    """Say whether two people judged a case blind and don't agree."""
    return case.state == "open" and case.facts.get(REVIEW, {}).get("agreed") is False


def find_waiting(case: CaseRow) -> Said | None:
    """Return the verdict that waits for a second person's."""
    said = case.facts.get(WAITING)
    return Said(**said) if said and case.state == "open" else None


def list_said(case: CaseRow) -> list[Said]:
    """Return both verdicts of a case that was judged blind by two people; none of any other."""
    return [Said(**said) for said in case.facts.get(REVIEW, {}).get("said", ())]


def keep_waiting(case: CaseRow, said: Said, *, actor: Actor) -> None:
    """Let a verdict wait for a second person's, in place of one that waited before."""
    _write(case, {**case.facts, WAITING: _told(said)}, "judged blind; waits for a second person", actor)


def settle_review(case: CaseRow, first: Said, second: Said, *, actor: Actor) -> bool:
    """Keep what two people said of a case, and return whether they agree; where not, it says so as its reason."""
    agreed = first.verdict == second.verdict
    review = {"agreed": agreed, "at": timezone.now().isoformat(), "said": [_told(first), _told(second)]}
    facts = {name: fact for name, fact in case.facts.items() if name != WAITING} | {REVIEW: review}
    if not agreed:
        facts["reason"] = "disagree"
    _write(case, facts, "two people agree" if agreed else "reviewers disagree", actor)
    return agreed


def count_agreement() -> Agreement:
    """Return how often two people agreed. One query per count."""
    judged = Case.objects.filter(facts__has_key=REVIEW)
    return Agreement(judged.count(), judged.filter(facts__review__agreed=True).count())


def waits_for_another(person: str) -> Q:
    """Return the condition that a case waits for a second person, this one having judged it."""
    return Q(facts__contains={WAITING: {"by": person}})


def _told(said: Said) -> dict[str, object]:
    return {"by": said.by, "verdict": said.verdict, "reason": said.reason, "versions": dict(said.versions)}


def _write(case: CaseRow, facts: dict[str, object], reason: str, actor: Actor) -> None:
    with acting(actor, reason=reason):
        Case.objects.filter(pk=case.case_id, state=Case.State.OPEN).update(facts=facts)

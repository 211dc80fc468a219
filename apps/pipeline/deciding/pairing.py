"""Judge any two source records, whether or not a case asks about them.

Of two customers the word is said for all their records; inside one customer it is said of the two records alone, and a
"different" then parts the customer as the rules do under that bar.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from apps.base.abilities import Ability
from apps.base.actors import Actor
from apps.base.errors import Invalid
from apps.cases.blind import is_blind, is_disputed
from apps.cases.selectors import CaseRow, list_open_cases_between
from apps.golden.places import Place, get_place_of_record
from apps.matching.algebra import SAME
from apps.pipeline.deciding.blinding import hear
from apps.pipeline.deciding.carrying import Decision
from apps.pipeline.deciding.outcome import Outcome, nothing_yet
from apps.pipeline.deciding.reshaping import Versions, refuse_reason, reshape
from apps.pipeline.deciding.sides import cross_pairs, describe_seen
from apps.pipeline.deciding.versions import refuse_unseen
from apps.pipeline.reopening import REOPENED
from apps.sources.selectors import get_source_record

VERDICTS = ("same", "different", "related", "not_sure")
NOT_SURE = "not_sure"
SourceKey = tuple[str, str]


def judge_records(
    *,
    left: SourceKey,
    right: SourceKey,
    verdict: str,
    reason: str,
    versions: Versions = None,
    supersedes: Collection[int] = (),
    actor: Actor,
) -> Outcome:
    """Say of two source records, each named by source and key, that they are the same, different, related or unsure.

    The open case between their customers is settled with it, unless nobody is sure; where that asks about a "different"
    whose evidence changed, that decision gives way. Raises Invalid for unusable input, NotFound for an unknown record
    or one without a customer, CustomerChanged and VersionNeeded by `versions` (version by governed id; None checks
    nothing), DecisionContradicted where a decision outside `supersedes` stands against it. Where a case between their
    customers is judged blind, it is a word on that case: it waits for a second person's, and a preview of it raises
    JudgedBlind. AbilityMissing where two people disagree about it and the actor may not decide alone.
    """
    actor.refuse_without(Ability.JUDGE)
    refuse_reason(reason)
    if verdict not in VERDICTS:
        raise Invalid(f"a verdict is one of {', '.join(VERDICTS)}, not {verdict[:60]!r}", verdict=verdict[:60])
    if left == right:
        raise Invalid("name two records; this is one", record=":".join(left)[:100])

    def plan() -> tuple[list[Place], Decision] | Outcome:
        low, high = sorted(get_source_record(*named).record_id for named in (left, right))
        places = [get_place_of_record(low), get_place_of_record(high)]
        if places[0].gid == places[1].gid:
            places = places[:1]
        cases = find_questions((low, high), places)
        blind = next((case for case in cases if is_blind(case)), None)
        if blind is not None and len(places) > 1 and verdict != NOT_SURE:
            refuse_unseen(places, versions)
            return _hear_blind(blind, verdict, places, reason, supersedes=supersedes, actor=actor)
        if any(is_disputed(case) for case in cases) and verdict != NOT_SURE:
            actor.refuse_without(Ability.DECIDE_ALONE)
        said = plan_judgement((low, high), verdict, places, cases[:1], reason=reason, supersedes=supersedes)
        return places, said

    return reshape(plan, reason=reason, versions=versions, actor=actor)


def _hear_blind(
    case: CaseRow, verdict: str, places: list[Place], reason: str, *, supersedes: Collection[int], actor: Actor
) -> tuple[list[Place], Decision] | Outcome:
    """Let a verdict on a blind case wait, or return the decision that two people came to."""
    heard = hear(case, verdict, places, reason, actor=actor)
    if heard.waits:
        return nothing_yet("judge", heard.waits)
    pair = (case.low_record_id or 0, case.high_record_id or 0)
    agreed = plan_judgement(pair, verdict, places, [case], reason=heard.reason, supersedes=supersedes)
    return places, replace(agreed, seen={**agreed.seen, "reviewers": list(heard.reviewers)})


def plan_judgement(
    pair: tuple[int, int],
    verdict: str,
    places: list[Place],
    cases: Sequence[CaseRow],
    *,
    reason: str,
    supersedes: Collection[int] = (),
) -> Decision:
    """Return the decision that a verdict on two records (low first) is; `places` are their customers, one or two.

    The first of `cases`, where there is one, is answered with it.
    """
    joined = [record for place in places for record in place.member_ids]
    case = cases[0] if cases else None
    return Decision(
        act="judge",
        kind=verdict,
        pairs=dict.fromkeys(_pairs(pair, places), verdict),
        around=joined,
        seen=describe_seen("judge", places, asked=pair),
        reason=reason,
        case_id=case.case_id if case and verdict != NOT_SURE else None,
        groups=[joined] if verdict == SAME and len(places) > 1 else (),
        keep=_keep(places) if verdict == SAME else {},
        supersedes=sorted({*supersedes, *_asked_again(case)}) if verdict != NOT_SURE else (),
        sides={} if verdict == SAME else _sides(pair, places),
    )


def _pairs(pair: tuple[int, int], places: list[Place]) -> list[tuple[int, int]]:
    return [pair] if len(places) == 1 else cross_pairs(places[0].member_ids, places[1].member_ids)


def _sides(pair: tuple[int, int], places: list[Place]) -> Mapping[int, int]:
    if len(places) == 1:
        return {record: at for at, record in enumerate(pair)}
    return {record: at for at, place in enumerate(places) for record in place.member_ids}


def _keep(places: list[Place]) -> dict[int, int]:
    older = min(places, key=lambda place: place.golden_id)
    return dict.fromkeys(older.member_ids, older.golden_id)


def find_questions(pair: tuple[int, int], places: list[Place]) -> list[CaseRow]:
    """Return the open cases that a verdict answers: between the two customers, or about the two records. One query."""
    ours, theirs = (pair[:1], pair[1:]) if len(places) == 1 else (places[0].member_ids, places[1].member_ids)
    return list_open_cases_between(ours, theirs)


def _asked_again(case: CaseRow | None) -> list[int]:
    cited: Any = case.facts.get("decision") if case and case.kind == REOPENED else None
    return [int(cited)] if cited else []

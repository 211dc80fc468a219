"""Settle a case about two records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.base.abilities import Ability
from apps.base.actors import Actor, acting
from apps.base.errors import Conflict, Invalid
from apps.base.locks import Gate, lock_gate
from apps.base.retrying import retrying
from apps.cases.blind import is_blind, is_disputed
from apps.cases.selectors import CaseRow, get_case
from apps.cases.services import close_case
from apps.golden.pinning import check_value
from apps.golden.places import Place, get_place_of_record
from apps.matching.decisions import RecentVerdict, list_recent_verdicts
from apps.matching.verdicts import record_verdict
from apps.pipeline.asking import WEAK
from apps.pipeline.deciding.blinding import hear
from apps.pipeline.deciding.carrying import CONFLICT, Decision, carry_out
from apps.pipeline.deciding.pairing import plan_judgement
from apps.pipeline.deciding.sides import cross_pairs, describe_seen
from apps.pipeline.deciding.weighing import refuse_weighty
from apps.pipeline.foreseeing import Choice, foresee_values, read_joined
from apps.pipeline.reopening import REOPENED
from apps.rulebook.selectors import get_active_rules

LEFT_OPEN = "Left open for somebody else."
KEPT_APART = {
    "different": "Kept apart. No rule will bring them together again.",
    "related": "Kept apart as related. No rule will bring them together again.",
}
VERDICTS = ("same", "different", "related", "not_sure")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a decision did, in ids and in one sentence."""

    verdict_id: int
    case_id: int | None
    verdict: str
    gid: str | None
    merged_gid: str | None
    message: str


def judge_case(
    *,
    case_id: int,
    verdict: str,
    reason: str = "",
    seen: Mapping[str, Any] | None = None,
    choices: Sequence[Choice] = (),
    is_reviewed: bool = False,
    actor: Actor,
) -> Judgement:
    """Settle an open case about two records with "same", "different", "related" or "not_sure".

    `seen` is what the person had on the screen: `low_gid`, `low_version`, `high_gid`, `high_version`. `choices` are
    fixed for the customer that a "same" makes, in the same transaction; undoing it releases them. Raises Conflict
    where the case was settled or a customer changed meanwhile, DecisionContradicted with the chain where other
    decisions stand against this one, for a choice what `pin_value` does, Busy where others come first each time.

    A case of the blind sample takes two people: the first verdict waits (`verdict_id` 0), the second carries it out or
    makes it a case for a senior. `is_reviewed` says that two people looked at it already.
    """
    actor.refuse_without(Ability.JUDGE)
    if verdict not in VERDICTS:
        raise Invalid(f"a verdict is one of {', '.join(VERDICTS)}, not {verdict!r}")
    if choices and verdict != "same":
        raise Invalid("values are chosen for a merge only", verdict=verdict)
    return retrying(
        lambda: _judge(case_id, verdict, reason, seen or {}, choices=choices, is_reviewed=is_reviewed, actor=actor)
    )


def list_recent_decisions(*, actor: Actor, limit: int = 50) -> list[RecentVerdict]:
    """Return this person's latest decisions, newest first."""
    return list_recent_verdicts(decided_by=str(actor), limit=limit)


def _judge(
    case_id: int,
    verdict: str,
    reason: str,
    seen: Mapping[str, Any],
    *,
    choices: Sequence[Choice],
    is_reviewed: bool,
    actor: Actor,
) -> Judgement:
    with acting(actor, reason=reason or f"judged case {case_id}: {verdict}"):
        lock_gate(Gate.INTAKE)
        case = get_case(case_id)
        if case.state != "open":
            raise Conflict(
                f"case {case_id} was closed by {case.closed_by}: {case.close_reason}", case=case_id, by=case.closed_by
            )
        if case.low_record_id is None or case.high_record_id is None:
            raise Invalid(f"case {case_id} asks about no pair of records", case=case_id)
        low, high = get_place_of_record(case.low_record_id), get_place_of_record(case.high_record_id)
        _refuse_changed(low, high, seen)
        if low.gid == high.gid and case.kind == WEAK:
            if choices:
                raise Invalid("values are chosen for a merge only", verdict=verdict)
            return _settle_doubt(case, low, verdict, reason, actor)
        if low.gid == high.gid:
            return _confirm(case, low, verdict, reason, actor)
        if is_disputed(case):
            actor.refuse_without(Ability.DECIDE_ALONE)
        if is_blind(case) and verdict != "not_sure" and not is_reviewed:
            return _judge_blind(case, verdict, (low, high), reason, choices=choices, actor=actor)
        return _decide(case, verdict, (low, high), reason, choices=choices, actor=actor)


def _judge_blind(
    case: CaseRow, verdict: str, sides: Sequence[Place], reason: str, *, choices: Sequence[Choice], actor: Actor
) -> Judgement:
    """Let a first verdict wait, and carry out what two people say alike; where they differ, a senior decides."""
    if choices:
        raise Invalid("this case is judged blind: values are chosen once it is decided", case=case.case_id)
    heard = hear(case, verdict, sides, reason, actor=actor)
    if heard.waits:
        return Judgement(0, case.case_id, verdict, None, None, heard.waits)
    return _decide(case, verdict, sides, heard.reason, reviewers=heard.reviewers, actor=actor)


def _decide(
    case: CaseRow,
    verdict: str,
    sides: Sequence[Place],
    reason: str,
    *,
    choices: Sequence[Choice] = (),
    reviewers: Sequence[str] = (),
    actor: Actor,
) -> Judgement:
    case_id = case.case_id
    if verdict == "not_sure":
        made = _note_doubt(case, sides, reason, actor)
        return Judgement(made, case_id, verdict, None, None, LEFT_OPEN)
    low, high = sides
    older = min(sides, key=lambda place: place.golden_id)
    joined = [*low.member_ids, *high.member_ids]
    asked_again = case.facts.get("decision") if case.kind == REOPENED else None
    decision = Decision(
        act="judge",
        kind=verdict,
        pairs=dict.fromkeys(cross_pairs(low.member_ids, high.member_ids), verdict),
        around=joined,
        seen=describe_seen("judge", sides, asked=_asked(case)) | ({"reviewers": list(reviewers)} if reviewers else {}),
        reason=reason,
        case_id=case_id,
        groups=[joined] if verdict == "same" else (),
        keep=dict.fromkeys(older.member_ids, older.golden_id) if verdict == "same" else {},
        supersedes=[int(asked_again)] if asked_again else (),
        choices=_check_choices(choices, joined),
        heir=older.gid,
    )
    refuse_weighty(sides, decision, actor)
    carried = carry_out(decision, actor=actor)
    if verdict != "same":
        return Judgement(carried.verdict_id, case_id, verdict, None, None, KEPT_APART[verdict])
    now = carried.places[low.member_ids[0]]
    absorbed = high.gid if now.gid == low.gid else low.gid
    return Judgement(carried.verdict_id, case_id, verdict, now.gid, absorbed, f"Merged into {now.name or now.gid}.")


def _check_choices(choices: Sequence[Choice], records: Sequence[int]) -> list[Choice]:
    if not choices:
        return []
    if len({choice.attribute for choice in choices}) < len(choices):
        raise Invalid("a value is chosen once for each field")
    if any(choice.record_id not in (None, *records) for choice in choices):
        raise Invalid("a value is taken from a record of either customer")
    rules = get_active_rules().rules
    others = {name: value.value for name, value in foresee_values(read_joined(records), rules).items()}
    return [
        replace(c, value=check_value(attribute=c.attribute, value=c.value, rules=rules, others=others)) for c in choices
    ]


def _note_doubt(case: CaseRow, sides: Sequence[Place], reason: str, actor: Actor) -> int:
    pairs = [_asked(case)] if len(sides) == 1 else cross_pairs(sides[0].member_ids, sides[1].member_ids)
    made = record_verdict(
        kind="not_sure",
        pairs=pairs,
        seen=describe_seen("judge", sides, asked=_asked(case)),
        rules_version=get_active_rules().version,
        reason=reason,
        case_id=case.case_id,
        actor=actor,
    )
    return int(made.pk)


def _confirm(case: CaseRow, place: Place, verdict: str, reason: str, actor: Actor) -> Judgement:
    """Answer a conflict about one customer: it is one company in spite of its two numbers."""
    if case.kind != CONFLICT or verdict != "same":
        raise Conflict(
            f"both records are in {place.gid} already; split it to keep them apart", case=case.case_id, gid=place.gid
        )
    made = record_verdict(
        kind="same",
        pairs=[_asked(case)],
        seen=describe_seen("judge", [place], asked=_asked(case)),
        rules_version=get_active_rules().version,
        reason=reason,
        case_id=case.case_id,
        actor=actor,
    )
    close_case(case_id=case.case_id, reason=f"decision {made.pk}: same", actor=actor)
    return Judgement(made.pk, case.case_id, verdict, place.gid, None, "Confirmed as one customer.")


def _settle_doubt(case: CaseRow, place: Place, verdict: str, reason: str, actor: Actor) -> Judgement:
    """Answer whether a customer whose records don't look alike is one: hold the two together, or part them."""
    if verdict == "not_sure":
        return Judgement(_note_doubt(case, [place], reason, actor), case.case_id, verdict, None, None, LEFT_OPEN)
    decision = plan_judgement(_asked(case), verdict, [place], [case], reason=reason)
    refuse_weighty([place], decision, actor)
    carried = carry_out(decision, actor=actor)
    if verdict == "same":
        message = f"The two stay together in {place.name or place.gid}."
        return Judgement(carried.verdict_id, case.case_id, verdict, place.gid, None, message)
    now = [carried.places[record] for record in _asked(case)]
    message = f"Split: {' and '.join(f'{one.name or one.gid} ({len(one.member_ids)})' for one in now)}."
    return Judgement(carried.verdict_id, case.case_id, verdict, None, None, message)


def _asked(case: CaseRow) -> tuple[int, int]:
    return case.low_record_id or 0, case.high_record_id or 0


def _refuse_changed(low: Place, high: Place, seen: Mapping[str, Any]) -> None:
    changed: dict[str, dict[str, Any]] = {
        side: {"gid": place.gid, "version": place.version}
        for side, place in (("low", low), ("high", high))
        if seen.get(f"{side}_gid")
        and (seen[f"{side}_gid"], int(seen.get(f"{side}_version") or place.version)) != (place.gid, place.version)
    }
    if changed:
        names = ", ".join(place["gid"] for place in changed.values())
        raise Conflict(f"{names} changed since this page was opened; look again before deciding", changed=changed)

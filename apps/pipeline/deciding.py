"""A person's decisions: stored as verdicts, carried out at once, undone without residue.

Everything of one decision commits together: verdict, partition, values, history, events and the case's end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.errors import Conflict, Invalid
from apps.base.locks import Gate, lock_gate
from apps.cases.selectors import get_case
from apps.cases.services import close_case, reopen_case
from apps.golden.places import Place, get_place_of_record
from apps.matching.decisions import RecentVerdict, list_pairs_of_verdict, list_recent_verdicts, rank_by_links
from apps.matching.services import record_verdict, withdraw_verdict
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.runs import QuietJournal
from apps.rulebook.selectors import get_active_rules

VERDICTS = ("same", "different", "related", "not_sure")
# Above this many members on both sides, each side's best-linked ten stand for it.
ALL_PAIRS_LIMIT = 100
STAND_INS = 10


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
    *, case_id: int, verdict: str, reason: str = "", seen: Mapping[str, Any] | None = None, actor: Actor
) -> Judgement:
    """Settle an open case about two records with "same", "different", "related" or "not_sure".

    `seen` is what the person had on the screen: `low_gid`, `low_version`, `high_gid`, `high_version`. Raises Conflict
    where the case was settled or a customer changed meanwhile, or another decision stands against this one.
    """
    if verdict not in VERDICTS:
        raise Invalid(f"a verdict is one of {', '.join(VERDICTS)}, not {verdict!r}")
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
        _refuse_changed(low, high, seen or {})
        if low.gid == high.gid:
            raise Conflict(f"both records are in {low.gid} already; split it to keep them apart", case=case_id)
        return _decide(case_id, verdict, (low, high), reason, actor)


def undo_decision(*, verdict_id: int, actor: Actor) -> Judgement:
    """Take a decision back: partition, values and live ids are again what the remaining facts make of them."""
    with acting(actor, reason=f"decision {verdict_id} undone"):
        lock_gate(Gate.INTAKE)
        pairs = list_pairs_of_verdict(verdict_id)
        withdrawn = withdraw_verdict(verdict_id=verdict_id, actor=actor)
        records = sorted({record for pair in pairs for record in pair})
        # The case opens before the records are resolved: that would ask the same question anew under another number.
        if withdrawn.case_id is not None and get_case(withdrawn.case_id).close_reason.startswith(
            f"decision {verdict_id}:"
        ):
            reopen_case(case_id=withdrawn.case_id, reason=f"decision {verdict_id} undone", actor=actor)
        ask = Ask(reason=f"decision {verdict_id} undone", around=records, verdict_id=verdict_id)
        resolve(QuietJournal(actor), ask)
        return Judgement(
            verdict_id, withdrawn.case_id, withdrawn.kind, None, None, "Decision undone. The case is open again."
        )


def list_recent_decisions(*, actor: Actor, limit: int = 50) -> list[RecentVerdict]:
    """Return this person's latest decisions, newest first."""
    return list_recent_verdicts(decided_by=str(actor), limit=limit)


def _decide(case_id: int, verdict: str, sides: tuple[Place, Place], reason: str, actor: Actor) -> Judgement:
    low, high = sides
    made = record_verdict(
        kind=verdict,
        pairs=_cross_pairs(low.member_ids, high.member_ids),
        seen={
            "at": timezone.now().isoformat(),
            "low": {"gid": low.gid, "version": low.version, "members": list(low.member_ids)},
            "high": {"gid": high.gid, "version": high.version, "members": list(high.member_ids)},
        },
        rules_version=get_active_rules().version,
        reason=reason,
        case_id=case_id,
        actor=actor,
    )
    if verdict == "not_sure":
        return Judgement(made.pk, case_id, verdict, None, None, "Left open for somebody else.")
    close_case(case_id=case_id, reason=f"decision {made.pk}: {verdict}", actor=actor)
    around = [*low.member_ids, *high.member_ids]
    resolve(QuietJournal(actor), Ask(reason=reason or f"decision {made.pk}", around=around, verdict_id=made.pk))
    if verdict != "same":
        return Judgement(made.pk, case_id, verdict, None, None, "Kept apart. No rule will bring them together again.")
    now = get_place_of_record(low.member_ids[0])
    absorbed = high.gid if now.gid == low.gid else low.gid
    return Judgement(made.pk, case_id, verdict, now.gid, absorbed, f"Merged into {now.name or now.gid}.")


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


def _cross_pairs(low: Sequence[int], high: Sequence[int]) -> list[tuple[int, int]]:
    if len(low) * len(high) > ALL_PAIRS_LIMIT:
        low, high = rank_by_links(low, high)[:STAND_INS], rank_by_links(high, low)[:STAND_INS]
    return [(a, b) for a in low for b in high if a != b]

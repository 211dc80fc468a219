"""Carry out one decision: verdict, customers, cases, in one transaction, in the shape that was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.base.actors import Actor
from apps.cases.selectors import list_open_cases_of
from apps.cases.services import ask_about_pair, close_case
from apps.golden.pinning import Until, lock_customer, store_pin
from apps.golden.places import Place, find_places
from apps.matching.algebra import SAME, Pair
from apps.matching.evidence import find_clash
from apps.matching.selectors import find_verdict, get_parts
from apps.matching.verdicts import record_verdict
from apps.pipeline.deciding.sides import string_together
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.foreseeing import Choice
from apps.pipeline.reopening import REOPENED
from apps.pipeline.runs import QuietJournal
from apps.rulebook.selectors import get_active_rules
from apps.sources.selectors import list_systems

CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be said and done.

    `pairs` say what of which records. `groups` are records that are to be one customer each when it is done; where
    the rules alone would not keep one whole, the decision says so, too. `sides` (side by record) says which standing
    "same" of a decision in `supersedes` gives way. `keep` maps records to the golden record whose id they carry on.
    `choices` are values to fix for the first of the groups; undoing the decision releases them. `heir` is the id
    they are noted under.
    """

    act: str
    kind: str
    pairs: Mapping[Pair, str]
    around: Sequence[int]
    seen: Mapping[str, Any]
    reason: str
    case_id: int | None = None
    groups: Sequence[Sequence[int]] = ()
    keep: Mapping[int, int] = field(default_factory=dict)
    supersedes: Sequence[int] = ()
    sides: Mapping[int, int] = field(default_factory=dict)
    choices: Sequence[Choice] = ()
    heir: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """A decision carried out: its number, where its records are now, the run's correlation, and cases opened by it."""

    verdict_id: int
    places: dict[int, Place]
    correlation: UUID
    case_ids: tuple[int, ...]


class _Astray(Exception):
    """Groups that the rules alone would not keep whole."""

    def __init__(self, groups: set[int]) -> None:
        super().__init__()
        self.groups = groups


def carry_out(decision: Decision, *, actor: Actor) -> Carried:
    """Store the verdict and bring the customers around it up to date, inside the caller's transaction.

    The caller holds the intake gate. Raises DecisionContradicted with the chain where a decision stands against it.
    """
    held: set[int] = set()
    while True:
        try:
            # What an attempt wrote is taken back whole when the rules would not keep a group together.
            with transaction.atomic():
                return _attempt(decision, held, actor)
        except _Astray as astray:
            held |= astray.groups


def settle_questions(records: Sequence[int], places: Mapping[int, Place], *, actor: Actor) -> None:
    """Close the questions about decisions that a decision answered.

    These are conflicts about two records that are no longer in one customer, and "different" that bind no more.
    """
    for case in list_open_cases_of(list(records)):
        low, high = case.low_record_id or 0, case.high_record_id or 0
        if case.kind == CONFLICT and (_gid(places, low) != _gid(places, high) or not _gid(places, low)):
            close_case(case_id=case.case_id, reason="moot: the records are no longer one customer", actor=actor)
        elif case.kind == REOPENED and getattr(find_verdict(low, high), "kind", "") != "different":
            close_case(case_id=case.case_id, reason="moot: no decision keeps the records apart now", actor=actor)


def _attempt(decision: Decision, held: set[int], actor: Actor) -> Carried:
    pairs = dict(decision.pairs)
    for at in sorted(held):
        pairs |= dict.fromkeys(string_together(decision.groups[at]), SAME)
    verdict = record_verdict(
        kind=decision.kind,
        pairs=pairs,
        seen=decision.seen,
        rules_version=get_active_rules().version,
        reason=decision.reason,
        case_id=decision.case_id,
        supersedes=decision.supersedes,
        sides=decision.sides,
        actor=actor,
    )
    if decision.case_id is not None:
        # Before the records are resolved: what the decision makes moot would else close without naming it.
        close_case(case_id=decision.case_id, reason=f"decision {verdict.pk}: {decision.kind}", actor=actor)
    _fix_choices(decision, verdict.pk, actor)
    journal = QuietJournal(actor)
    reason = decision.reason or f"decision {verdict.pk}"
    ask = Ask(
        reason=reason,
        around=decision.around,
        revalue=_confirmed(decision, pairs),
        verdict_id=verdict.pk,
        keep=decision.keep,
    )
    resolve(journal, ask)
    places = find_places(decision.around)
    astray = {at for at, group in enumerate(decision.groups) if len({_gid(places, r) for r in group}) > 1}
    if astray - held:
        raise _Astray(astray)
    settle_questions(decision.around, places, actor=actor)
    return Carried(verdict.pk, places, journal.correlation, _ask_about_clashes(decision, verdict.pk, actor=actor))


def _fix_choices(decision: Decision, verdict_id: int, actor: Actor) -> None:
    """Fix the chosen values before the records are resolved, so that the merge is told with them, in one event.

    They hang on all records of the group, and so they overrule what was fixed for either side. That comes to hold
    again when the decision is undone.
    """
    for choice in decision.choices:
        store_pin(
            golden=lock_customer(gid=decision.heir),
            record_ids=decision.groups[0],
            attribute=choice.attribute,
            value=choice.value,
            until=Until(record_id=choice.record_id, said=choice.value if choice.record_id is not None else ""),
            reason=decision.reason or f"chosen with decision {verdict_id}",
            actor=actor,
            verdict_id=verdict_id,
        )


def _confirmed(decision: Decision, pairs: Mapping[Pair, str]) -> list[int]:
    """Return the records that "same" holds where they are: nobody moves, but other pairs may be asked about."""
    side_of = {record: at for at, side in enumerate(decision.seen["customers"]) for record in side["members"]}
    inside = [pair for pair, kind in pairs.items() if kind == SAME and side_of.get(pair[0]) == side_of.get(pair[1])]
    return sorted({record for pair in inside for record in pair})


def _gid(places: Mapping[int, Place], record: int) -> str:
    return places[record].gid if record in places else ""


def _ask_about_clashes(decision: Decision, verdict_id: int, *, actor: Actor) -> tuple[int, ...]:
    """Open one conflict case for each group that now carries two numbers of which a company has only one."""
    if SAME not in decision.pairs.values():
        return ()
    rules = get_active_rules().rules
    sides = {record: at for at, side in enumerate(decision.seen["customers"]) for record in side["members"]}
    joined = {record for pair, kind in decision.pairs.items() if kind == SAME for record in pair}
    parts = get_parts(sorted(joined))
    opened = []
    for at, group in enumerate(decision.groups):
        clash = find_clash({record: parts[record] for record in group if record in parts}, sides, rules)
        if clash is None:
            continue
        question = f"One customer, and two numbers where a company has one ({clash.attribute}). Is it one company?"
        opened.append(
            ask_about_pair(
                kind=CONFLICT,
                low=clash.low,
                high=clash.high,
                question=question,
                about={"decision": verdict_id} | ({"group": at} if at else {}),
                facts={"reason": "barred", "attribute": clash.attribute},
                systems=list_systems([(clash.low, clash.high)])[clash.low, clash.high],
                actor=actor,
            )
        )
    return tuple(opened)

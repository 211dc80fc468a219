"""Merge, split, transfer and unmerge customers, by saying what their records are to each other.

The law of this module: nothing is moved that a verdict doesn't say, so a later run comes to the same customers.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from django.db import connection

from apps.base.abilities import Ability, is_trying
from apps.base.actors import Actor, acting
from apps.base.errors import Conflict, Invalid
from apps.base.locks import Gate, lock_gate
from apps.base.retrying import retrying
from apps.golden.places import (
    Place,
    find_last_move,
    get_absorbed,
    get_place_of_customer,
    get_place_of_record,
)
from apps.matching.algebra import SAME, Pair
from apps.pipeline.deciding.blinding import refuse_joining
from apps.pipeline.deciding.carrying import Decision, carry_out
from apps.pipeline.deciding.outcome import Ground, Outcome, read_outcome
from apps.pipeline.deciding.sides import cross_pairs, describe_seen
from apps.pipeline.deciding.versions import refuse_unseen
from apps.pipeline.deciding.weighing import refuse_weighty
from apps.sources.selectors import get_source_record

DIFFERENT = "different"
NEW = "new"
MOST_CUSTOMERS = 20
MOST_GROUPS = 100
LONGEST_REASON = 500
Versions = Mapping[str, int] | None


def merge_customers(
    *,
    gid: str,
    others: Sequence[str],
    survivor: str | None = None,
    reason: str,
    versions: Versions = None,
    supersedes: Collection[int] = (),
    actor: Actor,
) -> Outcome:
    """Make one customer of several, also against exclusive numbers, which then opens one conflict case.

    The oldest id survives unless `survivor` names another of them. Raises Invalid for unusable input, NotFound for an
    unknown id, Conflict where two of them are one already, CustomerChanged and VersionNeeded by `versions` (version by
    governed id; None checks nothing), DecisionContradicted where a decision outside `supersedes` stands against it.
    """
    refuse_reason(reason)
    if not 1 <= len(others) < MOST_CUSTOMERS:
        raise Invalid(f"a merge takes 2 to {MOST_CUSTOMERS} customers", customers=len(others) + 1)

    def plan() -> tuple[list[Place], Decision]:
        places = [get_place_of_customer(name) for name in (gid, *others)]
        if len({place.gid for place in places}) < len(places):
            raise Conflict("two of these ids are one customer already", customers=[place.gid for place in places])
        heir = _find_survivor(places, survivor)
        joined = [record for place in places for record in place.member_ids]
        pairs = [p for a, b in combinations(places, 2) for p in cross_pairs(a.member_ids, b.member_ids)]
        return places, Decision(
            act="merge",
            kind=SAME,
            pairs=dict.fromkeys(pairs, SAME),
            around=joined,
            seen=describe_seen("merge", places),
            reason=reason,
            groups=[joined],
            keep=dict.fromkeys(heir.member_ids, heir.golden_id),
            supersedes=sorted(supersedes),
        )

    return reshape(plan, reason=reason, versions=versions, actor=actor)


def split_customer(
    *,
    gid: str,
    groups: Sequence[Sequence[str]],
    heir: int | None = None,
    reason: str,
    versions: Versions = None,
    supersedes: Collection[int] = (),
    actor: Actor,
) -> Outcome:
    """Make several customers of one: one of each group of "source:key", one of the records that no group names.

    The id stays with the group at place `heir`, without one with the records that no group names, else with the
    largest group, of equal ones the first. A "same" that crosses the groups has to be cited in `supersedes`. Raises
    as `merge_customers` does.
    """
    refuse_reason(reason)

    def plan() -> tuple[list[Place], Decision]:
        place = get_place_of_customer(gid)
        named = _read_groups(groups, place)
        rest = sorted(set(place.member_ids) - {record for group in named for record in group})
        parts = [*named, *([rest] if rest else [])]
        if len(parts) < 2:
            raise Invalid("a split leaves two customers or more; name a group that leaves others out", gid=place.gid)
        if heir is not None and not 0 <= heir < len(named):
            raise Invalid(f"heir is the place of a group, 0 to {len(named) - 1}", heir=heir)
        default = len(named) if rest else max(range(len(named)), key=lambda at: (len(named[at]), -at))
        return [place], _parting(
            "split", place, parts, heir=default if heir is None else heir, reason=reason, supersedes=supersedes
        )

    return reshape(plan, reason=reason, versions=versions, actor=actor)


def unmerge_customer(
    *,
    gid: str,
    absorbed: str,
    reason: str,
    versions: Versions = None,
    supersedes: Collection[int] = (),
    actor: Actor,
) -> Outcome:
    """Split off again what a merged id had brought along and is still there; the id is live again.

    The decision that merged them gives way without being cited; others that hold them together do not. Raises
    Conflict where `absorbed` doesn't lead to the customer, or none of its records, or no other, is left there.
    """
    refuse_reason(reason)

    def plan() -> tuple[list[Place], Decision]:
        place, old = get_place_of_customer(gid), get_absorbed(absorbed)
        if old.survivor_gid != place.gid:
            raise Conflict(f"{old.gid} leads to {old.survivor_gid}", gid=place.gid, absorbed=old.gid)
        brought = sorted(set(old.record_ids) & set(place.member_ids))
        rest = sorted(set(place.member_ids) - set(brought))
        if not brought or not rest:
            raise Conflict(f"nothing that {old.gid} brought can be told apart from {place.gid}", absorbed=old.gid)
        cited = {*supersedes, *([old.verdict_id] if old.verdict_id else [])}
        return [place], _parting("unmerge", place, [brought, rest], heir=1, reason=reason, supersedes=cited)

    return reshape(plan, reason=reason, versions=versions, actor=actor)


def transfer_record(
    *,
    source: str,
    key: str,
    to: str,
    reason: str,
    versions: Versions = None,
    supersedes: Collection[int] = (),
    actor: Actor,
) -> Outcome:
    """Move one source record to another customer, or to one of its own where `to` is "new".

    It differs from those it leaves, and is the same as those it joins. Raises as `split_customer` does, and Conflict
    where the record is there already.
    """
    refuse_reason(reason)

    def plan() -> tuple[list[Place], Decision]:
        record = get_source_record(source, key).record_id
        place = get_place_of_record(record)
        rest = [member for member in place.member_ids if member != record]
        if to == NEW:
            if not rest:
                raise Conflict(f"{source} {key} is alone in {place.gid} already", gid=place.gid)
            return [place], _parting("transfer", place, [[record], rest], heir=1, reason=reason, supersedes=supersedes)
        target = get_place_of_customer(to)
        if target.gid == place.gid:
            raise Conflict(f"{source} {key} belongs to {place.gid} already", gid=place.gid)
        return [place, target], _transfer(record, rest, (place, target), reason=reason, supersedes=supersedes)

    return reshape(plan, reason=reason, versions=versions, actor=actor)


def reshape(
    plan: Callable[[], tuple[list[Place], Decision] | Outcome], *, reason: str, versions: Versions, actor: Actor
) -> Outcome:
    """Carry out what `plan` says, under the intake gate, and tell what it came to; again where others came first.

    A plan that does all that is to be done now returns what it came to.
    Raises AbilityMissing for who may not shape customers, SecondPersonNeeded where it weighs too much for one steward,
    JudgedBlind where it would answer a case that two people judge blind.
    """
    actor.refuse_without(Ability.RESHAPE)

    def attempt() -> Outcome:
        with acting(actor, reason=reason):
            _take_turn()
            planned = plan()
            if isinstance(planned, Outcome):
                return planned
            places, decision = planned
            refuse_unseen(places, versions)
            if decision.act in {"merge", "transfer"}:
                refuse_joining(places, kinds=list(decision.pairs.values()))
            refuse_weighty(places, decision, actor)
            ground = Ground(tuple(places), find_last_move())
            carried = carry_out(decision, actor=actor)
            return read_outcome(
                act=decision.act,
                verdict_id=carried.verdict_id,
                ground=ground,
                records=decision.around,
                correlation=carried.correlation,
                cases=carried.case_ids,
            )

    return retrying(attempt)


def _take_turn() -> None:
    """Keep everybody else out, or, for what is taken back, go along with live writers and give way to them."""
    lock_gate(Gate.INTAKE, shared=is_trying())
    if is_trying():
        # Shorter than the wait after which PostgreSQL looks for a deadlock (1 s), so that no writer is its victim.
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', '800ms', true)")


def _find_survivor(places: Sequence[Place], survivor: str | None) -> Place:
    if survivor is None:
        return min(places, key=lambda place: place.golden_id)
    wanted = get_place_of_customer(survivor).gid
    for place in places:
        if place.gid == wanted:
            return place
    raise Invalid(f"{survivor} is none of the customers to merge", survivor=survivor)


def _read_groups(groups: Sequence[Sequence[str]], place: Place) -> list[list[int]]:
    """Return the groups' record ids; raise Invalid for what is no member, named twice, or an empty group."""
    if not 1 <= len(groups) <= MOST_GROUPS or not all(groups):
        raise Invalid(f"name 1 to {MOST_GROUPS} groups, none of them empty")
    members, seen, read = set(place.member_ids), set[int](), []
    for group in groups:
        ids = []
        for name in group:
            code, colon, key = name.partition(":")
            if not colon:
                raise Invalid(f"{name[:100]!r} is not source:key", record=name[:100])
            record = get_source_record(code, key).record_id
            if record not in members or record in seen:
                fault = "is named twice" if record in seen else f"does not belong to {place.gid}"
                raise Invalid(f"{name[:100]} {fault}", record=name[:100])
            seen.add(record)
            ids.append(record)
        read.append(sorted(ids))
    return read


def _parting(
    act: str, place: Place, parts: Sequence[Sequence[int]], *, heir: int, reason: str, supersedes: Collection[int]
) -> Decision:
    pairs = [p for a, b in combinations(parts, 2) for p in cross_pairs(a, b)]
    return Decision(
        act=act,
        kind=DIFFERENT,
        pairs=dict.fromkeys(pairs, DIFFERENT),
        around=place.member_ids,
        seen=describe_seen(act, [place]),
        reason=reason,
        groups=parts,
        keep=dict.fromkeys(parts[heir], place.golden_id),
        supersedes=sorted(supersedes),
        sides={record: at for at, part in enumerate(parts) for record in part},
    )


def _transfer(
    record: int, rest: Sequence[int], places: tuple[Place, Place], *, reason: str, supersedes: Collection[int]
) -> Decision:
    place, target = places
    leaving: dict[Pair, str] = dict.fromkeys(cross_pairs([record], rest), DIFFERENT) if rest else {}
    joined = [record, *target.member_ids]
    parting = _parting(
        "transfer", place, [[record], rest] if rest else [[record]], heir=0, reason=reason, supersedes=supersedes
    )
    return replace(
        parting,
        kind=SAME,
        pairs=leaving | dict.fromkeys(cross_pairs([record], target.member_ids), SAME),
        around=[*place.member_ids, *target.member_ids],
        seen=describe_seen("transfer", [place, target]),
        groups=[joined, *([rest] if rest else [])],
        keep=dict.fromkeys(rest, place.golden_id) | dict.fromkeys(target.member_ids, target.golden_id),
    )


def refuse_reason(reason: str) -> None:
    """Raise Invalid for a reason that says nothing or too much."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Invalid(f"say why, in 1 to {LONGEST_REASON} characters", parameter="reason")

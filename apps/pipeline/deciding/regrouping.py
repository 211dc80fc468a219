"""Say of several records at once who belongs together: "same" within a group, "different" across groups.

One decision over whole customers: it says for all of their records what a case after another would say of two, so that
no order of answers leads to a record with two customers.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from apps.base.actors import Actor
from apps.base.errors import Conflict, Invalid
from apps.cases.selectors import CaseRow, get_case, list_open_cases_of
from apps.golden.places import Place, find_places
from apps.matching.algebra import SAME, Pair
from apps.matching.verdicts import list_standing
from apps.pipeline.deciding.blinding import refuse_blind
from apps.pipeline.deciding.carrying import Decision
from apps.pipeline.deciding.outcome import Outcome
from apps.pipeline.deciding.reshaping import DIFFERENT, LONGEST_REASON, MOST_GROUPS, Versions, reshape
from apps.pipeline.deciding.sides import cross_pairs, describe_seen
from apps.pipeline.reopening import REOPENED
from apps.sources.selectors import list_records

PAIR = "pair"
RELATED = "related"


def regroup_records(
    *,
    groups: Sequence[Sequence[int]],
    case_id: int | None = None,
    reason: str = "",
    versions: Versions = None,
    supersedes: Collection[int] = (),
    actor: Actor,
) -> Outcome:
    """Make one customer of each group of source records, and keep the groups apart; one decision, undone as one.

    Nothing is said of the records of these customers that no group names: the rules place them. An id stays with the
    group that has most of its customer's records, between equals with the first; of several ids in one group that with
    most records there survives, between equals the oldest. The open case `case_id`, and every other question between
    the groups, is answered with it. Raises Invalid for unusable groups, Conflict where the case is settled already,
    CustomerChanged and VersionNeeded by `versions` (version by governed id; None checks nothing), DecisionContradicted
    where a decision outside `supersedes` stands against it.
    """
    named = _refuse_groups(groups, reason)

    def plan() -> tuple[list[Place], Decision]:
        case = _open(case_id) if case_id is not None else None
        found = find_places(record for group in named for record in group)
        homeless = sorted({record for group in named for record in group} - found.keys())
        if homeless:
            names = ", ".join(f"{row.source.code} {row.key}" for row in list_records(homeless).values()) or homeless[0]
            raise Invalid(f"{names} belongs to no customer now", records=homeless)
        places = sorted({place.gid: place for place in found.values()}.values(), key=lambda place: place.golden_id)
        return places, _plan(named, places, case, reason=reason, supersedes=supersedes)

    return reshape(plan, reason=reason or f"grouped {sum(map(len, named))} records", versions=versions, actor=actor)


def _plan(
    groups: Sequence[Sequence[int]],
    places: Sequence[Place],
    case: CaseRow | None,
    *,
    reason: str,
    supersedes: Collection[int],
) -> Decision:
    home = {record: place for place in places for record in place.member_ids}
    side = {record: at for at, group in enumerate(groups) for record in group}
    open_cases = [one for one in list_open_cases_of(list(side)) if _asked(one)[0] in side and _asked(one)[1] in side]
    for one in open_cases:
        refuse_blind(one)
    pairs: dict[Pair, str] = {}
    related = {said.pair for said in list_standing(side) if said.kind == RELATED}
    for ours, theirs in combinations(groups, 2):
        # Who is related is apart already, and more is known of them.
        pairs |= dict.fromkeys((pair for pair in cross_pairs(ours, theirs) if pair not in related), DIFFERENT)
    for group in groups:
        pairs |= dict.fromkeys(_pairs_within(group, home), SAME)
    for one in open_cases:
        low, high = _asked(one)
        # Questions about two records of one customer are answered by a word on the two.
        if one.kind != PAIR and side[low] == side[high]:
            pairs[low, high] = SAME
    if not pairs:
        raise Invalid("nothing is decided: everything stays as it is")
    answered = case if case is not None and all(record in side for record in _asked(case)) else None
    return Decision(
        act="regroup",
        kind=SAME if SAME in pairs.values() else DIFFERENT,
        pairs=pairs,
        around=sorted(home),
        seen=describe_seen("regroup", places, asked=_asked(answered) if answered else None),
        reason=reason,
        case_id=answered.case_id if answered else None,
        groups=groups,
        keep=_keep(groups, places, side),
        supersedes=sorted({*supersedes, *(cited for one in open_cases for cited in _asked_again(one))}),
        sides=side,
    )


def _pairs_within(group: Sequence[int], home: Mapping[int, Place]) -> list[Pair]:
    """Return the pairs between what comes from different customers: what is together already is for the rules to hold.

    Where they don't, carrying out says it, too.
    """
    parts: dict[int, list[int]] = {}
    for record in group:
        parts.setdefault(home[record].golden_id, []).append(record)
    return [pair for ours, theirs in combinations(parts.values(), 2) for pair in cross_pairs(ours, theirs)]


def _keep(groups: Sequence[Sequence[int]], places: Sequence[Place], side: Mapping[int, int]) -> dict[int, int]:
    """Return whose id each record carries on; places come oldest first."""
    best: dict[int, tuple[int, Place]] = {}
    for place in places:
        counted = Counter(side[record] for record in place.member_ids if record in side)
        heir = min(counted, key=lambda at: (-counted[at], at))
        if heir not in best or counted[heir] > best[heir][0]:
            best[heir] = counted[heir], place
    return {
        record: place.golden_id
        for at, (_, place) in best.items()
        for record in set(groups[at]).intersection(place.member_ids)
    }


def _refuse_groups(groups: Sequence[Sequence[int]], reason: str) -> list[list[int]]:
    named = [sorted(group) for group in groups]
    every = [record for group in named for record in group]
    if not 1 <= len(named) <= MOST_GROUPS or not all(named):
        raise Invalid(f"name 1 to {MOST_GROUPS} groups, none of them empty")
    if len(set(every)) < len(every):
        raise Invalid("a record is in two groups")
    if len(every) < 2:
        raise Invalid("name two records or more")
    if len(reason) > LONGEST_REASON:
        raise Invalid(f"a reason has at most {LONGEST_REASON} characters", parameter="reason")
    return named


def _open(case_id: int) -> CaseRow:
    case = get_case(case_id)
    if case.state != "open":
        told = f"case {case_id} was closed by {case.closed_by}: {case.close_reason}"
        raise Conflict(told, case=case_id, by=case.closed_by)
    if case.low_record_id is None:
        raise Invalid(f"case {case_id} asks about no pair of records", case=case_id)
    return case


def _asked(case: CaseRow) -> Pair:
    return case.low_record_id or 0, case.high_record_id or 0


def _asked_again(case: CaseRow) -> list[int]:
    """Return the "different" that a case asks about again, because its evidence changed: it gives way."""
    cited = case.facts.get("decision") if case.kind == REOPENED else None
    return [int(cited)] if cited else []

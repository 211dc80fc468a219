"""What waits for a second person: the list, one proposal as a change set, and what a button says to whom."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.base.abilities import Ability
from apps.base.actors import Actor
from apps.golden import selectors as golden
from apps.golden.places import get_place_of_customer
from apps.pipeline.deciding.weighing import (
    Read,
    SecondPersonNeeded,
    Weight,
    weigh_groups,
    weigh_merge,
    weigh_shown,
    weigh_split,
    weigh_value,
)
from apps.pipeline.gathering import Gathering
from apps.pipeline.proposals import ProposalRow, get_proposal, list_decided, list_open
from apps.pipeline.whatif import list_awaiting_approval
from apps.rulebook.selectors import DryRunRow
from apps.stewardship.screens.review import PairPage
from apps.stewardship.screens.words import title_of


@dataclass(frozen=True, slots=True)
class Verb:
    """What a button says, whether pressing it only proposes, and why.

    Weights without a proposal: whoever presses decides alone, and gives a reason for it.
    """

    words: str
    is_proposal: bool
    weights: tuple[Weight, ...]

    @property
    def needs_reason(self) -> bool:
        """Whether the services take it with a reason only."""
        return bool(self.weights)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One field: what each customer says before and after, and whether that changes."""

    title: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    changes: bool


@dataclass(frozen=True, slots=True)
class ApprovalPage:
    """One proposal with its change set, and what the reader may do about it."""

    row: ProposalRow
    changed: tuple[ChangeRow, ...]
    same: tuple[ChangeRow, ...]
    before: Sequence[Mapping[str, Any]]
    after: Sequence[Mapping[str, Any]]
    moved: tuple[str, ...]
    is_own: bool
    may_decide: bool
    may_refresh: bool


@dataclass(frozen=True, slots=True)
class ApprovalList:
    """Proposals that wait, oldest first, and those decided last; `following` is where the next page begins.

    `versions` are the dry runs of rules that wait for a second person's word.
    """

    waiting: list[ProposalRow]
    decided: list[ProposalRow]
    following: int | None
    versions: Sequence[DryRunRow]


def verb_for(words: str, actor: Actor, weigh: Callable[[], Sequence[Weight]]) -> Verb:
    """Return what the button says that decides: `words`, or that it proposes. Asks nothing for who decides alone."""
    return _verb(words, () if actor.may(Ability.DECIDE_ALONE) else weigh(), actor)


def verb_for_merge(gids: Sequence[str], actor: Actor, words: str = "Merge") -> Verb:
    """Return what a button says that merges these customers. At most eleven queries for two of them."""
    return verb_for(words, actor, lambda: weigh_merge([get_place_of_customer(gid) for gid in gids]))


def verb_for_split(gid: str, actor: Actor) -> Verb:
    """Return what a button says that splits a customer."""
    return verb_for("Split", actor, lambda: weigh_split(get_place_of_customer(gid)))


def verb_for_value(words: str, attribute: str, pin: golden.PinRow | None, actor: Actor) -> Verb:
    """Return what a button says that fixes or releases a value which may be fixed already. One query at most."""
    return verb_for(words, actor, lambda: weigh_value(attribute, [pin] if pin else [], actor))


def verb_for_pair(pair: PairPage, actor: Actor) -> Verb:
    """Return what the button of a pair says, and what weighs on it: as the service weighs it.

    Asks nothing; four queries where a protected value hangs on other customers' records, too.
    """
    countries = {side.customer.country for side in (pair.low, pair.high) if side.customer}
    return _verb(
        "Same customer", weigh_shown(pair.members, countries, pair.joined, pins=pair.pins, rules=pair.rules), actor
    )


def _verb(words: str, weights: Sequence[Weight], actor: Actor) -> Verb:
    proposes = bool(weights) and not actor.may(Ability.DECIDE_ALONE)
    return Verb(f"Propose {words[0].lower()}{words[1:]}" if proposes else words, proposes, tuple(weights))


def verb_of_refusal(needed: SecondPersonNeeded) -> Verb:
    """Return what the button says once a service asked for a second person."""
    return Verb("Propose merge", True, tuple(Weight(**weight) for weight in needed.facts["weights"]))


def build_list(after: int) -> ApprovalList:
    """Return the page of approvals that follows a number. Five queries."""
    waiting = list_open(after=after)
    following = waiting[-1].proposal_id if len(waiting) == 50 else None
    return ApprovalList(waiting, list_decided(), following, [] if after else list_awaiting_approval())


def verb_for_groups(gathering: Gathering, groups: Sequence[Sequence[int]], actor: Actor) -> Verb:
    """Return what the button says that stores groups of records, and what weighs on it: as the service weighs it.

    One query where groups join customers; more where a protected value hangs on others' records, too, and where the
    records are too many to weigh their pairs.
    """
    said = {record: given.given for record, given in gathering.records.items()}
    read = Read(gathering.parts, said, gathering.ranked, gathering.active.rules) if gathering.parts else None
    return _verb("Store the groups", weigh_groups(gathering.places, groups, read), actor)


def build_approval(proposal_id: int, actor: Actor) -> ApprovalPage:
    """Return one proposal as a change set; raise NotFound. One query, and four per customer while it waits."""
    row = get_proposal(proposal_id)
    before, after = row.change["before"], row.change["after"]
    names = dict.fromkeys(name for one in (*before, *after) for name in one["values"])
    rows = [_compare(name, before, after) for name in names]
    is_open, is_own = row.state == "open", row.proposed_by == str(actor)
    return ApprovalPage(
        row=row,
        changed=tuple(one for one in rows if one.changes),
        same=tuple(one for one in rows if not one.changes),
        before=before,
        after=after,
        moved=tuple(_find_moved(row)) if is_open else (),
        is_own=is_own,
        may_decide=is_open and not is_own and actor.may(Ability.APPROVE),
        may_refresh=is_open and (is_own or actor.may(Ability.APPROVE)),
    )


def _compare(name: str, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> ChangeRow:
    was, now = ([str(one["values"].get(name, "")) for one in side] for side in (before, after))
    return ChangeRow(title_of(name), tuple(was), tuple(now), set(was) != set(now))


def _find_moved(row: ProposalRow) -> list[str]:
    """Return the customers that are not as they were when it was proposed."""
    shown = {one["gid"]: one for one in row.change["before"]}
    now = {one.gid: one for one in golden.list_customers(shown)}
    versions = {gid: golden.get_customer(gid).version for gid, one in now.items() if one.state == "live"}
    return [str(one["name"] or gid) for gid, one in shown.items() if versions.get(gid) != one["version"]]

"""What can be proposed: each act with the ability it takes, the service that carries it out, and whom it is about."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from django.db import transaction

from apps.base.abilities import Ability, nothing_stored
from apps.base.actors import Actor
from apps.base.errors import Invalid
from apps.cases.selectors import get_case
from apps.golden import selectors as golden
from apps.golden.places import find_places, get_place_of_customer, get_place_of_record
from apps.pipeline.deciding import Choice, Judgement, Outcome, judge_case, merge_customers, split_customer
from apps.pipeline.deciding.regrouping import regroup_records
from apps.pipeline.deciding.weighing import SecondPersonNeeded
from apps.pipeline.fixing import SourceKey, Wish, pin_value, release_pin

Versions = Mapping[str, int]
Carry = Callable[["Act", Versions, str, Actor], Outcome | Judgement | None]


@dataclass(frozen=True, slots=True)
class Act:
    """A decision as it is stored: its name and what its service is called with, as plain JSON."""

    name: Literal["merge", "split", "judge", "regroup", "fix", "release"]
    arguments: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the act and its arguments."""
        text = json.dumps([self.name, dict(self.arguments)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def ability(self) -> Ability:
        """What it takes to propose it."""
        return ABILITY[self.name]

    def list_gids(self) -> list[str]:
        """Return the live customers that it is about, as they are now; raise as the services do."""
        said = self.arguments
        if self.name == "judge":
            case = get_case(said["case_id"])
            if case.low_record_id is None or case.high_record_id is None:
                raise Invalid(f"case {case.case_id} asks about no pair of records", case=case.case_id)
            return [get_place_of_record(record).gid for record in (case.low_record_id, case.high_record_id)]
        if self.name == "regroup":
            places = find_places(record for group in said["groups"] for record in group)
            return sorted({place.gid for place in places.values()})
        return [get_place_of_customer(gid).gid for gid in (said["gid"], *said.get("others", ()))]

    def carry_out(self, versions: Versions, *, reason: str, actor: Actor) -> Outcome | Judgement | None:
        """Do it through its service, for customers at those versions; raises what that raises."""
        return CARRY[self.name](self, versions, reason, actor)

    def try_out(self, versions: Versions, *, reason: str, actor: Actor, read: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - whatever is read
        """Do it, return what `read` makes of what it came to, and take it back: nothing is stored."""
        with nothing_stored(), transaction.atomic():
            found = read(self.carry_out(versions, reason=reason, actor=actor))
            transaction.set_rollback(True)
        return found

    def list_weights(self, versions: Versions, *, reason: str, actor: Actor) -> list[dict[str, str]]:
        """Return why the actor may not do it alone; nothing is stored."""
        with transaction.atomic():
            try:
                self.carry_out(versions, reason=reason, actor=actor)
            except SecondPersonNeeded as needed:
                return list(needed.facts["weights"])
            finally:
                transaction.set_rollback(True)
        return []


def _merge(act: Act, versions: Versions, reason: str, actor: Actor) -> Outcome:
    said = act.arguments
    return merge_customers(
        gid=said["gid"],
        others=said["others"],
        survivor=said.get("survivor"),
        reason=reason,
        versions=versions,
        supersedes=said.get("supersedes", ()),
        actor=actor,
    )


def _split(act: Act, versions: Versions, reason: str, actor: Actor) -> Outcome:
    said = act.arguments
    return split_customer(
        gid=said["gid"],
        groups=said["groups"],
        heir=said.get("heir"),
        reason=reason,
        versions=versions,
        supersedes=said.get("supersedes", ()),
        actor=actor,
    )


def _judge(act: Act, versions: Versions, reason: str, actor: Actor) -> Judgement:
    said = act.arguments
    low, high = act.list_gids()
    seen = {
        "low_gid": low,
        "low_version": versions.get(low, -1),
        "high_gid": high,
        "high_version": versions.get(high, -1),
    }
    choices = [Choice(**choice) for choice in said.get("choices", ())]
    return judge_case(
        case_id=said["case_id"],
        verdict="same",
        reason=reason,
        seen=seen,
        choices=choices,
        is_reviewed=True,
        actor=actor,
    )


def _regroup(act: Act, versions: Versions, reason: str, actor: Actor) -> Outcome:
    said = act.arguments
    return regroup_records(
        groups=said["groups"],
        case_id=said.get("case_id"),
        reason=reason,
        versions=versions,
        supersedes=said.get("supersedes", ()),
        actor=actor,
    )


def _fix(act: Act, versions: Versions, reason: str, actor: Actor) -> None:
    said = act.arguments
    until = said.get("until")
    wish = Wish(
        attribute=said["attribute"],
        value=said.get("value"),
        taken_from=_key(said.get("taken_from")),
        watching=_key(said.get("watching")),
        until=date.fromisoformat(until) if until else None,
    )
    pin_value(gid=said["gid"], wish=wish, reason=reason, expected_version=versions.get(said["gid"]), actor=actor)


def _release(act: Act, versions: Versions, reason: str, actor: Actor) -> None:
    said = act.arguments
    version = versions.get(said["gid"])
    release_pin(gid=said["gid"], attribute=said["attribute"], reason=reason, expected_version=version, actor=actor)


def _key(named: str | None) -> SourceKey | None:
    return SourceKey(*named.split(":", 1)) if named else None


CARRY: Final[dict[str, Carry]] = {
    "merge": _merge, "split": _split, "judge": _judge, "regroup": _regroup, "fix": _fix, "release": _release
}  # fmt: skip
ABILITY: Final[dict[str, Ability]] = {
    "merge": Ability.RESHAPE,
    "split": Ability.RESHAPE,
    "judge": Ability.JUDGE,
    "regroup": Ability.RESHAPE,
    "fix": Ability.FIX,
    "release": Ability.FIX,
}
VERBS: Final = {
    "merge": "Merge",
    "judge": "Merge",
    "split": "Split",
    "regroup": "Group the records of",
    "fix": "Fix",
    "release": "Release",
}


def wish_arguments(gid: str, wish: Wish) -> dict[str, Any]:
    """Return what fixing a value is called with, as plain JSON."""
    said: dict[str, Any] = {"gid": gid, "attribute": wish.attribute, "value": wish.value}
    for name, key in (("taken_from", wish.taken_from), ("watching", wish.watching)):
        if key:
            said[name] = f"{key.source}:{key.key}"
    if wish.until:
        said["until"] = wish.until.isoformat()
    return said


def read_customers(gids: list[str]) -> list[dict[str, Any]]:
    """Return customers as plain JSON: name, version, members as "source key", and values by attribute."""
    read = []
    for gid in dict.fromkeys(gids):
        customer = golden.get_customer(gid)
        members = golden.list_members(customer.gid)
        read.append(
            {
                "gid": customer.gid,
                "name": customer.name,
                "version": customer.version,
                "members": [f"{member.source.code} {member.key}" for member in members],
                "records": [member.record_id for member in members],
                "values": {row.attribute: row.value for row in customer.values},
            }
        )
    return read

"""What makes a decision too weighty for one steward: then a second person has to approve it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.conf import settings

from apps.base.abilities import Ability, is_trying, roles_with, words_for
from apps.base.actors import Actor
from apps.base.errors import Forbidden, Invalid
from apps.golden import selectors as golden
from apps.golden.places import Place
from apps.matching.algebra import SAME
from apps.matching.evidence import find_clash
from apps.matching.selectors import get_parts
from apps.pipeline.deciding.carrying import Decision
from apps.rulebook.selectors import get_active_rules

NOT_SURE = "not_sure"


class SecondPersonNeeded(Forbidden):
    """The decision weighs too much for this actor alone; `facts.weights` say why. It can be proposed."""

    code = "decision.second_person_needed"
    title = "A second person has to approve this"


class ReasonNeeded(Invalid):
    """The actor may decide this alone, but it weighs enough for two and has no reason; `facts.weights` say why."""

    code = "decision.reason_needed"
    title = "This decision needs a reason"


@dataclass(frozen=True, slots=True)
class Weight:
    """One reason for a second person: records, numbers, countries or protected, with a sentence."""

    kind: str
    sentence: str


def weigh(places: Sequence[Place], decision: Decision, actor: Actor) -> tuple[Weight, ...]:
    """Return why a decision about these customers takes a second person; nothing where it doesn't.

    A verdict that neither joins nor parts customers weighs nothing. At most five queries, and five per customer.
    """
    if decision.act == "regroup":
        return _weigh_groups(places, decision)
    home = {record: at for at, place in enumerate(places) for record in place.member_ids}
    inside = [(kind, home.get(pair[0]) == home.get(pair[1])) for pair, kind in decision.pairs.items()]
    joins = any(kind == SAME and not together for kind, together in inside)
    parts = any(kind not in {SAME, NOT_SURE} and together for kind, together in inside)
    if joins:
        return (*weigh_size(places), *_weigh_joining(places, decision, actor))
    return weigh_size(places) if parts else ()


def weigh_merge(places: Sequence[Place]) -> tuple[Weight, ...]:
    """Return why merging these customers takes a second person."""
    joined = [record for place in places for record in place.member_ids]
    pins = [pin for place in places for pin in golden.list_pins(place.gid)]
    return (*weigh_size(places), *_weigh_clash(places, joined), *_weigh_countries(places), *_weigh_pins(pins))


def weigh_shown(customers: Sequence[golden.CustomerSummary], differing: Collection[str]) -> tuple[Weight, ...]:
    """Return why merging customers takes a second person, as far as their summaries tell. One query.

    `differing` are the attributes that two of their records say differently.
    """
    numbers = {one.attribute for one in get_active_rules().rules.exclusive} & set(differing)
    return (
        *_weigh_records(sum(one.member_count for one in customers)),
        *([_clash(min(numbers))] if numbers else []),
        *_differ({one.country for one in customers}),
    )


def weigh_split(place: Place) -> tuple[Weight, ...]:
    """Return why parting this customer takes a second person."""
    return weigh_size([place])


def weigh_value(attribute: str, pins: Sequence[golden.PinRow], actor: Actor) -> tuple[Weight, ...]:
    """Return why fixing or releasing a value takes a second person, given the pins of its customer."""
    found = []
    if any(one.attribute == attribute for one in get_active_rules().rules.exclusive):
        found.append(Weight("numbers", "It is a number of which a company has only one."))
    theirs = sorted({pin.pinned_by for pin in pins if pin.attribute == attribute} - {str(actor)})
    if theirs:
        found.append(Weight("protected", f"{theirs[0].partition(':')[2]} protected the value that is there."))
    return tuple(found)


def refuse_alone(weights: Sequence[Weight], actor: Actor) -> None:
    """Raise SecondPersonNeeded where something weighs on the decision and the actor may not decide it alone."""
    if weights and not is_trying() and not actor.may(Ability.DECIDE_ALONE):
        ask = words_for(roles_with(Ability.DECIDE_ALONE))
        raise SecondPersonNeeded(
            f"{_told(weights)} Propose it, and a {ask} approves it.",
            weights=_facts(weights),
        )


def refuse_weighty(places: Sequence[Place], decision: Decision, actor: Actor) -> None:
    """Raise SecondPersonNeeded for a decision that weighs too much for the actor.

    Who is logged in and may decide it alone gives a reason for it, or gets ReasonNeeded; nothing is asked where there
    is one.
    """
    if is_trying():
        return
    if not actor.may(Ability.DECIDE_ALONE):
        refuse_alone(weigh(places, decision, actor), actor)
    elif actor.user_id is not None and not decision.reason.strip():
        weights = weigh(places, decision, actor)
        if weights:
            raise ReasonNeeded(f"{_told(weights)} Say why you decide so.", weights=_facts(weights))


def _told(weights: Sequence[Weight]) -> str:
    return " ".join(weight.sentence for weight in weights)


def _facts(weights: Sequence[Weight]) -> list[dict[str, str]]:
    return [{"kind": weight.kind, "sentence": weight.sentence} for weight in weights]


def weigh_size(places: Sequence[Place]) -> tuple[Weight, ...]:
    """Return why a decision about customers of so many records takes a second person."""
    return _weigh_records(sum(len(place.member_ids) for place in places))


def _weigh_records(records: int) -> tuple[Weight, ...]:
    limit = int(settings.MDM["SECOND_PERSON_RECORDS"])
    if records <= limit:
        return ()
    return (Weight("records", f"It is about {records:,} source records; one steward decides about {limit}."),)


def _weigh_groups(places: Sequence[Place], decision: Decision) -> tuple[Weight, ...]:
    """Weigh what each group joins of different customers, each kind of weight once."""
    found = list(weigh_size(places))
    for group in decision.groups:
        joined = [place for place in places if not set(place.member_ids).isdisjoint(group)]
        if len(joined) < 2:
            continue
        pins = [pin for place in joined for pin in golden.list_pins(place.gid)]
        weights = (*_weigh_clash(joined, group), *_weigh_countries(joined), *_weigh_pins(pins))
        found += [weight for weight in weights if weight.kind not in {one.kind for one in found}]
    return tuple(found)


def _weigh_joining(places: Sequence[Place], decision: Decision, actor: Actor) -> tuple[Weight, ...]:
    joined = sorted({record for pair, kind in decision.pairs.items() if kind == SAME for record in pair})
    # Of groups side by side each is to be one customer for itself.
    clashes = (_weigh_clash(places, group) for group in decision.groups or [joined])
    found = [*next(filter(None, clashes), ()), *_weigh_countries(places)]
    # A transfer leaves its customers' pins where they are.
    if decision.act != "transfer":
        pins = [pin for place in places for pin in golden.list_pins(place.gid)]
        found += _weigh_pins(pins)
        for choice in decision.choices:
            found += [w for w in weigh_value(choice.attribute, pins, actor) if w.kind not in {f.kind for f in found}]
    return tuple(found)


def _weigh_clash(places: Sequence[Place], joined: Sequence[int]) -> tuple[Weight, ...]:
    sides = {record: at for at, place in enumerate(places) for record in place.member_ids}
    clash = find_clash(get_parts(joined), sides, get_active_rules().rules)
    return (_clash(clash.attribute),) if clash else ()


def _clash(attribute: str) -> Weight:
    return Weight("numbers", f"Their numbers differ where a company has only one ({attribute.replace('_', ' ')}).")


def _weigh_countries(places: Sequence[Place]) -> tuple[Weight, ...]:
    return _differ({one.country for one in golden.list_customers(place.gid for place in places)})


def _differ(countries: Collection[str]) -> tuple[Weight, ...]:
    named = sorted(country for country in countries if country)
    return (Weight("countries", f"They are in {' and '.join(named)}."),) if len(named) > 1 else ()


def _weigh_pins(pins: Sequence[golden.PinRow]) -> tuple[Weight, ...]:
    values: dict[str, set[str]] = {}
    for pin in pins:
        if pin.state == "holds":
            values.setdefault(pin.attribute, set()).add(pin.value)
    lost = sorted(attribute.replace("_", " ") for attribute, said in values.items() if len(said) > 1)
    return (Weight("protected", f"A value that somebody protected would be lost ({', '.join(lost)})."),) if lost else ()

"""What makes a decision too weighty for one steward: then a second person has to approve it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from apps.base.abilities import Ability, is_trying, roles_with, words_for
from apps.base.actors import Actor
from apps.base.errors import Forbidden, Invalid
from apps.engine.rules import RuleSet
from apps.engine.survive import Pin
from apps.golden import selectors as golden
from apps.golden.places import Place
from apps.matching.algebra import SAME
from apps.matching.evidence import Parts, find_clash
from apps.matching.selectors import get_parts
from apps.pipeline.deciding.carrying import Decision
from apps.pipeline.foreseeing import list_protected, rank
from apps.pipeline.live.reading import Known
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

    A verdict that neither joins nor parts customers weighs nothing. At most eight queries.
    """
    if decision.act == "regroup":
        return weigh_groups(places, decision.groups)
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
    pins = _pins_of(joined)
    return (*weigh_size(places), *_weigh_clash(places, joined), *_weigh_countries(places), *_weigh_pins(pins))


def weigh_shown(
    members: Mapping[str, Sequence[int]],
    countries: Collection[str],
    joined: Mapping[int, Known],
    *,
    pins: Sequence[Pin],
    rules: RuleSet | None,
) -> tuple[Weight, ...]:
    """Return why merging customers takes a second person, for a page that has read them: their records by governed id.

    Weighs what `weigh` does of a "same" without chosen values; without rules, as where a case is judged blind, its
    numbers are not told. `pins` are the `live_pins` of the records. Asks nothing, or as `list_protected`.
    """
    sides = {record: at for at, gid in enumerate(sorted(members)) for record in members[gid]}
    given = {record: known.given for record, known in joined.items()}
    clash = find_clash({record: known.parts for record, known in joined.items()}, sides, rules) if rules else None
    return (
        *_weigh_records(len(sides)),
        *([_clash(clash.attribute)] if clash else []),
        *_differ(set(countries)),
        *_lose((name, value) for _, name, value in list_protected(members, given, rank(joined), pins)),
    )


@dataclass(frozen=True, slots=True)
class Read:
    """What a page has read of the records it shows: standard records, what each says, their byte order, the rules."""

    parts: Mapping[int, Parts]
    given: Mapping[int, Mapping[str, str]]
    ranked: Sequence[int]
    rules: RuleSet


def weigh_groups(
    places: Collection[Place], groups: Sequence[Sequence[int]], read: Read | None = None
) -> tuple[Weight, ...]:
    """Return why storing these groups takes a second person, each kind of weight once; nothing where it doesn't.

    At most six queries; one for a page that has `read` the records of the places, and `list_protected` asks more
    where a protected value hangs on others.
    """
    named = {record for group in groups for record in group}
    touched = [place for place in places if not named.isdisjoint(place.member_ids)]
    found = list(weigh_size(touched))
    met = [[place for place in touched if not set(place.member_ids).isdisjoint(group)] for group in groups]
    joining = [(group, joined) for group, joined in zip(groups, met, strict=True) if len(joined) > 1]
    if not joining:
        return tuple(found)
    sides = {record: at for at, place in enumerate(touched) for record in place.member_ids}
    rules = read.rules if read else get_active_rules().rules
    known = read.parts if read else get_parts([record for group, _ in joining for record in group])
    protected = _protected_of(touched, read)
    for group, joined in joining:
        clash = find_clash({record: known[record] for record in group if record in known}, sides, rules)
        weights = (
            *([_clash(clash.attribute)] if clash else []),
            *_weigh_countries(joined),
            *_lose(one for place in joined for one in protected.get(place.gid, [])),
        )
        found += [weight for weight in weights if weight.kind not in {one.kind for one in found}]
    return tuple(found)


def _protected_of(places: Sequence[Place], read: Read | None) -> dict[str, list[tuple[str, str]]]:
    """Return the values that are fixed for each of these customers, by governed id."""
    found: dict[str, list[tuple[str, str]]] = {}
    if read is None:
        gid_of = {place.golden_id: place.gid for place in places}
        for golden_id, pins in golden.list_pins_of(record for place in places for record in place.member_ids).items():
            found[gid_of[golden_id]] = [(pin.attribute, pin.value) for pin in pins if pin.state == "holds"]
        return found
    members = {place.gid: place.member_ids for place in places}
    live = golden.live_pins(record for place in places for record in place.member_ids)
    for gid, attribute, value in list_protected(members, read.given, read.ranked, live):
        found.setdefault(gid, []).append((attribute, value))
    return found


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


def _weigh_joining(places: Sequence[Place], decision: Decision, actor: Actor) -> tuple[Weight, ...]:
    joined = sorted({record for pair, kind in decision.pairs.items() if kind == SAME for record in pair})
    # Of groups side by side each is to be one customer for itself.
    clashes = (_weigh_clash(places, group) for group in decision.groups or [joined])
    found = [*next(filter(None, clashes), ()), *_weigh_countries(places)]
    # A transfer leaves its customers' pins where they are.
    if decision.act != "transfer":
        pins = _pins_of(record for place in places for record in place.member_ids)
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
    return _differ({place.country for place in places})


def _differ(countries: Collection[str]) -> tuple[Weight, ...]:
    named = sorted(country for country in countries if country)
    return (Weight("countries", f"They are in {' and '.join(named)}."),) if len(named) > 1 else ()


def _pins_of(records: Iterable[int]) -> list[golden.PinRow]:
    return [pin for pins in golden.list_pins_of(records).values() for pin in pins]


def _weigh_pins(pins: Sequence[golden.PinRow]) -> tuple[Weight, ...]:
    return _lose((pin.attribute, pin.value) for pin in pins if pin.state == "holds")


def _lose(protected: Iterable[tuple[str, str]]) -> tuple[Weight, ...]:
    values: dict[str, set[str]] = {}
    for attribute, value in protected:
        values.setdefault(attribute, set()).add(value)
    lost = sorted(attribute.replace("_", " ") for attribute, said in values.items() if len(said) > 1)
    return (Weight("protected", f"A value that somebody protected would be lost ({', '.join(lost)})."),) if lost else ()

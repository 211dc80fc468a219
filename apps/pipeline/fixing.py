"""A steward fixes a customer's value, or lets it go again: stored as a pin, carried out at once.

Everything of one act commits together: the pin, the customer's values, version, history and event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from apps.base.abilities import Ability
from apps.base.actors import Actor, acting
from apps.base.errors import Invalid
from apps.base.locks import Gate, lock_gate
from apps.base.retrying import retrying
from apps.engine.survive import Pin
from apps.golden.pinning import (
    LONGEST_REASON,
    ConditionInvalid,
    PinNotFound,
    Until,
    ValueUnusable,
    check_value,
    end_pins,
    lock_customer,
    plain_values,
    store_pin,
)
from apps.golden.selectors import PinRow, get_customer, list_due_pins, list_member_ids, list_pins
from apps.pipeline.deciding.versions import CustomerChanged
from apps.pipeline.deciding.weighing import refuse_alone, weigh_value
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.runs import QuietJournal
from apps.rulebook.selectors import get_active_rules
from apps.sources.selectors import Given, get_source_record, list_given


@dataclass(frozen=True, slots=True)
class SourceKey:
    """A source record by its source system and its key there."""

    source: str
    key: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What to fix: a text, or what a member record says now; empty text fixes that there is no value.

    At most one of `watching` and `until` is given; without either only a person releases the pin.
    """

    attribute: str
    value: str | None = None
    taken_from: SourceKey | None = None
    watching: SourceKey | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Fixed:
    """The customer after the act, with all its pins."""

    gid: str
    version: int
    pins: tuple[PinRow, ...]


def pin_value(*, gid: str, wish: Wish, reason: str, expected_version: int | None = None, actor: Actor) -> Fixed:
    """Fix one value of a live customer; a pin of that attribute which it has already is replaced.

    `expected_version` is what the person saw. Raises NotFound and CustomerChanged, and for what can't be fixed
    AttributeUnknown, ValueUnusable, ChecksumWrong or ConditionInvalid; nothing is changed then.
    """
    actor.refuse_without(Ability.FIX)
    _refuse_unreasoned(reason)

    def act() -> Fixed:
        with acting(actor, reason=reason):
            # Chunks that read the customer before are stored first, and those after find the pin.
            lock_gate(Gate.INTAKE)
            golden = lock_customer(gid=gid)
            _refuse_changed(gid, golden.version, expected_version)
            members = list_member_ids(gid)
            value = _value(wish, plain_values(golden.values), members)
            until = _until(wish, members)
            _refuse_alone(gid, wish.attribute, actor)
            _end(gid, wish.attribute, reason, actor)
            store_pin(
                golden=golden, record_ids=members, attribute=wish.attribute, value=value, until=until, reason=reason,
                actor=actor,
            )  # fmt: skip
            _revalue(members, reason, actor)
            return _fixed(gid)

    return retrying(act)


def pin_values(
    *, gid: str, wishes: Sequence[Wish], reason: str, expected_version: int | None = None, actor: Actor
) -> Fixed:
    """Fix several values of a live customer in one transaction. Raises as `pin_value` does, and Invalid for none."""
    if not wishes:
        raise Invalid("Name a value to fix.", field="wishes")

    def act() -> Fixed:
        with acting(actor, reason=reason):
            fixed = pin_value(gid=gid, wish=wishes[0], reason=reason, expected_version=expected_version, actor=actor)
            for wish in wishes[1:]:
                fixed = pin_value(gid=gid, wish=wish, reason=reason, actor=actor)
            return fixed

    return retrying(act)


def release_pin(*, gid: str, attribute: str, reason: str, expected_version: int | None = None, actor: Actor) -> Fixed:
    """Let the rules choose a value again: release the customer's pin of that attribute, whether it holds or not.

    Raises PinNotFound where there is none, NotFound and CustomerChanged as `pin_value` does.
    """
    actor.refuse_without(Ability.FIX)
    _refuse_unreasoned(reason)

    def act() -> Fixed:
        with acting(actor, reason=reason):
            lock_gate(Gate.INTAKE)
            _refuse_changed(gid, lock_customer(gid=gid).version, expected_version)
            _refuse_alone(gid, attribute, actor)
            if not _end(gid, attribute, reason, actor):
                raise PinNotFound(f"Nothing is fixed for {attribute[:60]!r}.", gid=gid, attribute=attribute[:60])
            _revalue(list_member_ids(gid), reason, actor)
            return _fixed(gid)

    return retrying(act)


def release_due_pins(*, actor: Actor, today: date | None = None) -> str:
    """Release every pin whose date has come, each in a transaction of its own; say how many. Days are those of UTC."""
    due = list_due_pins(today or datetime.now(UTC).date())
    released = sum(_release_due(pin, actor) for pin in due)
    return f"{released} pins released"


def _release_due(pin: Pin, actor: Actor) -> int:
    reason = f"the date of the pin of {pin.attribute} has come"

    def act() -> int:
        with acting(actor, reason=reason):
            lock_gate(Gate.INTAKE)
            ended = end_pins(pin_ids=[pin.pin], reason=reason, actor=actor)
            if ended:
                _revalue(pin.records, reason, actor)
            return ended

    return retrying(act)


def _value(wish: Wish, others: Mapping[str, str], members: Sequence[int]) -> str:
    if (wish.value is None) == (wish.taken_from is None):
        raise ValueUnusable("Give either a value or the record to take it from.", attribute=wish.attribute)
    text = wish.value or ""
    if wish.taken_from is not None:
        text = _member(wish.taken_from, members).given.get(wish.attribute, "").strip()
        if not text:
            raise ValueUnusable("That record gives no such value.", attribute=wish.attribute)
    rules = get_active_rules().rules
    return check_value(attribute=wish.attribute, value=text, rules=rules, others=others)


def _until(wish: Wish, members: Sequence[int]) -> Until:
    if wish.watching is not None and wish.until is not None:
        raise ConditionInvalid("A pin is released by a date or by a record, not by both.")
    if wish.watching is not None:
        record = _member(wish.watching, members)
        return Until(record_id=record.record_id, said=record.given.get(wish.attribute, "").strip())
    if wish.until is not None and wish.until <= datetime.now(UTC).date():
        raise ConditionInvalid("The date must lie ahead; days are those of UTC.", on=wish.until.isoformat())
    return Until(on=wish.until)


def _member(named: SourceKey, members: Sequence[int]) -> Given:
    record = get_source_record(named.source, named.key)
    if record.record_id not in members:
        raise ConditionInvalid(
            "The record doesn't belong to this customer.", source=named.source[:60], key=named.key[:200]
        )
    return list_given([record.record_id])[record.record_id]


def _refuse_alone(gid: str, attribute: str, actor: Actor) -> None:
    if not actor.may(Ability.DECIDE_ALONE):
        refuse_alone(weigh_value(attribute, list_pins(gid), actor), actor)


def _end(gid: str, attribute: str, reason: str, actor: Actor) -> int:
    mine = [pin.pin_id for pin in list_pins(gid) if pin.attribute == attribute]
    return end_pins(pin_ids=mine, reason=reason, actor=actor)


def _revalue(record_ids: Sequence[int], reason: str, actor: Actor) -> None:
    resolve(QuietJournal(actor), Ask(reason=reason, revalue=record_ids))


def _fixed(gid: str) -> Fixed:
    customer = get_customer(gid)
    return Fixed(gid, customer.version, tuple(list_pins(gid)))


def _refuse_changed(gid: str, version: int, expected: int | None) -> None:
    if expected not in (None, version):
        detail = f"{gid} is at version {version}, you saw version {expected}; look again before deciding"
        raise CustomerChanged(detail, versions={gid: version})


def _refuse_unreasoned(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Invalid(f"Say why, in 1 to {LONGEST_REASON} characters.", field="reason")

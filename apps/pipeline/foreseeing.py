"""What one customer would be said to be if some records were one: shown before a merge, and stored by it.

Reads alone, unlike `previewing.preview`, which carries a decision out and takes it back: a page that somebody looks at
takes no lock. What it returns is decided by the same survivorship, from the same claims and pins.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.engine.rules import RuleSet
from apps.engine.survive import (
    GoldenValue,
    Pin,
    PinnedValue,
    PinState,
    SurvivorshipPolicy,
    holding_pins,
    merge_members,
    pinned_values,
    settle_pins,
)
from apps.golden.selectors import list_pins, list_pins_if_joined, live_pins
from apps.pipeline.live.building import claims_of
from apps.pipeline.live.reading import Known, read_settled

CHOSEN = -1
"""The number of a pin that would be made with the merge."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a person takes while judging; empty text fixes that there is none.

    With a `record_id` it holds while that source record says so, without one until a person releases it.
    """

    attribute: str
    value: str
    record_id: int | None = None


def read_joined(records: Collection[int]) -> dict[int, Known]:
    """Return what survivorship reads of records, by record id; without those not standardised yet. One query."""
    return {known.record: known for known in read_settled(sorted(records))}


def foresee_values(
    joined: Mapping[int, Known],
    rules: RuleSet,
    choices: Iterable[Choice] = (),
    *,
    pins: Sequence[Pin] | None = None,
) -> dict[str, GoldenValue]:
    """Return the values of the customer that these records would be, by attribute in the rule set's order.

    `pins` are the `live_pins` of the records where they are read already; else one query. Four more where a pin of
    theirs hangs on other records, too.
    """
    pins = live_pins(joined) if pins is None else pins
    taken = {choice.attribute: PinnedValue(choice.attribute, choice.value, CHOSEN) for choice in choices}
    held = [pin for pin in pinned_values(_pins_of(joined, pins)) if pin.attribute not in taken]
    policy = SurvivorshipPolicy.from_document(rules.survivorship)
    party = merge_members(claims_of(joined.values(), rules), policy, [*held, *taken.values()])
    return {a.name: party.values[a.name] for a in rules.attributes if a.name in party.values}


def list_protected(
    members: Mapping[str, Sequence[int]],
    given: Mapping[int, Mapping[str, str]],
    ranked: Sequence[int],
    pins: Sequence[Pin],
) -> list[tuple[str, str, str]]:
    """Return the values fixed for customers, as governed id, attribute and value, given their records by governed id.

    `given` is what each record says, `ranked` are the records in byte order of source and key, `pins` the `live_pins`
    of the records. Asks nothing; five queries for each customer where a pin hangs on other records, too.
    """
    if any(record not in given for pin in pins for record in pin.needs):
        rows = [(gid, row) for gid in members for row in list_pins(gid)]
        return [(gid, row.attribute, row.value) for gid, row in rows if row.state == PinState.HOLDS]
    home_of = {record: gid for gid, records in members.items() for record in records if record in given}
    order = {record: place for place, record in enumerate(ranked)}
    said = {(p.watched[0], p.attribute): given[p.watched[0]].get(p.attribute) for p in pins if p.watched}
    settled = settle_pins(pins, home_of, order, said)
    return [(one.cluster, one.pin.attribute, one.pin.value) for one in settled if one.state is PinState.HOLDS]


def rank(joined: Mapping[int, Known]) -> list[int]:
    """Return the records in byte order of source and key."""
    return [known.record for known in sorted(joined.values(), key=lambda known: known.rank)]


def _pins_of(joined: Mapping[int, Known], pins: Sequence[Pin]) -> list[Pin]:
    if any(record not in joined for pin in pins for record in pin.needs):
        return list_pins_if_joined(joined)
    order = {record: place for place, record in enumerate(rank(joined))}
    said = {(p.watched[0], p.attribute): joined[p.watched[0]].given.get(p.attribute) for p in pins if p.watched}
    return holding_pins(settle_pins(pins, dict.fromkeys(joined, 0), order, said)).get(0, [])

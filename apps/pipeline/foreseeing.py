"""What one customer would be said to be if some records were one: shown before a merge, and stored by it.

Reads alone, unlike `previewing.preview`, which carries a decision out and takes it back: a page that somebody looks at
takes no lock. What it returns is decided by the same survivorship, from the same claims and pins.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from apps.engine.rules import RuleSet
from apps.engine.survive import (
    GoldenValue,
    Pin,
    PinnedValue,
    SurvivorshipPolicy,
    holding_pins,
    merge_members,
    pinned_values,
    settle_pins,
)
from apps.golden.selectors import list_pins_if_joined, live_pins
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
    joined: Mapping[int, Known], rules: RuleSet, choices: Iterable[Choice] = ()
) -> dict[str, GoldenValue]:
    """Return the values of the customer that these records would be, by attribute in the rule set's order.

    One query; four more where a pin of theirs hangs on other records, too.
    """
    taken = {choice.attribute: PinnedValue(choice.attribute, choice.value, CHOSEN) for choice in choices}
    held = [pin for pin in pinned_values(_pins_of(joined)) if pin.attribute not in taken]
    policy = SurvivorshipPolicy.from_document(rules.survivorship)
    party = merge_members(claims_of(joined.values(), rules), policy, [*held, *taken.values()])
    return {a.name: party.values[a.name] for a in rules.attributes if a.name in party.values}


def _pins_of(joined: Mapping[int, Known]) -> list[Pin]:
    pins = live_pins(joined)
    if any(record not in joined for pin in pins for record in pin.needs):
        return list_pins_if_joined(joined)
    order = {known.record: place for place, known in enumerate(sorted(joined.values(), key=lambda known: known.rank))}
    said = {(p.watched[0], p.attribute): joined[p.watched[0]].given.get(p.attribute) for p in pins if p.watched}
    return holding_pins(settle_pins(pins, dict.fromkeys(joined, 0), order, said)).get(0, [])

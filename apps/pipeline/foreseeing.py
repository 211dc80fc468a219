"""What one customer would be said to be if some records were one: shown before a merge, and stored by it.

Reads alone, unlike `previewing.preview`, which carries a decision out and takes it back: a page that somebody looks at
takes no lock. What it returns is decided by the same survivorship, from the same claims and pins.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.engine.survive import GoldenValue, PinnedValue, SurvivorshipPolicy, merge_members, pinned_values
from apps.golden.selectors import list_pins_if_joined
from apps.pipeline.live.building import claims_of
from apps.pipeline.live.reading import read_settled
from apps.rulebook.selectors import get_active_rules

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


def foresee_values(records: Sequence[int], choices: Iterable[Choice] = ()) -> dict[str, GoldenValue]:
    """Return the values of the customer that these records would be, by attribute in the rule set's order.

    At most five queries, two where nothing is fixed for any of them.
    """
    rules = get_active_rules().rules
    members = claims_of(read_settled(records), rules)
    taken = {choice.attribute: PinnedValue(choice.attribute, choice.value, CHOSEN) for choice in choices}
    held = [pin for pin in pinned_values(list_pins_if_joined(records)) if pin.attribute not in taken]
    party = merge_members(members, SurvivorshipPolicy.from_document(rules.survivorship), [*held, *taken.values()])
    return {a.name: party.values[a.name] for a in rules.attributes if a.name in party.values}

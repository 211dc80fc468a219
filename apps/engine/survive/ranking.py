"""What every record says of one attribute, in the order in which the policy prefers them, and why each lost.

The law of this module: the first of the order is the record that `merge_members` takes the attribute's block from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.engine.survive.claims import Claim
from apps.engine.survive.merge import byte_order, claims_of, levels_of, pins_by_attribute
from apps.engine.survive.party import Member, PinnedValue, Rule
from apps.engine.survive.policy import SurvivorshipPolicy


@dataclass(frozen=True, slots=True)
class Ranked:
    """What one record says of an attribute; `rank` counts from 1.

    `lost_by` is the first rule that preferred the winner, AGREED where the record says the same as the winner, and
    None for the winner itself.
    """

    record: int
    value: str
    rank: int
    lost_by: Rule | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The records that give an attribute, best first, and the record that wins the block it belongs to.

    `leader` is the attribute that decides for the block. The winner need not give the attribute: a block comes from
    one record whole, blanks included; then nobody in `ranked` has won. No claims: `winner` is None.
    """

    leader: str
    winner: int | None
    ranked: tuple[Ranked, ...]


def rank_members(
    attribute: str, members: Iterable[Member], policy: SurvivorshipPolicy, pins: Iterable[PinnedValue] = ()
) -> Ranking:
    """Return how the policy ranks the members' values of one attribute, a pin of that attribute itself left out.

    Pins of other attributes of its block prefer the records that agree with them, as in `merge_members`.
    """
    block = policy.blocks([attribute])[0]
    pinned = pins_by_attribute(pin for pin in pins if pin.attribute != attribute)
    claims = claims_of(block, sorted(members, key=byte_order))
    if not claims:
        return Ranking(block.attributes[0], None, ())
    levels = levels_of(block, pinned)
    measured = {rule: measure(claims) for rule, measure in levels}
    # Sorting keeps the byte order of what every rule leaves equal.
    order = sorted(range(len(claims)), key=lambda at: [-measured[rule][at] for rule, _ in levels])
    best = order[0]
    place = block.attributes.index(attribute)
    ranked = [
        Ranked(claims[at].member.record, value, rank, _lost_by(at, best, measured, claims))
        for rank, at in enumerate(order, start=1)
        if (value := claims[at].values[place]) is not None
    ]
    return Ranking(block.attributes[0], claims[best].member.record, tuple(ranked))


def _lost_by(at: int, best: int, measured: Mapping[Rule, list[int]], claims: Sequence[Claim]) -> Rule | None:
    if at == best:
        return None
    if claims[at].values == claims[best].values:
        return Rule.AGREED
    return next((rule for rule, found in measured.items() if found[at] != found[best]), Rule.FIRST_IN_ORDER)

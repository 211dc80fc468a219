"""Golden values of one customer from its members.

The law of this module: the result is a function of the set of members, the policy and the pins. Order of arrival,
clocks and chance have no part in it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from apps.engine.survive.claims import MEASURES, Claim, fold, measure_lead, trim
from apps.engine.survive.party import GoldenParty, GoldenValue, Member, PinnedValue, Rule
from apps.engine.survive.policy import Block, SurvivorshipPolicy
from apps.engine.survive.reasons import Contest, pinned_words, reason_words


def merge_members(
    members: Iterable[Member], policy: SurvivorshipPolicy, pins: Iterable[PinnedValue] = ()
) -> GoldenParty:
    """Return the golden values that the policy chooses, each with the record and the rule that won.

    Independent of the order of members and pins; what the policy leaves equal is settled by byte order of
    (source, source_key), then record id. A pin replaces its attribute alone; the rest of its block prefers records
    that agree with it. Values come back without the blanks around them. No members and no pins give no values.

    Raises ValueError when a record id or a pinned attribute occurs twice.
    """
    ordered = sorted(members, key=byte_order)
    _refuse_repeats("record", [member.record for member in ordered])
    pinned = pins_by_attribute(pins)
    names = {name for member in ordered for name in member.given if "." not in name}
    values: dict[str, GoldenValue] = {}
    for block in policy.blocks(names):
        values.update(_decide(block, ordered, pinned))
    for name, pin in pinned.items():
        values[name] = GoldenValue(name, pin.value, None, Rule.PINNED, pinned_words(pin.value), pin.pin)
    return GoldenParty(dict(sorted(values.items())))


def byte_order(member: Member) -> tuple[bytes, bytes, int]:
    """Return what settles a tie: source, key and record."""
    # surrogatepass: text that no file should hold must still have its place in the order.
    return (
        member.source.encode("utf-8", "surrogatepass"),
        member.source_key.encode("utf-8", "surrogatepass"),
        member.record,
    )


def _refuse_repeats(what: str, names: Sequence[object]) -> None:
    seen: set[object] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name!r} occurs twice; a customer has each {what} once")
        seen.add(name)


def pins_by_attribute(pins: Iterable[PinnedValue]) -> dict[str, PinnedValue]:
    """Return the pins by attribute, without blanks around their values; raise ValueError where one has two."""
    listed = list(pins)
    _refuse_repeats("pinned attribute", [pin.attribute for pin in listed])
    return {pin.attribute: replace(pin, value=trim(pin.value) or "") for pin in listed}


def _decide(block: Block, ordered: Sequence[Member], pinned: dict[str, PinnedValue]) -> dict[str, GoldenValue]:
    claims = claims_of(block, ordered)
    if not claims:
        return {}
    winner, rule, contest = _contend(block, claims, pinned)
    reason = reason_words(rule, winner.member, contest)
    return {
        name: GoldenValue(name, value, winner.member.record, rule, reason)
        for name, value in zip(block.attributes, winner.values, strict=True)
        if value is not None
    }


def claims_of(block: Block, ordered: Iterable[Member]) -> list[Claim]:
    """Return what each member says of a block, those that say nothing left out."""
    return [claim for claim in (_claim(block, member) for member in ordered) if any(claim.values)]


def _claim(block: Block, member: Member) -> Claim:
    values = tuple(trim(member.given.get(name, "")) for name in block.attributes)
    return Claim(member, block.attributes[0], values)


def _contend(block: Block, claims: list[Claim], pinned: dict[str, PinnedValue]) -> tuple[Claim, Rule, Contest]:
    """Return the winning claim and the rule after which every claim left gave the winner's values."""
    left = claims
    found: tuple[Rule, Contest] | None = None
    if _is_settled(claims):
        rule = Rule.ONLY_VALUE if len(claims) == 1 else Rule.AGREED
        found = rule, Contest(len(claims), len(claims), 0)
    for rule, measure in levels_of(block, pinned):
        if found is not None and len(left) == 1:
            break
        # Measured over all claims: frequency counts every record, whichever rules spoke before.
        measures = {claim.member.record: value for claim, value in zip(claims, measure(claims), strict=True)}
        best = max(measures[claim.member.record] for claim in left)
        contenders = len(left)
        left = [claim for claim in left if measures[claim.member.record] == best]
        if found is None and _is_settled(left):
            found = rule, Contest(len(claims), contenders, best)
    found = found or (Rule.FIRST_IN_ORDER, Contest(len(claims), len(left), 0))
    return left[0], *found


def _is_settled(claims: Sequence[Claim]) -> bool:
    return all(claim.values == claims[0].values for claim in claims)


def levels_of(
    block: Block, pinned: dict[str, PinnedValue]
) -> list[tuple[Rule, Callable[[Sequence[Claim]], list[int]]]]:
    """Return the rules that choose among the claims of a block, in the order in which they speak, with their measures.

    Higher measures win; what a rule leaves equal goes to the next.
    """
    fixed = tuple(pinned[name].value if name in pinned else None for name in block.attributes)
    levels = [(Rule(strategy.value), MEASURES[strategy]) for strategy in block.order]
    return [(Rule.FITS_PIN, partial(_measure_fit, fixed)), (Rule.HAS_LEAD, measure_lead), *levels]


def _measure_fit(fixed: tuple[str | None, ...], claims: Sequence[Claim]) -> list[int]:
    """How many of the values fixed in the block each claim agrees with."""
    return [
        sum(pin is not None and fold(pin) == fold(value or "") for pin, value in zip(fixed, claim.values, strict=True))
        for claim in claims
    ]

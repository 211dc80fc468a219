"""Why a customer's value is what it is: every record's word on it in the order of the rules, and what is fixed.

Reads what survivorship reads when it stores a customer, so that what is shown of a release is what it comes to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.base.errors import NotFound
from apps.delivery import selectors as delivery
from apps.engine.rules import RuleSet
from apps.engine.survive import (
    PART_OF_A_CLAIM,
    Member,
    PinnedValue,
    Ranking,
    SurvivorshipPolicy,
    merge_members,
    rank_members,
)
from apps.golden import selectors as golden
from apps.matching import selectors as matching
from apps.rulebook.selectors import get_active_rules
from apps.sources import selectors as sources

HOLDS = "holds"
CHANGED = "customer.updated"


class FieldUnknown(NotFound):
    """The rule set in force has no such attribute."""

    code = "customer.field_unknown"
    title = "No such field"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one record says of a field: its place by the rules, the rule it lost by, None where it has won.

    `check` is verified, plausible or wrong for an identifier, else empty.
    """

    record_id: int
    source: sources.Source
    key: str
    value: str
    modified_at: datetime | None
    rank: int
    lost_by: str | None
    check: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A value with the rule that chooses it and the record that gives it; both empty where there is none."""

    value: str
    rule: str
    record_id: int


@dataclass(frozen=True, slots=True)
class ValueReport:
    """A field of a customer: its value, every candidate, best first, and what is fixed.

    `by_rules` is the value that the rules choose where nothing is fixed for this field. `leader` is the field that
    decides for it, itself or that of a block which comes from one record whole; `block_from` is that record.
    `told` counts the events that a change of the value sends to each subscriber.
    """

    customer: golden.Customer
    attribute: str
    value: golden.ValueRow | None
    candidates: tuple[Candidate, ...]
    by_rules: Choice
    leader: str
    block_from: sources.Given | None
    pins: tuple[golden.PinRow, ...]
    told: Mapping[str, int]

    @property
    def pin(self) -> golden.PinRow | None:
        """The pin that holds, or None."""
        return next((pin for pin in self.pins if pin.state == HOLDS), None)


def explain_value(customer: golden.Customer, attribute: str) -> ValueReport:
    """Return why a field of a live customer is what it is. At most eleven queries, six without pins.

    Raises FieldUnknown where the rules know no such attribute, NoActiveRules where there are no rules.
    """
    rules = get_active_rules().rules
    if attribute not in {entry.name for entry in rules.attributes}:
        raise FieldUnknown(f"The rules know no field {attribute[:60]!r}.", attribute=attribute[:60])
    given = sources.list_given(golden.list_member_ids(customer.gid))
    parts = matching.get_parts(given)
    members = claims_of(given, parts, rules)
    pins = golden.list_pins(customer.gid)
    others = _pinned(pins, rules, without=attribute)
    policy = SurvivorshipPolicy.from_document(rules.survivorship)
    ranking = rank_members(attribute, members, policy, others)
    chosen = merge_members(members, policy, others).values.get(attribute)
    values = golden.describe_values(value for value in customer.values if value.attribute == attribute)
    return ValueReport(
        customer=customer,
        attribute=attribute,
        value=values[0] if values else None,
        candidates=_candidates(ranking, given, parts),
        by_rules=Choice(chosen.value, chosen.rule.value, chosen.record or 0) if chosen else Choice("", "", 0),
        leader=ranking.leader,
        block_from=given.get(ranking.winner or 0),
        pins=tuple(pin for pin in pins if pin.attribute == attribute),
        told={code: count for code, count in delivery.count_entitled({CHANGED: 1}).items() if count},
    )


def claims_of(
    given: Mapping[int, sources.Given], parts: Mapping[int, Mapping[str, str]], rules: RuleSet
) -> list[Member]:
    """Return what records claim, as survivorship takes it: a placeholder standardises to nothing and claims nothing."""
    needed = {a.name: f"{a.name}.{PART_OF_A_CLAIM[a.kind]}" for a in rules.attributes if a.kind in PART_OF_A_CLAIM}
    checks = [f"{a.name}.check" for a in rules.attributes if a.kind == "identifier"]
    members = []
    for record_id, said in given.items():
        known = parts.get(record_id, {})
        claims = {
            a.name: text
            for a in rules.attributes
            if (text := said.given.get(a.name)) and (a.name not in needed or needed[a.name] in known)
        }
        claims |= {check: known[check] for check in checks if check in known}
        members.append(Member(record_id, said.source.code, said.key, said.source.trust, said.modified_at, claims))
    return members


def _pinned(pins: Sequence[golden.PinRow], rules: RuleSet, *, without: str) -> list[PinnedValue]:
    known = {attribute.name for attribute in rules.attributes} - {without}
    return [
        PinnedValue(pin.attribute, pin.value, pin.pin_id)
        for pin in pins
        if pin.state == HOLDS and pin.attribute in known
    ]


def _candidates(
    ranking: Ranking, given: Mapping[int, sources.Given], parts: Mapping[int, Mapping[str, str]]
) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            record_id=row.record,
            source=given[row.record].source,
            key=given[row.record].key,
            value=row.value,
            modified_at=given[row.record].modified_at,
            rank=row.rank,
            lost_by=row.lost_by.value if row.lost_by else None,
            check=parts.get(row.record, {}).get(f"{ranking.leader}.check", ""),
        )
        for row in ranking.ranked
    )

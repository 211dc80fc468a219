"""Explain what the hub holds: two source records, one customer, or what keeps two customers apart.

Reads standard records, decisions and the rules in force, and lets the engine tell; nothing is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.base.errors import Invalid, NotFound
from apps.engine.block import cap_of
from apps.engine.explain import (
    ClusterExplanation,
    PairExplanation,
    WhyNot,
    explain_cluster,
    explain_pair,
    keys_in_common,
    why_not,
)
from apps.golden import selectors as golden
from apps.matching import selectors as matching
from apps.rulebook.selectors import ActiveRules, get_active_rules
from apps.sources import selectors as sources


class SameCustomer(Invalid):
    """Two different customers were asked about, and both names mean one."""

    code = "explain.same_customer"
    title = "That is one customer"


@dataclass(frozen=True, slots=True)
class PairReport:
    """Why two source records score as they do; `apart` says what keeps their customers apart, None where they are one.

    `left_customer` and `right_customer` are None for a record that belongs to none.
    """

    left: sources.Record
    right: sources.Record
    left_customer: golden.CustomerSummary | None
    right_customer: golden.CustomerSummary | None
    pair: PairExplanation
    apart: WhyNot | None
    rules_version: int


@dataclass(frozen=True, slots=True)
class CustomerReport:
    """How a customer's source records became one.

    `records` are its members in byte order of source and key, `parts` their standard records. `cluster` is None where
    there are more than the rules would score pair by pair. `verdicts` are the decisions on its members alone.
    """

    customer: golden.Customer
    records: Mapping[int, sources.Record]
    parts: Mapping[int, Mapping[str, str]]
    cluster: ClusterExplanation | None
    verdicts: tuple[matching.VerdictRow, ...]
    active: ActiveRules


@dataclass(frozen=True, slots=True)
class ApartReport:
    """What keeps two customers apart; `left` and `right` are the two records that are most alike."""

    customer: golden.Customer
    other: golden.Customer
    left: sources.Record
    right: sources.Record
    apart: WhyNot
    rules_version: int


def explain_records(source: str, key: str, other_source: str, other_key: str) -> PairReport:
    """Return why two source records score as they do, and what keeps their customers apart.

    Raises NotFound for a source or key that is unknown and for a record that was not standardised, Conflict where no
    rules are in force.
    """
    left, right = sources.get_source_record(source, key), sources.get_source_record(other_source, other_key)
    active = get_active_rules()
    parts = matching.get_parts([left.record_id, right.record_id])
    for record in (left, right):
        if record.record_id not in parts:
            raise NotFound(f"{record.source.code} {record.key} has not been standardised.", record=record.record_id)
    pair = explain_pair(parts[left.record_id], parts[right.record_id], active.rules, active.statistics)
    customers = golden.list_customers_of_records([left.record_id, right.record_id])
    of_left, of_right = (customers.get(record.record_id) for record in (left, right))
    apart = None
    if left.record_id != right.record_id and (of_left is None or of_right is None or of_left.gid != of_right.gid):
        members = golden.list_member_ids_of(customer.gid for customer in (of_left, of_right) if customer)
        ours, theirs = (
            members[customer.gid] if customer else [record.record_id]
            for record, customer in ((left, of_left), (right, of_right))
        )
        apart = _why_not(ours, theirs, active)
    return PairReport(left, right, of_left, of_right, pair, apart, active.version)


def explain_customer(customer: golden.Customer) -> CustomerReport:
    """Return how a customer formed; raise Conflict where no rules are in force. At most five queries."""
    active = get_active_rules()
    record_ids = golden.list_member_ids(customer.gid)
    records = _in_byte_order(sources.list_records(record_ids))
    found = matching.get_parts(records)
    parts = {record: found[record] for record in records if record in found}
    held = set(record_ids)
    verdicts = [row for row in matching.list_live_verdicts(held) if row.low in held and row.high in held]
    cluster = None
    if len(parts) <= active.rules.caps.component:
        cluster = explain_cluster(
            parts, active.rules, active.statistics, verdicts=[matching.as_verdict(row) for row in verdicts]
        )
    return CustomerReport(customer, records, parts, cluster, tuple(verdicts), active)


def explain_apart(
    customer: golden.Customer, other: golden.Customer, *, active: ActiveRules | None = None
) -> ApartReport:
    """Return what keeps two customers apart. At most six queries; `active` spares reading the rules in force.

    Raises SameCustomer where both are one, NotFound where one has no record that could be compared, and Conflict where
    no rules are in force.
    """
    if customer.gid == other.gid:
        raise SameCustomer(f"{customer.asked} and {other.asked} are one customer, {customer.gid}.", gid=customer.gid)
    active = active or get_active_rules()
    members = golden.list_member_ids_of([customer.gid, other.gid])
    apart = _why_not(members.get(customer.gid, []), members.get(other.gid, []), active)
    if apart is None:
        raise NotFound("One of the two customers has no record that could be compared.", gid=customer.gid)
    records = sources.list_records([apart.best.left, apart.best.right])
    left, right = records[apart.best.left], records[apart.best.right]
    return ApartReport(customer, other, left, right, apart, active.version)


def _why_not(our_ids: Sequence[int], their_ids: Sequence[int], active: ActiveRules) -> WhyNot | None:
    """Return what keeps two groups of records apart, None where one holds none that was standardised.

    Of more records than a customer grows to without a person the first ones are looked at. Three queries.
    """
    rules, statistics = active.rules, active.statistics
    sides = [ids[: rules.caps.cluster] for ids in (our_ids, their_ids)]
    parts = matching.get_parts([record for ids in sides for record in ids])
    ours, theirs = ({record: parts[record] for record in ids if record in parts} for ids in sides)
    if not ours or not theirs:
        return None
    caps = {key: cap_of(key, rules) for key in keys_in_common(ours, theirs, rules)}
    verdicts = [matching.as_verdict(row) for row in matching.list_live_verdicts(ours)]
    return why_not(ours, theirs, rules, statistics, verdicts=verdicts, crowded=matching.list_crowded(caps))


def _in_byte_order(records: Mapping[int, sources.Record]) -> dict[int, sources.Record]:
    ordered = sorted(records.values(), key=lambda record: (record.source.code.encode(), record.key.encode()))
    return {record.record_id: record for record in ordered}

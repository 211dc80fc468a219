"""Customers as frozen values, found by their governed id or by a source record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from apps.base.errors import NotFound
from apps.base.ids import CUSTOMER, check
from apps.golden.models import GoldenRecord, Membership, Move, Pin
from apps.sources import selectors as sources


class CustomerNotFound(NotFound):
    """No customer ever had that governed id."""

    code = "customer.not_found"
    title = "No such customer"


@dataclass(frozen=True, slots=True)
class Value:
    """One golden attribute with the source record, its version and the rule that won. `record_id` 0: a pin."""

    attribute: str
    value: str
    record_id: int
    version: int
    rule: str


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A golden attribute with the source it came from; source and key are empty for a pinned value."""

    attribute: str
    value: str
    rule: str
    record_id: int
    version: int
    source: sources.Source | None
    source_code: str
    source_key: str


@dataclass(frozen=True, slots=True)
class CustomerSummary:
    """What a list shows of a customer."""

    gid: str
    state: str
    name: str
    country: str
    city: str
    member_count: int
    version: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Customer:
    """What a governed id answers.

    `asked` is the id asked for, `asked_state` what became of it; `redirected` says that it was merged and that all
    the rest speaks of its `survivor`. `successors` names what split off, or what a split without an heir left behind.
    """

    asked: str
    asked_state: str
    redirected: bool
    survivor: str | None
    gid: str
    state: str
    successors: tuple[str, ...]
    name: str
    country: str
    city: str
    values: tuple[Value, ...]
    member_count: int
    version: int
    rules_version: int
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A source record that belongs to a customer: since when, what keeps it there, and its best score in millibits."""

    record_id: int
    source: sources.Source
    key: str
    state: str
    since: datetime
    reason: str
    score: int | None
    verdict_id: int | None
    run_id: int


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A merge, split, transfer, creation or retirement, with the customers on both sides."""

    move_id: int
    kind: str
    gid: str
    other: str | None
    record_ids: tuple[int, ...]
    record_count: int
    actor: str
    reason: str
    verdict_id: int | None
    run_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PinRow:
    """A value a steward fixed, with its release condition."""

    pin_id: int
    attribute: str
    value: str
    release: str
    release_record_id: int | None
    release_on: date | None
    pinned_by: str
    reason: str
    pinned_at: datetime


def get_customer(gid: str) -> Customer:
    """Return what a governed id answers, following a redirect (one hop at most).

    Raises GovernedIdError for a text that is no governed id of a customer, CustomerNotFound for one never given out.
    One query.
    """
    asked = check(gid, CUSTOMER)
    row = GoldenRecord.objects.select_related("survivor").filter(gid=asked).first()
    if row is None:
        raise CustomerNotFound(f"No customer has the id {asked}.", gid=asked)
    return _customer(row.survivor or row, asked=row)


def find_customer_of_record(record_id: int) -> Customer | None:
    """Return the customer a source record belongs to, or None. One query."""
    member = Membership.objects.select_related("golden").filter(record_id=record_id).first()
    return None if member is None else _customer(member.golden, asked=member.golden)


def list_customers(gids: Iterable[str]) -> list[CustomerSummary]:
    """Return the customers that exist among the governed ids, in the order asked, redirects not followed. One query."""
    asked = list(gids)
    if not asked:
        return []
    found = {row.gid: row for row in GoldenRecord.objects.defer("values", "search_terms").filter(gid__in=asked)}
    return [summary_of(found[gid]) for gid in asked if gid in found]


def list_customers_of_records(record_ids: Iterable[int]) -> dict[int, CustomerSummary]:
    """Return the customer of each source record that belongs to one, by record id. One query."""
    rows = (
        Membership.objects.select_related("golden")
        .defer("golden__values", "golden__search_terms")
        .filter(record_id__in=list(record_ids))
    )
    return {row.record_id: summary_of(row.golden) for row in rows}


def count_customers() -> int:
    """Return how many customers are live. One query."""
    return GoldenRecord.objects.filter(state=GoldenRecord.State.LIVE).count()


def list_member_ids(gid: str) -> list[int]:
    """Return the ids of the source records that belong to a customer, ascending. One query."""
    return list(Membership.objects.filter(golden__gid=gid).order_by("record_id").values_list("record_id", flat=True))


def list_members(gid: str, *, after: int = 0, limit: int = 500) -> list[Member]:
    """Return the source records of a customer whose ids follow `after`, ascending. Two queries."""
    rows = list(Membership.objects.filter(golden__gid=gid, record_id__gt=after).order_by("record_id")[:limit])
    records = sources.list_records(row.record_id for row in rows)
    return [
        Member(
            record_id=row.record_id,
            source=records[row.record_id].source,
            key=records[row.record_id].key,
            state=records[row.record_id].state,
            since=row.since,
            reason=row.reason,
            score=row.score,
            verdict_id=row.verdict_id,
            run_id=row.run_id,
        )
        for row in rows
    ]


def list_value_rows(gid: str) -> list[ValueRow]:
    """Return each golden value of a customer with its source and rule, by attribute. Two queries."""
    found = GoldenRecord.objects.filter(gid=gid).values_list("values", flat=True).first()
    return describe_values(read_values(found or {}))


def describe_values(values: Iterable[Value], members: Iterable[Member] = ()) -> list[ValueRow]:
    """Return the values with the name of the source record each came from.

    One query for the records that are not among `members`; none where all are.
    """
    listed = list(values)
    records: dict[int, Member | sources.Record] = {member.record_id: member for member in members}
    records |= sources.list_records({value.record_id for value in listed} - records.keys() - {0})
    rows = []
    for value in listed:
        record = records.get(value.record_id)
        rows.append(
            ValueRow(
                attribute=value.attribute,
                value=value.value,
                rule=value.rule,
                record_id=value.record_id,
                version=value.version,
                source=record.source if record else None,
                source_code=record.source.code if record else "",
                source_key=record.key if record else "",
            )
        )
    return rows


def list_moves(gid: str, *, limit: int = 200) -> list[MoveRow]:
    """Return the moves a customer took part in, on either side, newest first. Two queries."""
    # By internal id: over the joined gids the two sides could not be looked up by their indexes.
    golden_id = GoldenRecord.objects.filter(gid=gid).values_list("pk", flat=True).first()
    rows = (
        Move.objects.select_related("golden", "other")
        .defer("golden__values", "golden__search_terms", "other__values", "other__search_terms")
        .filter(Q(golden_id=golden_id) | Q(other_id=golden_id))
        .order_by("-at", "-pk")[:limit]
    )
    return [
        MoveRow(
            move_id=row.pk,
            kind=row.kind,
            gid=row.golden.gid,
            other=row.other.gid if row.other else None,
            record_ids=tuple(row.record_ids),
            record_count=len(row.record_ids),
            actor=row.actor,
            reason=row.reason,
            verdict_id=row.verdict_id,
            run_id=row.run_id,
            at=row.at,
        )
        for row in rows
    ]


def list_pins(gid: str) -> list[PinRow]:
    """Return the standing pins of a customer by attribute. One query."""
    rows = Pin.objects.filter(golden__gid=gid, released_at__isnull=True).order_by("attribute")
    return [
        PinRow(
            pin_id=row.pk,
            attribute=row.attribute,
            value=row.value,
            release=row.release,
            release_record_id=row.release_record_id,
            release_on=row.release_on,
            pinned_by=row.pinned_by,
            reason=row.reason,
            pinned_at=row.pinned_at,
        )
        for row in rows
    ]


def read_values(stored: Mapping[str, Mapping[str, Any]]) -> tuple[Value, ...]:
    """Return the golden values in the order of their attributes' names.

    Stored per attribute: `{"value": text, "record": source record id, "version": its version, "rule": rule code}`.
    """
    return tuple(
        Value(
            attribute=attribute,
            value=str(entry.get("value", "")),
            record_id=int(entry.get("record") or 0),
            version=int(entry.get("version") or 0),
            rule=str(entry.get("rule", "")),
        )
        for attribute, entry in sorted(stored.items())
    )


def summary_of(row: GoldenRecord) -> CustomerSummary:
    """Return what a list shows of a golden record. No query."""
    return CustomerSummary(
        gid=row.gid,
        state=row.state,
        name=row.name,
        country=row.country,
        city=row.city,
        member_count=row.member_count,
        version=row.version,
        changed_at=row.changed_at,
    )


def _customer(row: GoldenRecord, *, asked: GoldenRecord) -> Customer:
    redirected = asked.pk != row.pk
    return Customer(
        asked=asked.gid,
        asked_state=asked.state,
        redirected=redirected,
        survivor=row.gid if redirected else None,
        gid=row.gid,
        state=row.state,
        successors=tuple(row.successors),
        name=row.name,
        country=row.country,
        city=row.city,
        values=read_values(row.values),
        member_count=row.member_count,
        version=row.version,
        rules_version=row.rules_version,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )

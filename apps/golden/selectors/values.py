"""What a customer is said to be, by which source record and rule, and what a steward fixed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from apps.golden.models import GoldenRecord, Pin
from apps.golden.selectors.members import Member
from apps.sources import selectors as sources


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

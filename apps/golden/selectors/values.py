"""What a customer is said to be, by which source record and rule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.golden.models import GoldenRecord
from apps.golden.selectors.members import Member
from apps.sources import selectors as sources


@dataclass(frozen=True, slots=True)
class Value:
    """One golden attribute with the source record, its version and the rule that won.

    A value that a steward fixed has `record_id` 0 and the number of the pin that fixed it.
    """

    attribute: str
    value: str
    record_id: int
    version: int
    rule: str
    pin_id: int | None = None


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A golden attribute with the source it came from; source and key are empty for a pinned value, which has a pin."""

    attribute: str
    value: str
    rule: str
    record_id: int
    version: int
    source: sources.Source | None
    source_code: str
    source_key: str
    pin_id: int | None = None


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
                pin_id=value.pin_id,
            )
        )
    return rows


def read_values(stored: Mapping[str, Mapping[str, Any]]) -> tuple[Value, ...]:
    """Return the golden values in the order of their attributes' names.

    Stored per attribute: `{"value": text, "record": source record id, "version": its version, "rule": rule code}`;
    where a steward fixed it `{"value": text, "record": null, "version": null, "rule": "pinned", "pin": number}`.
    """
    return tuple(
        Value(
            attribute=attribute,
            value=str(entry.get("value", "")),
            record_id=int(entry.get("record") or 0),
            version=int(entry.get("version") or 0),
            rule=str(entry.get("rule", "")),
            pin_id=entry.get("pin"),
        )
        for attribute, entry in sorted(stored.items())
    )

"""The published shapes of pins: values that a steward fixed."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.golden.selectors import PinRow


class RecordNameShape(serializers.Serializer[Any]):
    """A source record of the customer by its source system and its key there."""

    source = serializers.CharField()  # type: ignore[assignment]
    key = serializers.CharField()


class PinShape(serializers.Serializer[Any]):
    """A fixed value. `state` is holds, lapsed (the watched record says something else) or overruled (by another pin).

    `release` is never (until a person releases it), source_changes (while `watching` says what it said) or date (until
    the day `until` begins, UTC).
    """

    pin = serializers.IntegerField(source="pin_id")
    attribute = serializers.CharField()
    value = serializers.CharField()
    state = serializers.CharField()
    overruled_by = serializers.IntegerField(allow_null=True)
    release = serializers.CharField()
    watching = serializers.SerializerMethodField()
    until = serializers.DateField(source="release_on", allow_null=True)
    pinned_by = serializers.CharField()
    reason = serializers.CharField()
    pinned_at = serializers.DateTimeField()

    @extend_schema_field(RecordNameShape(allow_null=True))
    def get_watching(self, row: PinRow) -> dict[str, str] | None:
        """Return the record whose word the pin hangs by."""
        return {"source": row.release_source, "key": row.release_key} if row.release_source else None


class PinsShape(serializers.Serializer[Any]):
    """The pins of a customer, which is at `version`; of each attribute the one that holds first."""

    gid = serializers.CharField()
    version = serializers.IntegerField()
    items = PinShape(many=True, source="pins")


class WishShape(serializers.Serializer[Any]):
    """What to fix, and why: either a `value` (empty text: that there is none) or the record to take it from.

    `watching` a member record releases the pin while that record says something else than now; `until` releases it on a
    day. Without either, only a person does.
    """

    attribute = serializers.CharField()
    value = serializers.CharField(required=False)
    taken_from = RecordNameShape(required=False)
    watching = RecordNameShape(required=False)
    until = serializers.DateField(required=False)
    reason = serializers.CharField()

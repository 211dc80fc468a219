"""Shapes of live intake: what is pushed, and what became of it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.v1.shapes import Bits


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "null"}]
        },
        "description": "Raw values by attribute; several values of one as a list.",
    }
)
class Attributes(serializers.DictField):
    """Raw values by canonical attribute."""


class PushShape(serializers.Serializer[Any]):
    """One record as its source has it now. Give `attributes`, or `raw`, or say that it is gone."""

    source = serializers.CharField(help_text="Code of the source system.")  # type: ignore[assignment]
    key = serializers.CharField(required=False, help_text="Its key there; with `raw` the mapping finds it.")
    attributes = Attributes(required=False)
    raw = serializers.DictField(required=False, help_text="The source's own row, read through its stored mapping.")
    modified_at = serializers.CharField(
        required=False, help_text="When it last changed there, ISO 8601. An older version never wins."
    )
    deleted = serializers.BooleanField(required=False, help_text="true: the source no longer has it.")
    merged_into = serializers.CharField(
        required=False, help_text="Key of the record of the same source that it was merged into there."
    )


class PushesShape(PushShape):
    """One record, or `records`: all in one transaction (at most 100), or with `atomic` false each for itself."""

    source = serializers.CharField(required=False)
    records = PushShape(many=True, required=False)
    atomic = serializers.BooleanField(
        required=False, help_text="false: up to 1,000 records, each with its own outcome; true unless told."
    )


class FaultShape(serializers.Serializer[Any]):
    """What is wrong with a record: `kept` says that the record was taken in all the same."""

    field = serializers.CharField(source="column", allow_null=True)
    code = serializers.CharField()
    reason = serializers.CharField()
    kept = serializers.BooleanField(source="is_kept")


class RecordErrorShape(serializers.Serializer[Any]):
    """Why a record could not be taken in, as a problem document would say it."""

    code = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()


class ReceivedShape(serializers.Serializer[Any]):
    """What became of one record, and of its customer.

    `outcome` is new, changed, unchanged, stale, duplicate, set_aside or failed; `changes` are created, joined, moved,
    updated, merged, split, left, retired, held, unchanged, queued, case_opened; `why` says it in a sentence.
    """

    source = serializers.CharField(source="source_code")  # type: ignore[assignment]
    key = serializers.CharField()
    outcome = serializers.CharField()
    version = serializers.IntegerField(allow_null=True)
    gid = serializers.CharField(allow_null=True)
    changes = serializers.ListField(child=serializers.CharField())
    why = serializers.CharField(source="sentence")
    score_bits = Bits(source="score", allow_null=True)
    cases = serializers.ListField(child=serializers.IntegerField(), source="case_ids")
    faults = FaultShape(many=True)
    error = RecordErrorShape(allow_null=True)


class ReceivedListShape(serializers.Serializer[Any]):
    """One answer for each record, in the order sent, and how many had each outcome."""

    items = ReceivedShape(many=True)
    counts = serializers.DictField(child=serializers.IntegerField())


class SourceRecordShape(serializers.Serializer[Any]):
    """A source record as its source last gave it, and the customer it belongs to.

    `version` is the newest version landed, `applied_version` the one its customer was built from; where they differ
    the record is queued.
    """

    source = serializers.CharField()  # type: ignore[assignment]
    key = serializers.CharField()
    state = serializers.CharField()
    deleted = serializers.BooleanField()
    version = serializers.IntegerField()
    applied_version = serializers.IntegerField(allow_null=True)
    modified_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField()
    attributes = serializers.DictField(child=serializers.CharField())
    gid = serializers.CharField(allow_null=True)

"""Shapes of decisions: what is asked, and what became of the customers."""

from typing import Any

from rest_framework import serializers

from apps.api.v1.shapes import RecordRef, ValueShape


class ReasonedShape(serializers.Serializer[Any]):
    """What every decision says besides: why, and which decisions give way."""

    reason = serializers.CharField(help_text="Why, in 1 to 500 characters; kept in the history.")
    supersedes = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Decisions that give way where they contradict this one, as a refusal with 409 names them.",
    )


class MergeShape(ReasonedShape):
    """Which customers are one."""

    # "with" is a word of the language, so the field gets its name in get_fields.
    survivor = serializers.CharField(required=False, help_text="The id that lives on; the oldest where none is named.")

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, `with` among them."""
        others = serializers.ListField(child=serializers.CharField(), help_text="Governed ids of the others.")
        return {"with": others, **super().get_fields()}


class SplitShape(ReasonedShape):
    """Which records of a customer become customers of their own."""

    groups = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Groups of `source:key`. Records that none names stay together.",
    )
    heir = serializers.IntegerField(
        required=False,
        help_text="The place of the group that keeps the id, from 0. Without it: the records that no group names, else"
        " the largest group.",
    )


class UnmergeShape(ReasonedShape):
    """Which id gets back what it had brought along."""

    absorbed = serializers.CharField(help_text="A governed id that was merged into this customer.")


class TransferShape(ReasonedShape):
    """Where a record belongs."""

    to = serializers.CharField(help_text='A governed id, or "new" for a customer of its own.')


class UndoShape(serializers.Serializer[Any]):
    """Why a decision is taken back."""

    reason = serializers.CharField(help_text="Why, in 1 to 500 characters; kept in the history.")


class AfterShape(serializers.Serializer[Any]):
    """A customer as it is now, or would be; `gid` is null for one that a preview would make."""

    gid = serializers.CharField(allow_null=True)
    is_new = serializers.BooleanField()
    name = serializers.CharField()
    country = serializers.CharField()
    version = serializers.IntegerField()
    members = RecordRef(many=True)
    values = ValueShape(many=True)


class EndedShape(serializers.Serializer[Any]):
    """An id that is live no more, and the one it redirects to."""

    gid = serializers.CharField()
    state = serializers.CharField()
    survivor = serializers.CharField(allow_null=True)


class SentShape(serializers.Serializer[Any]):
    """An event that goes out; `gid` is null for a customer that a preview would make."""

    type = serializers.CharField()
    gid = serializers.CharField(allow_null=True)


class OutcomeShape(serializers.Serializer[Any]):
    """What a decision came to, or would: `decision` is null in a preview, of which nothing is stored.

    `write_backs` counts the records per source system that are to carry another id, `deliveries` the events per
    subscriber. `cases` are conflicts that the decision opened.
    """

    decision = serializers.IntegerField(allow_null=True)
    act = serializers.CharField()
    is_preview = serializers.BooleanField()
    message = serializers.CharField()
    customers = AfterShape(many=True)
    ended = EndedShape(many=True)
    events = SentShape(many=True)
    write_backs = serializers.DictField(child=serializers.IntegerField())
    deliveries = serializers.DictField(child=serializers.IntegerField())
    cases = serializers.ListField(child=serializers.IntegerField())


class DifferenceShape(serializers.Serializer[Any]):
    """One thing that is not as it was before the decision: gone, left, came, together or id, in words."""

    what = serializers.CharField()
    gid = serializers.CharField()
    now = serializers.CharField()
    sentence = serializers.CharField()


class UndoneShape(serializers.Serializer[Any]):
    """A decision taken back; `differences` are what changed since and so is not as it was."""

    decision = serializers.IntegerField(source="verdict_id")
    message = serializers.CharField()
    case = serializers.IntegerField(source="case_id", allow_null=True)
    outcome = OutcomeShape()
    differences = DifferenceShape(many=True)

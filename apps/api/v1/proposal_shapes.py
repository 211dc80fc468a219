"""The published shapes of proposals: decisions that wait for a second person."""

from typing import Any

from rest_framework import serializers

from apps.api.v1.pin_shapes import RecordNameShape


class ProposeShape(serializers.Serializer[Any]):
    """What to propose, and why. `act` says which of the members it takes; they are those of doing it at once.

    `merge`: `gid`, `with`, `survivor`. `split`: `gid`, `groups`, `heir`. `judge`: `case`, whose two are said to be one.
    `fix`: `gid`, `attribute`, and `value` or `taken_from`, `watching` or `until`. `release`: `gid`, `attribute`.
    """

    act = serializers.ChoiceField(choices=["merge", "split", "judge", "fix", "release"])
    reason = serializers.CharField(help_text="Why, in 1 to 500 characters; the decision's reason, too.")
    gid = serializers.CharField(required=False)
    case = serializers.IntegerField(required=False)
    survivor = serializers.CharField(required=False)
    groups = serializers.ListField(child=serializers.ListField(child=serializers.CharField()), required=False)
    heir = serializers.IntegerField(required=False)
    supersedes = serializers.ListField(child=serializers.IntegerField(), required=False)
    attribute = serializers.CharField(required=False)
    value = serializers.CharField(required=False)
    taken_from = RecordNameShape(required=False)
    watching = RecordNameShape(required=False)
    until = serializers.DateField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, `with` among them, which is a word of the language."""
        return {**super().get_fields(), "with": serializers.ListField(child=serializers.CharField(), required=False)}


class ApproveShape(serializers.Serializer[Any]):
    """Which `revision` was looked at, and why it is approved."""

    revision = serializers.IntegerField()
    reason = serializers.CharField(help_text="Why, in 1 to 500 characters.")


class RefuseShape(serializers.Serializer[Any]):
    """Why it is refused."""

    reason = serializers.CharField(help_text="Why, in 1 to 500 characters.")


class ProposalWeightShape(serializers.Serializer[Any]):
    """Why it takes a second person: records, numbers, countries or protected."""

    kind = serializers.CharField()
    sentence = serializers.CharField()


class ProposalRowShape(serializers.Serializer[Any]):
    """A proposal: open, approved, refused or withdrawn. `decision` is what an approved one came to.

    `revision` counts how often it was looked at anew; who approves names the one they saw.
    """

    proposal = serializers.IntegerField(source="proposal_id")
    act = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    revision = serializers.IntegerField()
    weights = ProposalWeightShape(many=True)
    reason = serializers.CharField()
    proposed_by = serializers.CharField()
    proposed_at = serializers.DateTimeField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_why = serializers.CharField()
    decision = serializers.IntegerField(source="verdict_id", allow_null=True)


class SideShape(serializers.Serializer[Any]):
    """A customer before or after; `gid` is empty for one that would be new. `members` are named "source key"."""

    gid = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    version = serializers.IntegerField()
    members = serializers.ListField(child=serializers.CharField())
    values = serializers.DictField(child=serializers.CharField())


class ProposalShape(ProposalRowShape):
    """A proposal with its change set: the customers before and after, and how many it tells of it."""

    before = SideShape(many=True, source="change.before")
    after = SideShape(many=True, source="change.after")
    write_backs = serializers.DictField(child=serializers.IntegerField(), source="change.write_backs")
    deliveries = serializers.DictField(child=serializers.IntegerField(), source="change.deliveries")


class ProposalPageShape(serializers.Serializer[Any]):
    """A page of proposals; `next` is the cursor of the next page, null on the last."""

    items = ProposalRowShape(many=True)
    next = serializers.CharField(allow_null=True)

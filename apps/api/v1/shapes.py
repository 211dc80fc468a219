"""The published shapes of version 1. A field may be added; none changes its meaning or goes away.

A field called `source` or `label` shadows a framework attribute that is set on the instance, not on the class.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from operator import attrgetter
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field({"type": "number", "description": "log2 of the odds; 0 means even odds, 3 decimals"})
class Bits(serializers.Field[int, Any, float, Any]):
    """Millibits as bits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: int) -> float:
        return value / 1000


class Plain(serializers.Serializer[Any]):
    """The shape of a document whose members are read as they are: what lists hold by the hundred.

    Says what any serializer would, without asking of each member of each row anew whether it is a call, a key or left
    out.
    """

    def to_representation(self, instance: Any) -> dict[str, Any]:  # noqa: ANN401 - the framework's signature
        if isinstance(instance, Mapping):
            return super().to_representation(instance)
        shown: dict[str, Any] = {}
        for name, read, show in self._plainly:
            value = read(instance)
            shown[name] = None if value is None else show(value)
        return shown

    @cached_property
    def _plainly(self) -> list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]:
        return [
            (name, attrgetter(".".join(field.source_attrs)), field.to_representation)
            for name, field in self.fields.items()
        ]


class Problem(serializers.Serializer[Any]):
    """An error (RFC 9457). `code` never changes; `instance` names this occurrence in the log."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    instance = serializers.CharField()
    facts = serializers.DictField()


class RecordRef(Plain):
    """A source record by its source system and its key there."""

    source = serializers.CharField(source="source.code")  # type: ignore[assignment]
    key = serializers.CharField()


class CustomerSummaryShape(Plain):
    """What a list shows of a customer."""

    gid = serializers.CharField()
    state = serializers.CharField()
    name = serializers.CharField()
    country = serializers.CharField()
    city = serializers.CharField()
    member_count = serializers.IntegerField()
    version = serializers.IntegerField()
    changed_at = serializers.DateTimeField()


class ValueShape(Plain):
    """One golden value, the source record and version it came from, and the rule; `pin` where a steward fixed it."""

    attribute = serializers.CharField()
    value = serializers.CharField()
    rule = serializers.CharField()
    source = serializers.CharField(source="source_code", allow_null=True)  # type: ignore[assignment]
    key = serializers.CharField(source="source_key", allow_null=True)
    version = serializers.IntegerField()
    pin = serializers.IntegerField(source="pin_id", allow_null=True)


class MemberShape(RecordRef):
    """A source record that belongs to the customer, and what keeps it there."""

    state = serializers.CharField()
    since = serializers.DateTimeField()
    reason = serializers.CharField()
    score_bits = Bits(source="score", allow_null=True)
    decision = serializers.IntegerField(source="verdict_id", allow_null=True)


class IdentifierShape(Plain):
    """A number of the legal entity; `check` is verified, plausible or wrong."""

    scheme = serializers.CharField()
    issuer = serializers.CharField()
    value = serializers.CharField()
    check = serializers.CharField()


class LegalEntityShape(serializers.Serializer[Any]):
    """The registered body behind the customer."""

    lid = serializers.CharField(source="entity.lid")
    registered_name = serializers.CharField(source="entity.registered_name")
    legal_form = serializers.CharField(source="entity.legal_form")
    jurisdiction = serializers.CharField(source="entity.jurisdiction")
    identifiers = IdentifierShape(many=True)


class LinkShape(Plain):
    """Two members that the rules tie together."""

    left = RecordRef()
    right = RecordRef()
    score_bits = Bits(source="score")


class CustomerShape(serializers.Serializer[Any]):
    """A customer. `asked` is the id asked for; `redirected` says it was merged and `survivor` answers in its place."""

    asked = serializers.CharField(source="customer.asked")
    asked_state = serializers.CharField(source="customer.asked_state")
    redirected = serializers.BooleanField(source="customer.redirected")
    survivor = serializers.CharField(source="customer.survivor", allow_null=True)
    gid = serializers.CharField(source="customer.gid")
    state = serializers.CharField(source="customer.state")
    successors = serializers.ListField(child=serializers.CharField(), source="customer.successors")
    name = serializers.CharField(source="customer.name")
    country = serializers.CharField(source="customer.country")
    city = serializers.CharField(source="customer.city")
    version = serializers.IntegerField(source="customer.version")
    rules_version = serializers.IntegerField(source="customer.rules_version")
    created_at = serializers.DateTimeField(source="customer.created_at")
    changed_at = serializers.DateTimeField(source="customer.changed_at")
    values = ValueShape(many=True)
    member_count = serializers.IntegerField(source="customer.member_count")
    members = MemberShape(many=True)
    members_next = serializers.CharField(allow_null=True)
    legal_entity = LegalEntityShape(allow_null=True)
    links = LinkShape(many=True)


class MemberPageShape(serializers.Serializer[Any]):
    """A page of source records; `next` is the cursor of the next page, null on the last."""

    items = MemberShape(many=True)
    next = serializers.CharField(allow_null=True)


class SearchHitShape(serializers.Serializer[Any]):
    """A customer found, and how many of the asked words it matched; `corrected`: one of them in another spelling."""

    customer = CustomerSummaryShape()
    matched = serializers.IntegerField()
    asked = serializers.IntegerField()
    corrected = serializers.BooleanField(source="is_corrected")


class SearchPageShape(serializers.Serializer[Any]):
    """A page of customers; `next` is the cursor of the next page, null on the last."""

    items = SearchHitShape(many=True)
    next = serializers.CharField(allow_null=True)


class CompanyCodeShape(serializers.Serializer[Any]):
    """How one of our own companies deals with the customer, as the named ERP record says."""

    company_code = serializers.CharField()
    company_name = serializers.CharField()
    company_country = serializers.CharField()
    currency = serializers.CharField()
    payment_terms = serializers.CharField()
    tax_profile = serializers.CharField()
    reconciliation_account = serializers.CharField()
    is_blocked = serializers.BooleanField()
    source = serializers.CharField(source="source_code")  # type: ignore[assignment]
    key = serializers.CharField(source="source_key")


class CompanyCodesShape(serializers.Serializer[Any]):
    """The company codes of a customer."""

    asked = serializers.CharField(source="customer.asked")
    redirected = serializers.BooleanField(source="customer.redirected")
    gid = serializers.CharField(source="customer.gid")
    items = CompanyCodeShape(many=True)


class ChangeShape(serializers.Serializer[Any]):
    """One attribute before and after; an empty text stands for no value."""

    attribute = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class HistoryRowShape(serializers.Serializer[Any]):
    """One thing that happened: `kind` is created, changed, deleted, or joined, stayed, left for the record named."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    actor = serializers.CharField()
    reason = serializers.CharField()
    run = serializers.IntegerField(source="run_id")
    version = serializers.IntegerField(allow_null=True)
    changes = ChangeShape(many=True)
    source = serializers.CharField(source="source_code", allow_null=True)  # type: ignore[assignment]
    key = serializers.CharField(source="source_key", allow_null=True)


class MoveShape(serializers.Serializer[Any]):
    """A merge, split, transfer, creation or retirement."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    gid = serializers.CharField()
    other = serializers.CharField(allow_null=True)
    records = serializers.IntegerField(source="record_count")
    actor = serializers.CharField()
    reason = serializers.CharField()
    decision = serializers.IntegerField(source="verdict_id", allow_null=True)
    run = serializers.IntegerField(source="run_id")


class HistoryShape(serializers.Serializer[Any]):
    """What became of exactly this governed id, newest first; redirects are not followed."""

    gid = serializers.CharField(source="customer.asked")
    state = serializers.CharField(source="customer.asked_state")
    survivor = serializers.CharField(source="customer.survivor", allow_null=True)
    moves = MoveShape(many=True)
    items = HistoryRowShape(many=True)


class SourceSystemShape(serializers.Serializer[Any]):
    """A source system, with what its badge shows."""

    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    trust = serializers.IntegerField()
    letters = serializers.CharField()
    hue = serializers.IntegerField()


class SourceSystemsShape(serializers.Serializer[Any]):
    """Every source system."""

    items = SourceSystemShape(many=True)


class CandidateShape(serializers.Serializer[Any]):
    """Another record that may be the same customer as the case's subject, and the number of that question."""

    case = serializers.IntegerField(source="row.case_id")
    kind = serializers.CharField(source="row.kind")
    question = serializers.CharField(source="row.question")
    score_bits = Bits(source="row.score", allow_null=True)
    pressing = serializers.FloatField(allow_null=True)
    opened_at = serializers.DateTimeField(source="row.opened_at")
    record = RecordRef(allow_null=True)


class CaseShape(serializers.Serializer[Any]):
    """Questions about one source record, the subject; what stands outside `candidates` is of the most pressing one."""

    case = serializers.IntegerField(source="row.case_id")
    kind = serializers.CharField(source="row.kind")
    question = serializers.CharField(source="row.question")
    score_bits = Bits(source="row.score", allow_null=True)
    priority = serializers.IntegerField(source="row.priority")
    pressing = serializers.FloatField(allow_null=True)
    stake = serializers.IntegerField(source="row.stake")
    opened_at = serializers.DateTimeField(source="row.opened_at")
    left = RecordRef(allow_null=True)
    right = RecordRef(allow_null=True)
    subject = RecordRef(allow_null=True)
    candidates = CandidateShape(many=True)


class CasePageShape(serializers.Serializer[Any]):
    """A page of open cases; `next` is the cursor of the next page, null on the last."""

    items = CaseShape(many=True)
    next = serializers.CharField(allow_null=True)

"""Shapes of identity look-ups: what is asked by example, and what is answered."""

from typing import Any

from rest_framework import serializers

from apps.api.v1.shapes import Bits, CustomerSummaryShape, Plain, RecordRef


class ExampleShape(serializers.Serializer[Any]):
    """An example of a customer: raw values in any spelling. Every field is optional; at least one is needed."""

    name = serializers.CharField(required=False)
    former_names = serializers.CharField(required=False)
    street = serializers.CharField(required=False)
    city = serializers.CharField(required=False)
    region = serializers.CharField(required=False)
    postcode = serializers.CharField(required=False)
    country = serializers.CharField(required=False)
    phone = serializers.CharField(required=False)
    email = serializers.CharField(required=False)
    website = serializers.CharField(required=False)
    lei = serializers.CharField(required=False)
    vat = serializers.CharField(required=False)
    tax_id = serializers.CharField(required=False)
    register_no = serializers.CharField(required=False)
    duns = serializers.CharField(required=False)
    isin = serializers.CharField(required=False)
    sector = serializers.CharField(required=False)
    jurisdiction = serializers.CharField(required=False)


class IdentityShape(serializers.Serializer[Any]):
    """The customers that carry what was asked for."""

    asked = serializers.DictField(child=serializers.CharField())
    customers = CustomerSummaryShape(many=True)


class EvidenceShape(Plain):
    """One comparison's outcome; its bits add up with the others' and the prior to the score."""

    comparison = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    bits = Bits(source="millibits")
    sentence = serializers.CharField()


class CandidateShape(serializers.Serializer[Any]):
    """A customer the example may be. `band` is link, review or keep; `best` is the record that scored highest."""

    customer = CustomerSummaryShape()
    score_bits = Bits(source="score")
    band = serializers.CharField()
    band_words = serializers.CharField()
    best = RecordRef()
    records_found = serializers.IntegerField()
    evidence = EvidenceShape(many=True)


class ResolutionShape(serializers.Serializer[Any]):
    """The candidates, strongest first, with the thresholds they are judged by; `note` says why there are none."""

    rules_version = serializers.IntegerField()
    prior_bits = Bits(source="prior")
    review_bits = Bits(source="review")
    link_bits = Bits(source="link")
    compared = serializers.IntegerField()
    candidates = CandidateShape(many=True)
    note = serializers.CharField()


class ExamplesShape(serializers.Serializer[Any]):
    """Up to 1,000 examples."""

    examples = ExampleShape(many=True)


class ExampleErrorShape(serializers.Serializer[Any]):
    """Why an example could not be resolved, as a problem document would say it."""

    code = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()


class ResolvedShape(serializers.Serializer[Any]):
    """What one example of many may be, or what stands against it; the other is null."""

    resolution = ResolutionShape(allow_null=True)
    error = ExampleErrorShape(allow_null=True)


class ResolutionsShape(serializers.Serializer[Any]):
    """One item for each example, in the order sent."""

    items = ResolvedShape(many=True)

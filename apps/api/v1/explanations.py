"""Why a customer's source records are one, and what keeps two customers apart."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.permissions import EVERY_ROLE
from apps.api.v1.customers import get_living
from apps.api.v1.routes import GID, Route, answer, operation, query
from apps.api.v1.shapes import Bits, RecordRef
from apps.engine.explain import ScoredPair, Step
from apps.pipeline.explaining import CustomerReport, explain_apart, explain_customer
from apps.sources import selectors as sources

Records = Mapping[int, sources.Record]


class ContributionShape(serializers.Serializer[Any]):
    """What a comparison adds to a score; `rarity_bits` of it are due to how rare or shared the agreeing value is."""

    comparison = serializers.CharField()
    title = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    bits = Bits(source="millibits")
    rarity_bits = Bits(source="rarity")
    sentence = serializers.CharField()


class ExplainedPairShape(serializers.Serializer[Any]):
    """Two source records: `prior_bits` and the bits of the `steps` add up to `score_bits`."""

    left = RecordRef()
    right = RecordRef()
    prior_bits = Bits(source="pair.prior")
    steps = ContributionShape(source="pair.steps", many=True)
    score_bits = Bits(source="pair.score")
    outcome = serializers.CharField(source="pair.outcome")


class ScoredPairShape(serializers.Serializer[Any]):
    """Two source records and their score."""

    left = RecordRef()
    right = RecordRef()
    score_bits = Bits(source="score")


class ConflictShape(serializers.Serializer[Any]):
    """Two source records of which something says that they are not one."""

    left = RecordRef()
    right = RecordRef()
    sentence = serializers.CharField()


class StepShape(serializers.Serializer[Any]):
    """Two groups of records joined, with the score between them, their best pair, and the decision if one did."""

    group = RecordRef(many=True)
    joined = RecordRef(many=True)
    group_bits = Bits(source="score")
    best = ScoredPairShape()
    decision = serializers.IntegerField(source="verdict", allow_null=True)


class FormationShape(serializers.Serializer[Any]):
    """How a customer formed, in order. `groups` are more than one where today's rules don't hold it together.

    `note` says why there are no steps.
    """

    gid = serializers.CharField()
    rules_version = serializers.IntegerField()
    link_bits = Bits(source="link")
    groups = serializers.ListField(child=RecordRef(many=True))
    steps = StepShape(many=True)
    weak_pairs = ScoredPairShape(many=True)
    conflicts = ConflictShape(many=True)
    note = serializers.CharField()


class ReasonShape(serializers.Serializer[Any]):
    """One thing that keeps two customers apart: `kind` is decision, number, cap, never compared, groups or score."""

    kind = serializers.CharField()
    sentence = serializers.CharField()


class ApartShape(serializers.Serializer[Any]):
    """What keeps two customers apart, strongest first; without a reason the next run brings them together."""

    gid = serializers.CharField()
    other = serializers.CharField()
    rules_version = serializers.IntegerField()
    reasons = ReasonShape(many=True)
    group_bits = Bits(source="score")
    best = ExplainedPairShape()
    shared_keys = serializers.ListField(child=serializers.CharField())
    common_keys = serializers.ListField(child=serializers.CharField())


class CustomerWhy(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE

    @operation(
        "explainCustomer",
        "How a customer's source records came together",
        FormationShape,
        refusals=(404, 409, 410),
        parameters=[GID],
    )
    def get(self, request: Request, gid: str) -> Response:  # noqa: ARG002 - the framework's signature
        """Return the joins in order, the pairs that speak against them and the conflicts, following a merge."""
        return answer(FormationShape, _formation(explain_customer(get_living(gid))))


class CustomerWhyNot(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE
    takes: ClassVar[frozenset[str]] = frozenset({"other"})

    @operation(
        "explainApart",
        "What keeps two customers apart",
        ApartShape,
        refusals=(404, 409, 410),
        parameters=[GID, query("other", "Governed id of the other customer.", required=True)],
    )
    def get(self, request: Request, gid: str) -> Response:
        """Return every reason that applies, and the evidence between the two records that are most alike."""
        report = explain_apart(get_living(gid), get_living(self.needed(request, "other")))
        apart = report.apart
        document = {
            "gid": report.customer.gid,
            "other": report.other.gid,
            "rules_version": report.rules_version,
            "reasons": apart.reasons,
            "score": apart.score,
            "best": {"left": report.left, "right": report.right, "pair": apart.pair},
            "shared_keys": apart.shared_keys,
            "common_keys": apart.common_keys,
        }
        return answer(ApartShape, document)


def _formation(report: CustomerReport) -> dict[str, Any]:
    records, cluster = report.records, report.cluster
    document = {
        "gid": report.customer.gid,
        "rules_version": report.active.version,
        "link": report.active.rules.thresholds.link,
        "note": "",
    }
    if cluster is None:
        told = f"{len(report.parts):,} records are too many to retrace how they came together."
        return document | {"groups": [], "steps": [], "weak_pairs": [], "conflicts": [], "note": told}
    return document | {
        "groups": [[records[record] for record in group] for group in cluster.groups],
        "steps": [_step(step, records) for step in cluster.steps],
        "weak_pairs": [_scored(pair, records) for pair in cluster.weak_pairs],
        "conflicts": [
            {"left": records[c.left], "right": records[c.right], "sentence": c.sentence} for c in cluster.conflicts
        ],
    }


def _step(step: Step, records: Records) -> dict[str, Any]:
    return {
        "group": [records[record] for record in step.group],
        "joined": [records[record] for record in step.joined],
        "score": step.score,
        "best": _scored(step.best, records),
        "verdict": step.verdict,
    }


def _scored(pair: ScoredPair, records: Records) -> dict[str, Any]:
    return {"left": records[pair.left], "right": records[pair.right], "score": pair.score}

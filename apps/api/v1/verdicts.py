"""Verdicts: what was decided about pairs of source records, by whom and on what; one more can be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.paging import CursorInvalid, read_cursor, read_limit, write_cursor
from apps.api.permissions import STEWARDS
from apps.api.v1 import decision_shapes as shapes
from apps.api.v1.customers import get_living
from apps.api.v1.decisions import IF_MATCH, PREVIEW, DecisionRoute, DecisionUndo, read_body
from apps.api.v1.routes import ParameterInvalid, answer, operation, query
from apps.api.v1.shapes import Bits, RecordRef
from apps.api.v1.source_records import actor_of
from apps.golden.selectors import list_member_ids
from apps.matching import decisions
from apps.pipeline.deciding import judge_records
from apps.sources import selectors as sources

QUESTION = ("gid", "source", "key")
Records = Mapping[int, sources.Record]


class VerdictAskedShape(shapes.ReasonedShape):
    """What is said of which two records."""

    left = RecordRef()
    right = RecordRef()
    verdict = serializers.ChoiceField(choices=["same", "different", "related", "not_sure"])


class SaidPairShape(serializers.Serializer[Any]):
    """One pair that the verdict speaks about; it binds unless it is undone, superseded, or said before."""

    left = RecordRef(allow_null=True)
    right = RecordRef(allow_null=True)
    verdict = serializers.CharField(source="pair.kind")
    binds = serializers.BooleanField(source="pair.binds")
    superseded_by = serializers.IntegerField(source="pair.superseded_by", allow_null=True)


class WeighedShape(serializers.Serializer[Any]):
    """What a comparison said when the verdict was given."""

    comparison = serializers.CharField()
    level = serializers.IntegerField()
    bits = Bits(source="millibits")


class AskedPairShape(serializers.Serializer[Any]):
    """The two records asked about as they were weighed then: `prior_bits` and the `evidence` make `score_bits`."""

    left = RecordRef(allow_null=True)
    right = RecordRef(allow_null=True)
    prior_bits = Bits(source="pair.prior", allow_null=True)
    evidence = WeighedShape(source="pair.evidence", many=True)
    score_bits = Bits(source="pair.score", allow_null=True)


class SeenRecordShape(serializers.Serializer[Any]):
    """A record and the version of it that was seen."""

    source = serializers.CharField(source="record.source.code")  # type: ignore[assignment]
    key = serializers.CharField(source="record.key")
    version = serializers.IntegerField(allow_null=True)


class SeenCustomerShape(serializers.Serializer[Any]):
    """A customer as it was when the verdict was given."""

    gid = serializers.CharField()
    version = serializers.IntegerField()
    records = SeenRecordShape(many=True)


class VerdictShape(serializers.Serializer[Any]):
    """A verdict with who gave it, when, why, by which rules and on what; `undone_at` says that it binds nothing now.

    `pairs` are the first 20 of `pair_count`.
    """

    decision = serializers.IntegerField(source="row.verdict_id")
    verdict = serializers.CharField(source="row.kind")
    act = serializers.CharField(source="row.act")
    decided_by = serializers.CharField(source="row.decided_by")
    by_policy = serializers.BooleanField(source="row.by_policy")
    decided_at = serializers.DateTimeField(source="row.decided_at")
    reason = serializers.CharField(source="row.reason")
    rules_version = serializers.IntegerField(source="row.rules_version")
    case = serializers.IntegerField(source="row.case_id", allow_null=True)
    undone_at = serializers.DateTimeField(source="row.undone_at", allow_null=True)
    undone_by = serializers.CharField(source="row.undone_by")
    pair_count = serializers.IntegerField(source="row.pair_count")
    pairs = SaidPairShape(many=True)
    asked = AskedPairShape(allow_null=True)
    seen = SeenCustomerShape(many=True)


class VerdictPageShape(serializers.Serializer[Any]):
    """A page of verdicts, newest first; `next` is the cursor of the next page, null on the last."""

    items = VerdictShape(many=True)
    next = serializers.CharField(allow_null=True)


@dataclass(frozen=True, slots=True)
class _Pair:
    pair: decisions.SaidPair | decisions.Asked
    left: sources.Record | None
    right: sources.Record | None


@dataclass(frozen=True, slots=True)
class _SeenRecord:
    record: sources.Record
    version: int | None


@dataclass(frozen=True, slots=True)
class _SeenCustomer:
    gid: str
    version: int
    records: list[_SeenRecord]


@dataclass(frozen=True, slots=True)
class _Document:
    row: decisions.Spoken
    pairs: list[_Pair]
    asked: _Pair | None
    seen: list[_SeenCustomer]


class VerdictList(DecisionRoute):
    admits: ClassVar[frozenset[str]] = STEWARDS
    takes: ClassVar[frozenset[str]] = frozenset({"preview", "gid", "source", "key", "limit", "cursor"})
    http_method_names = ["get", "post"]

    @operation(
        "listVerdicts",
        "What was decided about source records",
        VerdictPageShape,
        refusals=(404, 410),
        admits=STEWARDS,
        tag="cases",
        parameters=[
            query("gid", "Only verdicts that name a record which this customer has now."),
            query("source", "Only verdicts that name one record: its source system."),
            query("key", "The record's key there."),
            query("limit", "Verdicts per page, 1 to 100; 25 unless told."),
            query("cursor", "The `next` of the page before."),
        ],
    )
    def get(self, request: Request) -> Response:
        """Return verdicts, newest first: merges, splits and transfers among them, which are verdicts on many pairs."""
        if self.parameter(request, "preview") is not None:
            raise ParameterInvalid("preview belongs to POST.", parameter="preview")
        asked = [self.parameter(request, name) for name in QUESTION]
        question = "\n".join(text or "" for text in asked)
        limit = read_limit(self.parameter(request, "limit"))
        before = _position(self.parameter(request, "cursor"), question)
        found = decisions.list_verdicts(records=_records_asked(*asked), before=before, limit=limit + 1)
        shown, more = found[:limit], None
        if len(found) > limit:
            more = write_cursor("verdicts", question, [shown[-1].verdict_id])
        return answer(VerdictPageShape, {"items": _documents(shown), "next": more})

    @operation(
        "judgeRecords",
        "Say whether two source records are the same customer",
        shapes.OutcomeShape,
        refusals=(404, 412, 428),
        admits=STEWARDS,
        writes=True,
        tag="cases",
        request={"application/json": VerdictAskedShape},
        parameters=[IF_MATCH, PREVIEW],
    )
    def post(self, request: Request) -> Response:
        """Say that two records are the same customer, different, related, or unsure, with or without a case.

        Of records of two customers it is said for all their records: "same" merges them, the others keep them apart.
        Inside one customer it is said of the two alone: "same" holds them together, "different" and "related" part the
        customer. The open case between them is settled with it. If-Match names the customers of both.
        """
        for name in (*QUESTION, "limit", "cursor"):
            if self.parameter(request, name) is not None:
                raise ParameterInvalid(f"{name} belongs to GET.", parameter=name)
        body = read_body(request.data, {"left", "right", "verdict", "reason", "supersedes"})
        return self.decide(
            request,
            lambda versions: judge_records(
                left=body.record("left"),
                right=body.record("right"),
                verdict=body.text("verdict"),
                reason=body.text("reason"),
                versions=versions,
                supersedes=body.numbers("supersedes"),
                actor=actor_of(request),
            ),
        )


class VerdictUndo(DecisionUndo):
    """The same as `/decisions/{decision}/undo`: every decision is a verdict and has its number."""

    admits: ClassVar[frozenset[str]] = STEWARDS

    @operation(
        "undoVerdict",
        "Take a verdict back",
        shapes.UndoneShape,
        refusals=(404,),
        admits=STEWARDS,
        writes=True,
        tag="cases",
        request={"application/json": shapes.UndoShape},
        parameters=[
            OpenApiParameter("decision", OpenApiTypes.INT, OpenApiParameter.PATH, description="Number of the verdict.")
        ],
    )
    def post(self, request: Request, decision: int) -> Response:
        """Do what `undoDecision` does: every decision is a verdict, under one number."""
        return super().post(request, decision)


def _records_asked(gid: str | None, source: str | None, key: str | None) -> list[int] | None:
    """Return the records whose verdicts are asked for; None for all there are."""
    if (source is None) != (key is None):
        raise ParameterInvalid("source and key name a record together.", parameter="key" if key is None else "source")
    if gid is not None and source is not None:
        raise ParameterInvalid("Ask for a customer or for a record, not for both.", parameter="gid")
    if gid is not None:
        return list_member_ids(get_living(gid).gid)
    if source is not None and key is not None:
        return [sources.get_source_record(source, key).record_id]
    return None


def _position(cursor: str | None, question: str) -> int | None:
    if cursor is None:
        return None
    try:
        (before,) = read_cursor("verdicts", question, cursor)
    except ValueError as error:
        raise CursorInvalid("The cursor doesn't name a verdict.") from error
    return int(before)


def _documents(rows: Sequence[decisions.Spoken]) -> list[_Document]:
    named = {record for row in rows for pair in row.pairs for record in (pair.low, pair.high)}
    named |= {record for row in rows if row.asked for record in (row.asked.low, row.asked.high)}
    named |= {record for row in rows for side in row.sides for record in side.members}
    records = sources.list_records(named)
    return [
        _Document(
            row,
            [_pair(pair, records) for pair in row.pairs],
            _pair(row.asked, records) if row.asked else None,
            [_seen(side, row.versions, records) for side in row.sides],
        )
        for row in rows
    ]


def _pair(pair: decisions.SaidPair | decisions.Asked, records: Records) -> _Pair:
    return _Pair(pair, records.get(pair.low), records.get(pair.high))


def _seen(side: decisions.Side, versions: Mapping[int, int], records: Records) -> _SeenCustomer:
    members = [_SeenRecord(records[record], versions.get(record)) for record in side.members if record in records]
    return _SeenCustomer(side.gid, side.version, members)

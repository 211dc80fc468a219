"""Live intake: records as systems push them, each answered with the customer it belongs to now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import answer_once
from apps.api.parsers import RecordsParser
from apps.api.permissions import EVERY_ROLE, INTEGRATIONS, TOKEN_ABILITIES
from apps.api.v1.pushes import read_body
from apps.api.v1.record_shapes import PushesShape, ReceivedListShape, ReceivedShape, SourceRecordShape
from apps.api.v1.routes import LONGEST_PARAMETER, ParameterInvalid, Route, answer, operation, query
from apps.base.abilities import NOTHING
from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.golden import selectors as golden
from apps.pipeline.receiving import Received, receive_apart, receive_together
from apps.sources import selectors as sources
from apps.sources.intake import Outcome
from apps.sources.pushing import Push

SOURCE = OpenApiParameter("source", OpenApiTypes.STR, OpenApiParameter.PATH, description="Code of the source system.")
KEY = OpenApiParameter("key", OpenApiTypes.STR, OpenApiParameter.PATH, description="Key of the record there.")


@dataclass(frozen=True, slots=True)
class _Fault:
    column: str | None
    code: str
    reason: str
    is_kept: bool


@dataclass(frozen=True, slots=True)
class _ReceivedDocument:
    source_code: str
    key: str
    outcome: str
    version: int | None
    gid: str | None
    changes: tuple[str, ...]
    sentence: str
    score: int | None
    case_ids: tuple[int, ...]
    faults: tuple[_Fault, ...]
    error: HubError | None


@dataclass(frozen=True, slots=True)
class _RecordDocument:
    source: str
    key: str
    state: str
    deleted: bool
    version: int
    applied_version: int | None
    modified_at: datetime | None
    received_at: datetime
    attributes: dict[str, str]
    gid: str | None


class SourceRecordList(Route):
    admits: ClassVar[frozenset[str]] = INTEGRATIONS
    parser_classes = [RecordsParser]
    http_method_names = ["post"]

    @operation(
        "pushSourceRecords",
        "Take in records as they are now, and say whose they are",
        ReceivedListShape,
        refusals=(404,),
        admits=INTEGRATIONS,
        writes=True,
        tag="records",
        request={"application/json": PushesShape},
    )
    def post(self, request: Request) -> Response:
        """Land the records, match them, and answer with the customer of each.

        One record, or up to 100 `records` in one transaction: all are taken in or none, and 422 names those that can't
        be used. With `atomic` false up to 1,000, each with its own outcome: what can't be used is set aside as a fault,
        and the others are taken in. The status is 200 either way; look at each item's `outcome`.

        Sending what the hub has already changes nothing. A record too entangled to settle at once answers `queued`: it
        has landed, and its customer follows within seconds.
        """
        body = read_body(request.data)
        actor = actor_of(request)
        if body.is_atomic:
            return answer_once(request, lambda: _answer(receive_together(pushes=body.pushes, actor=actor)))
        return answer_once(request, lambda: _answer(receive_apart(pushes=body.pushes, actor=actor)), in_parts=True)


class SourceRecordDetail(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE
    admits_writers: ClassVar[frozenset[str] | None] = INTEGRATIONS
    http_method_names = ["get", "head", "delete"]

    @property
    def takes(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({"merged_into", "modified_at"}) if self.request.method == "DELETE" else frozenset()

    @operation(
        "getSourceRecord",
        "A source record as its source last gave it",
        SourceRecordShape,
        refusals=(404,),
        tag="records",
        parameters=[SOURCE, KEY],
    )
    def get(self, request: Request, source: str, key: str) -> Response:  # noqa: ARG002 - the framework's signature
        """Return the record's newest version, where it stands, and the customer it belongs to."""
        record = sources.get_source_record(_usable(source, "source"), _usable(key, "key"))
        newest = sources.list_versions(record.record_id, limit=1)[0]
        customer = golden.find_customer_of_record(record.record_id)
        document = _RecordDocument(
            source=record.source.code,
            key=record.key,
            state=record.state,
            deleted=record.is_gone,
            version=record.latest_number,
            applied_version=record.applied_number,
            modified_at=record.modified_at,
            received_at=newest.received_at,
            attributes=dict(newest.given),
            gid=customer.gid if customer else None,
        )
        return answer(SourceRecordShape, document)

    @operation(
        "deleteSourceRecord",
        "Say that a source no longer has a record",
        ReceivedShape,
        refusals=(404,),
        admits=INTEGRATIONS,
        writes=True,
        tag="records",
        parameters=[
            SOURCE,
            KEY,
            query("merged_into", "Key of the record of the same source that it was merged into there."),
            query("modified_at", "When it was deleted there, ISO 8601."),
        ],
    )
    def delete(self, request: Request, source: str, key: str) -> Response:
        """Take the record out of its customer, whose values are made anew from the members that stay.

        A customer without members is retired. The record's versions stay for the audit; sent again, it comes back as a
        new version. Deleting it twice changes nothing. A deletion that says when it was is also kept of a record that
        the hub hasn't heard of yet, so that an older version that comes later stays gone.
        """
        source, key, moment = _usable(source, "source"), _usable(key, "key"), self.parameter(request, "modified_at")
        if moment is None:
            sources.get_source_record(source, key)
        push = Push(
            source,
            key,
            modified_at=moment,
            is_deleted=True,
            merged_into=self.parameter(request, "merged_into"),
        )
        actor = actor_of(request)
        return answer_once(
            request,
            lambda: answer(ReceivedShape, _documents(receive_together(pushes=[push], actor=actor))[0]),
        )


def actor_of(request: Request) -> Actor:
    """Return the connected system behind a request, by its token's name."""
    user = request.user
    return Actor(
        "system", str(getattr(user, "name", "")), abilities=TOKEN_ABILITIES.get(getattr(user, "role", ""), NOTHING)
    )


def _answer(received: Sequence[Received]) -> Response:
    counts = Counter(item.outcome for item in received)
    return answer(ReceivedListShape, {"items": _documents(received), "counts": dict(sorted(counts.items()))})


def _documents(received: Sequence[Received]) -> list[_ReceivedDocument]:
    return [
        _ReceivedDocument(
            source_code=item.source_code,
            key=item.key,
            outcome=item.outcome,
            version=item.version,
            gid=item.gid,
            changes=item.changes,
            sentence=item.sentence,
            score=item.score,
            case_ids=item.case_ids,
            faults=tuple(_Fault(f.column, f.code, f.reason, f.outcome is Outcome.KEPT) for f in item.faults),
            error=item.error,
        )
        for item in received
    ]


def _usable(text: str, name: str) -> str:
    """Return a part of the address as text to look up, or raise ParameterInvalid."""
    if len(text) > LONGEST_PARAMETER:
        raise ParameterInvalid(f"{name} has more than {LONGEST_PARAMETER} characters.", parameter=name)
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ParameterInvalid(f"{name} holds a character that no text can have.", parameter=name)
    return text

"""Open questions for stewards."""

from dataclasses import dataclass, replace
from typing import ClassVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.paging import CursorInvalid, read_cursor, read_limit, write_cursor
from apps.api.permissions import STEWARDS
from apps.api.v1 import shapes
from apps.api.v1.routes import ParameterInvalid, Route, answer, operation, query
from apps.cases import selectors as cases
from apps.cases.blind import is_blind
from apps.sources import selectors as sources


@dataclass(frozen=True, slots=True)
class _Candidate:
    row: cases.CaseRow
    pressing: float | None
    record: sources.Record | None


@dataclass(frozen=True, slots=True)
class _CaseDocument:
    row: cases.CaseRow
    pressing: float | None
    left: sources.Record | None
    right: sources.Record | None
    subject: sources.Record | None
    candidates: list[_Candidate]


class CaseList(Route):
    admits: ClassVar[frozenset[str]] = STEWARDS
    takes: ClassVar[frozenset[str]] = frozenset({"kind", "limit", "cursor"})

    @operation(
        "listOpenCases",
        "Questions that only a person should settle",
        shapes.CasePageShape,
        admits=STEWARDS,
        tag="cases",
        parameters=[
            query("kind", f"Only cases of one kind: {', '.join(cases.KINDS)}."),
            query("limit", "Source records (or questions about none) per page, 1 to 100; 25 unless told."),
            query("cursor", "The `next` of the page before."),
        ],
    )
    def get(self, request: Request) -> Response:
        """Return open cases by the source record they ask about, most pressing first and then oldest first."""
        kind = self.parameter(request, "kind")
        if kind is not None and kind not in cases.KINDS:
            raise ParameterInvalid(f"kind must be one of {', '.join(cases.KINDS)}.", parameter="kind")
        limit = read_limit(self.parameter(request, "limit"))
        groups = cases.list_open_groups(after=_position(request, kind or ""), limit=limit + 1, kind=kind)
        shown = groups[:limit]
        more = None
        if len(groups) > limit:
            more = write_cursor("cases", kind or "", list(shown[-1].head.place))
        return answer(shapes.CasePageShape, {"items": _documents(shown), "next": more})


def _position(request: Request, question: str) -> tuple[int, int] | None:
    cursor = request.query_params.get("cursor")
    if cursor is None:
        return None
    try:
        priority, case_id = read_cursor("cases", question, cursor)
    except ValueError as error:
        raise CursorInvalid("The cursor doesn't name a case.") from error
    return priority, case_id


def _documents(groups: list[cases.Group]) -> list[_CaseDocument]:
    # Whoever judges blind over REST doesn't see how alike the hub finds the two either.
    groups = [cases.Group(tuple(_hide(row) for row in group.candidates)) for group in groups]
    rows = [row for group in groups for row in group.candidates]
    named = {record_id for row in rows for record_id in (row.low_record_id, row.high_record_id)} - {None}
    records = sources.list_records(record_id for record_id in named if record_id is not None)
    now = timezone.now()
    return [
        _CaseDocument(
            head := group.head,
            head.pressing(now),
            records.get(head.low_record_id or 0),
            records.get(head.high_record_id or 0),
            records.get(head.subject_record_id or 0),
            [
                _Candidate(row, row.pressing(now), records.get(row.candidate_record_id or 0))
                for row in group.candidates
                if row.subject_record_id is not None
            ],
        )
        for group in groups
    ]


def _hide(row: cases.CaseRow) -> cases.CaseRow:
    return replace(row, score=None, priority=0) if is_blind(row) else row

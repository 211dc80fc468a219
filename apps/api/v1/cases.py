"""Open questions for stewards."""

from dataclasses import dataclass
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.paging import CursorInvalid, read_cursor, read_limit, write_cursor
from apps.api.permissions import STEWARDS
from apps.api.v1 import shapes
from apps.api.v1.routes import ParameterInvalid, Route, answer, operation, query
from apps.cases import selectors as cases
from apps.sources import selectors as sources


@dataclass(frozen=True, slots=True)
class _CaseDocument:
    row: cases.CaseRow
    left: sources.Record | None
    right: sources.Record | None


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
            query("limit", "Cases per page, 1 to 100; 25 unless told."),
            query("cursor", "The `next` of the page before."),
        ],
    )
    def get(self, request: Request) -> Response:
        """Return open cases, most pressing first and then oldest first."""
        kind = self.parameter(request, "kind")
        if kind is not None and kind not in cases.KINDS:
            raise ParameterInvalid(f"kind must be one of {', '.join(cases.KINDS)}.", parameter="kind")
        limit = read_limit(self.parameter(request, "limit"))
        rows = cases.list_open_cases(after=_position(request, kind or ""), limit=limit + 1, kind=kind)
        shown = rows[:limit]
        more = None
        if len(rows) > limit:
            more = write_cursor("cases", kind or "", [shown[-1].priority, shown[-1].case_id])
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


def _documents(rows: list[cases.CaseRow]) -> list[_CaseDocument]:
    named = {record_id for row in rows for record_id in (row.low_record_id, row.high_record_id)} - {None}
    records = sources.list_records(record_id for record_id in named if record_id is not None)
    return [
        _CaseDocument(row, records.get(row.low_record_id or 0), records.get(row.high_record_id or 0)) for row in rows
    ]

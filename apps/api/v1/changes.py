"""The feed of changes: what happened to customers, in commit order, for readers who come back."""

from dataclasses import astuple, dataclass
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.paging import CursorInvalid, read_cursor, read_limit, write_cursor
from apps.api.permissions import EVERY_ROLE
from apps.api.v1.routes import ParameterInvalid, Route, answer, operation, query
from apps.api.v1.shapes import ChangeShape
from apps.outbox import feed
from apps.outbox.selectors import PostedEvent
from apps.outbox.services import TYPES

NOW = "now"
MOST_CHANGES = 1_000


@dataclass(frozen=True, slots=True)
class _ValueChange:
    attribute: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Change:
    event: PostedEvent
    changes: list[_ValueChange]


@dataclass(frozen=True, slots=True)
class _Page:
    items: list[_Change]
    next: str
    has_more: bool


class FeedChangeShape(serializers.Serializer[Any]):
    """One event: `type` says what happened to `gid`, `changes` which values differ from the event before it.

    `data` is the customer after it, as subscribers get it; `version` numbers a customer's events from 1 without gaps,
    and `transaction` is the same for the events of one merge or split.
    """

    id = serializers.CharField(source="event.event_id")
    type = serializers.CharField(source="event.type")
    gid = serializers.CharField(source="event.subject")
    version = serializers.IntegerField(source="event.sequence")
    at = serializers.DateTimeField(source="event.at")
    actor = serializers.CharField(source="event.actor")
    transaction = serializers.CharField(source="event.transaction_id")
    correlation = serializers.CharField(source="event.correlation_id")
    changes = ChangeShape(many=True)
    data = serializers.DictField(source="event.data")  # type: ignore[assignment]


class FeedPageShape(serializers.Serializer[Any]):
    """Changes in commit order; `next` is where to go on, also after the last: `has_more` says whether at once."""

    items = FeedChangeShape(many=True)
    next = serializers.CharField()
    has_more = serializers.BooleanField()


class ChangeFeed(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE
    takes: ClassVar[frozenset[str]] = frozenset({"after", "types", "limit"})

    @operation(
        "listChanges",
        "What happened to customers, in commit order",
        FeedPageShape,
        refusals=(410,),
        tag="changes",
        parameters=[
            query(
                "after", f"The `next` of the answer before; `{NOW}` for the feed's end; the oldest kept unless told."
            ),
            query("types", f"Kinds of change, separated by commas: {', '.join(sorted(TYPES))}; all unless told."),
            query("limit", f"Changes to return, 1 to {MOST_CHANGES}; 100 unless told."),
        ],
    )
    def get(self, request: Request) -> Response:
        """Return merges, splits, retirements, new customers and changed values that the cursor has not seen yet.

        No change is skipped, however late its transaction commits, and those of one customer come in their order. Keep
        `next` and ask again with it. 410 says that changes after the cursor may be kept no longer: take the cursor
        in `facts.restart`, read the customers anew, then go on from it.
        """
        limit = read_limit(self.parameter(request, "limit"), default=100, maximum=MOST_CHANGES)
        types = _read_types(self.parameter(request, "types"))
        # A cursor is longer than other parameters may be; its own reader bounds it.
        after = request.query_params.get("after")
        if after == NOW:
            return answer(FeedPageShape, _Page([], _write(feed.get_feed_end()), has_more=False))
        try:
            page = feed.read_feed(None if after is None else _read(after), types=types, limit=limit)
        except feed.ChangesGone as error:
            error.facts["restart"] = _write(feed.get_feed_end())
            raise
        items = [_Change(entry.event, _compare(entry)) for entry in page.events]
        return answer(FeedPageShape, _Page(items, _write(page.position), page.has_more))


def _read_types(text: str | None) -> list[str]:
    asked = [] if text is None else [word.strip() for word in text.split(",")]
    if unknown := sorted(set(asked) - TYPES):
        known = sorted(TYPES)
        raise ParameterInvalid(
            f"There is no kind of change {unknown[0][:60]!r}; known: {', '.join(known)}.", known=known
        )
    return asked


def _write(position: feed.FeedPosition) -> str:
    return write_cursor("changes", "", list(astuple(position)))


def _read(cursor: str) -> feed.FeedPosition:
    try:
        server, seen, window, row_id = read_cursor("changes", "", cursor)
    except ValueError as error:
        raise CursorInvalid("The cursor doesn't name a place in the feed.") from error
    return feed.FeedPosition(server, seen, window, row_id)


def _compare(entry: feed.FeedEvent) -> list[_ValueChange]:
    """Return the values that differ from the event before; none where that one is kept no longer."""
    if entry.before is None and entry.event.sequence > 1:
        return []
    before = (entry.before or {}).get("values") or {}
    after = entry.event.data.get("values") or {}
    return [
        _ValueChange(name, str(before.get(name, "")), str(after.get(name, "")))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]

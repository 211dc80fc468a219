from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.base.actors import Actor
from apps.outbox.models import Event
from apps.outbox.services import CREATED, MERGED, UPDATED, NewEvent, post_events
from tests.api.conftest import ApiClient

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/api/v1/changes"


def post(*events: NewEvent) -> None:
    with transaction.atomic():
        post_events(events=events, correlation_id=UUID(int=1), actor=Actor.hub("test"))


def change(gid: str, version: int, kind: str = UPDATED, **values: str) -> NewEvent:
    return NewEvent(kind, gid, version, {"gid": gid, "values": values})


def test_changes_come_in_order_with_what_differs_and_page_by_page() -> None:
    api = ApiClient()
    post(change("GC-A", 1, CREATED, name="Old", city="Ulm"))
    post(change("GC-A", 2, name="New", city="Ulm"))
    post(change("GC-B", 1, CREATED, name="Other"), change("GC-A", 3, MERGED))
    with CaptureQueriesContext(connection) as queries:
        first = api.get(PATH, limit="2").json()
    assert len(queries) <= 4
    assert [(item["gid"], item["version"], item["type"]) for item in first["items"]] == [
        ("GC-A", 1, CREATED),
        ("GC-A", 2, UPDATED),
    ]
    assert first["items"][1]["changes"] == [{"attribute": "name", "before": "Old", "after": "New"}]
    assert first["items"][1]["data"]["values"] == {"name": "New", "city": "Ulm"}
    assert first["has_more"] is True
    second = api.get(PATH, after=first["next"]).json()
    assert [(item["gid"], item["version"]) for item in second["items"]] == [("GC-B", 1), ("GC-A", 3)]
    assert second["has_more"] is False
    assert api.get(PATH, after=second["next"]).json()["items"] == []


def test_changes_of_some_types_only() -> None:
    api = ApiClient()
    post(change("GC-A", 1, CREATED), change("GC-A", 2), change("GC-A", 3, MERGED))
    body = api.get(PATH, types=f"{CREATED}, {MERGED}").json()
    assert [item["version"] for item in body["items"]] == [1, 3]
    refused = api.get(PATH, types="customer.danced")
    assert (refused.status_code, refused.json()["code"]) == (400, "request.parameter_invalid")


def test_from_now_on_means_what_is_committed_later() -> None:
    api = ApiClient()
    post(change("GC-A", 1, CREATED))
    start = api.get(PATH, after="now").json()
    assert start["items"] == []
    post(change("GC-A", 2, name="New"))
    assert [item["version"] for item in api.get(PATH, after=start["next"]).json()["items"]] == [2]


def test_a_reader_who_stayed_away_too_long_is_told_where_to_start_again() -> None:
    api = ApiClient()
    post(change("GC-A", 1, CREATED))
    old = api.get(PATH).json()["next"]
    post(change("GC-A", 2, name="Missed"))
    Event.objects.filter(sequence=1).delete()
    gone = api.get(PATH, after=old)
    assert (gone.status_code, gone.json()["code"]) == (410, "changes.gone")
    post(change("GC-A", 3, name="Later"))
    again = api.get(PATH, after=gone.json()["facts"]["restart"]).json()
    assert [item["version"] for item in again["items"]] == [3]


@pytest.mark.parametrize("after", ["", "x", "now2"])
def test_a_cursor_that_the_feed_never_gave_is_refused(after: str) -> None:
    answer = ApiClient().get(PATH, after=after)
    assert (answer.status_code, answer.json()["code"]) == (400, "page.cursor_invalid")

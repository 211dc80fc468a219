import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from apps.base.actors import Actor
from apps.base.ids import uuid7
from apps.outbox.feed import ChangesGone, FeedPage, FeedPosition, get_feed_end, read_feed
from apps.outbox.models import Event
from apps.outbox.services import MERGED, UPDATED, NewEvent, post_events

pytestmark = pytest.mark.django_db(transaction=True)
ACTOR = Actor.hub("test")
CORRELATION = UUID(int=1)


def post(subject: str, sequence: int = 1, kind: str = UPDATED, **data: Any) -> None:
    with transaction.atomic():
        post_events(events=[NewEvent(kind, subject, sequence, data)], correlation_id=CORRELATION, actor=ACTOR)


def subjects(page: FeedPage) -> list[tuple[str, int]]:
    return [(entry.event.subject, entry.event.sequence) for entry in page.events]


@contextmanager
def posting_slowly(subject: str) -> Iterator[Callable[[], None]]:
    """Post an event in a transaction that stays open until the callable yielded is called."""
    posted, may_commit = threading.Event(), threading.Event()

    def work() -> None:
        try:
            with transaction.atomic():
                post_events(events=[NewEvent(UPDATED, subject, 1, {})], correlation_id=CORRELATION, actor=ACTOR)
                posted.set()
                may_commit.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=work)

    def commit() -> None:
        may_commit.set()
        thread.join(30)

    thread.start()
    try:
        assert posted.wait(30)
        yield commit
    finally:
        commit()


def read_to_the_end(after: FeedPosition | None, limit: int) -> tuple[list[tuple[str, int]], FeedPosition]:
    seen: list[tuple[str, int]] = []
    while True:
        page = read_feed(after, limit=limit)
        seen += subjects(page)
        after = page.position
        if not page.has_more:
            return seen, after


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_an_event_that_commits_late_is_shown_once_and_none_is_skipped(limit: int) -> None:
    post("GC-A")
    with posting_slowly("GC-LATE") as commit:
        post("GC-B")
        post("GC-C")
        before, position = read_to_the_end(None, limit)
        assert before == [("GC-A", 1), ("GC-B", 1), ("GC-C", 1)]
        post("GC-D")
        commit()
    after, position = read_to_the_end(position, limit)
    assert sorted(after) == [("GC-D", 1), ("GC-LATE", 1)]
    assert read_to_the_end(position, limit)[0] == []


def test_an_event_that_commits_between_two_pages_waits_for_the_next_window() -> None:
    with posting_slowly("GC-LATE") as commit:
        post("GC-A")
        post("GC-B")
        first = read_feed(None, limit=1)
        commit()
    rest, position = read_to_the_end(first.position, 1)
    assert subjects(first) + rest == [("GC-A", 1), ("GC-B", 1)]
    assert read_to_the_end(position, 1)[0] == [("GC-LATE", 1)]


def test_what_was_rolled_back_is_never_shown() -> None:
    with transaction.atomic():
        post("GC-A")
        transaction.set_rollback(True)
    post("GC-B")
    assert subjects(read_feed(None)) == [("GC-B", 1)]


def test_events_are_chosen_by_type_and_know_the_one_before() -> None:
    post("GC-A", 1, name="Old")
    post("GC-A", 2, MERGED, name="New")
    page = read_feed(None, types=[MERGED])
    assert subjects(page) == [("GC-A", 2)]
    assert page.events[0].before == {"name": "Old"}
    assert read_feed(None).events[0].before is None


def test_a_reader_who_starts_at_the_end_sees_only_what_follows() -> None:
    post("GC-A")
    end = get_feed_end()
    post("GC-B")
    assert subjects(read_feed(end)) == [("GC-B", 1)]


def test_a_reader_behind_what_is_kept_is_told_so() -> None:
    post("GC-A")
    _, old = read_to_the_end(None, 10)
    post("GC-B")
    _, newer = read_to_the_end(old, 10)
    Event.objects.filter(subject="GC-A").delete()
    with pytest.raises(ChangesGone):
        read_feed(old)
    assert subjects(read_feed(newer)) == []
    assert subjects(read_feed(None)) == [("GC-B", 1)]


def test_a_reader_of_an_empty_feed_misses_nothing_and_is_not_sent_away() -> None:
    _, position = read_to_the_end(None, 10)
    post("GC-A")
    assert subjects(read_feed(position)) == [("GC-A", 1)]


def test_a_position_of_another_database_is_refused() -> None:
    post("GC-A")
    with pytest.raises(ChangesGone):
        read_feed(FeedPosition(server=f"{uuid7()}/1", seen="5:5:"))

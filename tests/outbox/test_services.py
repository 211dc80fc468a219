import json
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest
from django.db import IntegrityError, transaction

from apps.base.actors import Actor, acting
from apps.outbox import selectors
from apps.outbox.models import Event
from apps.outbox.services import (
    CREATED,
    MERGED,
    UPDATED,
    EventRefusedError,
    NewEvent,
    post_event_frame,
    post_events,
)

pytestmark = pytest.mark.django_db
HUB = Actor.hub("test")
CORRELATION = uuid4()


def event(**changes: Any) -> NewEvent:
    return NewEvent(**{"type": CREATED, "subject": "GC-A", "sequence": 1, "data": {}, **changes})


def post(*events: NewEvent) -> list[int]:
    return post_events(events=events, correlation_id=CORRELATION, actor=HUB)


def frame(**changes: list[Any]) -> pa.Table:
    return pa.table(
        {
            "type": [CREATED, MERGED],
            "subject": ["GC-A", "GC-B"],
            "sequence": [1, 2],
            "data": ['{"name": "Müller, \\"Söhne\\"\\nKG"}', "{}"],
            **changes,
        }
    )


def test_events_carry_actor_correlation_and_one_transaction_id() -> None:
    ids = post(event(), event(type=MERGED, subject="GC-B", sequence=4))

    first, second = Event.objects.filter(pk__in=ids).order_by("pk")
    assert (first.actor, first.correlation_id) == ("hub:test", CORRELATION)
    assert first.transaction_id == second.transaction_id
    assert first.event_id < second.event_id


def test_an_event_goes_when_its_change_is_rolled_back() -> None:
    def post_and_fail() -> None:
        with acting(HUB, reason="test"):
            post(event())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        post_and_fail()
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_events_are_refused_outside_a_transaction() -> None:
    with pytest.raises(EventRefusedError, match="inside the transaction"):
        post(event())


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "customer.renamed"},
        {"type": "customer.created\r\nx: y"},
        {"subject": "GC-A\n"},
        {"subject": ""},
        {"subject": "A" * 41},
        {"sequence": 0},
        {"data": {"n": float("nan")}},
        {"data": {"n": object()}},
    ],
)
def test_an_event_that_could_not_be_sent_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(EventRefusedError):
        post(event(**changes))


def test_a_subject_has_one_event_of_each_number() -> None:
    post(event())
    with pytest.raises(IntegrityError, match="one_event_per_subject_and_sequence"), transaction.atomic():
        post(event())


def test_a_frame_is_posted_like_single_events() -> None:
    tied = uuid4()
    ids = post_event_frame(frame=frame(transaction_id=[str(tied), None]), correlation_id=CORRELATION, actor=HUB)

    first, second = (Event.objects.get(pk=row_id) for row_id in pa.array(ids).to_pylist())
    assert (first.subject, first.data, first.transaction_id) == ("GC-A", {"name": 'Müller, "Söhne"\nKG'}, tied)
    assert (second.type, second.sequence, second.correlation_id) == (MERGED, 2, CORRELATION)
    assert second.transaction_id != tied
    assert first.event_id < second.event_id


def test_row_ids_of_a_frame_and_of_single_events_never_meet() -> None:
    ids = post_event_frame(frame=frame(), correlation_id=CORRELATION, actor=HUB)
    assert set(post(event(subject="GC-C"))).isdisjoint(pa.array(ids).to_pylist())
    assert Event.objects.count() == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"type": ["customer.created", "customer.vanished"]},
        {"subject": ["GC-A", "GC B"]},
        {"subject": ["GC-A", None]},
        {"sequence": [1, 0]},
    ],
)
def test_a_frame_with_one_event_that_could_not_be_sent_is_refused_whole(changes: dict[str, Any]) -> None:
    with pytest.raises(EventRefusedError):
        post_event_frame(frame=frame(**changes), correlation_id=CORRELATION, actor=HUB)
    assert not Event.objects.exists()


def test_a_frame_names_the_columns_it_lacks() -> None:
    with pytest.raises(EventRefusedError, match="subject, data"):
        post_event_frame(frame=frame().select(["type", "sequence"]), correlation_id=CORRELATION, actor=HUB)


def test_an_empty_frame_posts_nothing() -> None:
    assert len(post_event_frame(frame=frame().slice(0, 0), correlation_id=CORRELATION, actor=HUB)) == 0


def test_the_envelope_is_a_cloud_event_of_the_stored_row() -> None:
    (row_id,) = post(event(data={"b": 1, "a": "Größe\n"}))

    envelope = selectors.load_envelopes([row_id])[row_id]

    body = json.loads(envelope.body)
    assert body["specversion"] == "1.0"
    assert (body["id"], body["type"], body["subject"]) == (str(envelope.event_id), CREATED, "GC-A")
    assert (body["subjectsequence"], body["correlationid"]) == (1, str(CORRELATION))
    assert body["data"] == {"b": 1, "a": "Größe\n"}
    assert body["time"].endswith("Z")
    assert all(name.isalnum() and name.islower() and len(name) <= 20 for name in body)
    assert b"\n" not in envelope.body


def test_the_envelope_has_the_same_bytes_every_time() -> None:
    ids = post(*(event(subject=f"GC-{n}", data={"z": 1.10, "a": [n, None, True], "ü": "é"}) for n in range(20)))

    assert selectors.load_envelopes(ids) == selectors.load_envelopes(reversed(ids))


def test_an_event_that_was_pruned_has_no_envelope() -> None:
    assert selectors.load_envelopes([1, 2, 3]) == {}


def test_gaps_in_the_numbers_of_a_subject_are_found() -> None:
    post(event(), event(type=UPDATED, sequence=2), event(subject="GC-B", sequence=2), event(subject="GC-C"))
    post(event(subject="GC-C", type=UPDATED, sequence=4))

    gaps = [(gap.subject, gap.expected, gap.found) for gap in selectors.stream_sequence_gaps()]
    assert gaps == [("GC-B", 1, 2), ("GC-C", 2, 4)]
    assert [posted.sequence for posted in selectors.list_events_of("GC-A")] == [1, 2]

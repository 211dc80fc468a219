"""Events handed over as a few rows are held to what a frame of many is held to."""

from typing import Any

import pytest
from django.db import transaction

from apps.base.actors import Actor
from apps.base.ids import uuid7
from apps.base.rows import Rows
from apps.outbox.models import Event
from apps.outbox.services import EventRefusedError, post_event_frame

NAMES = ["type", "subject", "sequence", "data"]
EVENT = {"type": "customer.created", "subject": "C-1", "sequence": 1, "data": '{"name": "Ulm"}'}


def post(*events: dict[str, Any]) -> list[int]:
    with transaction.atomic():
        return list(post_event_frame(frame=Rows(events, NAMES), correlation_id=uuid7(), actor=Actor.hub("test")))


@pytest.mark.django_db
def test_few_events_are_posted_in_order_and_share_a_transaction() -> None:
    ids = post(EVENT, EVENT | {"sequence": 2})
    posted = [Event.objects.get(pk=number) for number in ids]
    assert [(event.subject, event.sequence, event.actor) for event in posted] == [
        ("C-1", 1, "hub:test"),
        ("C-1", 2, "hub:test"),
    ]
    assert len({event.transaction_id for event in posted}) == 1
    assert len({event.event_id for event in posted}) == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"type": "customer.hidden"}, {"subject": "C 1"}, {"sequence": 0}, {"data": None}, {"subject": None}]
)
def test_few_events_that_cannot_be_sent_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(EventRefusedError):
        post(EVENT | wrong)
    assert not Event.objects.exists()

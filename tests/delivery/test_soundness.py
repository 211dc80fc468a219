from datetime import timedelta

import pytest
from django.utils import timezone

from apps.base.actors import Actor
from apps.delivery import services, soundness
from apps.delivery.models import Delivery, Subscriber
from apps.delivery.soundness import Breach
from tests.delivery.stands import HUB, announce

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def delivered(feed: Subscriber) -> None:
    announce("GC-A", 1, 3)
    announce("GC-B", 1, 2)
    services.deliver_due(seconds=5, actor=HUB)


def test_what_the_hub_delivered_keeps_every_promise(delivered: None) -> None:
    assert list(soundness.stream_missing_deliveries()) == []
    assert list(soundness.stream_overtaken_deliveries()) == []
    assert list(soundness.stream_overdue_leases(grace_seconds=0)) == []
    assert list(soundness.stream_unaccounted_ends()) == []


def test_a_lost_delivery_is_found(delivered: None) -> None:
    Delivery.objects.filter(subject="GC-A", sequence=2).delete()
    assert list(soundness.stream_missing_deliveries()) == [Breach("warehouse", "GC-A", 2)]


def test_an_event_is_missed_only_by_who_was_entitled_then(delivered: None) -> None:
    services.deactivate_subscriber(code="warehouse", reason="test", actor=HUB)
    announce("GC-C")
    services.activate_subscriber(code="warehouse", actor=HUB)
    services.register_subscriber(code="late", transport="file", target="late.jsonl", actor=HUB)
    assert list(soundness.stream_missing_deliveries()) == []


def test_a_delivery_that_overtook_its_elder_is_found(delivered: None) -> None:
    late = timezone.now() + timedelta(hours=1)
    Delivery.objects.filter(subject="GC-A", sequence=1).update(settled_at=late)
    found = [Breach("warehouse", "GC-A", 2), Breach("warehouse", "GC-A", 3)]
    assert list(soundness.stream_overtaken_deliveries()) == found
    Delivery.objects.filter(subject="GC-B", sequence=1).update(state="waiting", settled_at=None)
    assert list(soundness.stream_overtaken_deliveries()) == [*found, Breach("warehouse", "GC-B", 2)]


def test_a_lease_that_nobody_releases_is_found(delivered: None) -> None:
    past = timezone.now() - timedelta(seconds=30)
    Delivery.objects.filter(subject="GC-B", sequence=2).update(state="in_flight", lease_until=past)
    assert list(soundness.stream_overdue_leases(grace_seconds=0)) == [Breach("warehouse", "GC-B", 2)]


def test_an_end_without_a_name_or_a_moment_is_found(delivered: None) -> None:
    Delivery.objects.filter(subject="GC-A", sequence=3).update(state="cancelled", note="")
    Delivery.objects.filter(subject="GC-B", sequence=2).update(settled_at=None)
    assert list(soundness.stream_unaccounted_ends()) == [Breach("warehouse", "GC-A", 3), Breach("warehouse", "GC-B", 2)]


def test_a_skip_by_a_person_is_accounted_for(feed: Subscriber) -> None:
    announce("GC-A")
    row = Delivery.objects.get()
    services.cancel_delivery(delivery_id=row.pk, reason="told", actor=Actor.person("ada", None))
    assert list(soundness.stream_unaccounted_ends()) == []

"""Real PostgreSQL, real HTTP: what a subscriber sees, whatever happens on the way."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from apps.delivery import services
from apps.delivery.models import Delivery, DeliveryAttempt, Subscriber, SubscriberPause
from apps.delivery.selectors import count_owed, list_dead_deliveries, list_due_subscribers
from apps.delivery.services.deliveries import claim_deliveries, settle_deliveries
from apps.delivery.transports.base import Outcome, Result
from mdmhub.standins.receiver import ReceiverServer
from tests.delivery.stands import HUB, announce, states

pytestmark = pytest.mark.django_db(transaction=True)


def deliver_until_quiet(rounds: int = 40) -> None:
    """Deliver until nothing waits to be tried; pauses and waits are scaled down to milliseconds."""
    for _ in range(rounds):
        SubscriberPause.objects.update(until=timezone.now())
        services.deliver_due(seconds=5, actor=HUB)
        if not Delivery.objects.filter(state__in=["waiting", "in_flight"], subscriber__is_active=True).exists():
            return
        time.sleep(0.02)


def test_events_arrive_signed_once_and_in_order(webhook: Subscriber, receiver: ReceiverServer) -> None:
    for subject in ("GC-A", "GC-B", "GC-C"):
        announce(subject, 1, 5)

    assert services.deliver_due(seconds=10, actor=HUB) == 15

    seen = [(row["subject"], row["sequence"]) for row in receiver.inbox.list_events()]
    assert seen == [(subject, number) for subject in ("GC-A", "GC-B", "GC-C") for number in range(1, 6)]
    assert {row["remark"] for row in receiver.inbox.list_arrivals()} == {"new"}
    assert states() == ["delivered"] * 15


def test_order_per_customer_holds_while_the_subscriber_fails_at_random(
    webhook: Subscriber, receiver: ReceiverServer, tunables: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tunables["DELIVERY_ATTEMPTS"] = 30
    numbers = iter(range(10_000))
    monkeypatch.setattr(receiver.faults, "draw", lambda _: {"status": "500"} if next(numbers) % 3 == 0 else None)
    for subject in ("GC-A", "GC-B"):
        announce(subject, 1, 8)

    deliver_until_quiet()

    arrivals = receiver.inbox.list_arrivals()
    assert any(row["status"] == 500 for row in arrivals)
    for subject in ("GC-A", "GC-B"):
        tried = [row["sequence"] for row in arrivals if row["subject"] == subject]
        assert tried == sorted(tried)
        assert [row["sequence"] for row in arrivals if row["subject"] == subject and row["status"] == 200] == list(
            range(1, 9)
        )


def test_every_attempt_carries_the_same_id_and_bytes(webhook: Subscriber, receiver: ReceiverServer) -> None:
    receiver.faults.order({"status": "500", "times": "2"})
    announce("GC-A")

    deliver_until_quiet()

    arrivals = receiver.inbox.list_arrivals()
    assert [row["status"] for row in arrivals] == [500, 500, 200]
    assert len({(row["event_id"], row["digest"]) for row in arrivals}) == 1
    numbers = DeliveryAttempt.objects.order_by("pk").values_list("number", "outcome", "status")
    assert list(numbers) == [(1, "failed", 500), (2, "failed", 500), (3, "delivered", 200)]


def test_a_subscriber_that_never_answers_hurts_only_itself(
    webhook: Subscriber, receiver: ReceiverServer, feed: Subscriber, tunables: dict[str, Any]
) -> None:
    receiver.faults.order({"delay": "3"})
    for number in range(20):
        announce(f"GC-{number}", 1, 3)

    begun = time.monotonic()
    services.deliver_due(seconds=1, actor=HUB)

    assert time.monotonic() - begun < 3
    assert states(subscriber=feed) == ["delivered"] * 60
    # One batch found nobody there; nobody else's attempt was spent on it.
    assert Delivery.objects.filter(subscriber=webhook, attempts__gt=0).count() <= 16
    assert "delivered" not in states(subscriber=webhook)


def test_repeated_silence_opens_the_breaker_and_one_delivery_probes_it(
    webhook: Subscriber, receiver: ReceiverServer, tunables: dict[str, Any]
) -> None:
    tunables["DELIVERY_ATTEMPTS"] = 50
    receiver.faults.order({"status": "503"})
    for number in range(20):
        announce(f"GC-{number}")
    for _ in range(3):
        services.deliver_due(seconds=1, actor=HUB)
        time.sleep(0.01)
    pause = SubscriberPause.objects.get()
    assert (pause.failures, pause.until > timezone.now() + timedelta(seconds=3)) == (3, True)
    before = len(receiver.inbox.list_arrivals())
    services.deliver_due(seconds=1, actor=HUB)
    assert len(receiver.inbox.list_arrivals()) == before

    SubscriberPause.objects.update(until=timezone.now())
    services.deliver_due(seconds=1, actor=HUB)
    assert len(receiver.inbox.list_arrivals()) == before + 1

    receiver.faults.order({"times": "0"})
    deliver_until_quiet()
    assert states() == ["delivered"] * 20
    assert not SubscriberPause.objects.exists()


def test_a_delivery_is_dead_after_its_last_attempt_and_a_replay_delivers_it_and_what_waited(
    webhook: Subscriber, receiver: ReceiverServer
) -> None:
    receiver.faults.order({"status": "500", "subject": "GC-A"})
    announce("GC-A", 1, 2)
    announce("GC-B", 1, 2)

    deliver_until_quiet(rounds=12)

    assert states(subject="GC-A") == ["dead", "waiting"]
    assert states(subject="GC-B") == ["delivered", "delivered"]
    (dead,) = list_dead_deliveries()
    assert (dead.subscriber, dead.subject, dead.sequence, dead.attempts) == ("webshop", "GC-A", 1, 4)
    receiver.faults.order({"times": "0"})
    assert services.replay_dead_deliveries(actor=HUB) == [dead.id]
    deliver_until_quiet()
    assert states(subject="GC-A") == ["delivered", "delivered"]
    assert count_owed() == 0


def test_a_dead_head_lets_its_stream_go_only_when_a_person_skips_it(
    webhook: Subscriber, receiver: ReceiverServer
) -> None:
    from apps.base.actors import Actor
    from apps.base.errors import Conflict

    receiver.faults.order({"status": "500", "times": "4"})
    announce("GC-A", 1, 2)
    deliver_until_quiet(rounds=10)
    dead = Delivery.objects.get(state="dead")

    with pytest.raises(Conflict, match="named person"):
        services.cancel_delivery(delivery_id=dead.pk, reason="unwanted", actor=HUB)
    services.cancel_delivery(delivery_id=dead.pk, reason="unwanted", actor=Actor.person("ada", None))
    deliver_until_quiet()

    assert states() == ["cancelled", "delivered"]
    dead.refresh_from_db()
    assert dead.note == "skipped by person:ada: unwanted"


def test_gone_deactivates_the_subscriber_and_what_it_was_owed_waits(
    webhook: Subscriber, receiver: ReceiverServer
) -> None:
    receiver.faults.order({"status": "410", "times": "1"})
    announce("GC-A", 1, 2)

    services.deliver_due(seconds=2, actor=HUB)

    webhook.refresh_from_db()
    assert not webhook.is_active
    assert states() == ["dead", "waiting"]
    announce("GC-B")
    assert Delivery.objects.filter(subject="GC-B").count() == 0


def test_a_redirect_is_a_failure_and_is_not_followed(webhook: Subscriber, receiver: ReceiverServer) -> None:
    receiver.faults.order({"status": "307", "times": "1"})
    announce("GC-A")

    services.deliver_due(seconds=0.5, actor=HUB)

    assert [row["status"] for row in receiver.inbox.list_arrivals()][:1] == [307]
    first = DeliveryAttempt.objects.order_by("pk")[0]
    assert (first.outcome, first.status) == ("failed", 307)


def test_retry_after_moves_the_next_attempt(webhook: Subscriber, receiver: ReceiverServer) -> None:
    receiver.faults.order({"status": "429", "retry_after": "120", "times": "1"})
    announce("GC-A")

    services.deliver_due(seconds=1, actor=HUB)

    wait = Delivery.objects.get().next_attempt_at - timezone.now()
    assert timedelta(seconds=110) < wait < timedelta(seconds=125)
    assert SubscriberPause.objects.get().until > timezone.now() + timedelta(seconds=110)


def test_a_lapsed_lease_is_sent_again_with_the_same_id_and_bytes_and_its_holder_settles_nothing(
    webhook: Subscriber, receiver: ReceiverServer
) -> None:
    announce("GC-A")
    lost = claim_deliveries(subscriber_id=webhook.pk, limit=10)
    assert [claimed.number for claimed in lost.deliveries] == [1]
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    services.deliver_due(seconds=5, actor=HUB)
    late = Outcome(Result.FAILED, timezone.now(), status=500)

    assert settle_deliveries(claim=lost, outcomes=[late]) == 0
    assert states() == ["delivered"]
    outcomes = DeliveryAttempt.objects.order_by("pk").values_list("number", "outcome")
    assert list(outcomes) == [(1, "lapsed"), (2, "delivered"), (1, "failed late")]


def test_an_expired_lease_that_nobody_took_over_still_settles_nothing(webhook: Subscriber) -> None:
    announce("GC-A")
    claim = claim_deliveries(subscriber_id=webhook.pk, limit=1)
    Delivery.objects.update(lease_until=timezone.now() - timedelta(milliseconds=1))

    assert settle_deliveries(claim=claim, outcomes=[Outcome(Result.DELIVERED, timezone.now())]) == 0
    assert states() == ["in_flight"]


def test_the_attempt_is_counted_before_anything_is_sent(webhook: Subscriber) -> None:
    announce("GC-A", 1, 2)

    claim = claim_deliveries(subscriber_id=webhook.pk, limit=10)

    rows = Delivery.objects.order_by("sequence").values_list("state", "attempts")
    assert list(rows) == [("in_flight", 1), ("waiting", 0)]
    assert len(claim.deliveries) == 1


@pytest.mark.concurrency
def test_many_workers_at_once_claim_no_delivery_twice_and_no_stream_twice(feed: Subscriber) -> None:
    for number in range(30):
        announce(f"GC-{number}", 1, 3)

    def claim_some() -> list[int]:
        try:
            taken: list[int] = []
            while claim := claim_deliveries(subscriber_id=feed.pk, limit=3).deliveries:
                taken += [delivery.id for delivery in claim]
            return taken
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        taken = [row for future in [pool.submit(claim_some) for _ in range(6)] for row in future.result()]

    assert len(taken) == len(set(taken)) == 30
    assert set(Delivery.objects.filter(pk__in=taken).values_list("sequence", flat=True)) == {1}


def test_the_feed_holds_one_json_line_per_event_in_order_and_mends_a_torn_end(feed: Subscriber, tmp_path: Path) -> None:
    path = tmp_path / "feeds" / "warehouse.jsonl"
    announce("GC-A", 1, 2)
    services.deliver_due(seconds=5, actor=HUB)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"id":"torn')
    announce("GC-A", 3)

    services.deliver_due(seconds=5, actor=HUB)

    assert path.read_bytes().startswith(whole)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["subjectsequence"] for line in lines] == [1, 2, 3]
    assert lines[0]["data"]["name"] == "Größe & Söhne"


def test_a_feed_that_cannot_be_written_is_tried_again(feed: Subscriber, tmp_path: Path) -> None:
    (tmp_path / "feeds").write_text("a file where the folder should be")
    announce("GC-A")
    services.deliver_due(seconds=0.01, actor=HUB)
    assert states() == ["waiting"]

    (tmp_path / "feeds").unlink()
    deliver_until_quiet()
    assert states() == ["delivered"]


def test_a_subscriber_gets_only_the_types_it_asked_for_and_only_since_it_is_there(transactional_db: None) -> None:
    announce("GC-A")
    services.register_subscriber(
        code="ledger", transport="file", target="l.jsonl", types=["customer.updated"], actor=HUB
    )
    ids = announce("GC-A", 2, 3)
    assert list(Delivery.objects.order_by("sequence").values_list("sequence", flat=True)) == [2, 3]

    assert services.enqueue(event_ids=ids, actor=HUB) == 0


def test_what_waits_behind_a_dead_or_resting_head_is_not_looked_at_again_until_it_may_go(feed: Subscriber) -> None:
    announce("GC-A", 1, 3)
    announce("GC-B", 1, 3)
    later = timezone.now() + timedelta(hours=5)
    Delivery.objects.filter(subject="GC-A", sequence=1).update(state="dead", settled_at=timezone.now())
    Delivery.objects.filter(subject="GC-B", sequence=1).update(next_attempt_at=later)

    assert services.deliver_due(seconds=2, actor=HUB) == 0

    assert list_due_subscribers() == []
    behind = Delivery.objects.filter(sequence__gt=1).order_by("subject", "sequence")
    assert [row.next_attempt_at > timezone.now() + timedelta(hours=20) for row in behind] == [True, True, False, False]
    assert [row.next_attempt_at for row in behind][2:] == [later, later]

    services.replay_dead_deliveries(actor=HUB)
    Delivery.objects.filter(subject="GC-B").update(next_attempt_at=timezone.now())
    assert services.deliver_due(seconds=5, actor=HUB) == 6


@pytest.mark.concurrency
def test_workers_side_by_side_never_send_two_events_of_one_customer_at_once(
    webhook: Subscriber, receiver: ReceiverServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, guard = receiver.inbox.take, threading.Lock()
    open_subjects: set[str] = set()
    overlaps: list[str] = []

    def watched(event: dict[str, Any], body: bytes) -> str:
        subject = event["subject"]
        with guard:
            overlaps.extend([subject] if subject in open_subjects else [])
            open_subjects.add(subject)
        time.sleep(0.01)
        with guard:
            open_subjects.discard(subject)
        return take(event, body)

    monkeypatch.setattr(receiver.inbox, "take", watched)
    for number in range(12):
        announce(f"GC-{number}", 1, 6)

    def work() -> int:
        try:
            return services.deliver_due(seconds=20, actor=HUB)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        arrived = sum(worker.result() for worker in [pool.submit(work) for _ in range(3)])

    assert (arrived, overlaps) == (72, [])
    assert {row["remark"] for row in receiver.inbox.list_arrivals()} == {"new"}

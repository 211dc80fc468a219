"""Send what is due: short claim, send outside any transaction, short settle."""

import time

from django.utils import timezone

from apps.base.actors import Actor
from apps.delivery.models import Subscriber
from apps.delivery.selectors import list_due_subscribers
from apps.delivery.services.deliveries import Claim, claim_deliveries, release_lapsed_deliveries, settle_deliveries
from apps.delivery.services.lanes import run_lanes
from apps.delivery.services.subscribers import deactivate_subscriber
from apps.delivery.transports import get_transport
from apps.delivery.transports.base import Address, Outcome, Parcel, Result, Transport
from apps.outbox.selectors import load_envelopes


def deliver_due(*, seconds: float = 20.0, actor: Actor) -> int:
    """Deliver until nothing is due or the time is over, and return how many deliveries arrived.

    Safe to run anywhere, at any time, as often as you like and at once: leases keep workers apart. A send under way
    when the time ends is finished.
    """
    release_lapsed_deliveries()
    return run_lanes(list_due_subscribers, lambda key, deadline: _run_lane(key, deadline, actor), seconds=seconds)


def _run_lane(subscriber_id: int, deadline: float, actor: Actor) -> int:
    subscriber = Subscriber.objects.get(pk=subscriber_id)
    transport = get_transport(subscriber.transport)
    address = Address(subscriber.target, subscriber.secret)
    arrived = 0
    while time.monotonic() < deadline:
        claim = claim_deliveries(subscriber_id=subscriber_id, limit=transport.batch_size)
        if not claim.deliveries:
            break
        outcomes = _send(transport, address, claim)
        settle_deliveries(claim=claim, outcomes=outcomes)
        arrived += sum(outcome.result is Result.DELIVERED for outcome in outcomes)
        if any(outcome.result is Result.GONE for outcome in outcomes):
            deactivate_subscriber(code=subscriber.code, reason="the subscriber answered 410 Gone", actor=actor)
            break
        if any(outcome.result is Result.UNREACHABLE for outcome in outcomes):
            break
    return arrived


def _send(transport: Transport, address: Address, claim: Claim) -> list[Outcome]:
    envelopes = load_envelopes(delivery.event_id for delivery in claim.deliveries)
    parcels = [
        Parcel(delivery.id, envelopes[delivery.event_id].event_id, envelopes[delivery.event_id].body)
        for delivery in claim.deliveries
        if delivery.event_id in envelopes
    ]
    sent = dict(zip((parcel.delivery_id for parcel in parcels), transport.send(address, parcels), strict=True))
    pruned = Outcome(Result.HOPELESS, timezone.now(), detail="the event is no longer kept")
    return [sent.get(delivery.id, pruned) for delivery in claim.deliveries]

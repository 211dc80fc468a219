"""What tests of delivery share: servers in threads, and events posted as a golden change posts them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

from apps.base.actors import Actor, acting
from apps.base.ids import uuid7
from apps.delivery import services
from apps.delivery.models import Delivery
from apps.outbox.services import CREATED, UPDATED, NewEvent, post_events
from mdmhub.standins.serving import StandinServer

HUB = Actor.hub("test")
Server = TypeVar("Server", bound=StandinServer)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Serve in a thread while the block runs."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def announce(subject: str, first: int = 1, last: int | None = None, correlation_id: UUID | None = None) -> list[int]:
    """Post the events numbered `first` to `last` of one subject and owe them, in one transaction."""
    numbers = range(first, (last or first) + 1)
    events = [
        NewEvent(CREATED if number == 1 else UPDATED, subject, number, {"name": "Größe & Söhne", "version": number})
        for number in numbers
    ]
    with acting(HUB, reason="test"):
        ids = post_events(events=events, correlation_id=correlation_id or uuid7(), actor=HUB)
        services.enqueue(event_ids=ids, actor=HUB)
    return ids


def states(**wanted: object) -> list[str]:
    """Return the states of deliveries that match, by subject and number."""
    rows = Delivery.objects.filter(**wanted).order_by("subscriber_id", "subject", "sequence")
    return list(rows.values_list("state", flat=True))

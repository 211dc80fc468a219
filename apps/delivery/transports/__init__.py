"""How an event leaves the hub: one module per transport. `get_transport` is the only look-up."""

from typing import Final

from apps.delivery.transports.base import Transport
from apps.delivery.transports.file_feed import FileFeed
from apps.delivery.transports.webhook import SignedWebhook

_TRANSPORTS: Final[dict[str, Transport]] = {"webhook": SignedWebhook(), "file": FileFeed()}


def get_transport(kind: str) -> Transport:
    """Return the transport of a subscriber's kind; KeyError for a kind that has none."""
    return _TRANSPORTS[kind]

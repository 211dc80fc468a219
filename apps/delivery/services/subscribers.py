"""Who is told. A subscriber is owed the events committed while it is active, and no others."""

import base64
import binascii
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from apps.base.actors import Actor, acting
from apps.base.errors import Invalid, NotFound
from apps.delivery.models import Subscriber
from apps.delivery.transports.file_feed import FILE_NAME
from apps.outbox.services import TYPES

_SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix of the scheme, not a secret


class SubscriberRefusedError(Invalid):
    """A subscriber can't be registered as given; the message says which part."""

    code = "delivery.subscriber_refused"
    title = "Subscriber refused"


def register_subscriber(
    *, code: str, transport: str, target: str, secret: str = "", types: Sequence[str] = (), actor: Actor
) -> Subscriber:
    """Return the subscriber of that code, made or changed to what is given.

    `transport` is `webhook` with an HTTP address as `target`, or `file` with a plain file name in the feed folder.
    A webhook without a `secret` keeps the one it has or gets a new one (Standard Webhooks form, `whsec_` and base64 of
    24 to 64 bytes). Empty `types` means every event. Raises SubscriberRefusedError.
    """
    if transport == Subscriber.Transport.WEBHOOK:
        _refuse_address(target)
        known = Subscriber.objects.filter(code=code).first()
        secret = secret or (known.secret if known else "") or make_secret()
        _refuse_secret(secret)
    elif transport == Subscriber.Transport.FILE:
        if not FILE_NAME.match(target):
            raise SubscriberRefusedError(f"{target[:100]!r} is not a plain file name")
    else:
        raise SubscriberRefusedError(f"unknown transport {transport!r}; known: webhook, file")
    if unknown := sorted(set(types) - TYPES):
        raise SubscriberRefusedError(f"unknown event types {', '.join(unknown)}", known=sorted(TYPES))
    with acting(actor, reason="register a subscriber"):
        subscriber, _ = Subscriber.objects.update_or_create(
            code=code,
            defaults={
                "transport": transport,
                "target": target,
                "secret": secret,
                "types": sorted(set(types)),
                "is_active": True,
            },
        )
    return subscriber


def activate_subscriber(*, code: str, actor: Actor) -> Subscriber:
    """Send to a subscriber again, beginning with what it was owed when it was deactivated."""
    return _set_active(code, is_active=True, reason="activate a subscriber", actor=actor)


def deactivate_subscriber(*, code: str, reason: str, actor: Actor) -> Subscriber:
    """Stop sending to a subscriber; what it is owed waits, and new events are not owed to it."""
    return _set_active(code, is_active=False, reason=reason, actor=actor)


def make_secret() -> str:
    """Return a new signing secret of 32 random bytes in the Standard Webhooks form."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def _set_active(code: str, *, is_active: bool, reason: str, actor: Actor) -> Subscriber:
    with acting(actor, reason=reason[:100]):
        subscriber = Subscriber.objects.select_for_update().filter(code=code).first()
        if subscriber is None:
            raise NotFound(f"there is no subscriber {code!r}")
        subscriber.is_active = is_active
        subscriber.save(update_fields=["is_active"])
    return subscriber


def _refuse_address(target: str) -> None:
    try:
        parts = urlsplit(target)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    else:
        is_usable = is_usable and not (parts.username or parts.password or parts.fragment)
    if not is_usable or any(character.isspace() or not character.isprintable() for character in target):
        raise SubscriberRefusedError("a webhook needs an http or https address without log-in and fragment")


def _refuse_secret(secret: str) -> None:
    try:
        key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise SubscriberRefusedError("a signing secret is whsec_ and the base64 of 24 to 64 bytes")

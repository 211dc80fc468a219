"""A signed HTTP POST after the Standard Webhooks specification; any verifier of that family can check it.

Id and body are the event's and never change; only timestamp and signature differ between attempts. Redirects are
failures: a signed event goes where the subscriber was registered, nowhere else.
"""

import asyncio
import ssl
import time
from collections.abc import Sequence
from functools import cache
from typing import Final

import httpx2
from django.conf import settings
from django.utils import timezone
from standardwebhooks import Webhook

from apps.delivery.retries import parse_retry_after
from apps.delivery.transports.base import Address, Outcome, Parcel, Result

_AT_ONCE: Final = 8
_RESPONSE_BYTES: Final = 64 * 1024
_GONE: Final = 410
# The other side, or a proxy before it, says it can't take traffic now.
_OVERLOADED: Final = frozenset({429, 502, 503, 504})


class SignedWebhook:
    """Posts each parcel by itself, several at a time; a batch stops when the subscriber proves unreachable."""

    batch_size = 32

    def send(self, address: Address, parcels: Sequence[Parcel]) -> list[Outcome]:
        """Post every parcel until one finds nobody there; see `Transport.send`."""
        return asyncio.run(_send_all(address, parcels, float(settings.MDM["DELIVERY_TIMEOUT_SECONDS"])))


async def _send_all(address: Address, parcels: Sequence[Parcel], timeout_seconds: float) -> list[Outcome]:
    turn = asyncio.Semaphore(_AT_ONCE)
    unreachable = asyncio.Event()
    # Nothing starts late enough to outlive half the lease.
    starts_until = time.monotonic() + float(settings.MDM["DELIVERY_LEASE_SECONDS"]) / 4

    async def send_in_turn(parcel: Parcel) -> Outcome:
        async with turn:
            if unreachable.is_set() or time.monotonic() > starts_until:
                return Outcome(Result.UNSENT, timezone.now())
            outcome = await _send_one(client, address, parcel, timeout_seconds)
            if outcome.result in (Result.UNREACHABLE, Result.GONE):
                unreachable.set()
            return outcome

    limits = httpx2.Limits(max_connections=_AT_ONCE)
    # Environment proxies and .netrc must not decide where signed events go.
    async with httpx2.AsyncClient(
        verify=_tls(), follow_redirects=False, trust_env=False, limits=limits, timeout=timeout_seconds
    ) as client:
        return list(await asyncio.gather(*(send_in_turn(parcel) for parcel in parcels)))


async def _send_one(client: httpx2.AsyncClient, address: Address, parcel: Parcel, timeout_seconds: float) -> Outcome:
    at, begun = timezone.now(), time.monotonic()
    headers = {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "user-agent": "mdmhub",
        "webhook-id": str(parcel.event_id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(address.secret).sign(str(parcel.event_id), at, parcel.body.decode()),
    }
    try:
        # The client's own limits are per read; this one also ends an answer that drips.
        async with asyncio.timeout(timeout_seconds):
            status, retry_after = await _post(client, address.target, headers, parcel.body)
    except TimeoutError:
        detail = f"no answer within {timeout_seconds:g} s"
        return Outcome(Result.UNREACHABLE, at, time.monotonic() - begun, detail=detail)
    except httpx2.InvalidURL as error:
        return Outcome(Result.HOPELESS, at, time.monotonic() - begun, detail=str(error)[:500])
    except httpx2.HTTPError as error:
        detail = f"{type(error).__name__}: {error}"[:500]
        return Outcome(Result.UNREACHABLE, at, time.monotonic() - begun, detail=detail)
    wait = parse_retry_after(retry_after, now=timezone.now())
    return Outcome(_judge(status), at, time.monotonic() - begun, status=status, retry_after_seconds=wait)


async def _post(client: httpx2.AsyncClient, url: str, headers: dict[str, str], body: bytes) -> tuple[int, str | None]:
    async with client.stream("POST", url, headers=headers, content=body) as response:
        read = 0
        # Drained so that the connection can be used again, and only so far: the answer's body means nothing.
        async for block in response.aiter_raw():
            read += len(block)
            if read > _RESPONSE_BYTES:
                break
        return response.status_code, response.headers.get("retry-after")


def _judge(status: int) -> Result:
    if 200 <= status < 300:
        return Result.DELIVERED
    if status == _GONE:
        return Result.GONE
    return Result.UNREACHABLE if status in _OVERLOADED else Result.FAILED


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)

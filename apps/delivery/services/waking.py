"""Nudge the workers after a commit. A nudge may be lost: the poll is the guarantee."""

import logging
import threading
import time
from collections.abc import Iterable
from functools import cache, partial
from typing import Final

from celery import Celery
from django.conf import settings
from django.db import transaction

DELIVER: Final = "delivery.deliver_due"
WRITE_BACK: Final = "delivery.write_back_due"
# A request never waits longer than this for Redis, and then not again for a while.
_TIMEOUT_SECONDS: Final = 0.25
_AVOID_SECONDS: Final = 10.0
# Commits that follow each other closer than this share a nudge.
_TOGETHER_SECONDS: Final = 0.1
# Older nudges find the work done by the poll; workers drop them unread.
_EXPIRES_SECONDS: Final = 30
logger = logging.getLogger(__name__)


class _Breaker:
    """Counts failed nudges of this process and keeps it from trying a dead Redis again and again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_at = 0.0
        self.failures = 0

    def is_open(self) -> bool:
        return time.monotonic() < self._closed_at

    def trip(self) -> None:
        with self._lock:
            self.failures += 1
            self._closed_at = time.monotonic() + _AVOID_SECONDS

    def reset(self) -> None:
        with self._lock:
            self._closed_at = 0.0


class _Gathering:
    """Lets the first of several nudges through at once, and one more for all that follow shortly after it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_at = 0.0
        self._later_names: set[str] = set()

    def nudge(self, names: tuple[str, ...]) -> None:
        with self._lock:
            wait = self._next_at - time.monotonic()
            if wait > 0:
                if not self._later_names:
                    self._later(wait)
                self._later_names.update(names)
                return
            self._next_at = time.monotonic() + _TOGETHER_SECONDS
        publish_wake_ups(names)

    def _later(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._late)
        # A process that ends doesn't wait for it: the poll is the guarantee.
        timer.daemon = True
        timer.start()

    def _late(self) -> None:
        with self._lock:
            names, self._later_names = tuple(sorted(self._later_names)), set()
            self._next_at = time.monotonic() + _TOGETHER_SECONDS
        publish_wake_ups(names)


_breaker = _Breaker()
_gathering = _Gathering()


def wake(*, deliver: bool = True, write_back: bool = True) -> None:
    """Have workers look for due deliveries, write-backs or both as soon as the current transaction commits.

    Never raises and takes at most half a second, also while Redis is gone; failures are counted. Where this process
    nudged them less than a tenth of a second ago, they are nudged when that is over, once for all who ask.
    """
    names = (DELIVER,) * deliver + (WRITE_BACK,) * write_back
    if names:
        transaction.on_commit(partial(_gathering.nudge, names), robust=True)


def publish_wake_ups(names: Iterable[str] = (DELIVER, WRITE_BACK)) -> None:
    """Publish the wake-ups now; see `wake`."""
    if _breaker.is_open():
        return
    try:
        # Kept by the pool: connecting costs more than all the rest.
        with _publisher().producer_or_acquire() as producer:
            for name in names:
                _publisher().send_task(name, producer=producer, retry=False, expires=_EXPIRES_SECONDS)
    except Exception as error:  # noqa: BLE001 - the broker's client raises many kinds, and none may hurt a committed request
        _breaker.trip()
        logger.warning(
            "delivery.wake_failed", extra={"hub": {"error": type(error).__name__, "failures": _breaker.failures}}
        )
    else:
        _breaker.reset()


def count_failed_wake_ups() -> int:
    """Return how many wake-ups this process could not publish."""
    return _breaker.failures


@cache
def _publisher() -> Celery:
    # Its own app: the workers' one may wait long for Redis, a request may not.
    app = Celery("mdmhub-wake", set_as_current=False)
    options = {
        **settings.CELERY.get("broker_transport_options", {}),
        "socket_timeout": _TIMEOUT_SECONDS,
        "socket_connect_timeout": _TIMEOUT_SECONDS,
        "retry_on_timeout": False,
        # The broker's client would otherwise try for seconds to connect.
        "max_retries": 0,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
        "connect_retries_timeout": _TIMEOUT_SECONDS,
    }
    app.conf.update({**settings.CELERY, "broker_transport_options": options, "broker_connection_retry": False})
    return app

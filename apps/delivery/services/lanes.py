"""Run independent lanes of work side by side, so that a slow one delays only itself."""

import logging
import time
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final, TypeVar

from django.db import connections

_AT_ONCE: Final = 8
_LOOK_SECONDS: Final = 0.2
_REST_SECONDS: Final = 0.5
Key = TypeVar("Key", bound=Hashable)
logger = logging.getLogger(__name__)


def run_lanes(list_due: Callable[[], Iterable[Key]], run: Callable[[Key, float], int], *, seconds: float) -> int:
    """Run `run(key, deadline)` for every due key in threads of their own until nothing is due or the time is over.

    Keys that come due while others still run get a lane as well, so a stuck lane holds up nobody. `run` ends by the
    deadline (a `time.monotonic()` value) and returns what it did; the sum is returned. At most eight lanes run at once.
    """
    deadline = time.monotonic() + seconds
    done = 0
    running: dict[Key, Future[int]] = {}
    resting: dict[Key, float] = {}
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lane") as pool:
        while True:
            for key in [key for key, lane in running.items() if lane.done()]:
                done += _take(running.pop(key))
                resting[key] = time.monotonic() + _REST_SECONDS
            now = time.monotonic()
            if now < deadline:
                fresh = (key for key in list_due() if key not in running and resting.get(key, 0.0) <= now)
                running |= {key: pool.submit(_run_one, run, key, deadline) for key in fresh}
            if not running:
                return done
            wait(running.values(), timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)


def _run_one(run: Callable[[Key, float], int], key: Key, deadline: float) -> int:
    try:
        return run(key, deadline)
    finally:
        # The thread goes back to the pool; its connections would stay open unseen.
        connections.close_all()


def _take(lane: Future[int]) -> int:
    try:
        return lane.result()
    except Exception:
        # One lane's failure must not end the others; its leases lapse, and the next poll sends again.
        logger.exception("delivery.lane_failed")
        return 0

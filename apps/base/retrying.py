"""Try a transaction again that lost to another one. What lost has left nothing behind, so a second try is a first."""

import logging
import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from django.db import OperationalError, connection, transaction

from apps.base.errors import HubError

ATTEMPTS: Final = 6
FIRST_PAUSE_SECONDS: Final = 0.01
LONGEST_PAUSE_SECONDS: Final = 0.5
# PostgreSQL's words for "try again": serialization_failure, deadlock_detected.
LOST_TO_ANOTHER: Final = frozenset({"40001", "40P01"})
Result = TypeVar("Result")
logger = logging.getLogger(__name__)


class Busy(HubError):
    """Others were at the same customers each time; nothing was changed."""

    code = "hub.busy"
    status = 503
    title = "The hub is busy with the same customers"
    retry_after_seconds = 1


def retrying(work: Callable[[], Result], *, attempts: int = ATTEMPTS) -> Result:
    """Return what `work` returns, carried out in one transaction, and again where it lost to another one.

    Waits between tries for a random time whose bound doubles from 10 ms (full jitter: Brooker 2015), so that those who
    met once don't meet again. Raises Busy after the last try. Inside a transaction that is open already there is one
    try, since only its opener can begin anew: the database's error passes through.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            return work()
    for number in range(1, attempts + 1):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            if not lost_to_another(error):
                raise
            logger.info("transaction lost to another", extra={"hub": {"attempt": number}})
        if number < attempts:
            time.sleep(random.uniform(0, longest_pause(number)))  # noqa: S311 - spreads load, guards nothing
    raise Busy(f"{attempts} tries met others who changed the same customers. Try again in a moment.", attempts=attempts)


def lost_to_another(error: BaseException) -> bool:
    """Say whether a database error only means that another transaction came first."""
    return getattr(error.__cause__, "sqlstate", None) in LOST_TO_ANOTHER


def longest_pause(number: int) -> float:
    """Return the most seconds to wait after failed try `number` (from 1)."""
    return float(min(FIRST_PAUSE_SECONDS * 2**number, LONGEST_PAUSE_SECONDS))

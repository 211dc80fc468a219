"""When to try again. Pure arithmetic: no clock, no randomness of its own, no database.

The steps are those of the Standard Webhooks specification's sample schedule: ten attempts, the last 75 h 35 min after
the first. A plan stretches or squeezes them to its own span.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

STEPS_SECONDS: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER: Final = 0.20
RETRY_AFTER_CAP_SECONDS: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How many attempts there are, and how many seconds lie between the first and the last."""

    attempts: int
    span_seconds: float

    def wait_seconds(self, number: int) -> float:
        """Return the wait after failed attempt `number` (from 1), before jitter; the steps' shape, the plan's span.

        A plan with more attempts than the schedule repeats its last step.
        """
        steps = [STEPS_SECONDS[min(index, len(STEPS_SECONDS) - 1)] for index in range(self.attempts - 1)]
        return steps[number - 1] * self.span_seconds / sum(steps)


def find_next_attempt(
    *, number: int, now: datetime, plan: Plan, draw: float, retry_after_seconds: float | None = None
) -> datetime | None:
    """Return when to try after failed attempt `number`, or None when that was the last.

    `draw` lies in [0, 1) and spreads the wait evenly over ± 20 %. A Retry-After can lengthen the wait, up to a day,
    never shorten it.
    """
    if number >= plan.attempts:
        return None
    wait = plan.wait_seconds(number) * (1 - JITTER + 2 * JITTER * draw)
    if retry_after_seconds is not None:
        wait = max(wait, min(retry_after_seconds, RETRY_AFTER_CAP_SECONDS))
    return now + timedelta(seconds=wait)


def parse_retry_after(text: str | None, *, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for, between 0 and a day, or None where it says nothing usable.

    Both forms of RFC 9110 section 10.2.3 are read: delay in seconds and HTTP date.
    """
    if text is None:
        return None
    stripped = text.strip()
    if stripped.isascii() and stripped.isdigit():
        # Longer numbers all mean the cap; int() of a megabyte of digits would be work for nothing.
        return min(float(stripped[:12]), RETRY_AFTER_CAP_SECONDS)
    try:
        asked = parsedate_to_datetime(stripped)
    except ValueError:
        return None
    if asked.tzinfo is None:
        asked = asked.replace(tzinfo=UTC)
    return min(max((asked - now).total_seconds(), 0.0), RETRY_AFTER_CAP_SECONDS)


def pause_seconds(failures: int) -> float:
    """Return how long to leave a subscriber alone after this many unreachable tries in a row.

    Two slips are forgiven; from the third the pause doubles from 5 s and stays under a minute, so that a recovered
    subscriber is found again within one.
    """
    return 0.0 if failures < 3 else min(5.0 * 2 ** min(failures - 3, 10), 55.0)

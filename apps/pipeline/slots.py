"""One run per job and slot, however many processes propose it."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from apps.pipeline.models import ScheduleSlot


def slot_of(moment: datetime, seconds: int) -> datetime:
    """Return the start of the slot that holds `moment`; slots start at whole multiples of `seconds` since 1970."""
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def run_once(*, job: str, seconds: int, work: Callable[[], str], moment: datetime | None = None) -> str | None:
    """Do `work` unless this job's slot has been taken; return what it said, or None.

    The slot is taken before the work starts and committed at once, so a second proposer sees it.
    """
    slot = slot_of(moment or timezone.now(), seconds)
    with transaction.atomic():
        row, is_mine = ScheduleSlot.objects.get_or_create(job=job, slot=slot)
    if not is_mine:
        return None
    try:
        row.outcome = work()[:300]
    except Exception as error:
        # Whatever happened belongs in the slot's record before the worker reports it.
        row.outcome = f"failed: {type(error).__name__}: {error}"[:300]
        raise
    finally:
        row.finished_at = timezone.now()
        row.save()
    return row.outcome

"""Show what a decision would do, by doing it and taking it back: what is shown is what would be stored."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from django.db import OperationalError, transaction

from apps.base.abilities import nothing_stored
from apps.base.retrying import Busy, lost_to_another
from apps.pipeline.deciding.outcome import Outcome

LOCK_NOT_AVAILABLE: Final = "55P03"


def preview(decide: Callable[[], Outcome]) -> Outcome:
    """Return what `decide` would come to; nothing of it is stored, and nobody is told.

    The intake gate is shared with live writers, whom a decision would keep out. Where one of them is at the same
    customers for longer than the database looks for deadlocks, it is the preview that gives way: Busy. Customers that
    would be new have no id yet, because an id is only given out with its customer. Raises what `decide` raises.
    """
    try:
        with nothing_stored(), transaction.atomic():
            outcome = decide()
            # Wake-ups wait for a commit that never comes; numbers drawn from sequences are lost, which hurts nobody.
            transaction.set_rollback(True)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE and not lost_to_another(error):
            raise
        raise Busy("Others are at these customers. Look again in a moment.") from error
    new = {customer.gid for customer in outcome.customers if customer.is_new}
    return replace(
        outcome,
        decision=None,
        is_preview=True,
        message=outcome.message if not new else "",
        customers=tuple(replace(c, gid=None) if c.is_new else c for c in outcome.customers),
        events=tuple(replace(event, gid=None) if event.gid in new else event for event in outcome.events),
        cases=(),
    )

"""Carry out a snapshot that waited for a person."""

from apps.base.actors import Actor
from apps.cases.services import close_cases_about
from apps.pipeline.loading import resolve_pending
from apps.pipeline.models import Run
from apps.pipeline.runs import Listener, journal
from apps.sources.services import confirm_held_batch


def confirm_snapshot(*, batch_id: int, reason: str, actor: Actor, listener: Listener | None = None) -> Run:
    """Delete what a held snapshot lacks, on a person's word, and bring the customers up to date.

    Raises NotFound without such a batch and Conflict where it isn't held.
    """
    batch = confirm_held_batch(batch_id=batch_id, reason=reason, actor=actor)
    with journal(kind="confirm", arguments={"batch": batch_id}, actor=actor, listener=listener) as log:
        close_cases_about(kind="drop_guard", facts={"batch": batch_id}, reason=f"confirmed: {reason}", actor=actor)
        log.count(rows_absent=batch.keys_absent)
        resolve_pending(log, reason=reason)
    return log.run

"""Work off the redo queue: what the live path could not do at once, by the live path or, where it is large, in bulk."""

from apps.base.actors import Actor, acting
from apps.base.ids import uuid7
from apps.base.locks import Gate, lock_gate
from apps.base.retrying import retrying
from apps.engine.cluster import ComponentTooLarge
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.live.absorbing import settle
from apps.pipeline.live.reading import TooMuch
from apps.pipeline.live.redoing import take_redo
from apps.pipeline.runs import QuietJournal
from apps.pipeline.store import Context

AT_A_TIME = 50
REASON = "matched again"


def drain_redo(*, actor: Actor, most: int = 10_000) -> int:
    """Match queued records again until the queue is empty or `most` are done; return how many were.

    Each batch commits with its rows of the queue, so a killed worker loses nothing.
    """
    done = 0
    while done < most:
        taken = retrying(lambda: _drain_batch(actor))
        if not taken:
            break
        done += taken
    return done


def _drain_batch(actor: Actor) -> int:
    with acting(actor, reason=REASON):
        # Alone: what is too much for the live path is read in bulk, without its locks.
        lock_gate(Gate.INTAKE)
        records = take_redo(AT_A_TIME)
        if records:
            try:
                settle(records, (), Context(actor, REASON, 0, uuid7(), 0))
            except (TooMuch, ComponentTooLarge):
                resolve(QuietJournal(actor), Ask(reason=REASON, dirty=records))
    return len(records)

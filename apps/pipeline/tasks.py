"""Celery's door to the pipeline. A task holds no rule: the slot decides whether it runs, the service what it does."""

from celery import shared_task

from apps.base.actors import Actor
from apps.pipeline.draining import drain_redo
from apps.pipeline.fixing import release_due_pins
from apps.pipeline.slots import run_once
from apps.pipeline.syncing import sync_folder, sync_pulled
from apps.pipeline.uploading import forget_spool, load_uploads
from apps.pipeline.whatif import carry_out_due

SYNC_SECONDS = 30
FORGET_SECONDS = 3_600
PINS_SECONDS = 900


@shared_task(name="pipeline.sync_watched_folder")  # type: ignore[untyped-decorator]
def sync_watched_folder_task() -> None:
    """Load new files of the watched folder, once per slot."""
    actor = Actor.hub("watch-folder")
    run_once(job="watch-folder", seconds=SYNC_SECONDS, work=lambda: sync_folder(actor=actor))


@shared_task(name="pipeline.sync_pulled_sources")  # type: ignore[untyped-decorator]
def sync_pulled_sources_task() -> None:
    """Pull what changed from connected systems, once per slot."""
    actor = Actor.hub("pull-sources")
    run_once(job="pull-sources", seconds=SYNC_SECONDS, work=lambda: sync_pulled(actor=actor))


@shared_task(name="pipeline.release_due_pins")  # type: ignore[untyped-decorator]
def release_due_pins_task() -> None:
    """Release the pins whose date has come, once per slot."""
    actor = Actor.hub("release-due-pins")
    run_once(job="release-due-pins", seconds=PINS_SECONDS, work=lambda: release_due_pins(actor=actor))


@shared_task(name="pipeline.drain_redo")  # type: ignore[untyped-decorator]
def drain_redo_task() -> None:
    """Match again what the live path left over. Two workers at once share the queue."""
    drain_redo(actor=Actor.hub("redo"))


@shared_task(name="pipeline.carry_out_rules")  # type: ignore[untyped-decorator]
def carry_out_rules_task() -> None:
    """Carry out dry runs and the re-match that is owed. Two workers at once take different ones."""
    carry_out_due()


@shared_task(name="pipeline.load_uploads")  # type: ignore[untyped-decorator]
def load_uploads_task() -> None:
    """Load files that were handed over. Two workers at once take different ones."""
    load_uploads()


@shared_task(name="pipeline.forget_spool")  # type: ignore[untyped-decorator]
def forget_spool_task() -> None:
    """Remove files of the spool that belong to no upload, once per slot."""
    run_once(job="forget-spool", seconds=FORGET_SECONDS, work=forget_spool)

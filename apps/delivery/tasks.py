"""Envelopes around the services that send. They carry nothing: what is due lies in PostgreSQL."""

from celery import shared_task

from apps.base.actors import Actor
from apps.delivery.services import deliver_due as deliver_due_service
from apps.delivery.services import write_back_due as write_back_due_service


@shared_task(name="delivery.deliver_due")  # type: ignore[untyped-decorator]
def deliver_due() -> None:
    """Deliver events until nothing is due."""
    deliver_due_service(actor=Actor.hub("delivery"))


@shared_task(name="delivery.write_back_due")  # type: ignore[untyped-decorator]
def write_back_due() -> None:
    """Write governed ids back until nothing is due."""
    write_back_due_service(actor=Actor.hub("write-back"))

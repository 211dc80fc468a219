"""Envelopes around what the API keeps."""

from celery import shared_task

from apps.api.idempotency import forget_answers
from apps.pipeline.slots import run_once

FORGET_SECONDS = 3_600


@shared_task(name="api.forget_answers")  # type: ignore[untyped-decorator]
def forget_answers_task() -> None:
    """Delete answers kept for repeated requests once their time is over, once per slot."""
    run_once(job="forget-answers", seconds=FORGET_SECONDS, work=lambda: f"{forget_answers()} answers forgotten")

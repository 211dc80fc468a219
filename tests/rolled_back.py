"""A stretch of work on the test database that leaves nothing behind."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from pytest_django import DjangoDbBlocker


@contextmanager
def rolled_back(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let the database be used, and take back at the end what was written."""
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)

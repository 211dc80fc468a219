"""Who acts. No write is anonymous: an actor, a reason and a run travel with the transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Self

from django.db import connection, transaction


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, the hub itself, or a connected system.

    `name` is a log-in name, a job's name or a source's code; `user_id` is set for persons.
    """

    kind: Literal["person", "hub", "system"]
    name: str
    user_id: int | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def hub(cls, job: str) -> Self:
        """Return the actor of an automatic job."""
        return cls("hub", job)

    @classmethod
    def person(cls, name: str, user_id: int | None) -> Self:
        """Return the actor of somebody logged in."""
        return cls("person", name, user_id)


@contextmanager
def acting(actor: Actor, *, reason: str, run_id: int = 0) -> Iterator[None]:
    """Open a transaction whose history rows name this actor, reason and run (0: outside a run).

    Inside an outer `acting` the inner one wins until it ends; the settings are local to the transaction, so they
    can't leak over a pooled connection.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        before = _swap(cursor, (str(actor), reason, str(run_id), str(actor.user_id or "")))
        yield
        _swap(cursor, before)


def _swap(cursor: object, values: tuple[str, ...]) -> tuple[str, ...]:
    names = ("mdmhub.actor", "mdmhub.reason", "mdmhub.run", "mdmhub.user")
    execute = cursor.execute  # type: ignore[attr-defined]
    execute("SELECT " + ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in names))
    before = tuple(cursor.fetchone())  # type: ignore[attr-defined]
    execute("SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in names), values)
    return before

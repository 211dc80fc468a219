"""Who acts. No write is anonymous: an actor, a reason and a run travel with the transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, Self

from django.db import connection, transaction

Said = tuple[str, str, str, str]
NOBODY: Final[Said] = ("", "", "", "")
_SAID: Final = "mdmhub_said"
_NAMES: Final = ("mdmhub.actor", "mdmhub.reason", "mdmhub.run", "mdmhub.user")
_TELL: Final = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in _NAMES)


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
def acting(actor: Actor, *, reason: str, run_id: int = 0, savepoint: bool = True) -> Iterator[None]:
    """Open a transaction whose history rows name this actor, reason and run (0: outside a run).

    Inside an outer `acting` the inner one wins until it ends; the settings are local to the transaction, so they
    can't leak over a pooled connection. Where an error ends the caller's transaction as well, it needs no `savepoint`.
    One statement, a second one where a wider transaction goes on; none where it says what is said already.
    """
    wanted = (str(actor), reason, str(run_id), str(actor.user_id or ""))
    is_widest = not connection.in_atomic_block
    # Kept beside the connection, so that it needn't be asked what it was told.
    before: Said = NOBODY if is_widest else getattr(connection, _SAID, NOBODY)
    with transaction.atomic(savepoint=savepoint):
        if before != wanted:
            _say(wanted)
        try:
            yield
        finally:
            # After an error the transaction, or the savepoint, takes back what it was told.
            setattr(connection, _SAID, before)
        if before != wanted and not is_widest:
            _say(before)


def _say(said: Said) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TELL, said)
    setattr(connection, _SAID, said)

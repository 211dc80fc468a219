"""Who acts. No write is anonymous: an actor, a reason and a run travel with the transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal, Self

from django.db import connection, transaction

from apps.base.abilities import EVERYTHING, NOTHING, Ability, refuse_missing

Said = tuple[str, str, str, str]
NOBODY: Final[Said] = ("", "", "", "")
_SAID: Final = "mdmhub_said"
_NAMES: Final = ("mdmhub.actor", "mdmhub.reason", "mdmhub.run", "mdmhub.user")
_TELL: Final = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in _NAMES)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, the hub itself, or a connected system.

    `name` is a log-in name, a job's name or a source's code; `user_id` is set for persons. `abilities` are what its
    door found it may do: none unless told.
    """

    kind: Literal["person", "hub", "system"]
    name: str
    user_id: int | None = None
    abilities: frozenset[Ability] = field(default=NOTHING, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def hub(cls, job: str) -> Self:
        """Return the actor of an automatic job; it may do everything."""
        return cls("hub", job, abilities=EVERYTHING)

    @classmethod
    def person(cls, name: str, user_id: int | None, abilities: frozenset[Ability] | None = None) -> Self:
        """Return the actor of a person with those abilities.

        Without, somebody logged in may do nothing; who has no account here sits at the server itself, where the
        database stands open, and may do everything.
        """
        if abilities is None:
            abilities = EVERYTHING if user_id is None else NOTHING
        return cls("person", name, user_id, abilities)

    def may(self, *abilities: Ability) -> bool:
        """Say whether the actor has all of these abilities."""
        return self.abilities.issuperset(abilities)

    def refuse_without(self, *abilities: Ability) -> None:
        """Raise AbilityMissing, naming the roles to ask for, unless the actor has all of these abilities."""
        refuse_missing(self.abilities, *abilities)


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

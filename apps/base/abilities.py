"""Who may do what: the abilities, the roles that carry them, and how a service insists on one.

The table is here, below every app, so that services refuse by themselves whoever calls them. Who has which role is told
by the doors: the pages ask their people's groups, the API its tokens. An actor brings along what its door found.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Final

from apps.base.errors import Forbidden


class Ability(StrEnum):
    """One thing an actor may do; the value says it in words that follow "may" or "to"."""

    JUDGE = "judge cases"
    RESHAPE = "merge and split customers"
    FIX = "fix values"
    DECIDE_ALONE = "decide what needs a second person"
    UNDO_OTHERS = "undo what others decided"
    APPROVE = "approve proposals"
    DRAFT_RULES = "draft rules"
    TRY_RULES = "try rules"
    APPROVE_RULES = "approve rules"
    PUBLISH_RULES = "publish rules"


class Role(StrEnum):
    """A group's name. Who is in several has the abilities of them all."""

    VIEWER = "viewer"
    STEWARD = "steward"
    SENIOR_STEWARD = "senior_steward"
    ADMINISTRATOR = "administrator"


EVERYTHING: Final = frozenset(Ability)
NOTHING: Final[frozenset[Ability]] = frozenset()
_STEWARD: Final = frozenset({Ability.JUDGE, Ability.RESHAPE, Ability.FIX, Ability.DRAFT_RULES})
ABILITIES: Final[dict[Role, frozenset[Ability]]] = {
    Role.VIEWER: NOTHING,
    Role.STEWARD: _STEWARD,
    Role.SENIOR_STEWARD: _STEWARD
    | {Ability.DECIDE_ALONE, Ability.UNDO_OTHERS, Ability.APPROVE, Ability.TRY_RULES, Ability.APPROVE_RULES},
    Role.ADMINISTRATOR: frozenset(
        {Ability.DRAFT_RULES, Ability.TRY_RULES, Ability.APPROVE_RULES, Ability.PUBLISH_RULES}
    ),
}
ROLE_WORDS: Final = {
    Role.VIEWER: "Viewer",
    Role.STEWARD: "Steward",
    Role.SENIOR_STEWARD: "Senior steward",
    Role.ADMINISTRATOR: "Administrator",
}

_trying: ContextVar[bool] = ContextVar("trying", default=False)


class AbilityMissing(Forbidden):
    """The actor's roles lack an ability; `facts.roles` are those that carry it."""

    code = "role.ability_missing"
    title = "Your role doesn't allow this"


def abilities_of(roles: Collection[Role]) -> frozenset[Ability]:
    """Return what those roles may do together."""
    return NOTHING.union(*(ABILITIES[role] for role in roles))


def roles_with(ability: Ability) -> frozenset[Role]:
    """Return the roles that carry an ability."""
    return frozenset(role for role, carried in ABILITIES.items() if ability in carried)


def words_for(roles: Collection[Role]) -> str:
    """Return the roles as a text such as "steward or senior steward", weakest first."""
    return " or ".join(ROLE_WORDS[role].lower() for role in Role if role in roles)


def refuse_missing(abilities: Collection[Ability], *needed: Ability) -> None:
    """Raise AbilityMissing, naming the roles to ask for, unless every ability is there or nothing would be stored."""
    if _trying.get():
        return
    for ability in needed:
        if ability not in abilities:
            roles = roles_with(ability)
            raise AbilityMissing(
                f"To {ability.value} takes the role {words_for(roles)}.",
                ability=ability.name.lower(),
                roles=sorted(roles),
            )


def is_trying() -> bool:
    """Say whether what is done now is taken back, so that it needs nobody's leave."""
    return _trying.get()


@contextmanager
def nothing_stored() -> Iterator[None]:
    """Let services show what they would do: whoever may look may also see what would come of it.

    The caller rolls back what is done in here.
    """
    token = _trying.set(True)
    try:
        yield
    finally:
        _trying.reset(token)

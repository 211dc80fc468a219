"""Who has which role, by the groups they are in; what a role may do stands in apps/base/abilities.py.

Forbidden actions are neither drawn nor carried out.
"""

from typing import Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User

from apps.base.abilities import ROLE_WORDS, Ability, Role, abilities_of, roles_with, words_for
from apps.base.actors import Actor
from apps.stewardship.preferences import COLUMNS, Keys, keep_keys

__all__ = [
    "APPROVERS",
    "JUDGES",
    "KEEPERS",
    "PUBLISHERS",
    "READERS",
    "ROLE_WORDS",
    "Role",
    "actor_for",
    "roles_of",
    "title_of",
    "words_for",
]
READERS: Final = frozenset(Role)
JUDGES: Final = roles_with(Ability.JUDGE)
APPROVERS: Final = roles_with(Ability.APPROVE)
PUBLISHERS: Final = roles_with(Ability.TRY_RULES)
"""Who may try rule set versions; approving and publishing them takes more."""
KEEPERS: Final = frozenset({Role.SENIOR_STEWARD, Role.ADMINISTRATOR})


def roles_of(user: AbstractBaseUser | AnonymousUser) -> frozenset[Role]:
    """Return the roles of a person; one query per user object, which reads their keys, too.

    A superuser has every role.
    """
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return READERS
    known: frozenset[Role] | None = getattr(user, "_stewardship_roles", None)
    if known is None:
        columns = ("groups__name", *(f"preference__{column}" for column in COLUMNS))
        rows = list(User.objects.filter(pk=user.pk).values_list(*columns))
        names = {name for name, *_ in rows}
        keep_keys(user, Keys(*rows[0][1:]) if rows and rows[0][1] is not None else Keys())
        known = frozenset(role for role in Role if role.value in names)
        user._stewardship_roles = known  # type: ignore[attr-defined]  # noqa: SLF001 - one look-up per request
    return known


def title_of(roles: frozenset[Role]) -> str:
    """Return the words for the strongest role, or say that there is none."""
    for role in (Role.SENIOR_STEWARD, Role.STEWARD, Role.ADMINISTRATOR, Role.VIEWER):
        if role in roles:
            return ROLE_WORDS[role]
    return "No role"


def actor_for(user: User | AbstractBaseUser | AnonymousUser) -> Actor:
    """Return the actor of somebody logged in, with what their roles may do."""
    return Actor.person(user.get_username(), user.pk, abilities_of(roles_of(user)))

"""What a person may do here, by the group they are in. Forbidden actions are neither drawn nor carried out."""

from enum import StrEnum
from typing import Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User

from apps.stewardship.preferences import COLUMNS, Keys, keep_keys


class Role(StrEnum):
    """A group's name. Who is in several has the rights of them all."""

    VIEWER = "viewer"
    STEWARD = "steward"
    SENIOR_STEWARD = "senior_steward"
    ADMINISTRATOR = "administrator"


ROLE_WORDS: Final = {
    Role.VIEWER: "Viewer",
    Role.STEWARD: "Steward",
    Role.SENIOR_STEWARD: "Senior steward",
    Role.ADMINISTRATOR: "Administrator",
}
READERS: Final = frozenset(Role)
PUBLISHERS: Final = frozenset({Role.SENIOR_STEWARD, Role.ADMINISTRATOR})
"""Who may try, approve and publish rule set versions."""
JUDGES: Final = frozenset({Role.STEWARD, Role.SENIOR_STEWARD})
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


def words_for(roles: frozenset[Role]) -> str:
    """Return the roles as a text such as "steward or senior steward", weakest first."""
    return " or ".join(ROLE_WORDS[role].lower() for role in Role if role in roles)

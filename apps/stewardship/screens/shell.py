"""What surrounds every page: the menu with its counts and the person."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from apps.cases import selectors as cases
from apps.stewardship.roles import JUDGES, roles_of, title_of


@dataclass(frozen=True, slots=True)
class Shell:
    """The menu's mark and count, who is logged in, and whether they may judge."""

    section: str
    open_cases: int
    person: str
    role: str
    may_judge: bool


def build_shell(user: AbstractBaseUser | AnonymousUser, *, section: str) -> Shell:
    """Return the surroundings of a page. At most two queries."""
    roles = roles_of(user)
    return Shell(
        section=section,
        open_cases=sum(cases.count_open_cases().values()) if roles else 0,
        person=user.get_username(),
        role=title_of(roles),
        may_judge=bool(roles & JUDGES),
    )

"""What surrounds every page: the menu with its counts and the person."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from apps.base.actors import Actor
from apps.cases import selectors as cases
from apps.pipeline.proposals import count_waiting
from apps.stewardship.preferences import Keys, get_keys
from apps.stewardship.roles import APPROVERS, JUDGES, KEEPERS, roles_of, title_of


@dataclass(frozen=True, slots=True)
class Shell:
    """The menu's mark and counts, who is logged in, their keys, and what they may do."""

    section: str
    open_cases: int
    person: str
    role: str
    may_judge: bool
    may_approve: bool
    approvals: int
    may_see_components: bool
    keys: Keys
    is_folded: bool


def build_shell(
    user: AbstractBaseUser | AnonymousUser, *, section: str, is_folded: bool = False, open_cases: int | None = None
) -> Shell:
    """Return the surroundings of a page; `is_folded` shows the menu as icons. At most four queries.

    `open_cases` spares counting them where the page has done so already.
    """
    roles = roles_of(user)
    may_approve = bool(roles & APPROVERS)
    if open_cases is None:
        open_cases = sum(cases.count_open_cases().values()) if roles else 0
    return Shell(
        section=section,
        open_cases=open_cases,
        person=user.get_username(),
        role=title_of(roles),
        may_judge=bool(roles & JUDGES),
        may_approve=may_approve,
        approvals=count_waiting(Actor.person(user.get_username(), user.pk)) if may_approve else 0,
        may_see_components=bool(roles & KEEPERS),
        keys=get_keys(user),
        is_folded=is_folded,
    )

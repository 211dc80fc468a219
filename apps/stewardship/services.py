"""Give people their roles."""

from django.contrib.auth.models import Group, User

from apps.base.actors import Actor, acting
from apps.base.errors import Invalid
from apps.stewardship.roles import Role


def grant_role(*, username: str, role: str, actor: Actor) -> User:
    """Give a person one role in place of those they had; return the person.

    Raises Invalid for an unknown role or person.
    """
    if role not in set(Role):
        raise Invalid(f"{role[:40]!r} is no role; known: {', '.join(Role)}.", known=list(Role))
    with acting(actor, reason=f"{username} becomes {role}"):
        user = User.objects.filter(username=username).first()
        if user is None:
            raise Invalid(f"Nobody logs in as {username[:150]!r}.", username=username[:150])
        kept, _ = Group.objects.get_or_create(name=role)
        user.groups.remove(*Group.objects.filter(name__in=list(Role)).exclude(pk=kept.pk))
        user.groups.add(kept)
    return user


def add_person(*, username: str, password: str, role: str, actor: Actor) -> User:
    """Let somebody log in under a role; who is there already gets the new password and role.

    Raises Invalid for an unknown role.
    """
    with acting(actor, reason=f"{username} may log in"):
        user, _ = User.objects.get_or_create(username=username)
        user.set_password(password)
        user.save()
        return grant_role(username=username, role=role, actor=actor)

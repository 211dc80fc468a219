"""The keys a person judges by: read for every page, changed on /me/preferences/."""

from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User

from apps.stewardship.models import Preference

VERDICTS: Final = ("same", "different", "related", "not_sure")
RESERVED: Final = frozenset("/?[]zsgjkdcpfhe.123456789ixoat")
"""Keys that do something else wherever a verdict can be given."""
COLUMNS: Final = ("keys_on", *(f"{verdict}_key" for verdict in VERDICTS))


@dataclass(frozen=True, slots=True)
class Keys:
    """Whether single keys act, and the key of each verdict."""

    on: bool = True
    same: str = "m"
    different: str = "n"
    related: str = "r"
    not_sure: str = "u"


def get_keys(user: AbstractBaseUser | AnonymousUser) -> Keys:
    """Return a person's keys, the usual ones where they never changed any.

    One query per user object, none where `roles_of` has read them with the roles.
    """
    if not isinstance(user, User) or user.pk is None:
        return Keys()
    known: Keys | None = getattr(user, "_stewardship_keys", None)
    if known is None:
        row = Preference.objects.filter(person=user).values_list(*COLUMNS).first()
        known = Keys(*row) if row else Keys()
        keep_keys(user, known)
    return known


def keep_keys(user: User, keys: Keys) -> None:
    """Let a user object carry the keys that were read or saved, so that no page reads them twice."""
    user._stewardship_keys = keys  # type: ignore[attr-defined]  # noqa: SLF001 - one look-up per request


def save_keys(*, user: User, keys: Keys) -> Keys:
    """Keep a person's keys and return them. The form has checked that they differ and collide with no other."""
    chosen = {f"{verdict}_key": getattr(keys, verdict) for verdict in VERDICTS}
    Preference.objects.update_or_create(person=user, defaults={"keys_on": keys.on, **chosen})
    keep_keys(user, keys)
    return keys


def switch_keys(*, user: User) -> Keys:
    """Switch single keys on where they are off, and off where they are on; return the keys."""
    now = get_keys(user)
    return save_keys(user=user, keys=Keys(not now.on, now.same, now.different, now.related, now.not_sure))

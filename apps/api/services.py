"""Mint and revoke tokens. The secret is shown once, to whoever mints it, and only its digest is stored."""

import secrets
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.api.models import ApiToken
from apps.api.selectors import PREFIX, digest_of
from apps.base.actors import Actor, acting
from apps.base.errors import Conflict, Invalid, NotFound


class TokenNameTaken(Conflict):
    """A token of that name exists; a revoked one keeps its name for the audit."""

    code = "token.name_taken"
    title = "The name is taken"


@dataclass(frozen=True, slots=True)
class MintedToken:
    """A new token with its secret, which can't be read again."""

    name: str
    role: str
    secret: str


def mint_token(*, name: str, role: str, actor: Actor) -> MintedToken:
    """Create a token that acts in `role`.

    Raises Invalid for an unknown role or an empty name, TokenNameTaken where the name was used before.
    """
    if role not in ApiToken.Role.values:
        raise Invalid(f"{role!r} is no role; known: {', '.join(ApiToken.Role.values)}.", role=role)
    if not name.strip() or len(name) > 100:
        raise Invalid("A token needs a name of 1 to 100 characters.", name=name[:100])
    secret = PREFIX + secrets.token_urlsafe(32)
    with acting(actor, reason=f"token minted for role {role}"):
        try:
            with transaction.atomic():
                ApiToken.objects.create(name=name, role=role, digest=digest_of(secret))
        except IntegrityError as error:
            raise TokenNameTaken(f"There is a token named {name!r} already.", name=name) from error
    return MintedToken(name=name, role=role, secret=secret)


def revoke_token(*, name: str, actor: Actor) -> ApiToken:
    """End a token at once; revoking it again changes nothing. Raises NotFound for an unknown name."""
    with acting(actor, reason="token revoked"):
        token = ApiToken.objects.select_for_update().filter(name=name).first()
        if token is None:
            raise NotFound(f"There is no token named {name!r}.", name=name)
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save()
    return token

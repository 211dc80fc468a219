"""Find who presents a token. Nothing here writes."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.api.models import ApiToken

PREFIX = "mdm_"
LONGEST = 100
# Asked with every request, so without what building a query costs.
_FIND_HOLDER = "SELECT digest, id, name, role FROM api_apitoken WHERE digest = %s AND revoked_at IS NULL"


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """An integration that presented a token: its name and the role it acts in."""

    token_id: int
    name: str
    role: str
    is_authenticated: bool = True


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as a list shows it; the secret itself is kept nowhere."""

    name: str
    role: str
    created_at: datetime
    revoked_at: datetime | None


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a token, as it is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def find_token_holder(secret: str) -> TokenHolder | None:
    """Return who holds a live token, or None. One query; none where the text can't be a token.

    The index finds a digest of 256 random bits, so its timing tells nothing about the secret; the digests are still
    compared in constant time.
    """
    if not secret.startswith(PREFIX) or len(secret) > LONGEST:
        return None
    digest = digest_of(secret)
    with connection.cursor() as cursor:
        cursor.execute(_FIND_HOLDER, [digest])
        row = cursor.fetchone()
    if row is None or not hmac.compare_digest(row[0], digest):
        return None
    return TokenHolder(token_id=row[1], name=row[2], role=row[3])


def list_tokens() -> list[TokenRow]:
    """Return every token by name, revoked ones included. One query."""
    return [
        TokenRow(name=row.name, role=row.role, created_at=row.created_at, revoked_at=row.revoked_at)
        for row in ApiToken.objects.order_by("name")
    ]

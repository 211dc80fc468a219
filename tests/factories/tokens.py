"""API tokens for tests."""

from itertools import count

from apps.api.models import ApiToken
from apps.api.services import mint_token
from tests.factories.acting import FACTORY

_numbers = count(1)


def make_token(role: str = ApiToken.Role.VIEWER, name: str | None = None) -> str:
    """Mint a token and return its secret."""
    return mint_token(name=name or f"{role} {next(_numbers)}", role=role, actor=FACTORY).secret

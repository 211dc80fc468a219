"""Log in by token: `Authorization: Bearer mdm_…`."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.api.selectors import TokenHolder, find_token_holder

REALM = 'Bearer realm="mdmhub"'


class TokenAuthentication(BaseAuthentication):
    """Say who presents the bearer token; nobody where none is presented."""

    def authenticate(self, request: Request) -> tuple[TokenHolder, None] | None:
        """Return the holder of the token, or None without an Authorization header.

        Raises AuthenticationFailed for another scheme and for a token that is unknown, revoked or garbled. The answer
        is the same for all three, and never repeats the token.
        """
        header = get_authorization_header(request)
        if not header:
            return None
        scheme, _, secret = header.partition(b" ")
        if scheme.lower() != b"bearer":
            raise AuthenticationFailed("Log in with the header 'Authorization: Bearer mdm_…'.")
        holder = find_token_holder(secret.strip().decode("latin-1"))
        if holder is None:
            raise AuthenticationFailed("The token is not valid. It may have been mistyped or revoked.")
        return holder, None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - the framework's signature
        return REALM

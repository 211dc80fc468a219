"""Production: the same hub behind TLS."""

from .base import *  # noqa: F403 - a settings layer is its base plus its differences

SECURE_SSL_REDIRECT = False  # TLS ends at the proxy, which also redirects
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = 31_536_000

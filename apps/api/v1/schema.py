"""The OpenAPI document of version 1.

Apart from the log-in itself, since the schema package imports the framework's views, and these import the log-in.
"""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The log-in as the OpenAPI document describes it."""

    target_class = "apps.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002 - as above
        return {"type": "http", "scheme": "bearer", "description": "A token made by `manage.py create_token`."}


@cache
def openapi_document() -> dict[str, Any]:
    """Return the document; made once per process, since routes don't change while it runs."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document

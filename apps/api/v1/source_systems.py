"""The source systems whose accounts the hub takes in."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.permissions import EVERY_ROLE
from apps.api.v1 import shapes
from apps.api.v1.routes import Route, answer, operation
from apps.sources import selectors as sources


class SourceSystemList(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE

    @operation("listSourceSystems", "Every source system", shapes.SourceSystemsShape, tag="sources")
    def get(self, request: Request) -> Response:  # noqa: ARG002 - the framework's signature
        """Return the source systems by code, with the trust that survivorship gives them."""
        return answer(shapes.SourceSystemsShape, {"items": sources.list_sources()})

"""What every route of version 1 shares: roles, strict query parameters, JSON in and out, and its documentation."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from apps.api.idempotency import HEADER
from apps.api.parsers import StrictJSONParser
from apps.api.permissions import EVERY_ROLE
from apps.api.v1.shapes import Problem
from apps.base.errors import Invalid

LONGEST_PARAMETER = 500
Method = TypeVar("Method", bound=Callable[..., Any])
_RENDERERS: dict[tuple[type[BaseSerializer[Any]], bool], BaseSerializer[Any]] = {}

_REFUSALS = {
    400: "The input can't be used; `code` and `facts` say what and where.",
    401: "No valid token was presented.",
    403: "The token's role doesn't admit this route.",
    404: "Nothing answers to that name.",
    409: "The state of the hub stands against this; `code` says what, Retry-After when it may go.",
    410: "What was asked for is gone for good; `facts` say what became of it.",
    411: "The body's length is missing.",
    412: "A customer is at another version than If-Match names.",
    413: "The body is too large.",
    415: "The body is of a kind that this route doesn't read.",
    422: "The body is well formed, but can't be carried out as it is; `facts` say why.",
    428: "If-Match has to name the version of every customer that is decided about.",
    503: "The hub is busy with the same customers; try again after Retry-After.",
}
_WRITE_REFUSALS = (409, 413, 415, 422, 503)


class ParameterInvalid(Invalid):
    """A query parameter is unknown, missing, given twice, or holds what can't be looked up."""

    code = "request.parameter_invalid"
    title = "A query parameter can't be used"


class AcceptOnly(DefaultContentNegotiation):
    """Negotiate by the Accept header alone; `?format=` would be a parameter that no route declares."""

    def filter_renderers(self, renderers: Sequence[BaseRenderer], format: str) -> list[BaseRenderer]:  # type: ignore[override]  # noqa: A002, ARG002 - the framework's signature
        return list(renderers)


class Route(APIView):
    """A route of the API. `admits` names the roles it is for, `takes` the query parameters it knows.

    `admits_writers` names who may call its methods that change something, where those are fewer.
    """

    admits: ClassVar[frozenset[str]] = frozenset()
    admits_writers: ClassVar[frozenset[str] | None] = None
    takes: ClassVar[frozenset[str]] = frozenset()

    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AcceptOnly
    metadata_class = None
    http_method_names = ["get", "head", "post"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name in request.query_params:
            if name not in self.takes:
                known = ", ".join(sorted(self.takes)) or "none"
                raise ParameterInvalid(f"This route has no parameter {name[:60]!r}; known: {known}.", parameter=name)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the framework's signature
        response = super().finalize_response(request, response, *args, **kwargs)
        # An answer is for one token; a cache may keep it only to ask whether it still holds.
        response.setdefault("Cache-Control", "private, no-cache")
        response.headers["Vary"] = "Authorization, Accept"
        return response

    def parameter(self, request: Request, name: str) -> str | None:
        """Return a query parameter's text, None where it isn't given; raise ParameterInvalid where it can't be used."""
        given = request.query_params.getlist(name)
        if not given:
            return None
        if len(given) > 1:
            raise ParameterInvalid(f"{name} is given {len(given)} times.", parameter=name)
        text = str(given[0])
        if len(text) > LONGEST_PARAMETER:
            raise ParameterInvalid(f"{name} has more than {LONGEST_PARAMETER} characters.", parameter=name)
        if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise ParameterInvalid(f"{name} holds a character that no text can have.", parameter=name)
        return text

    def needed(self, request: Request, name: str) -> str:
        """Return a query parameter's text; raise ParameterInvalid where it is missing, empty or can't be used."""
        text = self.parameter(request, name)
        if text is None or not text.strip():
            raise ParameterInvalid(f"Say what to look for with the parameter {name}.", parameter=name)
        return text


def answer(shape: type[BaseSerializer[Any]], document: object, *, many: bool = False, **headers: str) -> Response:
    """Return a document in its published shape."""
    return Response(_renderer(shape, many).to_representation(document), headers=headers or None)


def _renderer(shape: type[BaseSerializer[Any]], many: bool) -> BaseSerializer[Any]:
    """Return a shape's serializer; its fields are made once, since making them costs more than an answer."""
    found = _RENDERERS.get((shape, many))
    if found is None:
        # It keeps nothing of a document, so threads may share it.
        found = _RENDERERS[shape, many] = shape(many=many)
    return found


def query(name: str, description: str, *, required: bool = False, kind: Any = OpenApiTypes.STR) -> OpenApiParameter:  # noqa: ANN401 - types of the schema package
    """Describe one query parameter."""
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, required=required, description=description)


GID = OpenApiParameter(
    "gid", OpenApiTypes.STR, OpenApiParameter.PATH, description="Governed id, such as GC-0123456789AB-X."
)


IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="1 to 255 visible ASCII characters. The same request with it again within 72 hours gets the same"
    " answer and changes nothing more.",
)


def operation(
    name: str,
    summary: str,
    shape: type[BaseSerializer[Any]],
    *,
    refusals: Sequence[int] = (),
    admits: frozenset[str] = EVERY_ROLE,
    success: int = 200,
    writes: bool = False,
    **more: Any,
) -> Callable[[Method], Method]:
    """Describe a route's method: its name, answer, refusals and the roles it admits.

    `writes` says that it goes through `answer_once`, with the header and the refusals that this brings.
    """
    codes = {400, 401, 403, *refusals, *(_WRITE_REFUSALS if writes else ())}
    responses: dict[int, Any] = {success: shape}
    responses |= {code: OpenApiResponse(Problem, _REFUSALS[code]) for code in sorted(codes)}
    if writes:
        more["parameters"] = [*more.get("parameters", ()), IDEMPOTENCY_KEY]
    return extend_schema(
        operation_id=name,
        summary=summary,
        responses={(code, _media_type(code)): body for code, body in responses.items()},
        extensions={"x-roles": sorted(admits)},
        tags=[more.pop("tag", "customers")],
        **more,
    )


def _media_type(code: int) -> str:
    return "application/json" if code < 300 else "application/problem+json"

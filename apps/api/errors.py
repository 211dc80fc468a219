"""Every error as a problem document (RFC 9457), with a code that never changes once published."""

import logging
import math
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.base.errors import HubError
from apps.base.ids import uuid7

logger = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
_SHOWN_CHARACTERS: Final = 500

# The framework's own refusals: code and title by exception, the first that fits.
_REFUSALS: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (exceptions.NotAuthenticated, "auth.missing", "Log in first"),
    (exceptions.AuthenticationFailed, "auth.invalid", "The log-in is not valid"),
    (exceptions.PermissionDenied, "auth.role", "Not permitted"),
    (exceptions.NotFound, "http.not_found", "Not found"),
    (exceptions.MethodNotAllowed, "http.method", "Method not allowed"),
    (exceptions.NotAcceptable, "http.not_acceptable", "Not acceptable"),
    (exceptions.UnsupportedMediaType, "http.media_type", "Unsupported media type"),
    (exceptions.ParseError, "json.invalid", "The body is not usable JSON"),
    (exceptions.APIException, "http.refused", "The request can't be carried out"),
)


def problem(
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    facts: dict[str, Any] | None = None,
    instance: UUID | None = None,
) -> dict[str, Any]:
    """Return the members of a problem document. `instance` names this one occurrence, in the log too."""
    return {
        "type": f"urn:mdmhub:problem:{code}",
        "title": title,
        "status": int(status),
        "detail": _plain(detail),
        "code": code,
        "instance": f"urn:uuid:{instance or uuid7()}",
        "facts": _plain(facts or {}),
    }


def problem_response(error: Exception, context: dict[str, Any]) -> Response:
    """Return the answer to any error raised in a route; the framework's exception handler."""
    set_rollback()
    if isinstance(error, HubError):
        body = problem(status=error.status, code=error.code, title=error.title, detail=error.detail, facts=error.facts)
        return _response(body, _try_again(error.retry_after_seconds))
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, DjangoPermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _response(_refusal(error), _headers(error))
    if isinstance(error, OperationalError | InterfaceError):
        return _response(_unavailable(error), _try_again(5))
    return _response(_unexpected(error, context))


@csrf_exempt
def unknown_route(request: HttpRequest) -> JsonResponse:
    """Answer every address under /api/ that is no route."""
    body = problem(
        status=HTTPStatus.NOT_FOUND,
        code="http.not_found",
        title="Not found",
        detail="There is no such route. /api/v1/docs/ lists them all.",
        facts={"path": request.path[:_SHOWN_CHARACTERS]},
    )
    return JsonResponse(body, status=HTTPStatus.NOT_FOUND, content_type=CONTENT_TYPE)


def _refusal(error: exceptions.APIException) -> dict[str, Any]:
    code, title = next((code, title) for kind, code, title in _REFUSALS if isinstance(error, kind))
    detail = error.detail if isinstance(error.detail, str) else "The input can't be used."
    return problem(status=error.status_code, code=code, title=title, detail=str(detail))


def _headers(error: exceptions.APIException) -> dict[str, str]:
    challenge = getattr(error, "auth_header", None)
    return {"WWW-Authenticate": challenge} if challenge else {}


def _try_again(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(math.ceil(seconds))}


def _unavailable(error: Exception) -> dict[str, Any]:
    instance = uuid7()
    logger.error("database unavailable", extra={"instance": str(instance), "error": type(error).__name__})
    return problem(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="hub.database_unavailable",
        title="The database can't be reached",
        detail="Try again in a few seconds.",
        instance=instance,
    )


def _unexpected(error: Exception, context: dict[str, Any]) -> dict[str, Any]:
    instance = uuid7()
    logger.error("unexpected error in a route", exc_info=error, extra={"instance": str(instance)})
    # Whoever listens for unhandled errors still hears of it: error reporting, and the test client, which raises it.
    request = context.get("request")
    got_request_exception.send(sender=problem_response, request=getattr(request, "_request", request))
    return problem(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="hub.internal",
        title="Something went wrong in the hub",
        detail="It has been logged under the instance named here.",
        instance=instance,
    )


def _response(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON is any of these
    """Return what every JSON reader takes: text without lone surrogates, short; unknown kinds as text."""
    if isinstance(value, str):
        text = value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}…"
        return text.encode("utf-8", "replace").decode("utf-8")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return _plain(str(value))

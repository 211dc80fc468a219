"""Say how long each answer took the server, and how many queries: the header Server-Timing (W3C Server Timing)."""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse


class ServerTimingMiddleware:
    """Add `Server-Timing: total;dur=…, db;dur=…;desc="7 queries"`, in milliseconds, to what people who logged in get.

    Nobody else gets it: how long a refusal took is nobody's business.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started, watch = time.perf_counter(), _Watch()
        with connection.execute_wrapper(watch):
            response = self.get_response(request)
            user = getattr(request, "user", None)
            is_known = user is not None and user.is_authenticated
        if is_known:
            total = (time.perf_counter() - started) * 1000
            response["Server-Timing"] = (
                f'total;dur={total:.1f}, db;dur={watch.seconds * 1000:.1f};desc="{watch.queries} queries"'
            )
        return response


class _Watch:
    """Counts the queries of one request and the seconds they took."""

    def __init__(self) -> None:
        self.queries = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], sql: str, params: object, many: bool, context: object) -> Any:  # noqa: ANN401 - Django's own shape
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.queries += 1
            self.seconds += time.perf_counter() - started

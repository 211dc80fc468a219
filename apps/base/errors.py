"""The hub's typed errors: a stable code, what happened, and what to do next."""

from typing import Any, ClassVar


class HubError(Exception):
    """The root of every error the hub raises on purpose.

    `code` never changes once published; `status` is the HTTP status a machine sees. `retry_after_seconds` says when
    the same request may succeed; None where trying again helps nothing.
    """

    code: ClassVar[str] = "hub.error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request can't be carried out"
    retry_after_seconds: float | None = None

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class NotFound(HubError):
    """Nothing answers to that name."""

    code = "hub.not_found"
    status = 404
    title = "Not found"


class Conflict(HubError):
    """The state has moved on, or a decision stands against the request."""

    code = "hub.conflict"
    status = 409
    title = "Conflict"


class Forbidden(HubError):
    """The actor's role doesn't admit this."""

    code = "hub.forbidden"
    status = 403
    title = "Not permitted"


class Invalid(HubError):
    """The input can't be used; `facts` say what and where."""

    code = "hub.invalid"
    status = 400
    title = "Invalid input"

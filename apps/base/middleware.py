"""Name the person behind each request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.base.actors import Actor, acting


class ActorMiddleware:
    """Put `request.actor` in place; writes through the admin run as that person, with history.

    Services open their own transaction with an actor; the admin calls `save()` itself, so its requests are wrapped.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        actor = Actor.person(user.get_username(), user.pk)
        request.actor = actor  # type: ignore[attr-defined]
        if request.method == "POST" and request.path.startswith("/admin/"):
            with acting(actor, reason="changed in the admin"):
                return self.get_response(request)
        return self.get_response(request)

"""What every page shares: who may see it, whole or as a part, and how trouble is told."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from apps.base.actors import Actor
from apps.base.errors import Forbidden, HubError
from apps.base.ids import GovernedIdError
from apps.stewardship.roles import READERS, Role, actor_for, roles_of, words_for
from apps.stewardship.screens.shell import build_shell

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def page(admits: frozenset[Role] = READERS) -> Callable[[View[P]], View[P]]:
    """Ask for a log-in and one of the roles, and turn the hub's own errors into pages that say what to do."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return _ask_to_log_in(request)
            try:
                if not roles_of(request.user) & admits:
                    raise Forbidden(f"This needs the role {words_for(admits)}.")
                return view(request, *args, **kwargs)
            except HubError as error:
                return show_trouble(request, error)

        return guarded

    return decorate


def actor_of(request: HttpRequest) -> Actor:
    """Return the person behind a request that passed `page`."""
    return actor_for(request.user)


def is_part(request: HttpRequest) -> bool:
    """Say whether HTMX asks for the middle of the page only."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    section: str = "",
    status: int = 200,
    open_cases: int | None = None,
) -> HttpResponse:
    """Return a page, or only its middle where HTMX asks; `section` marks its place in the menu."""
    layout = f"stewardship/{_layout_for(request)}.html"
    is_folded = request.COOKIES.get("rail") == "folded"
    shell = build_shell(request.user, section=section, is_folded=is_folded, open_cases=open_cases)
    response = render(request, template, {**context, "layout": layout, "shell": shell}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    # Pages hold personal data: neither the browser nor anything on the way keeps them.
    response["Cache-Control"] = "no-store"
    return response


def _layout_for(request: HttpRequest) -> str:
    """Return what surrounds a page: all, what a new page changes of it, or nothing where only a piece is swapped."""
    if not is_part(request):
        return "shell"
    return "beside" if request.headers.get("HX-Target") in {"drawer-body", "after"} else "part"


def show_trouble(request: HttpRequest, error: HubError) -> HttpResponse:
    """Return the page that tells what happened and the one way forward."""
    # A governed id that can't be one is, to a reader, a page that isn't there.
    status = 404 if isinstance(error, GovernedIdError) else error.status
    context = {"error": error, "status": status, "is_forbidden": status == Forbidden.status}
    return render_page(request, "stewardship/trouble.html", context, status=status)


def _ask_to_log_in(request: HttpRequest) -> HttpResponse:
    there = request.headers.get("HX-Current-URL", "") if is_part(request) else request.get_full_path()
    address = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': there})}"
    return HttpResponseClientRedirect(address) if is_part(request) else redirect(address)

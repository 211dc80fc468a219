"""The first page: what waits, what happened last, and where to begin."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.stewardship.pages import actor_of, page, render_page
from apps.stewardship.roles import JUDGES, roles_of
from apps.stewardship.screens.decisions import list_decisions
from apps.stewardship.screens.home import build_home


@require_safe
@page()
def show_home(request: HttpRequest) -> HttpResponse:
    """Show what waits for a person and whether the hub is well."""
    decisions = list_decisions(actor_of(request)) if roles_of(request.user) & JUDGES else []
    home = build_home()
    context = {"home": home, "decisions": decisions}
    return render_page(request, "stewardship/home.html", context, section="home", open_cases=home.open_cases)

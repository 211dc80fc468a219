from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.stewardship.pages import page, render_page
from apps.stewardship.screens.home import build_home


@require_safe
@page()
def show_home(request: HttpRequest) -> HttpResponse:
    """Show what waits for a person and whether the hub is well."""
    return render_page(request, "stewardship/home.html", {"home": build_home()}, section="home")

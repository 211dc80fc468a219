"""The page that shows every part of the pages in every state."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.stewardship.pages import page, render_page
from apps.stewardship.roles import KEEPERS
from apps.stewardship.screens.components import build_components
from apps.stewardship.screens.samples import build_samples


@require_safe
@page(KEEPERS)
def show_components(request: HttpRequest) -> HttpResponse:
    """Show the parts, from the partials that the pages use."""
    now = timezone.now()
    parts = build_components(now)
    context = {"parts": parts, "samples": build_samples(parts.badges, now)}
    return render_page(request, "stewardship/components.html", context)

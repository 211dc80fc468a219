"""Look at rule set versions, try them, approve and publish them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from apps.base.errors import NotFound
from apps.pipeline.whatif import approve_version, publish_version
from apps.rulebook.services import ask_dry_run
from apps.stewardship.forms import PublishForm
from apps.stewardship.pages import actor_of, page, render_page
from apps.stewardship.roles import PUBLISHERS
from apps.stewardship.screens.rules import build_rules, build_version


@require_safe
@page()
def show_versions(request: HttpRequest) -> HttpResponse:
    """Show every version, and which came into force when."""
    return render_page(request, "stewardship/rules.html", {"rules": build_rules()}, section="rules")


@require_safe
@page()
def show_version(request: HttpRequest, number: int) -> HttpResponse:
    """Show what publishing a version would change, and what stands in the way."""
    context = {"rules": build_version(number, actor_of(request))}
    return render_page(request, "stewardship/rules_version.html", context, section="rules")


@require_POST
@page(PUBLISHERS)
def act(request: HttpRequest, number: int, act: str) -> HttpResponse:
    """Have a version tried, approve its dry run, or publish it."""
    actor = actor_of(request)
    if act == "try":
        ask_dry_run(number=number, actor=actor)
        messages.info(request, "The dry run begins shortly; nothing is changed by it.")
        return redirect("stewardship:rules-version", number)
    form = PublishForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why; at most 500 characters.")
    elif act == "approve":
        approve_version(number=number, reason=form.cleaned_data["reason"], actor=actor)
        messages.success(request, f"You approved version {number}.")
    elif act == "publish":
        publish_version(number=number, reason=form.cleaned_data["reason"], actor=actor)
        messages.success(request, f"Version {number} is in force; every record is now matched by it.")
    else:
        raise NotFound(f"There is nothing to {act[:20]!r} here.")
    return redirect("stewardship:rules-version", number)

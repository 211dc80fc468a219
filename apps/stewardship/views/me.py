"""What a person sets for themselves."""

from dataclasses import asdict
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from apps.base.errors import Forbidden
from apps.stewardship.forms import KeysForm
from apps.stewardship.pages import page, render_page
from apps.stewardship.preferences import get_keys, save_keys, switch_keys


@require_http_methods(["GET", "HEAD", "POST"])
@page()
def show_preferences(request: HttpRequest) -> HttpResponse:
    """Show a person's keys and keep what they change."""
    user = _person(request)
    form = KeysForm(request.POST) if request.method == "POST" else KeysForm(asdict(get_keys(user)))
    if request.method != "POST" or not form.is_valid():
        status = 400 if request.method == "POST" else 200
        return render_page(request, "stewardship/preferences.html", {"form": form}, section="me", status=status)
    save_keys(user=user, keys=form.keys)
    messages.success(request, "Your keys are saved.")
    return redirect("stewardship:preferences")


@require_POST
@page()
def switch(request: HttpRequest) -> HttpResponse:
    """Switch single keys on or off and lead back to the page it was done on."""
    keys = switch_keys(user=_person(request))
    messages.success(request, "Single keys are on." if keys.on else "Single keys are off. Buttons do the same.")
    there = urlsplit(request.headers.get("Referer", ""))
    is_ours = url_has_allowed_host_and_scheme(there.geturl(), allowed_hosts={request.get_host()})
    return redirect(f"{there.path}?{there.query}" if is_ours and there.path else reverse("stewardship:preferences"))


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Forbidden("This needs somebody who is logged in.")
    return request.user

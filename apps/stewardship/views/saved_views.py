"""Keep a view of the queue under a name, or delete one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.base.errors import Invalid
from apps.stewardship.forms import ViewForm
from apps.stewardship.pages import actor_of, page
from apps.stewardship.roles import APPROVERS, roles_of
from apps.stewardship.saved_views import delete_view, save_view
from apps.stewardship.screens.walking import Walk


@require_POST
@page()
def act(request: HttpRequest) -> HttpResponse:
    """Save a view or delete one, and lead back to the queue it shows."""
    form = ViewForm(request.POST)
    if not form.is_valid():
        raise Invalid("A view needs a name of at most 60 characters.")
    asked = Walk.read(form.cleaned_data["words"]).asked.address()
    if form.cleaned_data["delete"]:
        name = delete_view(view_id=form.cleaned_data["delete"], actor=actor_of(request))
        messages.success(request, f"The view “{name}” is deleted.")
    else:
        save_view(
            name=form.cleaned_data["name"],
            words=asked.removeprefix("?"),
            is_shared=form.cleaned_data["shared"],
            may_share=bool(roles_of(request.user) & APPROVERS),
            actor=actor_of(request),
        )
        messages.success(request, f"The view “{form.cleaned_data['name']}” is saved.")
    return redirect(reverse("stewardship:queue") + asked)

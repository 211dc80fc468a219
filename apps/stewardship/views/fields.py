"""The page of one value: see who says what, fix it, let it go."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from apps.base.errors import HubError
from apps.golden import selectors as golden
from apps.pipeline.choosing import explain_value
from apps.pipeline.fixing import pin_value, release_pin
from apps.pipeline.proposals import Act
from apps.pipeline.proposals.acts import wish_arguments
from apps.stewardship.forms import FixForm, ReleaseForm
from apps.stewardship.pages import actor_of, page, render_page
from apps.stewardship.roles import JUDGES
from apps.stewardship.screens import field as screens
from apps.stewardship.screens.approvals import verb_for_value
from apps.stewardship.screens.words import pin_condition, title_of
from apps.stewardship.views.approvals import propose_act, wants_proposal


@require_safe
@page()
def show_field(request: HttpRequest, gid: str, attribute: str) -> HttpResponse:
    """Show every record's word on one field, why one won, and forms to fix and release the value."""
    customer = golden.get_customer(gid)
    if gid != customer.gid:
        return redirect("stewardship:customer-field", customer.gid, attribute)
    return _render(request, customer, attribute, screens.Typed())


@require_POST
@page(JUDGES)
def fix(request: HttpRequest, gid: str, attribute: str) -> HttpResponse:
    """Fix a value; where the form or the customer's state doesn't allow it, say so and keep what was typed."""
    form = FixForm(request.POST)
    if not form.is_valid():
        return _render(request, golden.get_customer(gid), attribute, form.typed, status=400)
    wish, versions = form.wish(attribute), {gid: form.cleaned_data["version"]}
    try:
        if wants_proposal(request):
            act = Act("fix", wish_arguments(gid, wish))
            return propose_act(request, act, versions=versions, reason=form.cleaned_data["reason"])
        fixed = pin_value(
            gid=gid,
            wish=wish,
            reason=form.cleaned_data["reason"],
            expected_version=form.cleaned_data["version"],
            actor=actor_of(request),
        )
    except HubError as trouble:
        return _render(request, golden.get_customer(gid), attribute, form.typed, trouble=trouble, status=trouble.status)
    pin = next(pin for pin in fixed.pins if pin.attribute == attribute)
    told = f"{title_of(attribute)} is now {f'“{pin.value}”' if pin.value else 'empty'}, protected {pin_condition(pin)}."
    messages.success(request, told)
    return redirect("stewardship:customer", gid)


@require_POST
@page(JUDGES)
def release(request: HttpRequest, gid: str, attribute: str) -> HttpResponse:
    """Let the rules choose the value again."""
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        typed = screens.Typed(errors={"release_reason": ["Say why, in 1 to 500 characters."]})
        return _render(request, golden.get_customer(gid), attribute, typed, status=400)
    try:
        if wants_proposal(request):
            versions, act = {gid: form.cleaned_data["version"]}, Act("release", {"gid": gid, "attribute": attribute})
            return propose_act(request, act, versions=versions, reason=form.cleaned_data["reason"])
        release_pin(
            gid=gid,
            attribute=attribute,
            reason=form.cleaned_data["reason"],
            expected_version=form.cleaned_data["version"],
            actor=actor_of(request),
        )
    except HubError as trouble:
        typed = screens.Typed(reason=form.cleaned_data["reason"])
        return _render(request, golden.get_customer(gid), attribute, typed, trouble=trouble, status=trouble.status)
    values = {value.attribute: value.value for value in golden.get_customer(gid).values}
    now = f"“{values[attribute]}”" if values.get(attribute) else "empty"
    messages.success(request, f"{title_of(attribute)} is released; the rules say {now}.")
    return redirect("stewardship:customer-history" if form.cleaned_data["back"] else "stewardship:customer", gid)


def _render(
    request: HttpRequest,
    customer: golden.Customer,
    attribute: str,
    typed: screens.Typed,
    *,
    trouble: HubError | None = None,
    status: int = 200,
) -> HttpResponse:
    field = screens.build_field(explain_value(customer, attribute))
    context = {
        "customer": customer,
        "field": field,
        "verb": verb_for_value("Save and protect", attribute, field.pin, actor_of(request)),
        "typed": typed,
        "trouble": trouble,
        "reasons": screens.REASONS,
        "is_live": customer.state == "live",
    }
    return render_page(request, "stewardship/field.html", context, section="customers", status=status)

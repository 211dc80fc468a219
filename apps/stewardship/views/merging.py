"""Two customers beside each other, and merging them."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from apps.base.errors import HubError, Invalid
from apps.golden import selectors as golden
from apps.pipeline.deciding import merge_customers
from apps.pipeline.proposals import Act
from apps.stewardship.forms import MergeForm, decisions_in
from apps.stewardship.pages import actor_of, page, render_page
from apps.stewardship.roles import JUDGES, roles_of
from apps.stewardship.screens import merging as screens
from apps.stewardship.screens.approvals import verb_for_merge
from apps.stewardship.views.approvals import propose_act, wants_proposal


@require_safe
@page()
def compare(request: HttpRequest) -> HttpResponse:
    """Show ?a= and ?b= beside each other; with ?merge=1 also what merging them would store, for those who may."""
    gids = request.GET.getlist("pick")[:2] or [request.GET.get("a", ""), request.GET.get("b", "")]
    if len(gids) < 2 or not all(gids):
        raise Invalid("Tick two customers to compare them.")
    wants = request.GET.get("merge") == "1" and bool(roles_of(request.user) & JUDGES)
    return _render(
        request, gids, wants=wants, survivor=request.GET.get("survivor", ""), given_way=decisions_in(request.GET)
    )


@require_POST
@page(JUDGES)
def merge(request: HttpRequest) -> HttpResponse:
    """Make one customer of two and open it; where something changed or stands against it, keep what was typed."""
    form = MergeForm(request.POST)
    gids = [request.POST.get("a", ""), request.POST.get("b", "")]
    survivor, given_way = request.POST.get("survivor", ""), decisions_in(request.POST)
    if not form.is_valid():
        trouble: HubError = Invalid("Say why they are one customer, in 1 to 500 characters.")
        return _render(request, gids, wants=True, survivor=survivor, given_way=given_way, trouble=trouble)
    said = form.cleaned_data
    versions = {said["a"]: said["a_version"], said["b"]: said["b_version"]}
    survivor = said["survivor"]
    try:
        if wants_proposal(request):
            named = {"gid": said["a"], "others": [said["b"]], "survivor": survivor or None, "supersedes": given_way}
            return propose_act(request, Act("merge", named), versions=versions, reason=said["reason"])
        outcome = merge_customers(
            gid=said["a"],
            others=[said["b"]],
            survivor=survivor or None,
            reason=said["reason"],
            versions=versions,
            supersedes=given_way,
            actor=actor_of(request),
        )
    except HubError as refused:
        return _render(request, gids, wants=True, survivor=survivor, given_way=given_way, trouble=refused)
    after = next(one for one in outcome.customers if one.gid in gids)
    name = (after.name or "one customer").removesuffix(".")
    messages.success(request, f"Merged into {name}. Undo takes it back.", extra_tags=str(outcome.decision))
    return redirect("stewardship:customer", after.gid)


def _render(
    request: HttpRequest,
    gids: list[str],
    *,
    wants: bool,
    survivor: str = "",
    given_way: list[int],
    trouble: HubError | None = None,
) -> HttpResponse:
    left, right = (golden.get_customer(gid) for gid in gids)
    status = trouble.status if trouble else 200
    context: dict[str, Any] = {
        "left": left,
        "right": right,
        "trouble": trouble,
        "was_posted": request.method == "POST",
        "reason": request.POST.get("reason", "")[:500],
        "supersedes": given_way,
        "survivor": survivor,
    }
    if left.gid == right.gid or left.state != "live" or right.state != "live":
        return render_page(request, "stewardship/compare_none.html", context, section="customers", status=status)
    merged = None
    if wants:
        try:
            merged = screens.preview_merge(
                left, right, survivor=survivor, supersedes=given_way, actor=actor_of(request)
            )
        except HubError as refused:
            context["trouble"] = trouble or refused
    if merged is not None:
        context["verb"] = verb_for_merge([left.gid, right.gid], actor_of(request))
    context |= {"pair": screens.build_merge_page(left, right, merged), "wants": wants}
    return render_page(request, "stewardship/compare.html", context, section="customers", status=status)

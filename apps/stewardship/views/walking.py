"""Walk through the cases of a filter or a selection: begin, go on, and what came of it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.cases import selectors as cases
from apps.cases.claiming import release_claims
from apps.stewardship.pages import actor_of, page, render_page
from apps.stewardship.roles import JUDGES, roles_of
from apps.stewardship.screens import decisions
from apps.stewardship.screens import walking as screens
from apps.stewardship.screens.review import find_next_case
from apps.stewardship.screens.walking import Walk


def walk_of(request: HttpRequest) -> Walk | None:
    """Return the walk that the address names, None where it names none."""
    return Walk.read(request.GET["in"]) if "in" in request.GET else None


def address_within(name: str, *args: object, walk: Walk | None) -> str:
    """Return the address of a page, within the walk if there is one."""
    return reverse(f"stewardship:{name}", args=args) + (walk.keep if walk else "")


def begin(request: HttpRequest) -> HttpResponse:
    """Open the first case of what the queue's form names: its filter, or the rows ticked."""
    walk, picked = Walk.read(request.GET["in"]), request.GET.getlist("pick")
    if "some" in request.GET and "all" not in request.GET:
        walk = Walk(walk.asked, screens.read_picks(picked))
        if not walk.picked:
            messages.info(request, "Select the rows to judge first.")
            return redirect(reverse("stewardship:queue") + walk.asked.address())
    first, walk = screens.begin_walk(walk, person=str(actor_of(request)))
    if first is None:
        messages.info(request, "None of these is left to judge.")
        return redirect(reverse("stewardship:queue") + walk.asked.address())
    return redirect(address_within("case", first.case_id, walk=walk))


def go_on(request: HttpRequest, here: cases.CaseRow, *, tells_end: bool = True) -> HttpResponse:
    """Open the case that follows: on the walk that the address names, else in the queue."""
    person, walk = str(actor_of(request)), walk_of(request)
    if walk:
        following, walk = screens.follow_walk(walk, here, person=person)
        if following is None:
            return redirect(address_within("walked", walk=walk))
        return redirect(address_within("case", following.case_id, walk=walk))
    following = find_next_case(here, person=person)
    if following is not None:
        return redirect("stewardship:case", following.case_id)
    if tells_end:
        messages.info(request, "That was the last open case.")
    return redirect("stewardship:queue")


def go_on_from(request: HttpRequest, here: cases.CaseRow, proposal: HttpResponse) -> HttpResponse:
    """Open the case that follows on a walk; without one, the proposal that was just made of this case."""
    release_claims([here.case_id], actor=actor_of(request))
    return go_on(request, here) if walk_of(request) else proposal


@require_safe
@page()
def show_walked(request: HttpRequest) -> HttpResponse:
    """Show what came of a walk, and what is still open of it."""
    walk, actor = walk_of(request) or Walk(), actor_of(request)
    latest = decisions.find_latest_decision(actor) if roles_of(request.user) & JUDGES else None
    context = {"walk": walk, "summary": screens.build_summary(walk, actor), "latest": latest}
    return render_page(request, "stewardship/walked.html", context, section="review")

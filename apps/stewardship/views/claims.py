"""Who looks at a case: signs of life of an open page, and taking a case over."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.cases import selectors as cases
from apps.cases.claiming import Held, claim_case
from apps.stewardship.pages import actor_of, page
from apps.stewardship.roles import JUDGES, roles_of


def claim_for(request: HttpRequest, case: cases.CaseRow) -> Held | None:
    """Claim a case that a page is about to show to somebody who may judge; return who holds it.

    A page that is fetched ahead isn't looked at yet. At most one query.
    """
    if "X-Ahead" in request.headers or not roles_of(request.user) & JUDGES:
        return None
    return claim_case(case, actor=actor_of(request))


@require_POST
@page(JUDGES)
def renew(request: HttpRequest, case_id: int) -> HttpResponse:
    """Keep a case claimed while its page is used; tell where somebody took it over."""
    case = cases.get_case(case_id)
    held = claim_case(case, actor=actor_of(request))
    return render(request, "stewardship/claim.html", {"held": held, "case": case})


@require_POST
@page(JUDGES)
def take_over(request: HttpRequest, case_id: int) -> HttpResponse:
    """Claim a case that somebody else looks at, and open it again where the person came from."""
    claim_case(cases.get_case(case_id), takes_over=True, actor=actor_of(request))
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/review/"):
        return redirect(back)
    return redirect("stewardship:case", case_id)

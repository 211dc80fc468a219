"""Who looks at a case: signs of life of an open page, and taking a case over."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.cases import selectors as cases
from apps.cases.claiming import Held, answer_ask, ask_for_case, claim_case
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
    is_news = held is not None and held.is_mine and request.GET.get("was") == "theirs"
    context = {"held": held, "case": case, "back": _back(request, case), "me": str(actor_of(request))}
    return render(request, "stewardship/claim.html", {**context, "is_news": is_news})


@require_POST
@page(JUDGES)
def ask(request: HttpRequest, case_id: int) -> HttpResponse:
    """Ask whoever looks at a case for it; the answer comes to the page that asked."""
    case = cases.get_case(case_id)
    if not ask_for_case(case, actor=actor_of(request)):
        messages.info(request, "Nobody looks at this case any more: it is yours.")
    return redirect(_back(request, case))


@require_POST
@page(JUDGES)
def answer(request: HttpRequest, case_id: int) -> HttpResponse:
    """Let whoever asks have a case, or keep it."""
    case, gives = cases.get_case(case_id), request.POST.get("gives") == "1"
    if not answer_ask(case, gives=gives, actor=actor_of(request)):
        messages.info(request, "Nobody asks for this case any more.")
    return redirect(_back(request, case))


@require_POST
@page(JUDGES)
def take_over(request: HttpRequest, case_id: int) -> HttpResponse:
    """Claim a case that somebody else looks at, and open it again where the person came from."""
    case = cases.get_case(case_id)
    claim_case(case, takes_over=True, actor=actor_of(request))
    return redirect(_back(request, case))


def _back(request: HttpRequest, case: cases.CaseRow) -> str:
    """Return the page of the review that a form came from, the case's own where it names none."""
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/review/"):
        return back
    return reverse("stewardship:case", args=[case.case_id])

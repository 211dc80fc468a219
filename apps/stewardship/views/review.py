"""The review queue and the cases: one press decides, the next case opens by itself."""

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from apps.base.abilities import Ability
from apps.base.errors import Conflict, Forbidden, HubError, Invalid
from apps.cases import selectors as cases
from apps.cases.blind import find_waiting, is_disputed
from apps.cases.claiming import release_claims
from apps.pipeline.deciding import CustomerChanged, Judgement, judge_case, undo_decision
from apps.pipeline.deciding.weighing import SecondPersonNeeded
from apps.pipeline.fixing import pin_values
from apps.pipeline.proposals import Act
from apps.stewardship.forms import ApplyForm, JudgeForm, UndoForm
from apps.stewardship.pages import actor_of, page, render_page
from apps.stewardship.roles import JUDGES, Role, roles_of
from apps.stewardship.screens import decisions
from apps.stewardship.screens import queue as queues
from apps.stewardship.screens import review as screens
from apps.stewardship.screens.approvals import verb_for_pair, verb_of_refusal
from apps.stewardship.screens.facets import Asked
from apps.stewardship.screens.result import NOTHING, Typed
from apps.stewardship.views.approvals import propose_act, wants_proposal
from apps.stewardship.views.claims import claim_for
from apps.stewardship.views.walking import address_within, begin, go_on, go_on_from, walk_of


@require_safe
@page()
def show_queue(request: HttpRequest) -> HttpResponse:
    """Show the open cases, most pressing first."""
    queue = queues.build_queue(Asked.read(request.GET), person=str(actor_of(request)))
    return render_page(request, "stewardship/queue.html", {"queue": queue}, section="review", open_cases=queue.total)


@require_safe
@page()
def start(request: HttpRequest) -> HttpResponse:
    """Open the most pressing case, or the one that follows the case named by ?after=, on the walk named by ?in=."""
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 19:
        return go_on(request, cases.get_case(int(after)), tells_end=False)
    if "in" in request.GET:
        return begin(request)
    case = screens.find_next_case(person=str(actor_of(request)))
    return redirect("stewardship:queue") if case is None else redirect("stewardship:case", case.case_id)


@require_safe
@page()
def show_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show everything that decides one case."""
    return _render_case(request, cases.get_case(case_id))


@require_POST
@page(JUDGES)
def judge(request: HttpRequest, case_id: int) -> HttpResponse:
    """Carry out a verdict and open the next case; where the state has moved on, say so and keep what was typed."""
    form = JudgeForm(request.POST)
    if not form.is_valid():
        raise Invalid("The form came without a verdict, or with a reason of more than 500 characters.")
    case = cases.get_case(case_id)
    verdict, typed = form.cleaned_data["verdict"], form.typed
    left, right = screens.sides_of(case)
    try:
        if verdict == "same" and wants_proposal(request):
            said = {"case_id": case_id, "choices": [asdict(choice) for choice in typed.choices(left, right)]}
            reason = form.cleaned_data["reason"]
            proposal = propose_act(request, Act("judge", said), versions=form.versions, reason=reason)
            return go_on_from(request, case, proposal)
        judgement = judge_case(
            case_id=case_id,
            verdict=verdict,
            reason=form.cleaned_data["reason"],
            seen=form.seen,
            choices=typed.choices(left, right) if verdict == "same" else (),
            actor=actor_of(request),
        )
    except (Conflict, Invalid, SecondPersonNeeded) as trouble:
        return _render_case(request, cases.get_case(case_id), trouble=trouble, typed=typed, status=trouble.status)
    undone_by = str(judgement.verdict_id) if judgement.verdict_id and judgement.verdict != "not_sure" else ""
    messages.success(request, _tell(judgement), extra_tags=undone_by)
    release_claims([case_id], actor=actor_of(request))
    return go_on(request, case)


@require_POST
@page(JUDGES)
def apply(request: HttpRequest, case_id: int) -> HttpResponse:
    """Fix what a person had chosen for the customer that somebody else's decision made meanwhile."""
    form, typed = ApplyForm(request.POST), JudgeForm(request.POST).typed
    if not form.is_valid():
        raise Invalid("The form names no customer.")
    case = cases.get_case(case_id)
    try:
        fixed = pin_values(
            gid=form.cleaned_data["gid"],
            wishes=screens.wishes_of(case, typed),
            reason=typed.reason or f"chosen while case {case_id} was open",
            expected_version=form.cleaned_data["version"],
            actor=actor_of(request),
        )
    except (Conflict, CustomerChanged, Invalid) as trouble:
        return _render_case(request, case, trouble=trouble, typed=typed, status=trouble.status)
    messages.success(request, f"{len(typed.taken)} value{'s' if len(typed.taken) > 1 else ''} fixed.")
    return redirect("stewardship:customer", fixed.gid)


@require_safe
@page()
def show_decisions(request: HttpRequest) -> HttpResponse:
    """Show this person's decisions that can be taken back, newest first."""
    rows = decisions.list_decisions(actor_of(request), limit=decisions.UNDO_LIMIT)
    return render_page(request, "stewardship/decisions.html", {"decisions": rows}, section="review")


@require_POST
@page(JUDGES)
def undo(request: HttpRequest) -> HttpResponse:
    """Take one of this person's last decisions back and open its case again.

    What was done from a customer's page leads back there: to its history, else to the customer of what was no case's.
    """
    form = UndoForm(request.POST)
    if not form.is_valid():
        raise Invalid("The form names no decision.")
    actor, verdict_id = actor_of(request), form.cleaned_data["verdict_id"]
    if verdict_id not in decisions.list_undoable(actor) and Role.SENIOR_STEWARD not in roles_of(request.user):
        raise Forbidden("Only a senior steward takes back what somebody else decided, or what lies far back.")
    judgement = undo_decision(verdict_id=verdict_id, actor=actor)
    messages.success(request, judgement.message)
    if form.cleaned_data["stay"]:
        return redirect("stewardship:decisions")
    if form.cleaned_data["customer"]:
        return redirect("stewardship:customer-history", form.cleaned_data["customer"])
    if judgement.case_id:
        walk = walk_of(request)
        walk = walk.back_to(judgement.case_id) if walk else None
        return redirect(address_within("case", judgement.case_id, walk=walk))
    gid = decisions.find_customer_of(verdict_id)
    return redirect("stewardship:customer", gid) if gid else redirect("stewardship:queue")


def _tell(judgement: Judgement) -> str:
    # A name may end in a full stop of its own.
    if judgement.verdict == "not_sure" or not judgement.verdict_id:
        return judgement.message
    return f"{judgement.message.removesuffix('..').removesuffix('.')}. Undo takes it back."


def _render_case(
    request: HttpRequest,
    case: cases.CaseRow,
    *,
    trouble: HubError | None = None,
    typed: Typed = NOTHING,
    status: int = 200,
) -> HttpResponse:
    latest = decisions.find_latest_decision(actor_of(request)) if roles_of(request.user) & JUDGES else None
    pair = screens.build_pair(case, typed)
    held, waiting = claim_for(request, case), find_waiting(case)
    verb = None
    if pair and case.state == "open" and not pair.is_one_already and roles_of(request.user) & JUDGES:
        verb = (
            verb_of_refusal(trouble)
            if isinstance(trouble, SecondPersonNeeded)
            else verb_for_pair(pair, actor_of(request))
        )
    context = {
        "held": held,
        "me": str(actor_of(request)),
        "back": request.get_full_path() if request.method == "GET" else "",
        "walk": walk_of(request),
        "verb": verb,
        "waiting": waiting if waiting and waiting.by == str(actor_of(request)) else None,
        "may_decide": not is_disputed(case) or actor_of(request).may(Ability.DECIDE_ALONE),
        "case": case,
        "pair": pair,
        "latest": latest,
        "trouble": trouble,
        "typed": typed,
    }
    template = "stewardship/case.html" if pair is None else "stewardship/pair.html"
    told_open = held.open_cases if held else None
    return render_page(request, template, context, section="review", status=status, open_cases=told_open)

"""Proposals: a list, one as a change set, and approving, refusing, refreshing and withdrawing it."""

from collections.abc import Mapping
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from apps.base.errors import Forbidden, HubError, Invalid, NotFound
from apps.pipeline.proposals import (
    Act,
    approve_proposal,
    propose,
    refresh_proposal,
    refuse_proposal,
    withdraw_proposal,
)
from apps.stewardship.forms import ApproveForm
from apps.stewardship.pages import actor_of, page, render_page
from apps.stewardship.roles import JUDGES
from apps.stewardship.screens.approvals import build_approval, build_list

ACTS: Final = frozenset({"approve", "refuse", "refresh", "withdraw"})


@require_safe
@page()
def show_list(request: HttpRequest) -> HttpResponse:
    """Show what waits for a second person, and what was decided last."""
    after = request.GET.get("after", "")
    found = build_list(int(after) if after.isdecimal() and len(after) < 19 else 0)
    return render_page(request, "stewardship/approvals.html", {"approvals": found}, section="approvals")


@require_safe
@page()
def show(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Show what a proposal would change, why, and who asks."""
    return _render(request, proposal_id)


@require_POST
@page(JUDGES)
def act(request: HttpRequest, proposal_id: int, act: str) -> HttpResponse:
    """Decide about a proposal; where that can't be done as it is, say so and keep what was typed."""
    form, actor = ApproveForm(request.POST), actor_of(request)
    if act not in ACTS:
        raise NotFound(f"There is nothing to {act[:20]!r} here.")
    if not form.is_valid():
        return _render(request, proposal_id, trouble=Invalid("A reason has at most 500 characters."))
    reason = form.cleaned_data["reason"]
    try:
        if act == "approve":
            revision = form.cleaned_data["revision"] or 0
            done = approve_proposal(proposal_id=proposal_id, revision=revision, reason=reason, actor=actor)
            messages.success(request, "Approved and done. Undo takes it back.", extra_tags=str(done.verdict_id or ""))
        elif act == "refuse":
            refuse_proposal(proposal_id=proposal_id, reason=reason, actor=actor)
            messages.success(request, "Refused. Nothing was changed.")
        elif act == "withdraw":
            withdraw_proposal(proposal_id=proposal_id, actor=actor)
            messages.success(request, "Withdrawn. Nothing was changed.")
        else:
            refresh_proposal(proposal_id=proposal_id, actor=actor)
            messages.info(request, "This is what it would do now.")
    except Forbidden:
        raise
    except HubError as trouble:
        return _render(request, proposal_id, trouble=trouble, reason=reason)
    return redirect("stewardship:approval", proposal_id)


def propose_act(request: HttpRequest, act: Act, *, versions: Mapping[str, int], reason: str) -> HttpResponse:
    """Store what a form asks for as a proposal, and open that; for views whose button said so. Raises as `propose`."""
    number = propose(act=act, versions=versions, reason=reason, actor=actor_of(request))
    messages.success(request, "Proposed. Nothing is changed until a senior steward approves it.")
    return redirect("stewardship:approval", number)


def wants_proposal(request: HttpRequest) -> bool:
    """Say whether the pressed button proposes."""
    return request.POST.get("propose") == "1"


def _render(
    request: HttpRequest, proposal_id: int, *, trouble: HubError | None = None, reason: str = ""
) -> HttpResponse:
    shown = build_approval(proposal_id, actor_of(request))
    context = {"shown": shown, "row": shown.row, "trouble": trouble, "reason": reason}
    status = trouble.status if trouble else 200
    return render_page(request, "stewardship/approval.html", context, section="approvals", status=status)
